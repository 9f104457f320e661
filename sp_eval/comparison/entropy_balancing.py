"""Entropy balancing: comparison units weighed until their moments are those of the exposed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from sp_eval.comparison.entropy_dual import OutOfReachError, nearest_weights
from sp_eval.comparison.unit_weights import UnitWeights, checked_units, weighed
from sp_eval.comparison.units import check_numbers

__all__ = ["entropy_balance"]

Array = NDArray[np.float64]
_POWERS = ("", " squared", " cubed")


def entropy_balance(
    units: pl.DataFrame,
    *,
    exposed: str,
    covariates: Sequence[str],
    base_weights: str | None = None,
    moments: int = 1,
    id: str | None = None,  # noqa: A002
) -> UnitWeights:
    """Weigh comparison units so that their moments equal those of the exposed.

    Of all weights that balance exactly, those nearest to the base weights (in entropy). The
    exposed weigh 1, the comparison units together as much as the exposed: weights for the ATT.

    Parameters
    ----------
    units : one row a unit. `exposed` Boolean; `covariates` numbers, or true and false.
    base_weights : column of the weights to start from, 0 or more; of comparison units alone, the
        exposed count 1 each. All alike if not given. A unit of base weight 0 keeps it.
    moments : 1 balances means; 2 the mean of squares too, and so variances; 3 of cubes too. Columns
        with two values have no more than the first.
    id : column that names a unit; `person_key` if there is one, else rows are numbered from 0.

    Returns
    -------
    UnitWeights : means of every covariate, and of its powers, agree to 1e-8 of the comparison
        units' standard deviation at most.

    Raises
    ------
    ValueError : the exposed mean of a covariate, which is named, lies outside what the comparison
        units can reach, or on its very edge; a blank or infinite value; an empty group; a base
        weight below 0; a column that tells an outcome.

    Assumes
    -------
    Unbiased for the ATT if either the log odds of exposure or the outcome without exposure is
    linear in what was balanced. Source: Hainmueller (2012), Political Analysis 20:25, doi
    10.1093/pan/mpr025; Zhao & Percival (2017), Journal of Causal Inference 5:20160010, doi
    10.1515/jci-2016-0010.
    """
    units, ids = checked_units(units, exposed, covariates, id)
    if moments not in (1, 2, 3):
        raise ValueError("'moments' must be 1, 2 or 3")
    if not covariates:
        raise ValueError("entropy balancing needs a covariate to balance")
    group = units[exposed].to_numpy()
    base = _base(units, base_weights, ~group)
    for name in covariates:
        _refuse_beyond(units[name].to_numpy().astype(float), group, name)
    x, names = _moments(units, covariates, moments)
    try:
        shares = nearest_weights(x[~group], x[group].mean(axis=0), base)
    except OutOfReachError as error:
        raise ValueError(
            "no weights of the comparison units bring all covariates to the exposed means at once; "
            f"furthest off is '{names[error.column]}': balance on fewer, or on coarser ones"
        ) from error
    weight = np.ones(units.height)
    weight[~group] = shares * group.sum()
    return weighed("entropy_balance", "ATT", ids, group, weight)


def _moments(
    units: pl.DataFrame, covariates: Sequence[str], moments: int
) -> tuple[Array, list[str]]:
    """The columns to balance, centred and scaled before powers are taken, and what they are called.

    To balance powers of centred values is the same as of the values themselves, and steadier.
    """
    columns, names = [], []
    for name in covariates:
        values = units[name].to_numpy().astype(float)
        spread = values.std()
        values = (values - values.mean()) / (spread if spread > 0 else 1.0)
        most = 1 if len(np.unique(values)) <= 2 else moments
        columns += [values**power for power in range(1, most + 1)]
        names += [name + _POWERS[power - 1] for power in range(1, most + 1)]
    return np.column_stack(columns), names


def _base(units: pl.DataFrame, column: str | None, pool: NDArray[np.bool_]) -> Array:
    if column is None:
        return np.ones(int(pool.sum()))
    check_numbers(units, [column])
    base = units[column].to_numpy().astype(float)[pool]
    if base.min() < 0 or base.max() == 0:
        raise ValueError(f"'{column}' must be 0 or more, and not 0 for every comparison unit")
    return base


def _refuse_beyond(values: Array, group: NDArray[np.bool_], name: str) -> None:
    """Refuse what one covariate alone shows: weights above 0 reach only between its two ends."""
    mean, pool = float(values[group].mean()), values[~group]
    low, high = float(pool.min()), float(pool.max())
    if np.isclose(low, high) and np.isclose(low, mean):
        return
    if mean < low or mean > high:
        raise ValueError(
            f"the exposed mean of '{name}' ({mean:g}) lies outside the comparison units' values "
            f"({low:g} to {high:g}), so no weights reach it: widen the pool, or leave it out"
        )
    if np.isclose(mean, low) or np.isclose(mean, high):
        raise ValueError(
            f"the exposed mean of '{name}' ({mean:g}) lies on the edge of the comparison units' "
            f"values ({low:g} to {high:g}): keep only comparison units of that value, and leave "
            "the covariate out"
        )
