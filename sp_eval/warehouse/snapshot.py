"""Snapshot files: built aside, then renamed into place, so that readers never see a torn one."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

import duckdb
import polars as pl

from sp_eval.contracts.odcs import Contract
from sp_eval.machine import flush_to_disk, make_readable
from sp_eval.warehouse.connection import Connection
from sp_eval.warehouse.contract_tables import fill_table

__all__ = [
    "STORAGE_VERSION",
    "build_aside",
    "put_in_place",
    "remove_stale_parts",
    "run_id_of",
    "snapshot_tables",
    "stale_parts",
]

STORAGE_VERSION = "v1.2.0"  # readable by DuckDB 1.2 and later
_SUFFIX = ".part"


def build_aside(
    path: Path,
    tables: Iterable[tuple[Contract, str, Iterable[pl.DataFrame]]],
    *,
    copied: Mapping[str, tuple[Path, str]] | None = None,
) -> Path:
    """Build a snapshot beside `path` and return its name.

    Parameters
    ----------
    tables : contract, schema, and the frames that fill the table.
    copied : table name in the snapshot -> (database file, table in it), taken over as they are.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f"{path.name}{_SUFFIX}")
    aside.unlink(missing_ok=True)
    conn = duckdb.connect(":memory:", config={"memory_limit": "1500MB"})
    try:
        conn.execute(f"attach '{_quoted(aside)}' as snap (storage_version '{STORAGE_VERSION}')")
        conn.execute("use snap")
        for contract, schema, frames in tables:
            fill_table(conn, contract, frames, schema=schema)
        for table, (source, name) in (copied or {}).items():
            _copy(conn, table, source, name)
        conn.execute("use memory")
        conn.execute("detach snap")
    finally:
        conn.close()
    return aside


def put_in_place(asides: Mapping[Path, Path]) -> list[Path]:
    """Flush each finished part to disk and rename it, one after the other.

    Returns the files left as they were: on Windows one that another program holds open cannot
    be replaced.
    """
    for aside in asides.values():
        flush_to_disk(aside)
        make_readable(aside)
    left = []
    for path, aside in asides.items():
        try:
            aside.replace(path)
        except PermissionError:
            left.append(path)
    return left


def stale_parts(folder: Path) -> list[Path]:
    """What is half built, by a run under way or by one that was killed."""
    return sorted(folder.glob(f"*{_SUFFIX}*"))


def remove_stale_parts(folder: Path) -> None:
    """Remove what a killed run left half built."""
    for stale in stale_parts(folder):
        if stale.is_dir():
            shutil.rmtree(stale, ignore_errors=True)
        else:
            stale.unlink(missing_ok=True)


def snapshot_tables(path: Path) -> dict[str, pl.DataFrame]:
    """Every table of schema `published` in a snapshot, rows in the order they were written."""
    conn = duckdb.connect(str(path), read_only=True)
    try:
        names = conn.execute(
            """select table_name from duckdb_tables()
            where schema_name = 'published' and database_name = current_database()
            order by table_name"""
        ).fetchall()
        return {name: conn.sql(f'from published."{name}"').pl() for (name,) in names}
    finally:
        conn.close()


def run_id_of(path: Path) -> str | None:
    """The newest run a snapshot holds; None if there is no readable snapshot."""
    if not path.exists():
        return None
    try:
        conn = duckdb.connect(str(path), read_only=True)
    except duckdb.Error:
        return None
    try:
        query = "select run_id from published.run order by finished_at desc, run_id desc limit 1"
        rows = conn.execute(query).fetchall()
    except duckdb.Error:
        return None
    finally:
        conn.close()
    return str(rows[0][0]) if rows else None


def _copy(conn: Connection, table: str, source: Path, name: str) -> None:
    conn.execute(f"attach '{_quoted(source)}' as source (read_only)")
    schema = table.split(".", maxsplit=1)[0]
    conn.execute(f"create schema if not exists {schema}")
    conn.execute(f"create table {table} as select * from source.{name}")
    conn.execute("detach source")


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
