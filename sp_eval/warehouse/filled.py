"""How many rows of what is current hold a value, column by column."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from sp_eval.warehouse.connection import Connection
from sp_eval.warehouse.frames import read_frame

__all__ = ["filled_columns"]


def filled_columns(conn: Connection, columns: Iterable[tuple[str, str]]) -> pl.DataFrame:
    """Return `scheme_code, column, entries, filled` for each `(contract, column)` of `extract.*`.

    `column` is written `contract.column`; `entries` and `filled` count rows.
    """
    wanted: dict[str, list[str]] = {}
    for contract, column in columns:
        wanted.setdefault(contract, []).append(column)
    parts = []
    for contract, names in wanted.items():
        counts = ", ".join(f'count("{name}") as "{contract}.{name}"' for name in names)
        query = f'select scheme_code, count(*) as entries, {counts} from extract."{contract}"'
        found = read_frame(conn, f"{query} group by all")
        parts.append(
            found.unpivot(
                index=["scheme_code", "entries"], variable_name="column", value_name="filled"
            )
        )
    return pl.concat(parts).select("scheme_code", "column", "entries", "filled")
