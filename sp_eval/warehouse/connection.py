"""Opening DuckDB files: memory bounds, transactions, and a clear word when a file is busy."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from time import monotonic, sleep

import duckdb

__all__ = [
    "Connection",
    "WarehouseBusyError",
    "WarehouseUnreadableError",
    "open_file",
    "open_memory",
    "rehearsal",
    "transaction",
]

Connection = duckdb.DuckDBPyConnection

PATIENCE_SECONDS = 5.0

_CONFIG = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "memory_limit": "1500MB",
    "preserve_insertion_order": "true",
}


class WarehouseBusyError(Exception):
    """The file is open for writing elsewhere."""


class WarehouseUnreadableError(Exception):
    """The file is not a database that can be opened; the text is one sentence."""


def open_memory() -> Connection:
    """Open a warehouse that lives only in memory."""
    return duckdb.connect(":memory:", config=dict(_CONFIG))


@contextmanager
def open_file(path: Path, *, read_only: bool = False) -> Iterator[Connection]:
    """Open a DuckDB file and close it again whatever happens.

    Raises
    ------
    WarehouseBusyError : another process has held the file for `PATIENCE_SECONDS`.
    WarehouseUnreadableError : it is no DuckDB file, or a damaged one.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    conn = _patiently(path, read_only=read_only)
    try:
        yield conn
    finally:
        conn.close()


def _patiently(path: Path, *, read_only: bool) -> Connection:
    """Open it, waiting a little for somebody who looks into it for a moment, or is just ending."""
    until = monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return duckdb.connect(str(path), read_only=read_only, config=dict(_CONFIG))
        except duckdb.IOException as error:
            if "lock" not in str(error).lower():
                raise _unreadable(path) from None
            if monotonic() > until:
                raise WarehouseBusyError(
                    f"{path.name} is in use by another program; close it there, or wait, and try"
                    " again."
                ) from None
        except (duckdb.Error, RuntimeError):
            raise _unreadable(path) from None
        sleep(0.1)


def _unreadable(path: Path) -> WarehouseUnreadableError:
    return WarehouseUnreadableError(
        f"{path} cannot be opened as a database; put back a copy, or move it away and run again:"
        " it is made anew from the landing folder."
    )


@contextmanager
def transaction(conn: Connection) -> Iterator[None]:
    """Commit what is done inside, or nothing of it."""
    conn.execute("begin transaction")
    with ExitStack() as unless_done:
        unless_done.callback(_roll_back, conn)
        yield
        unless_done.pop_all()
    conn.execute("commit")


def _roll_back(conn: Connection) -> None:
    with suppress(duckdb.Error):  # a full disk, or Ctrl-C, may have ended it already
        conn.execute("rollback")


@contextmanager
def rehearsal(conn: Connection) -> Iterator[None]:
    """Take back whatever is done inside."""
    conn.execute("begin transaction")
    try:
        yield
    finally:
        conn.execute("rollback")
