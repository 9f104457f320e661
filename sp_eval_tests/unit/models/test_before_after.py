"""The paired before/after by hand and against the jackknife."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from scipy import stats

from sp_eval.models.before_after import (
    NOT_AN_EFFECT,
    before_after,
    paired_change,
    season_note,
)
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


RATES = {"before": "events_pre", "after": "events", "days_before": "days_pre", "days_after": "days"}
PAIRED = ROWS.head(3)
YEARS = {"window_before": (-365, 0), "window_after": (30, 395)}


def test_it_always_says_that_it_is_no_effect() -> None:
    assert NOT_AN_EFFECT in before_after(ROWS).notes
    assert NOT_AN_EFFECT in paired_change(PAIRED, **RATES).notes
    assert NOT_AN_EFFECT in paired_change(PAIRED, before="events_pre", after="events").notes


def test_paired_rates_are_those_of_before_after_where_all_are_paired() -> None:
    one, two = before_after(PAIRED), paired_change(PAIRED, **RATES)
    for name in ("point", "ci_low", "ci_high", "standard_error", "p_value", "events_exposed"):
        assert getattr(one, name) == getattr(two, name)
    assert two.details["rate_before"] == pytest.approx(365250 * 20 / 1095)
    assert two.difference is not None
    assert two.difference.point == pytest.approx(365250 * (12 / 830 - 20 / 1095))


@pytest.mark.parametrize("name", ["events_pre", "events", "days_pre", "days"])
def test_unpaired_people_are_refused_and_counted(name: str) -> None:
    lacking = PAIRED.with_columns(
        pl.when(pl.int_range(pl.len()) == 1).then(None).otherwise(pl.col(name)).alias(name)
    )
    many = pl.concat([PAIRED, lacking])
    with pytest.raises(ValueError, match="1 of 6 persons lack"):
        paired_change(many, **RATES)
    found = paired_change(many, **RATES, drop_unpaired=True)
    assert found.n_analysed == 5
    assert found.details["unpaired"] == 1
    assert "1 persons lack one of the two and were left out" in found.notes
    assert found.point == paired_change(
        many.filter(pl.col(name).is_not_null()), **RATES
    ).point  # fmt: skip


def test_a_person_without_a_day_is_unpaired_too() -> None:
    with pytest.raises(ValueError, match="1 of 4 persons lack"):
        paired_change(ROWS, **RATES)
    scores = pl.DataFrame({"a": [1.0, 2, float("nan"), 4], "b": [2.0, 3, 4, 6]})
    with pytest.raises(ValueError, match="1 of 4 persons lack"):
        paired_change(scores, before="a", after="b")
    assert paired_change(scores, before="a", after="b", drop_unpaired=True).n_analysed == 3


@pytest.mark.parametrize(
    ("before", "after", "cancels"),
    [
        ((-365, 0), (30, 395), True),
        ((-366, 0), (30, 395), True),
        ((-730, 0), (0, 365), True),
        ((-90, 0), (275, 365), True),  # the same quarter a year on
        ((-90, 0), (0, 90), False),
        ((-90, 0), (30, 395), False),
        ((-365, 0), (30, 213), False),
        ((-180, 0), (0, 180), False),
    ],
)
def test_windows_whose_seasons_do_not_cancel_are_labelled(
    before: tuple, after: tuple, cancels: bool
) -> None:
    notes = season_note(before, after)
    assert (notes == ()) == cancels
    found = paired_change(PAIRED, **RATES, window_before=before, window_after=after)
    assert set(notes) <= set(found.notes)
    if not cancels:
        assert f"{before[1] - before[0]} and {after[1] - after[0]} days" in notes[0]


def test_unequal_days_are_told_where_no_windows_are_named() -> None:
    quarter = PAIRED.with_columns(days_pre=pl.lit(90))
    assert "followed 90 days before" in " ".join(paired_change(quarter, **RATES).notes)
    even = PAIRED.with_columns(days=pl.lit(350.0))
    assert len(paired_change(even, **RATES).notes) == 1
    assert len(paired_change(quarter, **RATES, **YEARS).notes) == 1


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"days_before": None}, "'days_before' and 'days_after' both"),
        ({"window_before": (-90, 0)}, "'window_before' and 'window_after' both"),
        ({"window_before": (0, -90), "window_after": (0, 90)}, "the one before ended"),
        ({"window_before": (-90, 10), "window_after": (0, 90)}, "the one before ended"),
        ({"before": "gone"}, "no column 'gone'"),
        ({"cluster": "gone"}, "no column 'gone'"),
        ({"cluster": ("events", "days")}, "name one column"),
    ],
)
def test_bad_arguments_are_refused(given: dict, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        paired_change(PAIRED, **(RATES | given))


def test_nobody_and_two_people_tell_nothing() -> None:
    with pytest.raises(TooFewEventsError, match="fewer than three"):
        paired_change(PAIRED.clear(), **RATES)
    with pytest.raises(TooFewEventsError, match="fewer than three"):
        paired_change(PAIRED.head(2), before="events_pre", after="events")


def test_a_change_that_never_varies_has_no_p_value() -> None:
    rows = pl.DataFrame({"a": [1.0, 2, 3, 4], "b": [2.0, 3, 4, 5]})
    found = paired_change(rows, before="a", after="b")
    assert (found.point, found.ci_low, found.ci_high, found.p_value) == (1, 1, 1, None)
