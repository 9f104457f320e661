"""Runs made once a session, for reading only."""

from __future__ import annotations

import pytest

from sp_eval_tests.support.runs import Made, narrow_run


@pytest.fixture(scope="session")
def narrow(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """The narrow study, both schemes."""
    return narrow_run(tmp_path_factory.getbasetemp())
