"""Frames in, frames out: the one translator between polars and DuckDB."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from sp_eval.warehouse.connection import Connection

__all__ = ["append_frame", "read_frame", "store_frame"]


def read_frame(
    conn: Connection, query: str, parameters: Mapping[str, Any] | None = None
) -> pl.DataFrame:
    """Run a query and return all its rows."""
    relation = conn.sql(query, params=dict(parameters) if parameters else None)
    found: pl.DataFrame = relation.pl()
    return found


def store_frame(conn: Connection, table: str, frame: pl.DataFrame) -> None:
    """Make (or make again) a table from a frame, column for column."""
    conn.register("incoming_frame", frame.to_arrow())
    try:
        conn.execute(f"create or replace table {table} as select * from incoming_frame")
    finally:
        conn.unregister("incoming_frame")


def append_frame(conn: Connection, table: str, frame: pl.DataFrame) -> None:
    """Add a frame's rows to an existing table, columns matched by name."""
    if frame.is_empty():
        return
    conn.register("incoming_frame", frame.to_arrow())
    try:
        conn.execute(f"insert into {table} by name select * from incoming_frame")
    finally:
        conn.unregister("incoming_frame")
