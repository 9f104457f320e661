"""Ratios by level and their test, against statsmodels, Cochran's Q and sums written out."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
import statsmodels.api as sm
from scipy import stats

from sp_eval.models.estimate import TooFewEventsError
from sp_eval.models.heterogeneity import cochran_q, wald_equal
from sp_eval.models.matched_rate_ratio import matched_rate_ratio
from sp_eval.models.subgroups import SubgroupEffects, subgroup_effects
from sp_eval_tests.support.matched_frames import matched_rows

ADJUSTMENT = ("x", "z")


def rows_of(seed: int, levels: int = 3, *, reuse: int = 2, sets: int = 240) -> pl.DataFrame:
    """Sets dealt out to levels; with `reuse` above 1 people serve in several of them."""
    rows = matched_rows(seed, sets=sets, reuse=reuse)
    return rows.with_columns(level=(pl.col("match_set") * 7 % levels + 1).cast(pl.Int32))


def found_of(rows: pl.DataFrame, **options: Any) -> SubgroupEffects:
    return subgroup_effects(rows, level="level", adjustment=ADJUSTMENT, **options)


def joint_design(rows: pl.DataFrame, levels: list[int]) -> np.ndarray:
    """Each level's intercept, exposure and covariates, nought in the others."""
    one = np.column_stack(
        [np.ones(rows.height), rows["exposed"].cast(pl.Float64), rows["x"], rows["z"]]
    )
    level = rows["level"].to_numpy()
    return np.column_stack([one * (level == n)[:, None] for n in levels])


def literal_covariance(
    rows: pl.DataFrame, levels: list[int], cluster: str = "person_number"
) -> tuple[np.ndarray, np.ndarray]:
    """Log ratios and their covariance: statsmodels' joint fit, then loops over clusters."""
    x, k = joint_design(rows, levels), 4
    y, days, weight = (rows[name].to_numpy() for name in ("events", "days", "weight"))
    fit = sm.GLM(y, x, family=sm.families.Poisson(), offset=np.log(days), freq_weights=weight).fit(
        tol=1e-13
    )
    mean = np.asarray(fit.fittedvalues)
    bread = np.linalg.inv(x.T @ (x * (weight * mean)[:, None]))
    person, sets = rows["person_number"].to_list(), rows["match_set"].to_list()
    level = rows["level"].to_list()
    at = [levels.index(n) * k + 1 for n in levels]
    leverage: dict[tuple[int, int], float] = {}
    for i in range(rows.height):
        own = float(x[i] @ bread @ x[i] * weight[i] * mean[i])
        leverage[level[i], person[i]] = leverage.get((level[i], person[i]), 0.0) + own
    influence = np.array([
        (bread @ x[i])[at] * weight[i] * (y[i] - mean[i]) / (1 - leverage[level[i], person[i]])
        for i in range(rows.height)
    ])  # fmt: skip

    def sums(keys: list[Any]) -> tuple[dict[Any, np.ndarray], np.ndarray]:
        total: dict[Any, np.ndarray] = {}
        members: list[set[Any]] = [set() for _ in levels]
        for key, part, n in zip(keys, influence, level, strict=True):
            total[key] = total.get(key, np.zeros(len(levels))) + part
            members[levels.index(n)].add(key)
        counts = np.array([len(own) for own in members])
        return total, np.sqrt(counts / (counts - 1))

    found = np.zeros((len(levels), len(levels)))
    second = rows[cluster].to_list()
    pairs = list(zip(sets, second, strict=True))
    for keys, sign in ((sets, 1), (second, 1), (pairs, -1)):
        total, factor = sums(keys)
        scale = np.ones(len(levels)) if len(total) == rows.height else factor
        for one in total.values():
            found += sign * np.outer(one * scale, one * scale)
    return np.asarray(fit.params)[at], found


@pytest.mark.parametrize("seed", [1, 2])
def test_ratios_and_test_are_those_of_one_joint_model(seed: int) -> None:
    rows = rows_of(seed)
    points, covariance = literal_covariance(rows, [1, 2, 3])
    found = found_of(rows)
    assert np.abs(covariance[np.triu_indices(3, 1)]).max() > 1e-5  # levels hang together
    ratios = [effect.ratio for effect in found.levels]
    assert [np.log(r.point) for r in ratios if r] == pytest.approx(points.tolist(), abs=1e-8)
    errors = np.sqrt(np.diag(covariance)).tolist()
    assert [r.standard_error for r in ratios if r] == pytest.approx(errors, rel=1e-7)
    contrast = np.array([[1.0, -1, 0], [0, 1, -1]])
    apart = contrast @ points
    expected = apart @ np.linalg.inv(contrast @ covariance @ contrast.T) @ apart
    assert found.interaction is not None
    assert found.interaction.q == pytest.approx(expected, rel=1e-6)
    assert found.interaction.degrees_of_freedom == 2
    assert found.interaction.p_value == pytest.approx(stats.chi2.sf(expected, 2), rel=1e-6)


@pytest.mark.parametrize("levels", [2, 4])
def test_each_level_is_the_matched_rate_ratio_of_its_sets(levels: int) -> None:
    rows = rows_of(3, levels)
    for effect in found_of(rows).levels:
        own = rows.filter(level=effect.level)
        assert effect.ratio == matched_rate_ratio(own, adjustment=ADJUSTMENT).ratio
        assert effect.n_analysed == own.filter("exposed").height


@pytest.mark.parametrize("levels", [2, 3, 5])
def test_where_nobody_serves_in_two_levels_it_is_cochrans_q(levels: int) -> None:
    rows = rows_of(4, levels, reuse=1)
    found = found_of(rows)
    ratios = [effect.ratio for effect in found.levels if effect.ratio is not None]
    q = cochran_q([np.log(r.point) for r in ratios], [float(r.standard_error or 0) for r in ratios])
    assert found.interaction is not None
    assert found.interaction.q == pytest.approx(q.q, rel=1e-9)
    assert found.interaction.p_value == pytest.approx(q.p_value, rel=1e-9)
    together = found_of(rows_of(4, levels, reuse=4))
    ratios = [effect.ratio for effect in together.levels if effect.ratio is not None]
    q = cochran_q([np.log(r.point) for r in ratios], [float(r.standard_error or 0) for r in ratios])
    assert together.interaction is not None
    assert together.interaction.q != pytest.approx(q.q, rel=1e-3)


@pytest.mark.parametrize("seed", [5, 6])
def test_two_levels_by_practice_are_the_larger_error_and_students_t(seed: int) -> None:
    rows = rows_of(seed, 2)
    found = found_of(rows, by_practice=True).interaction
    apart, variances = 0.0, []
    for cluster in ("person_number", "practice_number"):
        points, covariance = literal_covariance(rows, [1, 2], cluster)
        apart = points[0] - points[1]
        variances.append(covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1])
    t = abs(apart) / np.sqrt(max(variances))
    assert found is not None
    assert np.sqrt(found.q) == pytest.approx(t, rel=1e-6)
    practices = rows["practice_number"].n_unique()
    assert found.p_value == pytest.approx(2 * stats.t.sf(t, practices - 1), rel=1e-6)


def test_wald_is_that_of_statsmodels() -> None:
    rng = np.random.default_rng(8)
    groups = rng.integers(0, 4, 400)
    x = (groups[:, None] == np.arange(4)).astype(float)
    cluster = rng.integers(0, 40, 400)
    y = 0.3 * groups + rng.normal(size=400) + rng.normal(size=40)[cluster]
    fit = sm.OLS(y, x).fit(cov_type="cluster", cov_kwds={"groups": cluster})
    contrast = np.column_stack([np.ones(3), -np.eye(3)])
    by_chi = fit.wald_test(contrast, use_f=False, scalar=True)
    mine = wald_equal(fit.params, fit.cov_params())
    assert mine.q == pytest.approx(by_chi.statistic, rel=1e-8)
    assert mine.p_value == pytest.approx(by_chi.pvalue, rel=1e-8)
    few = wald_equal(fit.params, fit.cov_params(), denominator=39)
    assert few.p_value == pytest.approx(stats.f.sf(mine.q / 3, 3, 39), rel=1e-12)
    assert few.p_value > mine.p_value


def test_wald_of_independent_estimates_is_cochrans_q() -> None:
    points, errors = [0.1, -0.3, 0.25, 0.0], [0.1, 0.2, 0.15, 0.3]
    q = cochran_q(points, errors)
    found = wald_equal(points, np.diag(np.square(errors)))
    assert (found.q, found.p_value) == pytest.approx((q.q, q.p_value), rel=1e-12)


def test_wald_does_not_hang_on_the_order() -> None:
    rng = np.random.default_rng(1)
    half = rng.normal(size=(4, 9))
    covariance, points = half @ half.T, rng.normal(size=4)
    first = wald_equal(points, covariance).q
    order = [2, 0, 3, 1]
    again = wald_equal(points[order], covariance[np.ix_(order, order)]).q
    assert again == pytest.approx(first, rel=1e-9)


@pytest.mark.parametrize(
    ("points", "covariance", "told"),
    [
        ([0.1], [[1.0]], "two estimates or more"),
        ([0.1, 0.2], [[1.0, 0.0]], "two estimates or more"),
        ([0.1, 0.2], [[1.0, 0.5], [0.4, 1.0]], "symmetric"),
        ([0.1, 0.2], [[1.0, 1.0], [1.0, 1.0]], "no error above nought"),
        ([0.1, 0.2, 0.3], np.outer([1, 2, 3], [1, 2, 3]), "no error above nought"),
    ],
)
def test_wald_refuses_what_cannot_be_tested(points: Any, covariance: Any, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        wald_equal(points, covariance)


def test_a_level_of_few_events_is_told_and_the_others_tested_without_it() -> None:
    rows = rows_of(6)
    quiet = rows.with_columns(
        events=pl.when((pl.col("level") == 2) & pl.col("exposed")).then(0.0).otherwise("events")
    )
    found = found_of(quiet)
    assert [effect.ratio is None for effect in found.levels] == [False, True, False]
    assert "fewer than 10 events among the referred" in str(found.levels[1].reason)
    assert found.levels[1].events_exposed == 0
    assert found.levels[1].n_analysed > 0
    assert found.interaction == found_of(rows.filter(pl.col("level") != 2)).interaction


def test_levels_left_out_are_counted_or_estimated_but_not_tested() -> None:
    rows = rows_of(7)
    others = found_of(rows.filter(pl.col("level") != 3)).interaction
    untested = found_of(rows, untested={3})
    assert untested.interaction == others
    assert untested.levels[2].ratio is not None
    unfitted = found_of(rows, unfitted={3})
    assert unfitted.interaction == others
    assert unfitted.levels[2].ratio is None
    assert unfitted.levels[2].n_analysed == untested.levels[2].n_analysed
    assert found_of(rows, unfitted={2, 3}).interaction is None


def test_rows_without_a_day_drop_out() -> None:
    rows = rows_of(9)
    gone = rows.head(40).with_columns(
        days=pl.lit(0.0), events=pl.lit(0.0), person_number=pl.col("person_number") + 10**6,
        match_set=pl.col("match_set") + 10**6,
    )  # fmt: skip
    assert found_of(pl.concat([rows, gone])) == found_of(rows)


def test_the_order_of_rows_says_nothing() -> None:
    rows = rows_of(10)
    again = found_of(rows.sample(fraction=1.0, shuffle=True, seed=1))
    first = found_of(rows)
    assert first.interaction is not None
    assert again.interaction is not None
    assert again.interaction.q == pytest.approx(first.interaction.q, rel=1e-9)


def test_frames_that_are_no_levels_are_refused() -> None:
    rows = rows_of(11)
    with pytest.raises(ValueError, match="no column 'age'"):
        subgroup_effects(rows, level="age", adjustment=ADJUSTMENT)
    blank = rows.with_columns(pl.when(pl.int_range(pl.len()) > 0).then("level").alias("level"))
    with pytest.raises(ValueError, match="null in some rows"):
        found_of(blank)
    mixed = rows.with_columns(pl.when("exposed").then(1).otherwise("level").alias("level"))
    with pytest.raises(ValueError, match="a set is of one level"):
        found_of(mixed)
    with pytest.raises(TooFewEventsError):
        matched_rate_ratio(rows.clear(), adjustment=ADJUSTMENT)
    assert found_of(rows.clear()).levels == ()


def test_all_of_it_as_values() -> None:
    told = found_of(rows_of(12, 2)).to_dict()
    assert [level["level"] for level in told["levels"]] == [1, 2]
    assert told["levels"][0]["ratio"]["scale"] == "rate_ratio"
    assert set(told["interaction"]) == {"q", "degrees_of_freedom", "p_value"}
