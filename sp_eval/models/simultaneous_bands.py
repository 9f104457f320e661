"""How many standard errors wide a band must be to hold all of several estimates at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import stats

__all__ = ["critical_value"]

_DRAWS = 20_000
_AT_ONCE = 2_000
Array = NDArray[np.floating]


def critical_value(
    influence: Array, *, ci_level: float = 0.95, seed: int = 0, draws: int = _DRAWS
) -> float:
    """Critical value of a sup-t band by the multiplier bootstrap.

    Each draw multiplies every unit's influence by a standard normal number of its own and takes
    the largest estimate in standard errors; the value is the `ci_level` quantile of these. Given
    the influences, the products' sums are exactly normal with the influences' covariance, so that
    they are drawn as such, without a number a unit.

    Parameters
    ----------
    influence : (n, K), units by estimates, each column of mean nought. Columns that are nought
        throughout take no part.

    Returns
    -------
    float : at least the normal quantile of one estimate alone, and that where no column takes part.

    Assumes
    -------
    Units independent of one another, and many enough for sums of influences to be about normal.

    Source: Callaway & Sant'Anna (2021), Journal of Econometrics 225:200-230, algorithm 1, doi
    10.1016/j.jeconom.2020.12.001, with normal multipliers (Chernozhukov, Chetverikov & Kato 2013,
    Annals of Statistics 41:2786, doi 10.1214/13-AOS1161) and analytic standard errors; R's did
    draws signs and takes errors from the draws' quartiles.
    """
    pointwise = float(stats.norm.ppf(0.5 + ci_level / 2))
    size = np.sqrt((influence**2).sum(axis=0))
    moving = influence[:, size > 0] / size[size > 0]
    if moving.shape[1] < 2:
        return pointwise
    values, vectors = np.linalg.eigh(moving.T @ moving)
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    rng = np.random.default_rng(seed)
    largest = np.empty(draws)
    for start in range(0, draws, _AT_ONCE):
        some = largest[start : start + _AT_ONCE]
        some[:] = np.abs(rng.standard_normal((len(some), root.shape[1])) @ root.T).max(axis=1)
    return max(pointwise, float(np.quantile(largest, ci_level)))
