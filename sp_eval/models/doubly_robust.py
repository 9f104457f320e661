"""One group before and after against another: the change in the exposed that the others lack."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sp_eval.comparison.propensity import NotConvergedError, fit_logistic

__all__ = ["METHODS", "Contrast", "Method", "NotEstimableError", "contrast_of_changes"]

Array = NDArray[np.floating]
Method = Literal["dr", "reg", "ipw"]
METHODS: tuple[Method, ...] = ("dr", "reg", "ipw")
_HIGHEST = 0.999  # a chance of being exposed from which on nobody is left to compare with
_TRIMMED = 0.995  # comparison units above it would weigh more than 199 exposed


class NotEstimableError(ValueError):
    """The two groups do not determine a contrast; the message says why."""


@dataclass(frozen=True, slots=True)
class Contrast:
    """Average effect on the exposed, and each unit's influence on it, (n,) of mean nought.

    The variance of `att` is the mean square of `influence` over n.
    """

    att: float
    influence: Array


def contrast_of_changes(
    change: Array, exposed: NDArray[np.bool_], x: Array, *, method: Method = "dr"
) -> Contrast:
    """Difference in differences of two groups over two periods.

    Parameters
    ----------
    change : (n,) outcome after minus before. exposed : (n,). x : (n, k) covariates before, the
        first column an intercept; with it alone every method is the difference of mean changes.
    method : `dr` doubly robust: least squares of the change among the comparison units, and
        their weights p / (1 - p) from a logistic regression of exposure by maximum likelihood;
        `reg` the first alone; `ipw` the second alone, weights made to sum to one.

    Returns
    -------
    Contrast

    Raises
    ------
    NotEstimableError : nobody exposed or nobody to compare with, covariates that the comparison
        units do not tell apart, or a chance of exposure of 0.999 or more.

    Assumes
    -------
    Given the covariates, the exposed would have changed as the comparison units did. `dr` is
    right if either regression is. Comparison units with a chance above 0.995 weigh nothing.

    Source: Sant'Anna & Zhao (2020), Journal of Econometrics 219:101-122, doi
    10.1016/j.jeconom.2020.06.003: the estimators of panel data, section 3.1, which R's DRDID names
    `drdid_panel`, `reg_did_panel` and `std_ipw_did_panel`.
    """
    if not exposed.any() or exposed.all():
        raise NotEstimableError("no unit exposed, or none to compare with")
    treated = exposed.astype(float)
    if x.shape[1] == 1:
        return _difference(change, treated, 1 - treated)
    if np.linalg.matrix_rank(x if method == "ipw" else x[~exposed]) < x.shape[1]:
        raise NotEstimableError(
            "the comparison units are too few, or too alike, for the covariates"
        )
    if method == "reg":
        return _by_regression(change, treated, x)
    chance = _chance(treated, x)
    weight = np.where(chance < _TRIMMED, chance / (1 - chance), 0.0) * (1 - treated)
    if weight.sum() <= 0:
        raise NotEstimableError("the covariates alone tell who was exposed")
    if method == "ipw":
        return _by_weighting(change, treated, x, weight, chance)
    return _doubly_robust(change, treated, x, weight, chance)


def _difference(change: Array, treated: Array, weight: Array) -> Contrast:
    """Mean of the exposed minus weighted mean of the others, weights as known."""
    one = treated @ change / treated.sum()
    other = weight @ change / weight.sum()
    own = treated * (change - one) / treated.mean()
    return Contrast(float(one - other), own - weight * (change - other) / weight.mean())


def _by_regression(change: Array, treated: Array, x: Array) -> Contrast:
    expected, coefficients = _outcome(change, treated, x)
    one = treated @ change / treated.sum()
    other = treated @ expected / treated.sum()
    moved = coefficients @ (treated @ x / len(change))
    influence = treated * (change - one - expected + other) - moved
    return Contrast(float(one - other), influence / treated.mean())


def _by_weighting(
    change: Array, treated: Array, x: Array, weight: Array, chance: Array
) -> Contrast:
    plain = _difference(change, treated, weight)
    other = weight @ change / weight.sum()
    by_chance = (weight * (change - other)) @ x / weight.sum()
    return Contrast(plain.att, plain.influence - _score(treated, x, chance) @ by_chance)


def _doubly_robust(
    change: Array, treated: Array, x: Array, weight: Array, chance: Array
) -> Contrast:
    expected, coefficients = _outcome(change, treated, x)
    left = change - expected
    plain = _difference(left, treated, weight)
    other = weight @ left / weight.sum()
    by_outcome = treated @ x / treated.sum() - weight @ x / weight.sum()
    by_chance = (weight * (left - other)) @ x / weight.sum()
    influence = plain.influence - coefficients @ by_outcome
    return Contrast(plain.att, influence - _score(treated, x, chance) @ by_chance)


def _outcome(change: Array, treated: Array, x: Array) -> tuple[Array, Array]:
    """Change to expect of everyone, (n,), and influence on the coefficients, (n, k)."""
    others = x * (1 - treated)[:, None]
    gram = others.T @ x / len(change)
    beta = np.linalg.lstsq(others, (1 - treated) * change, rcond=None)[0]
    expected = x @ beta
    return expected, (others * (change - expected)[:, None]) @ np.linalg.inv(gram)


def _chance(treated: Array, x: Array) -> Array:
    try:
        months = np.zeros(len(treated), dtype=np.int64)
        fit = fit_logistic(x[:, 1:], treated, months, ridge=0.0, tolerance=1e-12)
    except (NotConvergedError, np.linalg.LinAlgError) as error:
        raise NotEstimableError("the covariates alone tell who was exposed") from error
    if fit.probability.max() >= _HIGHEST:
        raise NotEstimableError("the covariates alone tell who was exposed")
    return fit.probability


def _score(treated: Array, x: Array, chance: Array) -> Array:
    """Influence on the coefficients of the logistic regression, (n, k)."""
    information = (x * (chance * (1 - chance))[:, None]).T @ x / len(treated)
    return np.asarray((x * (treated - chance)[:, None]) @ np.linalg.inv(information))
