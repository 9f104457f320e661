"""One writer at a time, whichever door it came through."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from sp_eval.machine import is_alive, make_private_folder, name_of_this_machine

__all__ = ["Holder", "RunningElsewhereError", "holder_of", "writer"]

_HOLDER = "run.holder"
# Whoever only looks holds the lock for a moment; a run waits that long before it gives up.
_LOOKING_SECONDS = 2.0


class RunningElsewhereError(Exception):
    """Another run holds the lock; the text is one sentence."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Who took the lock last and did not give it back: a run under way, or one broken off."""

    process: int
    machine: str
    since: str

    @property
    def is_running(self) -> bool | None:
        """Whether it still runs; None where that cannot be asked from here."""
        return is_alive(self.process) if self.machine == name_of_this_machine() else None

    @property
    def sentence(self) -> str:
        """What became of that run, without a full stop."""
        state = {
            True: "is under way",
            False: "was broken off; the next run makes it good",
            None: "is under way, or was broken off",
        }[self.is_running]
        return f"A run begun {self.since} (process {self.process} on {self.machine}) {state}"


@contextmanager
def writer(work: Path, *, wait_seconds: float = _LOOKING_SECONDS) -> Iterator[None]:
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
    since = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
    own = Holder(os.getpid(), name_of_this_machine(), since)
    (work / _HOLDER).write_text(json.dumps(asdict(own)), encoding="utf-8")
    try:
        yield
    finally:
        (work / _HOLDER).unlink(missing_ok=True)
        lock.release()


def holder_of(work: Path) -> Holder | None:
    """Who holds the lock of a work folder, or was broken off while it did; nothing is touched."""
    try:
        return Holder(**json.loads((work / _HOLDER).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
