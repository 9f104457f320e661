"""Runs a module of Dagster, and ends it and all it started when its parent is gone.

`python -m sp_eval.orchestration.guarded MODULE [ARG ...]`, with a pipe as standard input that the
parent holds open and never writes to: the system closes it when the parent dies, however it dies.
"""

from __future__ import annotations

import runpy
import sys

from sp_eval.machine import end_own_group, when_parent_is_gone

__all__: list[str] = []

# Dagster asks its code server every second whether it is still the same one, from each of its
# processes: a third of what an idle instance costs. It has no setting for it.
_ASK_EVERY_SECONDS = 10


def _main() -> None:
    when_parent_is_gone(end_own_group)
    _ask_less_often()
    module = sys.argv[1]
    sys.argv = sys.argv[1:]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def _ask_less_often() -> None:
    from dagster._grpc import server_watcher  # slow to load, and nothing may come before the guard

    server_watcher.WATCH_INTERVAL = _ASK_EVERY_SECONDS


if __name__ == "__main__":
    _main()
