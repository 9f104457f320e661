"""Whether estimates differ by more than chance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

__all__ = ["Heterogeneity", "cochran_q", "wald_equal"]

_SINGULAR = 1e-10


@dataclass(frozen=True, slots=True)
class Heterogeneity:
    """Cochran's Q of several estimates, and the chance of one as large where all are the same.

    Where estimates hang together, `q` is Wald's statistic, of which Q is the special case.
    """

    q: float
    degrees_of_freedom: int
    p_value: float

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def cochran_q(points: Sequence[float], errors: Sequence[float]) -> Heterogeneity:
    """Cochran's Q: squared distances from the mean weighted by inverse variance.

    Parameters
    ----------
    points : independent estimates on a scale where they are about normal (log for ratios).
    errors : their standard errors, above nought.

    Returns
    -------
    Heterogeneity : chi-squared on estimates - 1 degrees of freedom. Of two estimates Q is the
        square of the z test of their difference.

    Raises
    ------
    ValueError : fewer than two estimates, or not one error above nought for each.

    Source: Cochran, Biometrics 1954;10:101-129.
    """
    if len(points) != len(errors) or len(points) < 2 or not all(e > 0 for e in errors):
        raise ValueError("two estimates or more are needed, each with an error above nought")
    values = np.asarray(points, dtype=float)
    weight = 1 / np.asarray(errors, dtype=float) ** 2
    mean = float(np.sum(weight * values) / np.sum(weight))
    q = float(np.sum(weight * (values - mean) ** 2))
    df = len(values) - 1
    return Heterogeneity(q, df, float(stats.chi2.sf(q, df)))


def wald_equal(
    points: ArrayLike, covariance: ArrayLike, *, denominator: int | None = None
) -> Heterogeneity:
    """Wald's test that estimates which may hang together are all the same.

    Parameters
    ----------
    points : (k,) estimates on a scale where they are about normal (log for ratios).
    covariance : (k, k) of their errors.
    denominator : degrees of freedom of the errors, where few clusters decide them: the statistic
        over its own degrees of freedom is then held against F instead of chi-squared.

    Returns
    -------
    Heterogeneity : on k - 1 degrees of freedom. Where the covariance is diagonal, `q` is Cochran's
        Q; of two estimates it is the square of the z (or t) test of their difference.

    Raises
    ------
    ValueError : fewer than two estimates, or a covariance of another shape, not symmetric, or by
        which some difference between estimates has no error above nought.

    Source: Wald, Transactions of the American Mathematical Society 1943;54:426-482, doi
    10.1090/S0002-9947-1943-0012401-3.
    """
    values, errors = np.asarray(points, dtype=float), np.asarray(covariance, dtype=float)
    df = len(values) - 1
    if values.ndim != 1 or df < 1 or errors.shape != (df + 1, df + 1):
        raise ValueError("two estimates or more are needed, and a covariance of as many rows")
    if not np.allclose(errors, errors.T, rtol=1e-8, atol=0):
        raise ValueError("the covariance must be symmetric")
    contrast = np.column_stack([-np.ones(df), np.eye(df)])  # each against the first
    spread = contrast @ errors @ contrast.T
    size = np.sqrt(np.maximum(np.diag(spread), 0))
    least = 0.0 if size.min() == 0 else np.linalg.eigvalsh(spread / np.outer(size, size)).min()
    if least < _SINGULAR:
        raise ValueError("some difference between the estimates has no error above nought")
    apart = contrast @ values
    q = float(apart @ np.linalg.solve(spread, apart))
    if denominator is None:
        return Heterogeneity(q, df, float(stats.chi2.sf(q, df)))
    return Heterogeneity(q, df, float(stats.f.sf(q / df, df, denominator)))
