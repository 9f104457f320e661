"""Runs a Python module, and ends it and all it started when its parent is gone.

`python -m sp_eval.orchestration.guarded MODULE [ARG ...]`, with a pipe as standard input that the
parent holds open and never writes to: the system closes it when the parent dies, however it dies.
"""

from __future__ import annotations

import os
import runpy
import sys
import threading
from collections.abc import Callable

from sp_eval.machine import end_own_group

__all__ = ["when_parent_is_gone"]


def when_parent_is_gone(do: Callable[[], object]) -> None:
    """From now on do that once the process is gone that holds the other end of standard input."""

    def wait() -> None:
        # the file's number, not sys.stdin: its lock would hold up the end of this process
        while os.read(0, 1):
            continue
        do()

    threading.Thread(target=wait, daemon=True).start()


def _main() -> None:
    when_parent_is_gone(end_own_group)
    module = sys.argv[1]
    sys.argv = sys.argv[1:]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    _main()
