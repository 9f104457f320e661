"""Weights for people referred later, by hand."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
import pytest

from sp_eval.comparison.censoring import CensoringWeights, month_number

HAZARDS = pl.DataFrame(
    [(1, 100, 0.5), (1, 101, 0.2), (1, 103, 0.1), (7, 101, 1.0), (7, 102, 0.3)],
    schema={"person_number": pl.Int64, "month": pl.Int32, "hazard": pl.Float64},
    orient="row",
)
WEIGHTS = CensoringWeights.from_hazards(HAZARDS, months=(100, 103))


def weight(person: int, index_month: int, months_after: int) -> float:
    found = WEIGHTS.weight(np.array([person]), np.array([index_month]), np.array([months_after]))
    return float(found[0])


@pytest.mark.parametrize(
    ("person", "index_month", "months_after", "expected"),
    [
        (1, 100, 0, 1.0),  # the index month's own hazard does not count
        (1, 100, 1, 1 / 0.8),
        (1, 100, 2, 1 / 0.8),  # no candidate in month 102: no hazard
        (1, 100, 3, 1 / (0.8 * 0.9)),
        (1, 101, 2, 1 / 0.9),
        (1, 102, 0, 1.0),
        (7, 100, 1, 1 / 0.001),  # a hazard of one is taken for .999
        (7, 100, 2, 1 / (0.001 * 0.7)),
        (2, 100, 3, 1.0),  # nobody who could be referred
        (9, 100, 3, 1.0),  # a number beyond all
        (1, 100, 12, 1 / (0.8 * 0.9)),  # no referrals after the last month
        (1, 103, 5, 1.0),
    ],
)
def test_weights_are_the_inverse_of_staying_unreferred(
    person: int, index_month: int, months_after: int, expected: float
) -> None:
    assert weight(person, index_month, months_after) == pytest.approx(expected)


def test_without_any_hazard_everybody_weighs_one() -> None:
    nothing = CensoringWeights.from_hazards(HAZARDS.clear(), months=(100, 103))
    found = nothing.weight(np.array([1, 2]), np.array([100, 101]), np.array([1, 2]))
    assert found.tolist() == [1.0, 1.0]


def test_months_are_consecutive_over_the_turn_of_the_year() -> None:
    days = pl.DataFrame({"d": [date(2017, 12, 31), date(2018, 1, 1), None]})
    found = days.select(month_number(pl.col("d"))).to_series().to_list()
    assert found[1] - found[0] == 1
    assert found[2] is None
