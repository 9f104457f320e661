"""How alike two groups are, column by column."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

__all__ = ["balance_table", "effective_size"]

_BALANCE = {
    "covariate": pl.String,
    "mean_exposed": pl.Float64,
    "mean_comparison": pl.Float64,
    "smd": pl.Float64,
    "variance_ratio": pl.Float64,
    "ks": pl.Float64,
}


def effective_size(weights: NDArray[np.float64]) -> float:
    """Kish's effective sample size, (sum w)^2 / sum w^2; 0 for nobody."""
    total = float(weights.sum())
    return total * total / float((weights**2).sum()) if total > 0 else 0.0


def balance_table(
    units: pl.DataFrame,
    *,
    exposed: str,
    covariates: Sequence[str],
    weights: str | None = None,
    reference: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """Standardised mean differences and variance ratios.

    Parameters
    ----------
    units : one row a unit; `exposed` Boolean; `weights` a Float64 column, 1 where not given.
    reference : exposed units whose standard deviation is the denominator (all eligible exposed,
        so that losing people to matching cannot shrink it); the exposed of `units` if not given.

    Returns
    -------
    `covariate, mean_exposed, mean_comparison, smd, variance_ratio, ks`; no row where a group is
    empty. `smd` in standard deviations of the exposed, or of the comparison people where the
    exposed do not vary; `variance_ratio` exposed over comparison; `ks` the largest gap between
    the two weighted distribution functions. Source: Austin (2009), Statistics in Medicine
    28:3083, doi 10.1002/sim.3697; denominators by the exposed, since the ATT is asked.
    """
    group = units[exposed].to_numpy()
    weight = units[weights].to_numpy() if weights else np.ones(units.height)
    spread_of = reference if reference is not None else units.filter(pl.col(exposed))
    rows = []
    compared = covariates if group.any() and not group.all() else ()
    for name in compared:
        values = units[name].to_numpy().astype(float)
        one = _moments(values[group], weight[group])
        two = _moments(values[~group], weight[~group])
        spread = _moments(spread_of[name].to_numpy().astype(float), np.ones(spread_of.height))[1]
        spread = float(np.sqrt(spread if spread > 0 else two[1]))
        gap = one[0] - two[0]
        smd = gap / spread if spread > 0 else (0.0 if gap == 0 else float("inf"))
        ratio = one[1] / two[1] if two[1] > 0 else None
        rows.append((name, one[0], two[0], smd, ratio, _ks(values, weight, group)))
    return pl.DataFrame(rows, schema=_BALANCE, orient="row")


def _moments(values: NDArray[np.float64], weight: NDArray[np.float64]) -> tuple[float, float]:
    mean = float(np.average(values, weights=weight))
    total = weight.sum()
    # Unbiased for reliability weights; the plain sample variance when all weights are one.
    divisor = total - (weight**2).sum() / total
    variance = float((weight * (values - mean) ** 2).sum() / divisor) if divisor > 0 else 0.0
    return mean, variance


def _ks(
    values: NDArray[np.float64], weight: NDArray[np.float64], group: NDArray[np.bool_]
) -> float:
    order = np.argsort(values, kind="stable")
    values, weight, group = values[order], weight[order], group[order]
    one = np.cumsum(weight * group) / (weight * group).sum()
    two = np.cumsum(weight * ~group) / (weight * ~group).sum()
    last = np.append(values[1:] != values[:-1], True)
    return float(np.abs(one - two)[last].max())
