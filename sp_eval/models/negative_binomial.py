"""Negative binomial regression (NB2, log link) by maximum likelihood, weighted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special

from sp_eval.models.estimate import TooFewEventsError
from sp_eval.models.poisson import PoissonFit, fit_poisson

__all__ = ["NegativeBinomialFit", "fit_negative_binomial"]

Array = NDArray[np.floating]
_LEAST, _MOST = 1e-6, 1e6  # of alpha; below, no digit tells the counts from Poisson's


@dataclass(frozen=True, slots=True)
class NegativeBinomialFit:
    """A fitted model: its log-linear part, and how far counts vary beyond Poisson's.

    Counts have the variance mean + `alpha` mean^2 (R's theta is 1 / alpha). `alpha_error` is its
    standard error at the fitted means, None where alpha is nought. `log_likelihood` includes the
    terms that depend on the counts alone.
    """

    linear: PoissonFit
    alpha: float
    alpha_error: float | None
    log_likelihood: float


def fit_negative_binomial(y: Array, days: Array, x: Array, weight: Array) -> NegativeBinomialFit:
    """Fit log E[y] = log(days) + x beta, var(y) = mean + alpha mean^2, both by likelihood.

    Parameters
    ----------
    y : (N,) events, fractions allowed. days : (N,) > 0. x : (N, k) of full rank whose first
        column is the intercept. weight : (N,) each multiplies its row's log likelihood, as R's
        `glm.nb(weights=)`; two rows of weight 1 are one of weight 2.

    Returns
    -------
    NegativeBinomialFit : `linear.bread` is the inverse expected information and `linear.score`
        the row scores, alpha held at its estimate, as R has both. Where the mean is right,
        alpha's own error leaves the coefficients alone (the two are orthogonal in expectation).
        Where counts vary no more than Poisson's, alpha is nought and the fit Poisson's.

    Raises
    ------
    TooFewEventsError : the likelihood has no finite maximum.

    Source: Lawless (1987), Canadian Journal of Statistics 15:209, doi 10.2307/3314912; Venables &
    Ripley (2002), Modern Applied Statistics with S, section 7.4.
    """
    poisson = fit_poisson(y, days, x, weight)
    mean, beta, offset = poisson.mean, poisson.beta, np.log(days)
    excess = float(weight @ ((y - mean) ** 2 - y))
    if excess <= 0:
        return NegativeBinomialFit(poisson, 0.0, None, _log_likelihood(y, mean, 0.0, weight))
    alpha = excess / float(weight @ mean**2)
    for _ in range(200):
        alpha, earlier = _alpha(y, mean, weight, alpha), alpha
        moved = _coefficients(y, offset, x, weight, alpha, beta)
        mean = np.exp(x @ moved + offset)
        settled = abs(moved - beta).max() < 1e-10 and abs(np.log(alpha / earlier)) < 1e-10
        beta = moved
        if settled:
            break
    else:
        raise TooFewEventsError("the negative binomial model does not settle: use Poisson's")
    if alpha <= _LEAST:
        return NegativeBinomialFit(poisson, 0.0, None, _log_likelihood(y, mean, 0.0, weight))
    # d alpha = alpha^2 d theta
    error = alpha**2 / np.sqrt(-_curvature(y, mean, weight, 1 / alpha))
    return NegativeBinomialFit(
        _linear(y, mean, x, weight, alpha, beta),
        alpha,
        float(error),
        _log_likelihood(y, mean, alpha, weight),
    )


def _coefficients(
    y: Array, offset: Array, x: Array, weight: Array, alpha: float, beta: Array
) -> Array:
    """Fisher scoring at one alpha, steps halved until the likelihood does not fall."""

    def likelihood(at: Array) -> float:
        eta = np.minimum(x @ at + offset, 700)
        spread = np.log1p(alpha * np.exp(eta))
        return float(weight @ (y * (eta - spread) - spread / alpha))

    reached = likelihood(beta)
    for _ in range(100):
        mean = np.exp(x @ beta + offset)
        score = x.T @ (weight * (y - mean) / (1 + alpha * mean))
        information = x.T @ (x * (weight * mean / (1 + alpha * mean))[:, None])
        step = np.linalg.solve(information, score)
        if float(score @ step) < 1e-18 * max(1.0, abs(reached)):
            return np.asarray(beta + step)
        slack = 1e-9 * max(1.0, abs(reached))
        while not (moved := likelihood(beta + step)) >= reached - slack and abs(step).max() > 1e-10:
            step = step / 2
        beta, reached = beta + step, moved
    raise TooFewEventsError("too few events for the model to settle")


def _alpha(y: Array, mean: Array, weight: Array, near: float) -> float:
    """The alpha at which the likelihood is flat, the means given."""

    def slope(log_alpha: float) -> float:
        return _slope(y, mean, weight, float(np.exp(-log_alpha)))

    # The likelihood rises with theta where `slope` is above nought: alpha is too large there.
    low = high = float(np.log(near))
    while slope(low) > 0 and low > np.log(_LEAST):
        low -= 1.0
    while slope(high) < 0 and high < np.log(_MOST):
        high += 1.0
    if low <= np.log(_LEAST):
        return _LEAST
    if high >= np.log(_MOST):
        raise TooFewEventsError("counts differ too widely for the negative binomial model")
    if low == high:
        return near
    return float(np.exp(optimize.brentq(slope, low, high, xtol=1e-13, rtol=1e-14)))


def _slope(y: Array, mean: Array, weight: Array, theta: float) -> float:
    """Derivative of the log likelihood by theta = 1 / alpha."""
    gap = special.digamma(y + theta) - special.digamma(theta)
    return float(weight @ (gap - np.log1p(mean / theta) + 1 - (y + theta) / (mean + theta)))


def _curvature(y: Array, mean: Array, weight: Array, theta: float) -> float:
    """Second derivative of the log likelihood by theta."""
    gap = special.polygamma(1, y + theta) - special.polygamma(1, theta)
    rest = 1 / theta - 2 / (mean + theta) + (y + theta) / (mean + theta) ** 2
    return float(weight @ (gap + rest))


def _linear(
    y: Array, mean: Array, x: Array, weight: Array, alpha: float, beta: Array
) -> PoissonFit:
    curvature = weight * mean / (1 + alpha * mean)
    bread = np.linalg.inv(x.T @ (x * curvature[:, None]))
    score = x * (weight * (y - mean) / (1 + alpha * mean))[:, None]
    leverage = ((x @ bread) * x).sum(axis=1) * curvature
    return PoissonFit(beta, mean, bread, score, leverage)


def _log_likelihood(y: Array, mean: Array, alpha: float, weight: Array) -> float:
    if alpha == 0:
        each = special.xlogy(y, mean) - mean - special.gammaln(y + 1)
    else:
        theta = 1 / alpha
        each = (
            special.gammaln(y + theta) - special.gammaln(theta) - special.gammaln(y + 1)
            + special.xlogy(y, mean / (mean + theta)) - theta * np.log1p(mean / theta)
        )  # fmt: skip
    return float(weight @ each)
