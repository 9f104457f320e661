"""Runs made once a session; tests that spoil something work on a copy."""

from __future__ import annotations

from pathlib import Path

import pytest

from sp_eval_tests.support.runs import Made, narrow_run, whole_run


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """The shipped studies, both schemes: for reading only."""
    return whole_run(tmp_path_factory.getbasetemp())


@pytest.fixture(scope="session")
def narrow(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """The narrow study, both schemes: for reading only."""
    return narrow_run(tmp_path_factory.getbasetemp())


@pytest.fixture
def spoilt(narrow: Made, tmp_path: Path) -> Made:
    """A copy of the narrow run whose landing folder may be changed."""
    return narrow.copy_to(tmp_path)
