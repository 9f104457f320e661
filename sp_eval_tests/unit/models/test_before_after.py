"""The paired before/after by hand and against the jackknife."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from scipy import stats

from sp_eval.models.before_after import before_after
from sp_eval.models.estimate import TooFewEventsError

ROWS = pl.DataFrame(
    {
        "events_pre": [10, 4, 6, 0],
        "days_pre": [365, 365, 365, 365],
        "events": [5.0, 4.0, 3.0, 0.0],
        "days": [365.0, 100.0, 365.0, 0.0],
    }
)


def test_ratio_of_two_rates_of_the_same_people() -> None:
    found = before_after(ROWS)
    assert found.point == pytest.approx((12 / 830) / (20 / 1460))
    assert found.method == "before_after"
    assert (found.n_analysed, found.events_exposed) == (4, 12)
    assert found.person_years_exposed == pytest.approx(830 / 365.25)


def test_interval_by_hand() -> None:
    found = before_after(ROWS)
    before, after = 20 / 1460, 12 / 830
    parts = [
        (y - after * d) / 12 - (x - before * e) / 20
        for x, e, y, d in ROWS.iter_rows()
    ]  # fmt: skip
    se = np.sqrt(sum(p * p for p in parts) * 4 / 3)
    assert found.standard_error == pytest.approx(se)
    low = np.log(after / before) - stats.norm.ppf(0.975) * se
    assert np.log(found.ci_low) == pytest.approx(low)
    z = abs(np.log(after / before)) / se
    assert found.p_value == pytest.approx(2 * stats.norm.sf(z))


def test_pairing_is_allowed_for() -> None:
    rng = np.random.default_rng(3)
    n = 400
    busy = rng.gamma(0.5, 2, n)
    rows = pl.DataFrame(
        {
            "events_pre": rng.poisson(8 * busy),
            "days_pre": np.full(n, 365),
            "events": rng.poisson(6 * busy).astype(float),
            "days": np.full(n, 365.0),
        }
    )
    logs = []
    for left in range(n):
        kept = rows.filter(pl.int_range(pl.len()) != left)
        logs.append(np.log(before_after(kept).point))
    jackknife = np.sqrt(((np.array(logs) - np.mean(logs)) ** 2).sum() * (n - 1) / n)
    assert before_after(rows).standard_error == pytest.approx(jackknife, rel=0.02)
    # Two groups of other people would be far less sure.
    unpaired = rows.with_columns(pl.col("events", "days").reverse())
    assert before_after(unpaired).standard_error > 1.5 * before_after(rows).standard_error


@pytest.mark.parametrize(
    "change",
    [{"events_pre": 2}, {"events": 2.0}, {"days": 0.0}, {"days_pre": 0}],
)
def test_too_little_to_tell_is_said_so(change: dict) -> None:
    with pytest.raises(TooFewEventsError, match="fewer than 10 events"):
        before_after(ROWS.with_columns(**{name: pl.lit(value) for name, value in change.items()}))
