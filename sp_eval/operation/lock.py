"""One writer at a time, whichever door it came through."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from sp_eval.machine import make_private_folder

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
    if not work.exists():  # a folder people share by their group stays as they made it
        make_private_folder(work)
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
