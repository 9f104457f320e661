"""An interrupted series: dates, scales, notes, and what is refused."""

from __future__ import annotations

import json
from datetime import date

import numpy as np
import polars as pl
import pytest

from sp_eval.models.estimate import TooFewEventsError
from sp_eval.models.interrupted_series import ON_THE_REFERRED_ALONE, segmented
from sp_eval.models.newey_west import newey_west


def steady(n: int = 36, *, cut: int = 24) -> pl.DataFrame:
    """A series without noise: 100 rising 1% a month, 20% less from the cut on and falling 2%."""
    time = np.arange(n)
    since = np.maximum(time - cut, 0)
    events = 100 * 1.01**time * np.where(time >= cut, 0.8 * (0.98 / 1.01) ** since, 1.0)
    return pl.DataFrame({"time": time, "events": events, "people": 1.0})


def test_a_series_without_noise_gives_what_was_put_in() -> None:
    found = segmented(steady(), outcome="events", time="time", interruption=24)
    assert found.slope is not None
    assert found.level.point == pytest.approx(0.8)
    assert found.slope.point == pytest.approx(0.98 / 1.01)
    assert found.immediate.point == pytest.approx(0.8)
    assert found.at_end.point == pytest.approx(0.8 * (0.98 / 1.01) ** 11)
    assert found.slope.scale == "rate_ratio_per_period"
    before = found.fitted.filter(pl.col("time") < 24)
    assert before["fitted"].to_list() == before["counterfactual"].to_list()


def test_an_interruption_between_two_periods() -> None:
    """Level is the change at the interruption itself; the first period after is half on."""
    found = segmented(steady(), outcome="events", time="time", interruption=23.5)
    assert found.immediate.point == pytest.approx(0.8)
    assert found.level.point == pytest.approx(0.8 / (0.98 / 1.01) ** 0.5)


def test_dates_count_by_their_month() -> None:
    months = pl.date_range(date(2016, 4, 1), date(2019, 3, 1), "1mo", eager=True)
    dated = steady().with_columns(month=months)
    by_date = segmented(
        dated, outcome="events", time="month", interruption=date(2018, 4, 1), harmonics=1
    )
    by_number = segmented(dated, outcome="events", time="time", interruption=24, harmonics=1)
    assert by_date.level.point == pytest.approx(by_number.level.point, rel=1e-9)
    assert by_date.fitted["time"].dtype == pl.Date


def test_the_order_of_rows_and_the_unit_of_time_are_nothing() -> None:
    rng = np.random.default_rng(4)
    series = steady().with_columns(events=pl.Series(rng.poisson(steady()["events"].to_numpy())))
    one = segmented(series, outcome="events", time="time", interruption=24)
    mixed = series.sample(fraction=1, shuffle=True, seed=1).with_columns(
        time=pl.col("time") * 3 + 7
    )
    two = segmented(mixed, outcome="events", time="time", interruption=79)
    assert one.level.standard_error == pytest.approx(two.level.standard_error, rel=1e-9)
    assert one.slope is not None
    assert two.slope is not None
    assert one.slope.point == pytest.approx(two.slope.point, rel=1e-9)


def test_person_time_doubled_changes_the_intercept_alone() -> None:
    rng = np.random.default_rng(5)
    series = steady().with_columns(
        events=pl.Series(rng.poisson(steady()["events"].to_numpy())),
        people=pl.Series(rng.uniform(1, 2, 36)),
    )
    one = segmented(series, outcome="events", time="time", interruption=24, offset="people")
    doubled = series.with_columns(people=2 * pl.col("people"))
    two = segmented(doubled, outcome="events", time="time", interruption=24, offset="people")
    assert one.level.point == pytest.approx(two.level.point, rel=1e-9)
    fell = one.coefficients["estimate"][0] - two.coefficients["estimate"][0]
    assert fell == pytest.approx(np.log(2))


def test_what_the_control_did_is_taken_off() -> None:
    """Both fall by a fifth: beside the control nothing happened."""
    rng = np.random.default_rng(6)
    own, other = (
        steady().with_columns(
            events=pl.Series(rng.poisson(size * steady()["events"].to_numpy()).astype(float)),
            other=pl.lit(value=is_other),
        )
        for size, is_other in ((30, False), (50, True))
    )
    alone = segmented(own, outcome="events", time="time", interruption=24)
    beside = segmented(
        pl.concat([own, other]), outcome="events", time="time", interruption=24, control="other"
    )
    assert alone.level.ci_high is not None
    assert alone.level.ci_high < 0.85
    assert beside.level.point == pytest.approx(1, abs=0.05)
    assert beside.fitted["is_control"].sum() == 36
    controls = beside.fitted.filter("is_control")
    assert controls["fitted"].to_list() == controls["counterfactual"].to_list()


def test_every_result_says_where_it_misleads_and_can_be_written_down() -> None:
    found = segmented(steady(10, cut=6), outcome="events", time="time", interruption=6)
    assert found.notes[0] == ON_THE_REFERRED_ALONE
    assert any("Fewer than eight periods" in note for note in found.notes)
    assert found.level.notes == (ON_THE_REFERRED_ALONE,)
    written = json.loads(json.dumps(found.to_dict()))
    assert len(written["fitted"]) == 10
    assert written["residuals"]["lags"] == 2


@pytest.mark.parametrize(
    ("change", "settings", "message"),
    [
        (lambda s: s.drop("events"), {}, "no column events"),
        (lambda s: s.filter(pl.col("time") != 5), {}, "without a gap"),
        (lambda s: pl.concat([s, s.head(1)]), {}, "one row a period"),
        (lambda s: s.clear(), {}, "one row a period"),
        (lambda s: s.with_columns(time=pl.lit(None, dtype=pl.Int64)), {}, "'time' must be given"),
        (lambda s: s.with_columns(time=pl.lit("x")), {}, "must hold numbers"),
        (lambda s: s, {"interruption": date(2018, 1, 1)}, "must hold dates"),
        (lambda s: s, {"interruption": 35}, "3 after are needed"),
        (lambda s: s, {"interruption": 2}, "3 periods before and 3 after"),
        (lambda s: s.head(27), {"harmonics": 5, "season": 365}, "too few for"),
        (lambda s: s, {"harmonics": 6}, "fewer than half"),
        (lambda s: s, {"harmonics": -1}, "0 or more"),
        (lambda s: s, {"lag": 36}, "between 0 and 35"),
        (lambda s: s, {"family": "binomial"}, "'poisson' or 'gaussian'"),
        (lambda s: s, {"errors": "robust"}, "'newey_west' or 'larger'"),
        (lambda s: s, {"family": "gaussian", "offset": "people"}, "'offset' is for counts"),
        (lambda s: s.with_columns(events=-pl.col("events")), {}, "be a count"),
        (lambda s: s.with_columns(people=0.0 * pl.col("people")), {"offset": "people"}, "a time"),
        (lambda s: s.with_columns(events=pl.lit(None, dtype=pl.Float64)), {}, "in every row"),
        (lambda s: s, {"control": "people"}, "true or false"),
        (
            lambda s: s.with_columns(other=pl.lit(value=False)),
            {"control": "other"},
            "the same periods in each",
        ),
    ],
)
def test_what_cannot_be_is_refused(change, settings: dict, message: str) -> None:
    given = {"outcome": "events", "time": "time", "interruption": 24} | settings
    with pytest.raises(ValueError, match=message):
        segmented(change(steady()), **given)


def test_too_few_events_are_said_so() -> None:
    none_after = steady().with_columns(
        events=pl.when(pl.col("time") >= 24).then(0).otherwise("events")
    )
    with pytest.raises(TooFewEventsError, match="before or after"):
        segmented(none_after, outcome="events", time="time", interruption=24)


def test_the_sandwich_by_hand() -> None:
    """Four periods, one coefficient, bread 1: 1 + 4 + 9 + 16 and half of 2 (2 + 6 + 12)."""
    score = np.array([[1.0], [2.0], [3.0], [4.0]])
    period = np.arange(4)
    assert newey_west(score, np.eye(1), period, lag=0).item() == 30
    assert newey_west(score, np.eye(1), period, lag=1).item() == 30 + 0.5 * 2 * 20
    together = newey_west(np.repeat(score / 2, 2, axis=0), np.eye(1), np.repeat(period, 2), lag=1)
    assert together.item() == 50
