"""Runs a Python module, and ends it and all it started when its parent is gone.

`python -m sp_eval.orchestration.guarded MODULE [ARG ...]`, with a pipe as standard input that the
parent holds open and never writes to: the system closes it when the parent dies, however it dies.
"""

from __future__ import annotations

import runpy
import sys

from sp_eval.machine import end_own_group, when_parent_is_gone

__all__: list[str] = []


def _main() -> None:
    when_parent_is_gone(end_own_group)
    module = sys.argv[1]
    sys.argv = sys.argv[1:]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    _main()
