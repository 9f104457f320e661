"""Runs made once a session, for reading only."""

from __future__ import annotations

import pytest
from hypothesis import settings

from sp_eval_tests.support.runs import Made, whole_run

# the machine may be busy: how long one example takes tells nothing
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """The shipped studies, both schemes."""
    return whole_run(tmp_path_factory.getbasetemp())
