"""The file a run of many worlds goes on from when it was stopped."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Sequence
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from sp_eval.settings import project_root
from sp_eval_tests.recovery.worlds import STUDY, Planned

__all__ = ["keep_world", "kept_worlds"]

_LIBRARIES = ("numpy", "scipy", "polars", "duckdb", "statsmodels")
_OWN = ("experiment", "prepared", "right_methods", "wrong_dates", "wrong_methods", "wrong_sets")
Rows = list[dict[str, Any]]


def kept_worlds(path: Path, plan: Sequence[Planned]) -> dict[str, Rows]:
    """Rows by world of a run that was stopped, as far as nothing that makes them has changed.

    A run that was finished is put away, so that the next one begins anew.
    """
    wanted = {_mark(planned): planned.key for planned in plan}
    found: dict[str, Rows] = {}
    if path.exists():
        for line in path.read_text(encoding="utf-8").splitlines():
            told = json.loads(line)
            if told["mark"] in wanted:
                found[wanted[told["mark"]]] = told["rows"]
    if len(found) == len(wanted):
        found = {}
    if not found:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("", encoding="utf-8")
    return found


def keep_world(path: Path, planned: Planned, rows: Rows) -> None:
    """Add one world at the end."""
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps({"mark": _mark(planned), "rows": rows}) + "\n")


def _mark(planned: Planned) -> str:
    """Tells one world, as made and evaluated by this code, from any other."""
    told = f"{_code()} {STUDY.design_hash()} {planned.key} {planned.settings} {planned.kind}"
    return hashlib.sha256(told.encode()).hexdigest()[:24]


@cache
def _code() -> str:
    """Changes with whatever can change a figure: the code, its SQL, the libraries."""
    told = hashlib.sha256(platform.python_version().encode())
    for library in _LIBRARIES:
        told.update(version(library).encode())
    root = project_root()
    files = [*(root / "sp_eval").rglob("*.py"), *(root / "sql").rglob("*.sql")]
    files += [root / "sp_eval_tests" / "recovery" / f"{name}.py" for name in _OWN]
    for path in sorted(files):
        told.update(path.read_bytes())
    return told.hexdigest()
