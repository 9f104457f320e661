"""The one-step bootstrap of the expected fall against a full refit of every draw."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from sp_eval.models.estimate import TooFewEventsError
from sp_eval.models.poisson import fit_poisson
from sp_eval.models.regression_to_mean import expected_from_selection

COLUMNS = ("x", "log_x", "flag")


def drawn(seed: int, *, people: int = 900, referred: int = 150) -> tuple[pl.DataFrame, ...]:
    """People not referred, two candidate rows each; and people referred, busier before."""
    rng = np.random.default_rng(seed)

    def frame(n: int, rows: int, *, busy: float) -> pl.DataFrame:
        frail = np.repeat(rng.gamma(1.2, busy / 1.2, n), rows)
        x = rng.poisson(4 * frail).astype(float)
        days = rng.integers(100, 366, n * rows).astype(float)
        return pl.DataFrame(
            {
                "person_number": np.repeat(np.arange(n), rows),
                "x": x,
                "log_x": np.log1p(x),
                "flag": (rng.random(n * rows) < 0.3).astype(float),
                "days": days,
                "events": rng.poisson(4 * frail * days / 365).astype(float),
                "events_pre": x,
                "days_pre": 365.0,
            }
        )

    return frame(people, 2, busy=1.0), frame(referred, 1, busy=2.0)


def ratio(unreferred: pl.DataFrame, referred: pl.DataFrame) -> float:
    def design(rows: pl.DataFrame) -> np.ndarray:
        return np.column_stack([np.ones(rows.height), rows.select(COLUMNS).to_numpy()])

    y, days = unreferred["events"].to_numpy(), unreferred["days"].to_numpy()
    beta = fit_poisson(y, days, design(unreferred), np.ones(len(y))).beta
    after = referred["days"].to_numpy()
    expected = (np.exp(design(referred) @ beta) * after).sum() / after.sum()
    return float(expected / (referred["events_pre"].sum() / referred["days_pre"].sum()))


def test_point_is_the_ratio_of_predicted_to_own_rate():
    unreferred, referred = drawn(1)
    found = expected_from_selection(unreferred, referred, columns=COLUMNS, seed=1)
    assert found.point == pytest.approx(ratio(unreferred, referred), rel=2e-3)  # but for the ridge


def test_a_column_without_events_sends_nobodys_rate_to_the_sky():
    unreferred, referred = drawn(7, people=400, referred=60)
    rng = np.random.default_rng(7)
    busiest = unreferred["x"] >= unreferred["x"].quantile(0.99)
    other = pl.Series(np.where(busiest, rng.normal(3, 0.01, len(busiest)), 0.0))
    quiet = unreferred.with_columns(
        z=other, events=pl.when(busiest).then(0.0).otherwise(pl.col("events"))
    )
    # The one referred person lies on the side on which nobody was seen.
    one = referred.with_columns(z=pl.when(pl.int_range(pl.len()) == 0).then(-0.5).otherwise(0.0))
    plain = expected_from_selection(quiet.drop("z"), one.drop("z"), columns=COLUMNS, seed=1)
    found = expected_from_selection(quiet, one, columns=(*COLUMNS, "z"), seed=1)
    assert found.point < 3 * plain.point


@pytest.mark.parametrize("seed", [1, 2])
def test_one_step_of_each_draw_is_as_wide_as_a_full_refit(seed):
    unreferred, referred = drawn(seed)
    found = expected_from_selection(unreferred, referred, columns=COLUMNS, seed=seed)
    rng = np.random.default_rng(100 + seed)
    numbered = unreferred.with_row_index().group_by("person_number", maintain_order=True)
    groups = numbered.agg("index")["index"].to_list()
    rows = np.array([np.array(g) for g in groups])
    draws = []
    for _ in range(400):
        one = unreferred[rows[rng.integers(0, len(rows), len(rows))].ravel()]
        two = referred[rng.integers(0, referred.height, referred.height)]
        draws.append(np.log(ratio(one, two)))
    assert found.standard_error == pytest.approx(np.std(draws, ddof=1), rel=0.12)
    low, high = np.exp(np.quantile(draws, [0.025, 0.975]))
    width = np.log(high / low)
    assert np.log(found.ci_low) == pytest.approx(np.log(low), abs=0.12 * width)
    assert np.log(found.ci_high) == pytest.approx(np.log(high), abs=0.12 * width)


def test_the_interval_is_of_persons_not_of_rows():
    unreferred, referred = drawn(3)
    of_persons = expected_from_selection(unreferred, referred.head(1_000), columns=COLUMNS, seed=3)
    as_rows = unreferred.with_columns(person_number=pl.int_range(pl.len()))
    many = pl.concat([referred] * 40)  # so that the fit decides, not the few referred
    wide = expected_from_selection(unreferred, many, columns=COLUMNS, seed=3).standard_error
    narrow = expected_from_selection(as_rows, many, columns=COLUMNS, seed=3).standard_error
    assert wide > 1.15 * narrow
    assert of_persons.n_comparison == unreferred["person_number"].n_unique()


def test_people_without_a_day_after_stay_in_the_rate_before():
    unreferred, referred = drawn(4)
    gone = referred.head(5).with_columns(days=pl.lit(0.0), events_pre=pl.lit(50.0))
    with_gone = expected_from_selection(
        unreferred, pl.concat([referred, gone]), columns=COLUMNS, seed=1
    )
    plain = expected_from_selection(unreferred, referred, columns=COLUMNS, seed=1)
    rate = referred["events_pre"].sum() / referred.height
    rate_with = (referred["events_pre"].sum() + 250) / (referred.height + 5)
    assert with_gone.point == pytest.approx(plain.point * rate / rate_with, rel=1e-9)


def test_columns_that_repeat_or_never_vary_change_nothing():
    unreferred, referred = drawn(5)
    more = [pl.lit(1.0).alias("one"), (pl.col("x") * 2 + 1).alias("twice")]
    plain = expected_from_selection(unreferred, referred, columns=COLUMNS, seed=1)
    found = expected_from_selection(
        unreferred.with_columns(more), referred.with_columns(more),
        columns=(*COLUMNS, "one", "twice"), seed=1,
    )  # fmt: skip
    assert found.point == pytest.approx(plain.point, rel=1e-9)


def test_too_few_events_are_said_so():
    unreferred, referred = drawn(6)
    with pytest.raises(TooFewEventsError, match="before their referral"):
        expected_from_selection(
            unreferred, referred.with_columns(events_pre=pl.lit(0.0)), columns=COLUMNS, seed=1
        )
    with pytest.raises(TooFewEventsError, match="not referred"):
        expected_from_selection(
            unreferred.with_columns(events=pl.lit(0.0)), referred, columns=COLUMNS, seed=1
        )
