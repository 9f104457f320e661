"""Exact matching: all who share their values with somebody of the other group, by stratum."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from sp_eval.comparison.outcome_guard import refuse_outcomes
from sp_eval.comparison.units import check_ids, check_names, with_exposed

__all__ = ["match_exact", "strata_of"]


def match_exact(
    units: pl.DataFrame,
    *,
    exposed: str,
    on: Sequence[str],
    id: str = "person_key",  # noqa: A002
) -> pl.DataFrame:
    """Keep the strata of `on` that hold both groups, and weigh their comparison units for the ATT.

    Parameters
    ----------
    units : one row a unit. `exposed` Boolean, `id` unique.
    on : columns on which a stratum agrees; blanks agree with blanks alone.

    Returns
    -------
    `match_set` (Int64, strata numbered from 1 by their values, ascending), `id`, `exposed`,
    `distance` (0), `weight`: 1 for the exposed, and for comparison units the stratum's number of
    exposed over its number of comparison units, so that a stratum's two sides weigh the same. Rows
    by stratum, the exposed first, then by id; no row where no stratum holds both groups.

    Raises
    ------
    ValueError : an id twice, an exposure that is not Boolean, no column to match on, or a column
        that tells an outcome.

    Assumes
    -------
    The effect among the exposed of other strata, who leave, is not asked: count them. Source:
    Stuart (2010), Statistical Science 25:1, doi 10.1214/09-STS313.
    """
    refuse_outcomes(units.columns)
    units = with_exposed(units, exposed)
    check_ids(units, [id])
    if not on:
        raise ValueError("exact matching needs a column 'on' which to match")
    check_names(units, on)
    keyed = units.select(
        pl.col(id).alias("id"), pl.col(exposed).alias("exposed"), pl.struct(on).alias("stratum")
    )
    return strata_of(keyed).rename({"id": id})


def strata_of(keyed: pl.DataFrame) -> pl.DataFrame:
    """Matched strata, as `match_exact` returns them, of rows `id, exposed, stratum`."""
    one = pl.col("exposed").sum().over("stratum")
    two = (~pl.col("exposed")).sum().over("stratum")
    kept = keyed.with_columns(one=one, two=two).filter((pl.col("one") > 0) & (pl.col("two") > 0))
    return kept.sort("stratum", ~pl.col("exposed"), "id").select(
        pl.col("stratum").rank("dense").cast(pl.Int64).alias("match_set"),
        "id",
        "exposed",
        pl.lit(0.0).alias("distance"),
        pl.when("exposed").then(1.0).otherwise(pl.col("one") / pl.col("two")).alias("weight"),
    )
