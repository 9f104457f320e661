"""The UI in a process of its own, so that the command line never loads it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from sp_eval.machine import hand_on_signals

__all__ = ["serve_apart"]


def serve_apart(home: Path | None, port: int) -> int:
    """Run the UI as a child, hand on an end signal, and return its exit status."""
    command = [sys.executable, "-m", "sp_eval.orchestration.ui", "--port", str(port)]
    if home is not None:
        command += ["--home", str(home)]
    # Nothing is written to the pipe: it closes when this process is gone, however it went.
    child = subprocess.Popen([*command, "--with-parent"], stdin=subprocess.PIPE)  # noqa: S603
    hand_on_signals(child)  # at a terminal the child gets Ctrl-C too, and heeds it once
    return child.wait()
