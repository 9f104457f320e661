"""Monthly rates by hand."""

from __future__ import annotations

from math import exp, sqrt

import polars as pl
import pytest

from sp_eval.models.monthly_rate import monthly_rates

Z = 1.959963984540054
ROWS = pl.DataFrame(
    [
        # arm, person, weight, month, events, days
        ("referred", 1, 1.0, 0, 2, 30),
        ("referred", 2, 1.0, 0, 0, 15),
        ("referred", 1, 1.0, 1, 0, 30),
        ("similar", 7, 0.5, 0, 1, 30),
        ("similar", 7, 0.25, 0, 3, 60),  # serves in two sets of that weight
        ("similar", 8, 1.0, 0, 4, 20),
        ("similar", 9, 1.0, 0, 0, 30),
    ],
    schema=["arm", "person_number", "weight", "month_number", "events", "person_days"],
    orient="row",
)


def found(arm: str, month: int) -> dict[str, object]:
    rates = monthly_rates(ROWS, arms=("referred", "similar"), months=range(-1, 2))
    assert rates.height == 6
    return rates.filter(arm=arm, month_number=month).row(0, named=True)


def test_rate_and_interval_of_people_who_weigh_one() -> None:
    row = found("referred", 0)
    rate = 2 / 45
    parts = [(2 - rate * 30) / 2, (0 - rate * 15) / 2]
    error = sqrt(sum(p * p for p in parts) * 2 / 1)
    assert (row["people"], row["events"]) == (2, 2)
    assert row["rate"] == pytest.approx(rate * 365_250)
    assert row["ci_low"] == pytest.approx(rate * 365_250 * exp(-Z * error))
    assert row["ci_high"] == pytest.approx(rate * 365_250 * exp(Z * error))


def test_a_person_who_serves_twice_is_one_cluster_and_each_row_has_its_weight() -> None:
    row = found("similar", 0)
    events = [0.5 * 1 + 0.25 * 3, 4.0, 0.0]
    days = [0.5 * 30 + 0.25 * 60, 20.0, 30.0]
    rate = sum(events) / sum(days)
    parts = [(e - rate * d) / sum(events) for e, d in zip(events, days, strict=True)]
    error = sqrt(sum(p * p for p in parts) * 3 / 2)
    assert (row["people"], row["events"]) == (3, 8)
    assert row["rate"] == pytest.approx(rate * 365_250)
    assert row["ci_high"] == pytest.approx(rate * 365_250 * exp(Z * error))


def test_no_event_has_a_rate_of_nought_and_no_interval() -> None:
    row = found("referred", 1)
    assert (row["people"], row["events"], row["rate"]) == (1, 0, 0.0)
    assert (row["ci_low"], row["ci_high"]) == (None, None)


def test_a_month_with_nobody_at_risk_has_a_row_without_a_rate() -> None:
    row = found("similar", 1)
    assert (row["people"], row["events"], row["rate"], row["ci_low"]) == (0, 0, None, None)
