"""The rate difference that belongs to a rate ratio, with its error."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Rate", "expected_rate", "observed_rate", "rate_difference"]

Array = NDArray[np.floating]


@dataclass(frozen=True, slots=True)
class Rate:
    """A rate, and each row's part in its error, (N,)."""

    value: float
    influence: Array


def observed_rate(y: Array, days: Array, weight: Array) -> Rate:
    """Weighted events over weighted days; rows of no weight are not part of it."""
    time = float((weight * days).sum())
    value = float((weight * y).sum()) / time
    return Rate(value, weight * (y - value * days) / time)


def expected_rate(mean: Array, days: Array, weight: Array, x: Array, coefficients: Array) -> Rate:
    """The rate a log-linear model expects of the rows with weight.

    Parameters
    ----------
    mean : (N,) expected events. weight : (N,), nil for rows that are not part of it.
    x : (N, k) of the model. coefficients : (N, k) row influences on its coefficients.
    """
    rate = observed_rate(mean, days, weight)
    slope = (weight * mean) @ x / float((weight * days).sum())
    return Rate(rate.value, rate.influence + coefficients @ slope)


def rate_difference(log_ratio: float, influence: Array, exposed: Rate) -> tuple[float, Array]:
    """R1 (1 - exp(-b)), and each row's part in its error, (N,).

    R1 is the exposed people's rate, b the log rate ratio with its row influences: the mean over
    the exposed of their rate less what the model expects of them unexposed, weighted by their
    time (ATT, by g-computation). Of a Poisson model the observed and the expected rate of the
    exposed are the same, by its score equation; of others the expected one is to be given.

    The joint influence function takes in what b and R1 owe to each other, and that other people
    would have had other covariates and times.
    """
    rest = np.exp(-log_ratio)
    joint = (1 - rest) * exposed.influence + exposed.value * rest * influence
    return exposed.value * (1 - float(rest)), joint
