"""How alike two groups are, column by column."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from sp_eval.comparison.units import check_names, check_numbers, with_exposed

__all__ = ["balance_table", "balance_within", "effective_size"]

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
    """Standardised mean differences, variance ratios and distances of distributions.

    Parameters
    ----------
    units : one row a unit (or a unit and matched set); `exposed` Boolean; `covariates` numbers,
        or true and false; `weights` a column of numbers, 0 or more, 1 where not given.
    reference : exposed units whose standard deviation is the denominator (all eligible exposed,
        so that losing people to matching cannot shrink it); the exposed of `units` if not given.

    Returns
    -------
    `covariate, mean_exposed, mean_comparison, smd, variance_ratio, ks`; no row where a group is
    empty.

    - Means are weighted.
    - `smd`: their difference in standard deviations of the exposed without weights, so that it is
      the same before and after weighting; of the comparison units, weighted, where the exposed do
      not vary; infinite where neither do and the means differ. Since the ATT is asked, not pooled.
    - Standard deviations are those of a sample (divisor n - 1), of columns of 0 and 1 as well. R's
      MatchIt and cobalt take sqrt(p(1 - p)) for these: their `smd` is larger by the factor
      sqrt(n / (n - 1)), n the number exposed.
    - `variance_ratio`: exposed over comparison, weighted, unbiased for weights that say how much a
      unit counts; None where the comparison units do not vary. Of no use for columns of 0 and 1.
    - `ks`: the largest gap between the two weighted distribution functions, weights of a group
      divided by their sum; for columns of 0 and 1 the difference of the means.

    Raises
    ------
    ValueError : a covariate or weight that is blank, not finite or no number; an exposure that is
        not Boolean; a negative weight, or a group whose weights are all 0; an empty `reference`.

    Source: Austin (2009), Statistics in Medicine 28:3083, doi 10.1002/sim.3697; Austin & Stuart
    (2015), Statistics in Medicine 34:3661, doi 10.1002/sim.6607.
    """
    units = with_exposed(units, exposed)
    _check(units, exposed, covariates, weights)
    if reference is not None:
        check_numbers(reference, covariates)
        if reference.is_empty():
            raise ValueError("'reference' holds nobody whose spread could be the denominator")
    group = units[exposed].to_numpy()
    weight = units[weights].to_numpy().astype(float) if weights else np.ones(units.height)
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


def balance_within(
    units: pl.DataFrame,
    *,
    by: str,
    exposed: str,
    covariates: Sequence[str],
    weights: str | None = None,
    reference: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """Balance in each group of people by itself, as `balance_table` tells it.

    Parameters
    ----------
    by : column of the group, of `units` and of `reference`; the others as for `balance_table`.
        Denominators are those of the group's own exposed.

    Returns
    -------
    `group` (text) and the columns of `balance_table`, groups in ascending order; no row of a group
    that holds only one arm.

    Raises
    ------
    ValueError : as `balance_table`; people without a group.
    """
    check_names(units, [by])
    if units[by].null_count():
        raise ValueError(f"'{by}' is blank for {units[by].null_count()} units: name their group")
    tables = [pl.DataFrame(schema={"group": pl.String, **_BALANCE})]
    for part in units.sort(by, maintain_order=True).partition_by(by, maintain_order=True):
        own = None if reference is None else reference.filter(pl.col(by) == part[by][0])
        table = balance_table(
            part, exposed=exposed, covariates=covariates, weights=weights, reference=own
        )
        group = pl.lit(str(part[by][0])).alias("group")
        tables.append(table.select(group, pl.all()))
    return pl.concat(tables)


def _check(
    units: pl.DataFrame, exposed: str, covariates: Sequence[str], weights: str | None
) -> None:
    check_numbers(units, [*covariates, *([weights] if weights else [])])
    if weights is None:
        return
    if (units[weights] < 0).any():
        raise ValueError(f"'{weights}' holds a weight below 0")
    total = units.group_by(exposed).agg(pl.col(weights).sum())
    if (total[weights] <= 0).any():
        raise ValueError(f"'{weights}' is 0 for everybody of a group: nobody is left to compare")


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
