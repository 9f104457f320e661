"""Errors of a regression over time that allow for neighbouring periods being alike."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

__all__ = ["automatic_lag", "newey_west"]

Array = NDArray[np.floating]


def automatic_lag(periods: int) -> int:
    """Lags to allow for: the whole part of 4 (n / 100)^(2/9).

    Source: Newey & West (1994), Review of Economic Studies 61:631-653, doi 10.2307/2297912.
    """
    return math.floor(4 * math.pow(periods / 100, 2 / 9))


def newey_west(score: Array, bread: Array, period: NDArray[np.int64], *, lag: int) -> Array:
    """Variance of the coefficients, (k, k), robust to unequal spread and to nearness in time.

    Parameters
    ----------
    score : (N, k) row scores. bread : (k, k) inverse information. period : (N,) 0, 1, 2 and on;
        the scores of one period are summed first, so that series counted at the same time may go
        together in any way (Driscoll & Kraay 1998, doi 10.1162/003465398557825).
    lag : periods apart that are still alike, 0 for none; their weight falls by Bartlett's kernel,
        1 - l / (lag + 1).

    Returns
    -------
    The sandwich, with no correction for the number of coefficients and no prewhitening.

    Raises
    ------
    ValueError : `lag` is below 0 or not below the number of periods.

    Source: Newey & West (1987), Econometrica 55:703-708, doi 10.2307/1913610.
    """
    count = int(period.max()) + 1
    if not 0 <= lag < count:
        raise ValueError(f"'lag' must lie between 0 and {count - 1}, the periods less one")
    by_column = [np.bincount(period, column, minlength=count) for column in score.T]
    summed = np.column_stack(by_column).astype(float)
    meat = summed.T @ summed
    for apart in range(1, lag + 1):
        product = summed[apart:].T @ summed[:-apart]
        meat = meat + (1 - apart / (lag + 1)) * (product + product.T)
    return np.asarray(bread @ meat @ bread)
