"""The bootstrap of a difference of means: R's boot, scipy, Efron & Tibshirani.

R's figures are by `r/bootstrap_difference.R`, whose draws are made here again.
"""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest
from scipy import stats

from sp_eval.models.mean_difference import bca_levels, bootstrap_difference
from sp_eval_tests.support.published_data import mice

# boot::gravity, series 7 and 8
SEVEN = np.array([82, 79, 81, 79, 77, 79, 79, 78, 79, 82, 76, 73, 64], dtype=float)
EIGHT = np.array([84, 86, 85, 82, 77, 76, 77, 80, 83, 81, 78, 78, 78], dtype=float)
# Efron & Tibshirani (1993), table 14.1: spatial test, A
SPATIAL = [48, 36, 20, 29, 42, 42, 20, 42, 22, 41, 45, 14, 6, 0, 33, 28, 34, 4, 32, 24, 47, 41, 24,
           26, 30, 41]  # fmt: skip


GIVEN = {"outcome": "days", "exposed": "treated"}


def park_miller(state: int):
    while True:
        state = 16807 * state % 2147483647
        yield state / 2147483647


def r_draws() -> np.ndarray:
    """The draws of the R script: thirteen of series 7, thirteen of series 8, and so on."""
    numbers = park_miller(20240607)
    found = []
    for _ in range(999):
        picks = np.array([int(next(numbers) * 13) for _ in range(26)])
        found.append(EIGHT[picks[13:]].mean() - SEVEN[picks[:13]].mean())
    return np.array(found)


def left_out() -> list[np.ndarray]:
    point = EIGHT.mean() - SEVEN.mean()
    one = [EIGHT.mean() - np.delete(SEVEN, i).mean() for i in range(13)]
    other = [np.delete(EIGHT, i).mean() - SEVEN.mean() for i in range(13)]
    assert np.mean(one) == pytest.approx(point)
    return [np.array(other), np.array(one)]


def test_r_s_draws_are_made_again() -> None:
    found = r_draws()
    assert found.mean() == pytest.approx(2.82220682221, abs=1e-9)
    assert found.std(ddof=1) == pytest.approx(1.50651308041, abs=1e-9)


@pytest.mark.parametrize(
    ("ci_level", "levels", "interval"),
    [
        (0.9, (0.07748, 0.97183), (0.769230769231, 5.846153846154)),
        (0.95, (0.04572, 0.98907), (0.384615384615, 6.538461538462)),
    ],
)
def test_acceleration_bias_correction_and_levels_are_those_of_r_s_boot(
    ci_level: float, levels: tuple, interval: tuple
) -> None:
    point, draws = EIGHT.mean() - SEVEN.mean(), r_draws()
    draws[np.isclose(draws, point)] += 1e-9  # R counts the 13 draws equal to the point as above
    correction, acceleration, found = bca_levels(point, draws, left_out(), ci_level)
    assert correction == pytest.approx(0.0514600200966, abs=1e-10)
    assert acceleration == pytest.approx(0.0509731905713, abs=1e-10)
    assert found == pytest.approx(levels, abs=6e-6)  # printed to so many digits
    # The draws are multiples of 1/13, and R interpolates otherwise.
    assert np.quantile(draws, found) == pytest.approx(interval, abs=1 / 13)


def test_efron_and_tibshirani_s_spatial_test() -> None:
    """An Introduction to the Bootstrap, section 14.3: variance 171.5, acceleration .061."""
    values = np.array(SPATIAL, dtype=float)
    assert round(values.var(), 1) == 171.5
    jackknife = np.array([np.delete(values, i).var() for i in range(26)])
    _, acceleration, _ = bca_levels(0.0, np.array([-1.0, 1.0]), [jackknife], 0.95)
    assert round(acceleration, 3) == 0.061


def test_the_mice_of_efron_and_tibshirani() -> None:
    """Table 2.1: 86.86 and 56.22, difference 30.63, standard error 28.93 by formula."""
    found = bootstrap_difference(mice(), **GIVEN, draws=20_000, seed=1)
    assert round(found.point, 2) == 30.63
    assert round(found.details["mean_exposed"], 2) == 86.86
    assert round(found.details["mean_comparison"], 2) == 56.22
    days, treated = mice()["days"].to_numpy(), mice()["treated"].to_numpy()
    by_formula = np.sqrt(sum(days[g].var(ddof=1) / g.sum() for g in (treated, ~treated)))
    assert by_formula == pytest.approx(28.93, abs=0.01)  # printed from 25.24 and 14.14
    # The bootstrap's error is the formula's with n in place of n - 1.
    of_bootstrap = np.sqrt(sum(days[g].var() / g.sum() for g in (treated, ~treated)))
    assert found.standard_error == pytest.approx(of_bootstrap, rel=0.02)


@pytest.mark.parametrize("method", ["percentile", "bca"])
def test_scipy_gives_the_same_interval_of_the_same_draws(method: str) -> None:
    found = bootstrap_difference(mice(), **GIVEN, draws=5_000, seed=7, method=method)
    days, treated = mice()["days"].to_numpy().astype(float), mice()["treated"].to_numpy()
    one, other = days[treated], days[~treated]
    rng = np.random.default_rng(7)
    picks = rng.integers(0, 7, (5_000, 7)), rng.integers(0, 9, (5_000, 9))
    draws = one[picks[0]].mean(axis=1) - other[picks[1]].mean(axis=1)
    theirs = stats.bootstrap(
        (one, other), lambda a, b, axis: a.mean(axis=axis) - b.mean(axis=axis),
        n_resamples=0, method=method, vectorized=True,
        bootstrap_result=SimpleNamespace(bootstrap_distribution=draws),
    )  # fmt: skip
    low, high = theirs.confidence_interval
    assert (found.ci_low, found.ci_high) == pytest.approx((low, high), abs=1e-9)
    assert found.standard_error == pytest.approx(theirs.standard_error, abs=1e-9)


def clustered(seed: int, *, spans: bool) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    cluster = np.repeat(np.arange(40), rng.integers(2, 9, 40))
    n = len(cluster)
    exposed = rng.random(n) < 0.5 if spans else cluster % 2 == 0
    cost = rng.lognormal(rng.normal(5, 0.6, 40)[cluster], 0.8) * np.where(exposed, 1.2, 1)
    return pl.DataFrame(
        {"cluster": cluster, "exposed": exposed, "cost": cost, "w": rng.uniform(0.5, 2, n)}
    )


@pytest.mark.parametrize("spans", [False, True])
def test_whole_clusters_are_drawn_with_their_rows_and_weights(spans: bool) -> None:
    """A loop that copies clusters, row by row, has the same spread."""
    rows = clustered(3, spans=spans)
    found = bootstrap_difference(
        rows, outcome="cost", exposed="exposed", cluster="cluster", weights="w", seed=2, draws=8_000
    )
    y, w, e, c = (rows[n].to_numpy() for n in ("cost", "w", "exposed", "cluster"))
    rng = np.random.default_rng(11)
    of_cluster = [np.flatnonzero(c == k) for k in range(40)]
    draws = []
    for _ in range(3_000):
        if spans:
            picked = rng.integers(0, 40, 40)
        else:
            picked = np.concatenate([2 * rng.integers(0, 20, 20), 2 * rng.integers(0, 20, 20) + 1])
        at = np.concatenate([of_cluster[k] for k in picked])
        on, off = at[e[at]], at[~e[at]]
        draws.append(np.average(y[on], weights=w[on]) - np.average(y[off], weights=w[off]))
    assert found.standard_error == pytest.approx(np.std(draws, ddof=1), rel=0.05)
    low, high = np.quantile(draws, [0.025, 0.975])
    assert (found.ci_low, found.ci_high) == pytest.approx((low, high), abs=0.1 * (high - low))
    assert found.details["units"] == 40


def test_rows_as_if_independent_are_too_sure_where_they_are_not() -> None:
    rows = clustered(3, spans=False)
    given = {"outcome": "cost", "exposed": "exposed", "seed": 2}
    whole = bootstrap_difference(rows, **given, cluster="cluster").standard_error
    assert whole > 1.2 * bootstrap_difference(rows, **given).standard_error


@pytest.mark.parametrize("method", ["percentile", "bca"])
def test_the_other_way_round_is_the_interval_turned_round(method: str) -> None:
    rows = mice().with_columns(minus=-pl.col("days"))
    one = bootstrap_difference(rows, **GIVEN, seed=5, method=method)
    other = bootstrap_difference(rows, outcome="minus", exposed="treated", seed=5, method=method)
    assert (other.ci_low, other.ci_high) == pytest.approx((-one.ci_high, -one.ci_low))
