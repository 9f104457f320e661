"""Whether estimates differ by more than chance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy import stats

__all__ = ["Heterogeneity", "cochran_q"]


@dataclass(frozen=True, slots=True)
class Heterogeneity:
    """Cochran's Q of several estimates, and the chance of one as large where all are the same."""

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
