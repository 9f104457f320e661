"""Tables made from contracts: created once with their comments, then filled."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from sp_eval.contracts.ddl import create_table_sql
from sp_eval.contracts.frames import conform
from sp_eval.contracts.odcs import Contract
from sp_eval.warehouse.build import create_schemas
from sp_eval.warehouse.connection import Connection
from sp_eval.warehouse.frames import append_frame, read_frame

__all__ = ["ensure_table", "fill_table", "forget_if_changed", "has_table"]


def has_table(conn: Connection, schema: str, name: str) -> bool:
    """Tell whether the database holds the table or view."""
    found = read_frame(
        conn,
        """select 1 as n from information_schema.tables
        where table_catalog = current_database() and table_schema = $schema
            and table_name = $name""",
        {"schema": schema, "name": name},
    )
    return found.height > 0


def ensure_table(conn: Connection, contract: Contract, *, schema: str) -> None:
    """Create the contract's table, with a comment on it and every column, if it is not there."""
    create_schemas(conn, [schema])
    if not has_table(conn, schema, contract.name):
        for statement in create_table_sql(contract, schema=schema):
            conn.execute(statement)


def forget_if_changed(conn: Connection, contract: Contract, *, schema: str) -> None:
    """Drop a table whose columns are not the contract's any more: its rows will be made anew."""
    if not has_table(conn, schema, contract.name):
        return
    held = conn.table(f'{schema}."{contract.name}"').columns
    if held != [column.name for column in contract.columns]:
        conn.execute(f'drop table {schema}."{contract.name}"')


def fill_table(
    conn: Connection, contract: Contract, frames: Iterable[pl.DataFrame], *, schema: str
) -> int:
    """Create the table anew and fill it, and return its rows.

    `CREATE OR REPLACE TABLE ... AS` would lose the comments.
    """
    conn.execute(f'drop table if exists {schema}."{contract.name}"')
    ensure_table(conn, contract, schema=schema)
    rows = 0
    for frame in frames:
        append_frame(conn, f'{schema}."{contract.name}"', conform(frame, contract))
        rows += frame.height
    return rows
