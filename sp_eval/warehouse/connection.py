"""Opening DuckDB files: memory bounds, transactions, and a clear word when a file is busy."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

__all__ = ["Connection", "WarehouseBusyError", "open_file", "open_memory", "transaction"]

Connection = duckdb.DuckDBPyConnection

_CONFIG = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "memory_limit": "1500MB",
    "preserve_insertion_order": "true",
}


class WarehouseBusyError(Exception):
    """The file is open for writing elsewhere."""


def open_memory() -> Connection:
    """Open a warehouse that lives only in memory."""
    return duckdb.connect(":memory:", config=dict(_CONFIG))


@contextmanager
def open_file(path: Path, *, read_only: bool = False) -> Iterator[Connection]:
    """Open a DuckDB file and close it again whatever happens.

    Raises
    ------
    WarehouseBusyError : another process holds the file.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        conn = duckdb.connect(str(path), read_only=read_only, config=dict(_CONFIG))
    except duckdb.IOException as error:
        if "lock" in str(error).lower():
            raise WarehouseBusyError(
                f"{path.name} is in use by another program; close it there, or wait, and try again."
            ) from None
        raise
    try:
        yield conn
    finally:
        conn.close()


@contextmanager
def transaction(conn: Connection) -> Iterator[None]:
    """Commit what is done inside, or nothing of it."""
    conn.execute("begin transaction")
    try:
        yield
    except BaseException:
        conn.execute("rollback")
        raise
    conn.execute("commit")
