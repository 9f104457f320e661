"""Which tests go to one process, and in which order: those that build on the same run together."""

from __future__ import annotations

from typing import Any

from xdist.scheduler import LoadFileScheduling

__all__ = ["RunsTogether", "place"]

# Begun in this order. Long files first, so that none begins when all else is done; the browser
# after all that loads Dagster, since it keeps an event loop open from then on.
_ORDER = (
    "integration/test_tours", "integration/test_readme", "integration/test_run_", "integration/",
    "disclosure/", "orchestration/", "contract/", "browser/", "report/test_report_in_browser",
    "report/", "recovery/", "reference/", "",
)  # fmt: skip
# One run, made once a process, serves all of these.
_TOGETHER = {
    "disclosure/": "the whole run",
    "integration/test_run_whole": "the whole run",
    "orchestration/test_one_step": "both doors",
    "orchestration/test_two_doors": "both doors",
    "browser/": "browser",
    "report/test_report_in_browser": "browser",
}


def place(nodeid: str) -> int:
    """Where in the order a test stands."""
    path = nodeid.removeprefix("sp_eval_tests/")
    return next(at for at, start in enumerate(_ORDER) if path.startswith(start))


class RunsTogether(LoadFileScheduling):  # type: ignore[misc]
    """A file to a process, and the files of one run to one."""

    def __init__(self, config: Any, log: Any = None) -> None:
        config.option.loadscopereorder = False
        super().__init__(config, log)

    def _split_scope(self, nodeid: str) -> str:
        path = nodeid.removeprefix("sp_eval_tests/")
        for start, name in _TOGETHER.items():
            if path.startswith(start):
                return name
        return str(super()._split_scope(nodeid))
