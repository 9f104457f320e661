"""Processes that this one starts, watches, and ends with all that they started.

They also end when this one is gone without having ended them: see `guarded`.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import IO

from sp_eval.machine import ask_to_end, end_at_once, group_is_there, of_a_group

__all__ = ["Children"]

_GUARD = "sp_eval.orchestration.guarded"
_GRACE_SECONDS = 5.0
_TICK_SECONDS = 0.25


class Children:
    """Python modules run as children, each the head of a group of its own; a context manager.

    Parameters
    ----------
    log : where all of them write what they have to say; begun anew.
    environment : theirs.
    """

    def __init__(self, log: Path, *, environment: Mapping[str, str]) -> None:
        self._log = log
        self._environment = dict(environment)
        self._file: IO[bytes] | None = None
        self._all: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Children:
        self._file = self._log.open("wb")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.end()
        if self._file is not None:
            self._file.close()

    def start(self, module: str, *arguments: str) -> None:
        """Start `python -m module arguments`."""
        child = subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", _GUARD, module, *arguments],
            env=self._environment,
            stdin=subprocess.PIPE,  # never written to: it closes when this process is gone
            stdout=self._file,
            stderr=subprocess.STDOUT,
            **of_a_group(),
        )
        self._all.append(child)

    def all_alive(self) -> bool:
        """Tell whether none has ended."""
        return all(child.poll() is None for child in self._all)

    def wait(self) -> None:
        """Return when one has ended."""
        while self.all_alive():
            time.sleep(_TICK_SECONDS)

    def end(self) -> None:
        """End every group: asked first, made to after some seconds."""
        for child in self._all:
            ask_to_end(child)
        deadline = time.monotonic() + _GRACE_SECONDS
        while any(map(group_is_there, self._all)) and time.monotonic() < deadline:
            time.sleep(_TICK_SECONDS)
        for child in self._all:
            end_at_once(child)
        for child in self._all:
            child.wait()
            if child.stdin is not None:
                child.stdin.close()
