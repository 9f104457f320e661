"""Build catalogue models as tables, values bound, never formatted into the text."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sp_eval.warehouse.catalogue import Model
from sp_eval.warehouse.connection import Connection

__all__ = ["Built", "build", "create_schemas"]


@dataclass(frozen=True, slots=True)
class Built:
    """One table as built: its rows, and the seconds it took."""

    name: str
    rows: int
    seconds: float


def create_schemas(conn: Connection, names: Iterable[str]) -> None:
    """Make the schemas that are not there yet."""
    for name in names:
        conn.execute(f"create schema if not exists {name}")


def build(
    conn: Connection,
    models: Iterable[Model],
    parameters: Mapping[str, Any],
    told: Callable[[Built], None] | None = None,
) -> tuple[Built, ...]:
    """Build each model in the order given.

    `parameters` may hold more names than one model declares; each model gets just its own.
    """
    built = []
    for model in models:
        create_schemas(conn, [model.schema])
        bound = {name: parameters[name] for name in model.params}
        started = time.perf_counter()
        conn.execute(f"create or replace table {model.name} as {model.select}", bound)
        rows = conn.execute(f"select count(*) from {model.name}").fetchall()[0][0]
        built.append(Built(model.name, int(rows), time.perf_counter() - started))
        if told:
            told(built[-1])
    return tuple(built)
