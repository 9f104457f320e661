"""The SQL files as a catalogue: one file, one SELECT, one table; headers read and ordered."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from sp_eval.settings import project_root

__all__ = ["CatalogueError", "Model", "models_of", "read_catalogue"]

_HEADER = re.compile(r"^-- (model|grain|reads|params|why):\s*(.*)$")
_CONTINUED = re.compile(r"^--\s{3,}(\S.*)$")
_FOLDER = re.compile(r"^\d+_(\w+)$")


class CatalogueError(Exception):
    """A SQL file whose header and place disagree."""


@dataclass(frozen=True, slots=True)
class Model:
    """One table and the SELECT that makes it.

    `reads` are qualified table names; `params` the names bound at run time, without `$`.
    """

    name: str
    grain: str
    reads: tuple[str, ...]
    params: tuple[str, ...]
    why: str
    select: str
    path: Path

    @property
    def schema(self) -> str:
        return self.name.split(".")[0]


@cache
def read_catalogue(folder: Path | None = None) -> tuple[Model, ...]:
    """Read `sql/` and return its models, each after those it reads.

    Raises
    ------
    CatalogueError : a header is missing or names another table than the file's place, or the
        models read each other in a circle.
    """
    root = folder or project_root() / "sql"
    models = {}
    for path in sorted(root.glob("[0-9]_*/*.sql")):
        model = _read(path)
        models[model.name] = model
    graph = {name: [r for r in m.reads if r in models] for name, m in models.items()}
    try:
        order = list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        raise CatalogueError(f"models read each other in a circle: {error.args[1]}") from None
    return tuple(models[name] for name in order)


def models_of(schemas: Iterable[str], folder: Path | None = None) -> tuple[Model, ...]:
    """Return the models of the given schemas, in an order in which they can be built."""
    wanted = set(schemas)
    return tuple(m for m in read_catalogue(folder) if m.schema in wanted)


def _read(path: Path) -> Model:
    header: dict[str, str] = {}
    last = ""
    for line in path.read_text(encoding="utf-8").splitlines():
        if found := _HEADER.match(line):
            last = found.group(1)
            header[last] = found.group(2).strip()
        elif last and (more := _CONTINUED.match(line)):
            header[last] += " " + more.group(1).strip()
        elif not line.startswith("--"):
            break
    absent = {"model", "grain", "reads", "params", "why"} - header.keys()
    if absent:
        raise CatalogueError(f"{path}: the header lacks {', '.join(sorted(absent))}")
    schema = _FOLDER.match(path.parent.name)
    expected = f"{schema.group(1) if schema else path.parent.name}.{path.stem}"
    if header["model"] != expected:
        raise CatalogueError(f"{path}: the header says {header['model']}, its place {expected}")
    return Model(
        name=expected,
        grain=header["grain"],
        reads=_names(header["reads"]),
        params=tuple(sorted(n.lstrip("$") for n in _names(header["params"]))),
        why=header["why"],
        select=path.read_text(encoding="utf-8").strip().rstrip(";"),
        path=path,
    )


def _names(text: str) -> tuple[str, ...]:
    bare = re.sub(r"\([^)]*\)", "", text)
    return tuple(name.strip() for name in bare.split(",") if name.strip() and name.strip() != "-")
