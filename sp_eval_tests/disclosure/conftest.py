"""Runs made once a session, for reading only."""

from __future__ import annotations

import pytest

from sp_eval_tests.support.runs import Made, whole_run


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """The shipped studies, both schemes."""
    return whole_run(tmp_path_factory.getbasetemp())
