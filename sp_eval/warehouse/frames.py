"""Frames in, frames out: the one translator between polars and DuckDB."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any

import polars as pl
import pyarrow as pa
from polars import CompatLevel

from sp_eval.warehouse.connection import Connection

__all__ = ["append_frame", "append_frames", "read_frame", "store_frame"]

_ROW_GROUP = 122_880  # rows, as DuckDB makes them unless told otherwise


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
    conn.register("incoming_frame", frame.to_arrow(compat_level=CompatLevel.newest()))
    try:
        conn.execute(f"insert into {table} by name select * from incoming_frame")
    finally:
        conn.unregister("incoming_frame")


def append_frames(conn: Connection, table: str, frames: Iterator[pl.DataFrame]) -> None:
    """Add the rows of frames of one schema to an existing table, columns matched by name.

    A frame is made when its turn comes and let go after it. Added one by one, all of them would be
    held until the transaction ends.
    """
    first = next(frames, None)
    if first is None:
        return
    even = _in_row_groups(chain([first], frames))
    made = (frame.to_arrow(compat_level=CompatLevel.newest()) for frame in even)
    schema = first.clear().to_arrow(compat_level=CompatLevel.newest()).schema
    batches = (batch for one in made for batch in one.to_batches())
    conn.register("incoming_frames", pa.RecordBatchReader.from_batches(schema, batches))
    try:
        conn.execute(f"insert into {table} by name select * from incoming_frames")
    finally:
        conn.unregister("incoming_frames")


def _in_row_groups(frames: Iterator[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    """Cut frames anew, as long as DuckDB's row groups: it would put shorter ones together later."""
    rest: list[pl.DataFrame] = []
    for frame in frames:
        begun = sum(one.height for one in rest)
        start = min(_ROW_GROUP - begun, frame.height) if begun else 0
        if start:
            rest.append(frame.slice(0, start))
        if begun + start == _ROW_GROUP:
            yield pl.concat(rest).rechunk()
            rest.clear()
        if begun and rest:
            continue
        whole = start + (frame.height - start) // _ROW_GROUP * _ROW_GROUP
        yield from (frame.slice(at, _ROW_GROUP) for at in range(start, whole, _ROW_GROUP))
        if whole < frame.height:
            rest.append(frame.slice(whole))
    if rest:
        yield pl.concat(rest).rechunk()
