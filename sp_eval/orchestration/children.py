"""Processes that this one starts, watches, and ends with all that they started."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import IO

__all__ = ["Children"]

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
            [sys.executable, "-m", module, *arguments],
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=self._file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
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
        self._send(signal.SIGTERM)
        deadline = time.monotonic() + _GRACE_SECONDS
        while any(self._is_there(child) for child in self._all) and time.monotonic() < deadline:
            time.sleep(_TICK_SECONDS)
        self._send(signal.SIGKILL if os.name == "posix" else signal.SIGTERM)
        for child in self._all:
            child.wait()

    def _is_there(self, child: subprocess.Popen[bytes]) -> bool:
        """Whether any process of the child's group is left."""
        ended = child.poll() is not None
        if os.name != "posix":
            return not ended
        try:
            os.killpg(child.pid, 0)
        except ProcessLookupError:
            return False
        return True

    def _send(self, number: signal.Signals) -> None:
        for child in self._all:
            try:
                if os.name == "posix":
                    os.killpg(child.pid, number)
                else:
                    child.terminate()
            except ProcessLookupError:
                continue
