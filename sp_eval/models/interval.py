"""From a point and its standard error to an interval and a p-value."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import stats

__all__ = ["wald"]


def wald(
    point: float,
    error: float,
    *,
    ci_level: float = 0.95,
    df: float | None = None,
    is_log: bool = False,
) -> dict[str, Any]:
    """The fields of an `Estimate` that a point and its standard error decide.

    Parameters
    ----------
    point, error : on the scale on which the point is about normal.
    df : degrees of freedom of Student's t; the normal distribution where None.
    is_log : `point` is the logarithm of what is asked for; point and interval are exponentiated.

    Returns
    -------
    `point, ci_low, ci_high, ci_level, p_value, standard_error`; `p_value` two-sided against
    nought, None where the error is nought; an end is None where no number is large enough.

    Raises
    ------
    ValueError : `ci_level` outside (0, 1).
    """
    if not 0 < ci_level < 1:
        raise ValueError("'ci_level' must lie between 0 and 1, such as 0.95")
    reference = stats.norm if df is None else stats.t(df)
    reach = float(reference.ppf(0.5 + ci_level / 2)) * error
    found = (point, point - reach, point + reach)
    with np.errstate(over="ignore"):
        at, low, high = (float(np.exp(value)) if is_log else value for value in found)
    return {
        "point": at,
        "ci_low": low if np.isfinite(low) else None,
        "ci_high": high if np.isfinite(high) else None,
        "ci_level": ci_level,
        "p_value": float(2 * reference.sf(abs(point) / error)) if error > 0 else None,
        "standard_error": error,
    }
