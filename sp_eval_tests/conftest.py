"""Settings every test needs before numpy is loaded."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

# One thread a process: small matrices are no faster on more, and the tests share the machine.
for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

# Tests import their builders as `sp_eval_tests.support`, also under a bare `pytest`.
_ROOT = str(Path(__file__).resolve().parents[1])
if _ROOT not in sys.path:
    sys.path.insert(0, _ROOT)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """One browser for all that look at a page: two at once cannot be opened in one process."""
    from sp_eval_tests.support.browser import opened_browser

    with opened_browser() as found:
        yield found


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    from sp_eval_tests.support.sharing_out import place

    items.sort(key=lambda item: place(item.nodeid))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """See `sharing_out`."""
    from sp_eval_tests.support.sharing_out import RunsTogether

    return RunsTogether(config, log)
