"""Segmented regression on series whose truth is known, and on people picked at their busiest."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from sp_eval.models.interrupted_series import segmented
from sp_eval_tests.recovery.series import KINDS, coverage


def test_the_step_put_in_comes_out_and_short_series_cover_too_little() -> None:
    """Monte Carlo error of a coverage of 0.95 over 200 series: 0.015."""
    found = coverage("four years, unrelated", seeds=range(200))
    assert abs(found["error"]) < 0.01
    assert found["larger"] > 0.90
    assert found["newey_west"] < 0.90  # as the page says; without the larger error it is too sure


def test_months_that_are_alike_make_plain_errors_wrong() -> None:
    found = coverage("four years, alike", seeds=range(200))
    assert abs(found["error"]) < 0.03
    assert found["poisson"] < 0.55
    assert found["larger"] > found["poisson"] + 0.25


@pytest.mark.recovery
@pytest.mark.parametrize("kind", KINDS)
def test_the_table_of_the_page(kind: str) -> None:
    found = coverage(kind, seeds=range(1_000))
    assert abs(found["error"]) < 0.01
    assert 0.72 < found["newey_west"] < 0.86
    assert 0.79 < found["larger"] < 0.97


def by_month_from_referral(seed: int, *, people: int = 3_000) -> pl.DataFrame:
    """People picked in the third month of a spell of use, by months from then; nothing is done.

    `matched`: others in such a month who were not picked. Spells come and go by themselves.
    """
    rng = np.random.default_rng(seed)
    rate = np.zeros((2 * people, 24))
    for i in range(12):  # use grows towards the index month, 12, and then goes back
        rate[:, i] = 0.4 + 0.6 * 1.4 ** (i - 11)
    rate[:, 12:] = 0.45
    events = rng.poisson(rate * rng.gamma(2, 0.5, 2 * people)[:, None])
    is_matched = np.arange(2 * people) >= people
    return pl.DataFrame(
        {
            "month": np.tile(np.arange(-12, 12), 2),
            "matched": np.repeat([False, True], 24),
            "events": np.r_[events[~is_matched].sum(axis=0), events[is_matched].sum(axis=0)],
        }
    )


def test_the_referred_alone_show_a_fall_that_nobody_made() -> None:
    rows = by_month_from_referral(1)
    given = {"outcome": "events", "time": "month", "interruption": 0}
    alone = segmented(rows.filter(~pl.col("matched")), **given)
    assert alone.average.point < 0.5
    assert alone.level.ci_high is not None
    assert alone.level.ci_high < 0.7
    beside = segmented(rows, **given, control="matched", errors="larger")
    assert beside.average.point == pytest.approx(1, abs=0.15)
    assert beside.level.ci_low is not None
    assert beside.level.ci_high is not None
    assert beside.level.ci_low < 1 < beside.level.ci_high
