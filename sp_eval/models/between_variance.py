"""How far true effects differ from one another, beyond the error of each estimate."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, stats

__all__ = ["METHODS", "Method", "between_variance", "generalised_q", "profile_interval"]

Array = NDArray[np.float64]
Method = Literal["REML", "DL", "PM", "ML"]
METHODS: tuple[Method, ...] = ("REML", "DL", "PM", "ML")
_SEARCHED = 400  # values of the variance at which the slope of the likelihood is looked at


def between_variance(points: Array, variances: Array, method: Method) -> float:
    """The variance of true effects, nought where the estimates agree as chance would have it.

    Parameters
    ----------
    points : (k,) independent estimates, k at least 2. variances : (k,) of each, above nought.
    method : REML or ML, restricted and full maximum likelihood of normal effects; PM, Paule and
        Mandel, the variance at which Q is k - 1; DL, DerSimonian and Laird, the same in one step.

    Source: Viechtbauer, Journal of Educational and Behavioral Statistics 2005;30:261-293, doi
    10.3102/10769986030003261; DerSimonian and Laird, Controlled Clinical Trials 1986;7:177-188,
    doi 10.1016/0197-2456(86)90046-2; Paule and Mandel, J Res NBS 1982;87:377-385, doi
    10.6028/jres.087.022.
    """
    q, df = generalised_q(points, variances, 0.0), len(points) - 1
    if method == "DL":
        w = 1 / variances
        return max(0.0, (q - df) / float(w.sum() - (w**2).sum() / w.sum()))
    if method == "PM":
        return _where(lambda tau2: generalised_q(points, variances, tau2) - df, variances)
    return _most_likely(points, variances, is_restricted=method == "REML")


def generalised_q(points: Array, variances: Array, tau2: float) -> float:
    """Squared distances from the weighted mean, each over its own variance plus `tau2`."""
    w = 1 / (variances + tau2)
    return float(w @ (points - (w @ points) / w.sum()) ** 2)


def profile_interval(points: Array, variances: Array, ci_level: float) -> tuple[float, float]:
    """The Q-profile interval of the variance: where Q stays within its chi-squared range.

    Exact for normal estimates whose variances are known; (0, 0) where the estimates agree better
    than chance allows even with no variance between. Source: Viechtbauer, Statistics in Medicine
    2007;26:37-52, doi 10.1002/sim.2514.
    """
    df, tail = len(points) - 1, (1 - ci_level) / 2

    def reaching(share: float) -> float:
        limit = float(stats.chi2.ppf(share, df))
        return _where(lambda tau2: generalised_q(points, variances, tau2) - limit, variances)

    return reaching(1 - tail), reaching(tail)


def _where(falling: Callable[[float], float], variances: Array) -> float:
    """The root of a falling function, or nought if it begins below."""
    if falling(0.0) <= 0:
        return 0.0
    upper = float(variances.max())
    while falling(upper) > 0:
        upper *= 2
    return float(optimize.brentq(falling, 0.0, upper, xtol=1e-300, rtol=1e-14))


def _most_likely(points: Array, variances: Array, *, is_restricted: bool) -> float:
    """The likelihood may have more than one top: each fall of its slope through nought is tried."""

    def slope(tau2: Array) -> Array:
        w = 1 / (variances + np.reshape(tau2, (-1, 1)))
        total = w.sum(axis=1)
        left = points - (w @ points / total)[:, None]
        trace = total - ((w**2).sum(axis=1) / total if is_restricted else 0.0)
        return np.asarray((w**2 * left**2).sum(axis=1) - trace)

    def height(tau2: float) -> float:
        w = 1 / (variances + tau2)
        found = float(np.log(w).sum()) - generalised_q(points, variances, tau2)
        return found - (float(np.log(w.sum())) if is_restricted else 0.0)

    widest = 10 * float(np.var(points, ddof=1) + variances.max())
    tried = np.concatenate([[0.0], np.geomspace(widest * 1e-9, widest, _SEARCHED)])
    slopes = slope(tried)
    falls = np.flatnonzero((slopes[:-1] > 0) & (slopes[1:] <= 0))
    tops = [
        float(
            optimize.brentq(
                lambda tau2: slope(tau2)[0], tried[i], tried[i + 1], xtol=1e-300, rtol=1e-14
            )
        )
        for i in falls
    ]
    return max([0.0, *tops], key=height)
