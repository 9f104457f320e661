"""How much hidden bias in who of a pair was exposed would change what matched pairs say."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import floor
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray
from scipy import stats

__all__ = ["rosenbaum_bounds", "rosenbaum_bounds_of_events"]

Array = NDArray[np.float64]
Side = Literal["greater", "less", "two_sided"]
_BOUNDS = ("gamma", "p_low", "p_high", "point_low", "point_high", "ci_low", "ci_high")


def rosenbaum_bounds(
    pairs: pl.DataFrame | pl.Series | ArrayLike,
    gammas: Sequence[float],
    *,
    alternative: Side = "greater",
    ci_level: float = 0.95,
) -> pl.DataFrame:
    """Bounds on what Wilcoxon's signed-rank test says of matched pairs, for each bias `gamma`.

    Two people alike in all that was measured may differ in their odds of being the exposed one
    by at most a factor `gamma` because of something hidden; 1 is a trial by the toss of a coin.

    Parameters
    ----------
    pairs : (n,) differences exposed - comparison; or two columns, `exposed, comparison` by name
        or in that order.
    gammas : biases, each 1 or more.
    alternative : what is tested against no effect: `greater`, the exposed have more; `less`; or
        `two_sided`, the smaller of the two doubled. To be chosen before looking.
    ci_level : of the interval, which is two-sided whatever the alternative.

    Returns
    -------
    One row a gamma, Float64: `p_low, p_high` the least and largest p-value; `point_low,
    point_high` the Hodges-Lehmann points, in the units of the differences; `ci_low, ci_high` the
    interval for the effect that holds under every such bias.

    Raises
    ------
    ValueError : no pair, a null, no pair that differs, a gamma below 1, another alternative.

    Assumes
    -------
    Pairs independent of one another; for points and interval an effect that adds the same to
    everybody. Ties have mid-ranks. A pair without difference keeps its rank, and adds nothing to
    the statistic, its expectation or its variance (R's wilcox.test drops it and ranks the rest).
    Normal approximation without correction for continuity: good from some twenty pairs on.

    T, the sum of ranks of positive differences, has at most mean p S1 and variance p (1 - p) S2,
    p = gamma / (1 + gamma), S1 and S2 the sums of ranks and of their squares. Off the ties
    T(shift) is the number of Walsh averages (d_i + d_j) / 2, i <= j, above the shift, so the
    points are their quantiles: the value where T crosses its mean, and halfway where it stays
    there for a while.

    Source: Rosenbaum, Observational Studies, 2nd ed., 2002, section 4.3, doi
    10.1007/978-1-4757-3692-2; Rosenbaum, JASA 1993;88:1250-1253, doi
    10.1080/01621459.1993.10476405.
    """
    difference = _differences(pairs)
    _refuse(gammas, alternative)
    test = _SignedRank(difference)
    reach = float(stats.norm.ppf(0.5 + ci_level / 2))
    rows = []
    for gamma in gammas:
        p = gamma / (1 + gamma)
        low, high = test.shift(p), test.shift(1 - p)
        ends = test.shift(p, reach), test.shift(1 - p, -reach)
        rows.append((float(gamma), *_p_values(test.p_value, p, alternative), low, high, *ends))
    return pl.DataFrame(rows, schema=dict.fromkeys(_BOUNDS, pl.Float64), orient="row")


def rosenbaum_bounds_of_events(
    exposed_only: int,
    comparison_only: int,
    gammas: Sequence[float],
    *,
    alternative: Side = "greater",
    exact: bool = True,
) -> pl.DataFrame:
    """Bounds on McNemar's test where pairs differ in whether something happened.

    Parameters
    ----------
    exposed_only, comparison_only : pairs in which it happened to that one alone; pairs in which
        it happened to both or to neither say nothing.
    gammas, alternative : as in `rosenbaum_bounds`.
    exact : by the binomial distribution; else by the normal one with correction for continuity.

    Returns
    -------
    One row a gamma, Float64, `gamma, p_low, p_high`: the chance of `exposed_only` or more of the
    pairs that differ where each has the chance 1 / (1 + gamma), and gamma / (1 + gamma).

    Raises
    ------
    ValueError : a count is negative or both are nil, a gamma below 1, another alternative.

    Source: Rosenbaum, Observational Studies, 2nd ed., 2002, section 4.3.2.
    """
    if min(exposed_only, comparison_only) < 0 or exposed_only + comparison_only == 0:
        raise ValueError("counts of pairs must not be negative, and some pair must differ")
    _refuse(gammas, alternative)

    n = exposed_only + comparison_only

    def p_value(chance: float, sign: int) -> float:
        count = exposed_only if sign > 0 else comparison_only
        if exact:
            return float(stats.binom.sf(count - 1, n, chance))
        spread = np.sqrt(n * chance * (1 - chance))
        return float(stats.norm.sf((count - 0.5 - n * chance) / spread))

    rows = [(float(g), *_p_values(p_value, g / (1 + g), alternative)) for g in gammas]
    return pl.DataFrame(rows, schema=dict.fromkeys(_BOUNDS[:3], pl.Float64), orient="row")


class _SignedRank:
    """Wilcoxon's statistic of differences, and where it stands after a shift."""

    def __init__(self, difference: Array) -> None:
        ranks = stats.rankdata(np.abs(difference)) * (difference != 0)
        self._sums = {
            sign: float(ranks[difference * sign > 0].sum()) for sign in (1, -1)
        }  # of ranks on either side of nought
        self._total, self._squares = float(ranks.sum()), float((ranks**2).sum())
        self._sorted = np.sort(difference)
        n = len(difference)
        self._walsh = n * (n + 1) / 2
        same = np.unique(difference, return_counts=True)[1].astype(float)
        self._untied = n * (n + 1) * (2 * n + 1) / 6 - float((same**3 - same).sum()) / 12

    def p_value(self, chance: float, sign: int) -> float:
        """Of a sum so large on that side, if each rank falls there with this chance."""
        mean, variance = chance * self._total, chance * (1 - chance) * self._squares
        return float(stats.norm.sf((self._sums[sign] - mean) / np.sqrt(variance)))

    def shift(self, chance: float, reach: float = 0.0) -> float:
        """The shift that leaves T so many standard errors above its mean at this chance."""
        wanted = chance * self._walsh + reach * np.sqrt(chance * (1 - chance) * self._untied)
        above = floor(wanted + 1e-9)
        upper = self._largest(min(max(above + 1, 1), int(self._walsh)))
        if abs(wanted - above) > 1e-9 or not 1 <= above < self._walsh:
            return upper
        return (upper + self._largest(above)) / 2

    def _largest(self, k: int) -> float:
        """The k-th largest Walsh average: bisected by counting, then taken exactly."""
        d = self._sorted
        low, high = 2 * float(d[0]) - 1.0, 2 * float(d[-1])  # of sums, twice the averages
        near = 1e-12 * max(1.0, -low, high)  # what rounding of a sum may hide
        while high - low > near:
            middle = (low + high) / 2
            low, high = (middle, high) if self._above(middle) >= k else (low, middle)
        partner = np.searchsorted(d, high + near - d, side="right") - 1
        sums = (d + d[np.maximum(partner, 0)])[partner >= 0]
        return float(sums.max()) / 2

    def _above(self, total: float) -> int:
        """Pairs i <= j whose differences add up to more than `total`."""
        d = self._sorted
        ordered = len(d) ** 2 - int(np.searchsorted(d, total - d, side="right").sum())
        return (ordered + int((2 * d > total).sum())) // 2


def _p_values(
    p_value: Callable[[float, int], float], p: float, alternative: Side
) -> tuple[float, float]:
    """The p-value at the least and at the most helpful bias."""
    signs = {"greater": (1,), "less": (-1,), "two_sided": (1, -1)}[alternative]
    low, high = (
        min(1.0, len(signs) * min(p_value(chance, sign) for sign in signs)) for chance in (1 - p, p)
    )
    return low, high


def _differences(pairs: pl.DataFrame | pl.Series | ArrayLike) -> Array:
    if isinstance(pairs, pl.DataFrame) and {"exposed", "comparison"} <= set(pairs.columns):
        pairs = pairs.select("exposed", "comparison")
    if isinstance(pairs, pl.DataFrame | pl.Series):
        pairs = pairs.to_numpy()
    values = np.asarray(pairs, dtype=np.float64)
    if values.ndim == 2 and values.shape[1] in (1, 2):
        values = values[:, 0] - values[:, 1] if values.shape[1] == 2 else values[:, 0]
    if values.ndim != 1 or not np.isfinite(values).all():
        raise ValueError("pairs must be one column of differences or two of values, without nulls")
    if not (values != 0).any():
        raise ValueError("no pair differs: there is nothing to rank")
    return values


def _refuse(gammas: Sequence[float], alternative: Side) -> None:
    if not all(1 <= gamma < np.inf for gamma in gammas):
        raise ValueError("each gamma must be 1 or more: 1 is no hidden bias")
    if alternative not in ("greater", "less", "two_sided"):
        raise ValueError("'alternative' must be greater, less or two_sided")
