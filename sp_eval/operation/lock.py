"""One writer at a time, whichever door it came through."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

__all__ = ["RunningElsewhereError", "writer"]


class RunningElsewhereError(Exception):
    """Another run holds the lock; the text is one sentence."""


@contextmanager
def writer(work: Path, *, wait_seconds: float = 0) -> Iterator[None]:
    """Hold `run.lock` in the work folder; the operating system frees it if the process dies.

    Raises
    ------
    RunningElsewhereError : somebody else holds it.
    """
    work.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = FileLock(work / "run.lock", timeout=wait_seconds)
    try:
        lock.acquire()
    except Timeout:
        raise RunningElsewhereError(
            "Another run is writing to this home; wait until it has ended, then start again."
        ) from None
    try:
        yield
    finally:
        lock.release()
