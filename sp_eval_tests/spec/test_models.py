"""Every case of every specification in this folder, on DuckDB."""

from __future__ import annotations

from pathlib import Path

import pytest

from sp_eval.warehouse.catalogue import read_catalogue
from sp_eval_tests.support.spec_tables import Case, actual_rows, expected_rows, read_cases

CASES = tuple(read_cases(Path(__file__).parent))
MODELS = {model.name: model for model in read_catalogue()}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_model_gives_what_is_specified(case: Case) -> None:
    assert actual_rows(case, MODELS[case.model]) == expected_rows(case)


def test_every_case_expects_something_of_its_own() -> None:
    assert len({str(case) for case in CASES}) == len(CASES)
    assert all(case.expect.columns for case in CASES)


def test_every_specified_model_exists() -> None:
    assert {case.model for case in CASES} <= MODELS.keys()


def test_every_model_is_specified() -> None:
    assert MODELS.keys() - {case.model for case in CASES} == set()
