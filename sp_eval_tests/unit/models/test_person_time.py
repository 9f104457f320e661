"""Weighted days and events by hand."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from sp_eval.comparison.censoring import CensoringWeights
from sp_eval.models.person_time import CAP, Censoring, month_weights, weighted_totals

MAY = 2017 * 12 + 5
CANDIDATES = pl.DataFrame(
    {
        "candidate_id": [1, 2, 3, 4],
        "person_number": [11, 12, 13, 14],
        "index_month": [date(2017, 5, 1)] * 4,
        "first_referral_date": [date(2017, 5, 20), date(2017, 8, 2), None, None],
        "is_exposed": [True, False, False, False],
    },
    schema_overrides={"candidate_id": pl.Int32, "person_number": pl.Int32},
)
# Person 12 has hazards before the referral in August; 14 has such that the weight passes the cap.
HAZARDS = pl.DataFrame(
    [
        (11, MAY + 1, 0.4),
        (12, MAY + 1, 0.5),
        (12, MAY + 2, 0.2),
        (12, MAY + 3, 0.9),
        (14, MAY + 1, 0.98),
    ],
    schema={"person_number": pl.Int64, "month": pl.Int32, "hazard": pl.Float64},
    orient="row",
)
WEIGHTS = CensoringWeights.from_hazards(HAZARDS, months=(MAY, MAY + 4))
MONTHS = pl.DataFrame(
    [(c, m) for c in (1, 2, 3, 4) for m in range(5)],
    schema={"candidate_id": pl.Int32, "months_after": pl.Int32},
    orient="row",
)
MONTH = {"candidate_id": pl.Int32, "kind": pl.String, "months_after": pl.Int32, "n": pl.Int32}
TIME = dict(zip(["candidate_id", "clock", "months_after", "days"], MONTH.values(), strict=True))
COUNT = dict(
    zip(["candidate_id", "outcome", "months_after", "events"], MONTH.values(), strict=True)
)


def weights(censoring: Censoring, column: str = "weight") -> dict[int, list[float]]:
    found = month_weights(CANDIDATES, MONTHS, censoring).sort("candidate_id", "months_after")
    return {key: found.filter(candidate_id=key)[column].to_list() for key in (1, 2, 3, 4)}


def test_weights_by_month() -> None:
    found = weights(Censoring(WEIGHTS))
    assert found[1] == [1, 1, 1, 1, 1]  # the exposed, whatever their hazard
    assert found[2] == pytest.approx([1, 2, 2.5, 0, 0])  # nothing from the month of the referral
    assert found[3] == [1, 1, 1, 1, 1]  # nobody could have referred them
    assert found[4] == pytest.approx([1, CAP, CAP, CAP, CAP])
    assert weights(Censoring(WEIGHTS, cap=10.0))[4] == [1, 10, 10, 10, 10]
    assert weights(Censoring(WEIGHTS, cap=None))[4][1] == pytest.approx(50)
    assert weights(Censoring(WEIGHTS), "uncapped")[4][1] == pytest.approx(50)


def test_following_on_weighs_everybody_one() -> None:
    assert weights(Censoring(None)) == {key: [1.0] * 5 for key in (1, 2, 3, 4)}


def test_totals_are_sums_over_months() -> None:
    time = pl.DataFrame(
        [(2, "ae", 1, 10), (2, "ae", 2, 31), (2, "ae", 3, 31), (3, "ae", 1, 30), (2, "gp", 0, 5)],
        schema=TIME,
        orient="row",
    )
    count = pl.DataFrame(
        [(2, "visit", 1, 3), (2, "visit", 2, 1), (2, "visit", 3, 9), (2, "call", 0, 2)],
        schema=COUNT,
        orient="row",
    )
    clocks = pl.DataFrame({"outcome": ["visit", "call", "stay"], "clock": ["ae", "gp", "ae"]})
    found = weighted_totals(
        time, count, month_weights(CANDIDATES, MONTHS, Censoring(WEIGHTS)), clocks
    ).sort("candidate_id", "outcome")
    assert found.rows() == [
        (2, "call", 2.0, 5.0),
        (2, "stay", 0.0, 2 * 10 + 2.5 * 31),
        (2, "visit", 2 * 3 + 2.5 * 1, 2 * 10 + 2.5 * 31),
        (3, "stay", 0.0, 30.0),
        (3, "visit", 0.0, 30.0),
    ]


def test_candidates_without_weights_are_left_out() -> None:
    only = MONTHS.filter(candidate_id=3)
    time = pl.DataFrame([(2, "ae", 1, 10), (3, "ae", 1, 20)], schema=TIME, orient="row")
    count = pl.DataFrame(schema=COUNT)
    clocks = pl.DataFrame({"outcome": ["visit"], "clock": ["ae"]})
    found = weighted_totals(
        time, count, month_weights(CANDIDATES, only, Censoring(WEIGHTS)), clocks
    )
    assert found.rows() == [(3, "visit", 0.0, 20.0)]
