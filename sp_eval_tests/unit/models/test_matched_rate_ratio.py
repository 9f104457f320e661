"""The primary estimate: which errors, which quantiles, which rows."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from scipy import stats

from sp_eval.models.estimate import TooFewEventsError
from sp_eval.models.matched_rate_ratio import matched_rate_ratio
from sp_eval.models.poisson import clustered_variance, fit_poisson
from sp_eval_tests.support.matched_frames import matched_rows


def fitted(rows: pl.DataFrame) -> tuple[float, np.ndarray, np.ndarray]:
    """Coefficient, its row influences, and person codes, from the parts."""
    x = rows["x"].to_numpy()
    design = np.column_stack(
        [np.ones(rows.height), rows["exposed"].to_numpy().astype(float), (x - x.mean()) / x.std()]
    )
    y, days, weight = (rows[c].to_numpy() for c in ("events", "days", "weight"))
    fit = fit_poisson(y, days, design, weight)
    person = np.unique(rows["person_number"].to_numpy(), return_inverse=True)[1]
    return float(fit.beta[1]), fit.influence(person)[:, 1], person


def test_set_and_person_decide_with_normal_quantiles() -> None:
    rows = matched_rows(1)
    found = matched_rate_ratio(rows, adjustment=("x",)).ratio
    b, influence, person = fitted(rows)
    se = np.sqrt(clustered_variance(influence, rows["match_set"].to_numpy(), person))
    assert np.log(found.point) == pytest.approx(b, rel=1e-9)
    assert found.standard_error == pytest.approx(se, rel=1e-9)
    assert np.log(found.ci_high) - b == pytest.approx(stats.norm.ppf(0.975) * se, rel=1e-9)
    assert found.p_value == pytest.approx(2 * stats.norm.sf(abs(b) / se), rel=1e-9)


def clustered_by_practice(seed: int, *, spread: float) -> pl.DataFrame:
    """Rows in which practices' own effects differ by much or by nothing."""
    rows = matched_rows(seed, practices=12, practice_sd=0.0)
    rng = np.random.default_rng(seed)
    effect = np.exp(rng.normal(0, spread, 12))[rows["practice_number"].to_numpy()]
    effect = np.where(rows["exposed"].to_numpy(), effect, 1.0)
    return rows.with_columns(events=pl.Series(rng.poisson(rows["events"] * effect) * 1.0))


@pytest.mark.parametrize("spread", [0.0, 1.0])
def test_where_the_scheme_is_given_by_practice_the_larger_error_and_students_t(
    spread: float,
) -> None:
    rows = clustered_by_practice(4, spread=spread)
    found = matched_rate_ratio(rows, adjustment=("x",), by_practice=True).ratio
    b, influence, person = fitted(rows)
    sets, practice = rows["match_set"].to_numpy(), rows["practice_number"].to_numpy()
    by_person = clustered_variance(influence, sets, person)
    by_practice = clustered_variance(influence, sets, practice)
    assert (by_practice > by_person) == (spread > 0)  # each is the larger in one of the two
    se = np.sqrt(max(by_person, by_practice))
    assert found.standard_error == pytest.approx(se, rel=1e-9)
    assert np.log(found.ci_high) - b == pytest.approx(stats.t.ppf(0.975, 11) * se, rel=1e-9)
    assert found.p_value == pytest.approx(2 * stats.t.sf(abs(b) / se, 11), rel=1e-9)


def test_the_difference_keeps_to_set_and_person() -> None:
    rows = clustered_by_practice(2, spread=1.0)
    plain = matched_rate_ratio(rows, adjustment=("x",))
    by_practice = matched_rate_ratio(rows, adjustment=("x",), by_practice=True)
    assert by_practice.ratio.standard_error > plain.ratio.standard_error
    assert by_practice.difference == plain.difference


def test_rows_without_a_day_drop_out_of_the_fit_and_of_the_counts() -> None:
    rows = matched_rows(3)
    gone = rows.head(30).with_columns(
        days=pl.lit(0.0), events=pl.lit(0.0),
        person_number=pl.col("person_number") + 10**6, match_set=pl.col("match_set") + 10**6,
    )  # fmt: skip
    assert matched_rate_ratio(pl.concat([rows, gone]), adjustment=("x",)) == matched_rate_ratio(
        rows, adjustment=("x",)
    )


def test_counts_are_of_people_and_of_the_exposed() -> None:
    rows = matched_rows(4)
    found = matched_rate_ratio(rows, adjustment=("x",)).ratio
    exposed = rows.filter("exposed")
    assert found.n_analysed == exposed.height
    assert found.n_comparison == rows.filter(~pl.col("exposed"))["person_number"].n_unique()
    assert found.n_comparison < rows.height - exposed.height
    assert found.events_exposed == exposed["events"].sum()
    assert found.person_years_exposed == pytest.approx(exposed["days"].sum() / 365.25)


def test_without_adjustment_it_is_the_ratio_of_two_weighted_rates() -> None:
    rows = matched_rows(5)
    found = matched_rate_ratio(rows, adjustment=())
    rates = rows.group_by("exposed").agg(
        rate=(pl.col("weight") * pl.col("events")).sum() / (pl.col("weight") * pl.col("days")).sum()
    )
    rate = dict(rates.iter_rows())
    assert found.ratio.point == pytest.approx(rate[True] / rate[False], rel=1e-9)
    assert found.difference.point == pytest.approx(365250 * (rate[True] - rate[False]), rel=1e-9)
    assert found.rate_exposed == pytest.approx(365250 * rate[True], rel=1e-9)


def test_a_column_that_repeats_another_changes_nothing() -> None:
    rows = matched_rows(6).with_columns(twice=pl.col("x") * 2 + 1, one=pl.lit(1.0))
    plain = matched_rate_ratio(rows, adjustment=("x",)).ratio
    more = matched_rate_ratio(rows, adjustment=("x", "twice", "one")).ratio
    assert more.point == pytest.approx(plain.point, rel=1e-9)
    assert more.standard_error == pytest.approx(plain.standard_error, rel=1e-6)


def test_units_of_the_columns_say_nothing() -> None:
    rows = matched_rows(7)
    other = rows.with_columns(x=pl.col("x") * 1e6 - 3)
    one, two = (matched_rate_ratio(r, adjustment=("x",)).ratio for r in (rows, other))
    assert one.point == pytest.approx(two.point, rel=1e-9)
    assert one.standard_error == pytest.approx(two.standard_error, rel=1e-6)


@pytest.mark.parametrize(
    ("arm", "told"), [(True, "among the referred"), (False, "matched comparison")]
)
def test_fewer_than_ten_events_in_an_arm_tell_nothing(arm: bool, told: str) -> None:
    rows = matched_rows(8).with_columns(
        events=pl.when(pl.col("exposed") == arm).then(0.0).otherwise(pl.col("events"))
    )
    with pytest.raises(TooFewEventsError, match=told):
        matched_rate_ratio(rows, adjustment=("x",))
    with pytest.raises(TooFewEventsError, match=told):
        matched_rate_ratio(rows.filter(pl.col("exposed") != arm), adjustment=("x",))


def test_a_rare_category_without_events_settles_and_moves_nothing() -> None:
    rows = matched_rows(9)
    rare = (pl.int_range(pl.len()) % 97 == 5) & ~pl.col("exposed")
    quiet = rows.with_columns(
        z=rare.cast(pl.Float64), events=pl.when(rare).then(0.0).otherwise(pl.col("events"))
    )
    plain = matched_rate_ratio(quiet.filter(pl.col("z") == 0), adjustment=("x",)).ratio
    found = matched_rate_ratio(quiet, adjustment=("x", "z")).ratio
    assert found.point == pytest.approx(plain.point, rel=0.01)
    assert found.standard_error == pytest.approx(plain.standard_error, rel=0.05)


def test_intervals_cover_about_as_often_as_they_say() -> None:
    covered = []
    for seed in range(150):
        rows = matched_rows(1_000 + seed, sets=150, practices=40)
        found = matched_rate_ratio(rows, adjustment=("x",)).ratio
        covered.append(found.ci_low <= 0.85 <= found.ci_high)
    assert 0.88 <= np.mean(covered) <= 0.99
