"""Rosenbaum's bounds of the lead data as printed, by R written out, and by literal loops."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from scipy import optimize, stats

from sp_eval.models.sensitivity import rosenbaum_bounds, rosenbaum_bounds_of_events

# Micrograms of lead per decilitre of blood in 33 children whose fathers worked with lead, and in
# as many matched ones: Morton et al. 1982, American Journal of Epidemiology 115:549-555.
EXPOSED = [
    14, 13, 25, 41, 18, 49, 38, 23, 37, 62, 24, 45, 39, 48, 44, 35, 43, 34, 73, 39, 31, 34, 20,
    22, 35, 16, 36, 23, 21, 17, 27, 15, 10,
]  # fmt: skip
COMPARISON = [
    13, 16, 11, 18, 24, 7, 16, 18, 19, 15, 18, 9, 14, 18, 19, 19, 11, 18, 13, 22, 16, 25, 16,
    21, 12, 16, 11, 10, 19, 10, 13, 24, 13,
]  # fmt: skip
LEAD = pl.DataFrame({"exposed": EXPOSED, "comparison": COMPARISON})
GAMMAS = [1, 2, 3, 4, 4.25, 5]


@pytest.mark.parametrize(
    ("gamma", "p_high"),
    [(1, 0.0), (2, 0.0018), (3, 0.0136), (4, 0.0388), (4.25, 0.0468), (5, 0.074)],
)
def test_table_4_2_of_observational_studies(gamma: float, p_high: float) -> None:
    """Rosenbaum 2002, section 4.3: the one pair without difference keeps its rank."""
    found = rosenbaum_bounds(LEAD, [gamma])
    assert round(found["p_high"][0], 4) == p_high
    assert found["p_low"][0] < 0.0001


@pytest.mark.parametrize(
    ("gamma", "p_low", "p_high", "points", "ends"),
    [  # reference/r/rosenbaum.R; the same by senWilcox of R's DOS 1.0.0
        (1, 5.06220778271e-06, 5.06220778271e-06, (15, 15), (9.5, 20.5)),
        (2, 5.5349678057e-11, 0.0017898759767, (10.25, 19.5), (4.5, 27.5)),
        (3, 6.93259001429e-16, 0.0136153060966, (8, 23), (1, 32.5)),
        (4, 9.19094808547e-21, 0.0387897824903, (6.5, 25), (-1, 37)),
        (4.25, 5.5765171909e-22, 0.0468251423204, (6, 25), (-1.5, 38.5)),
        (5, 1.25741316565e-25, 0.0739906844445, (5, 26.5), (-3, 42)),
    ],
)
def test_r_written_out(
    gamma: float,
    p_low: float,
    p_high: float,
    points: tuple[float, float],
    ends: tuple[float, float],
) -> None:
    row = rosenbaum_bounds(LEAD, [gamma]).row(0, named=True)
    assert (row["p_low"], row["p_high"]) == pytest.approx((p_low, p_high), rel=1e-9)
    assert (row["point_low"], row["point_high"]) == points
    assert (row["ci_low"], row["ci_high"]) == ends


def test_sides_and_forms() -> None:
    differences = np.array(EXPOSED) - np.array(COMPARISON)
    one = rosenbaum_bounds(LEAD, GAMMAS)
    assert one.equals(rosenbaum_bounds(differences, GAMMAS))
    assert one.equals(rosenbaum_bounds(pl.Series(differences), GAMMAS))
    assert one.equals(rosenbaum_bounds(LEAD.select("comparison", "exposed"), GAMMAS))
    assert one.equals(rosenbaum_bounds(LEAD.rename({"comparison": "other"}), GAMMAS))
    turned = rosenbaum_bounds(-differences, GAMMAS, alternative="less")
    assert turned["p_high"].to_list() == pytest.approx(one["p_high"].to_list())
    assert turned["point_low"].to_list() == (-one["point_high"]).to_list()
    assert turned["ci_high"].to_list() == (-one["ci_low"]).to_list()
    both = rosenbaum_bounds(LEAD, GAMMAS, alternative="two_sided")
    assert both["p_high"].to_list() == pytest.approx((2 * one["p_high"]).to_list())
    wrong = rosenbaum_bounds(LEAD, GAMMAS, alternative="less")
    assert wrong["p_high"].min() > 0.99
    assert rosenbaum_bounds(LEAD, [1], ci_level=0.8)["ci_low"][0] > one["ci_low"][0]


def _deviate(d: np.ndarray, shift: float, chance: float) -> float:
    left = d - shift
    ranks = stats.rankdata(np.abs(left)) * (left != 0)
    excess = ranks[left > 0].sum() - chance * ranks.sum()
    return float(excess / np.sqrt(chance * (1 - chance) * (ranks**2).sum()))


@pytest.mark.parametrize("seed", range(6))
def test_points_are_where_the_test_changes_sides(seed: int) -> None:
    """Of differences without ties among Walsh averages: brackets by bisecting the test itself."""
    d = np.random.default_rng(seed).normal(0.4, 1, 24)
    for gamma in (1.0, 1.7, 3.0):
        row = rosenbaum_bounds(d, [gamma]).row(0, named=True)
        p = gamma / (1 + gamma)
        z = stats.norm.ppf(0.975)
        for chance, level, name in [
            (p, 0, "point_low"), (1 - p, 0, "point_high"), (p, z, "ci_low"), (1 - p, -z, "ci_high"),
        ]:  # fmt: skip

            def past(shift: float, chance: float = chance, level: float = level) -> float:
                return _deviate(d, shift, chance) - level

            if past(d.min() - 1) > 0 > past(d.max() + 1):
                at = optimize.bisect(past, d.min() - 1, d.max() + 1, xtol=1e-12)
                middle = past(row[name])
                # Where the statistic stays on its mean for a while, the root may be anywhere there.
                assert row[name] == pytest.approx(at, abs=1e-9) or abs(middle) < 1e-9


def test_counts_with_many_ties_and_zeros() -> None:
    """Few events: most pairs do not differ; the literal Walsh averages say the same."""
    rng = np.random.default_rng(3)
    d = (rng.poisson(0.6, 60) - rng.poisson(0.4, 60)).astype(float)
    walsh = np.sort([(d[i] + d[j]) / 2 for i in range(60) for j in range(i, 60)])
    found = rosenbaum_bounds(d, [1.0, 1.5])
    assert found["point_low"][0] == np.median(walsh)
    assert found["point_high"][0] == np.median(walsh)
    ranks = stats.rankdata(np.abs(d))
    ranks[d == 0] = 0
    for row in found.iter_rows(named=True):
        p = row["gamma"] / (1 + row["gamma"])
        spread = np.sqrt(p * (1 - p) * (ranks**2).sum())
        expected = stats.norm.sf((ranks[d > 0].sum() - p * ranks.sum()) / spread)
        assert row["p_high"] == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("seed", [0, 1, 17, 19, 30, 33, 36])
def test_the_interval_of_counts_by_the_test_between_their_midpoints(seed: int) -> None:
    """Ties make the variance smaller: with few values the ends move if that is forgotten."""
    rng = np.random.default_rng(seed)
    d = rng.choice([-1.0, 0.0, 1.0, 2.0, 6.0], 14, p=[0.1, 0.1, 0.5, 0.2, 0.1])
    for gamma in (1.0, 1.25, 1.5):
        row = rosenbaum_bounds(d, [gamma]).row(0, named=True)
        between = np.arange(-2.25, 8, 0.5)  # off every Walsh average, which are halves
        p = gamma / (1 + gamma)
        z = stats.norm.ppf(0.975)
        low = [_deviate(d, shift, p) > z for shift in between]
        high = [_deviate(d, shift, 1 - p) > -z for shift in between]
        if low[0]:
            assert row["ci_low"] == between[np.flatnonzero(low)[-1]] + 0.25
        assert row["ci_high"] == between[np.flatnonzero(high)[-1]] + 0.25


def test_of_the_least_pairs() -> None:
    one = rosenbaum_bounds([3.0], [1, 2]).row(1, named=True)
    assert (one["point_low"], one["point_high"], one["ci_low"], one["ci_high"]) == (3, 3, 3, 3)
    assert rosenbaum_bounds([2.0, 2.0, 2.0], [1])["point_low"][0] == 2
    assert rosenbaum_bounds([1e-7, 3e-7, -1e-7], [1])["point_low"][0] == pytest.approx(1e-7)


@pytest.mark.parametrize(
    ("gamma", "exact", "approximate"),
    [  # reference/r/rosenbaum.R: pbinom, pnorm
        (1, 2.73365789304e-21, 8.03198518398e-19),
        (3, 2.03003920664e-05, 8.37757665753e-05),
        (4, 0.0019633444704, 0.00353596013303),
        (5, 0.0231685638425, 0.0285219444382),
        (6, 0.0969287747942, 0.101126893246),
    ],
)
def test_smoking_and_lung_cancer(gamma: float, exact: float, approximate: float) -> None:
    """Hammond 1964: of 122 pairs with one death of lung cancer, the smoker's in 110."""
    found = rosenbaum_bounds_of_events(110, 12, [gamma])
    assert found["p_high"][0] == pytest.approx(exact, rel=1e-9)
    rough = rosenbaum_bounds_of_events(110, 12, [gamma], exact=False)
    assert rough["p_high"][0] == pytest.approx(approximate, rel=1e-9)
    turned = rosenbaum_bounds_of_events(12, 110, [gamma], alternative="less")
    assert turned.equals(found)


def test_without_bias_it_is_mcnemars_exact_test() -> None:
    found = rosenbaum_bounds_of_events(9, 3, [1], alternative="two_sided")
    assert found["p_low"][0] == pytest.approx(stats.binomtest(9, 12).pvalue)
    assert rosenbaum_bounds_of_events(5, 5, [1], alternative="two_sided")["p_high"][0] == 1


@pytest.mark.parametrize("pairs", [[], [0.0, 0.0], [1.0, float("nan")], np.ones((2, 3))])
def test_what_cannot_be_ranked_is_refused(pairs: object) -> None:
    with pytest.raises(ValueError, match="pair"):
        rosenbaum_bounds(pairs, [1])


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match="gamma"):
        rosenbaum_bounds([1.0, 2.0], [0.5])
    with pytest.raises(ValueError, match="gamma"):
        rosenbaum_bounds([1.0, 2.0], [float("inf")])
    with pytest.raises(ValueError, match="alternative"):
        rosenbaum_bounds([1.0, 2.0], [1], alternative="up")
    with pytest.raises(ValueError, match="some pair must differ"):
        rosenbaum_bounds_of_events(0, 0, [1])
