"""Coarsened exact matching: exact strata of columns cut into bins, and the imbalance over them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from sp_eval.comparison.exact_matching import strata_of
from sp_eval.comparison.outcome_guard import refuse_outcomes
from sp_eval.comparison.units import check_ids, check_names, check_numbers, with_exposed

__all__ = ["Coarsening", "coarsened_exact", "l1_imbalance"]

Coarsening = Mapping[str, Sequence[float] | int | str | None]


def coarsened_exact(
    units: pl.DataFrame,
    *,
    exposed: str,
    on: Coarsening,
    id: str = "person_key",  # noqa: A002
) -> pl.DataFrame:
    """Cut columns into bins, keep the strata of bins that hold both groups, and weigh for the ATT.

    Parameters
    ----------
    units : one row a unit. `exposed` Boolean, `id` unique.
    on : column -> how it is coarsened. A list: cutpoints, a value on one belongs to the bin above
        it, and the outermost bins are open. A whole number: so many bins of one width between the
        smallest and the largest value of all units. `"sturges"`: as many as Sturges' rule gives,
        ceil(log2 n + 1). None: not at all, as for names; blanks then agree with blanks alone.

    Returns
    -------
    As `match_exact`, but the weights of the comparison units are scaled to sum to their number m0,
    as in R's cem and MatchIt: (m0 / m1) x (exposed / comparison units of the stratum), m1 the
    exposed that are kept. Means and ratios of weighted sums are those of `match_exact`'s weights.

    Raises
    ------
    ValueError : as `match_exact`; a coarsening that is none of these; a column to be cut that
        holds no numbers, or blanks.

    Assumes
    -------
    Within a stratum the groups differ by chance, or a model made afterwards takes up what is left.
    Source: Iacus, King & Porro (2012), Political Analysis 20:1, doi 10.1093/pan/mpr013.
    """
    refuse_outcomes(units.columns)
    check_ids(units, [id])
    keyed = _cells(units, exposed, on).with_columns(id=units[id])
    matched = strata_of(keyed)
    scale = (~pl.col("exposed")).sum() / pl.col("exposed").sum()
    weight = pl.when("exposed").then("weight").otherwise(pl.col("weight") * scale)
    return matched.with_columns(weight=weight).rename({"id": id})


def l1_imbalance(
    units: pl.DataFrame, *, exposed: str, on: Coarsening, weights: str | None = None
) -> float:
    """How far apart two groups are over all cells together: 0 alike, 1 nowhere together.

    Half the sum, over the cells of the coarsening, of the absolute difference of the groups'
    weighted shares. It hangs on the bins: compare figures of the same ones. After a match, keep
    everybody, those who left with weight 0, so that bins stay those of all; on the match's own
    bins it is then 0 of necessity, so that finer ones must be asked.

    Parameters
    ----------
    units, exposed, on : as for `coarsened_exact`. weights : column, 0 or more; 1 if not given.

    Raises
    ------
    ValueError : as `coarsened_exact`; a negative weight, or a group that weighs nothing.

    Source: Iacus, King & Porro (2011), Journal of the American Statistical Association 106:345,
    doi 10.1198/jasa.2011.tm09599.
    """
    cells = _cells(units, exposed, on).with_columns(weight=pl.lit(1.0))
    if weights is not None:
        check_numbers(units, [weights])
        cells = cells.with_columns(weight=units[weights].cast(pl.Float64))
    if (cells["weight"] < 0).any():
        raise ValueError("a weight below 0 has no share")
    one = pl.col("weight").filter("exposed").sum()
    two = pl.col("weight").filter(~pl.col("exposed")).sum()
    total_one, total_two = cells.select(one=one, two=two).row(0)
    if total_one <= 0 or total_two <= 0:
        raise ValueError("imbalance is asked of two groups, and one of them weighs nothing")
    share = cells.group_by("stratum", maintain_order=True).agg(one=one, two=two)
    gap = share.select((pl.col("one") / total_one - pl.col("two") / total_two).abs().sum()).item()
    return float(gap) / 2


def _cells(units: pl.DataFrame, exposed: str, on: Coarsening) -> pl.DataFrame:
    """`exposed, stratum`: the number of the bin, or the value, of each column."""
    units = with_exposed(units, exposed)
    if not on:
        raise ValueError("coarsened matching needs a column to match 'on'")
    check_names(units, on)
    binned = [_binned(units, name, cut).alias(name) for name, cut in on.items()]
    return pl.DataFrame({"exposed": units[exposed], "stratum": pl.DataFrame(binned).to_struct()})


def _binned(units: pl.DataFrame, name: str, cut: Sequence[float] | int | str | None) -> pl.Series:
    if cut is None:
        return units[name]
    check_numbers(units, [name])
    values = units[name].cast(pl.Float64).to_numpy()
    inner = _cutpoints(values, name, cut)
    return pl.Series(np.searchsorted(inner, values, side="right"), dtype=pl.Int64)


def _cutpoints(
    values: NDArray[np.float64], name: str, cut: Sequence[float] | int | str
) -> NDArray[np.float64]:
    """The inner borders of the bins, ascending."""
    if isinstance(cut, str) and cut != "sturges":
        raise ValueError(f"'{name}' can be cut by 'sturges', a number of bins, or cutpoints")
    if isinstance(cut, str | int):
        bins = int(np.ceil(np.log2(max(len(values), 1)) + 1)) if isinstance(cut, str) else cut
        if bins < 1:
            raise ValueError(f"'{name}' needs a bin or more; None matches on its very values")
        low, high = (float(values.min()), float(values.max())) if len(values) else (0.0, 0.0)
        return np.asarray(np.linspace(low, high, bins + 1)[1:-1])
    inner = np.unique(np.asarray(cut, dtype=float))
    if not len(inner) or not np.isfinite(inner).all():
        raise ValueError(f"'{name}' needs finite cutpoints, at least one")
    return inner
