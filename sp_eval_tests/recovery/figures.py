"""What many worlds come to: bias with its Monte Carlo error, coverage, honesty of errors, size."""

from __future__ import annotations

import polars as pl

from sp_eval_tests.recovery.right_methods import DIFFERENCE, PRIMARY

__all__ = ["apart_from_primary", "summarise"]

_IS_DIFFERENCE = pl.col("method") == DIFFERENCE
# Ratios are judged on the log scale, on which 0.02 is about two per cent.
_ERROR = (
    pl.when(_IS_DIFFERENCE)
    .then(pl.col("point") - pl.col("true"))
    .otherwise((pl.col("point") / pl.col("true")).log())
)
_NOTHING = pl.when(_IS_DIFFERENCE).then(0.0).otherwise(1.0)


def summarise(rows: pl.DataFrame, *by: str) -> pl.DataFrame:
    """One row a method and outcome, and value of `by`, of the rows of `experiment.run`.

    `worlds`, `withheld`; `estimate` and `true`: geometric means (differences: plain ones); `bias`:
    mean log error (difference: mean error) with `mc_error`; `coverage`; `sd` of the error over
    worlds and `se`, the mean standard error, with `se_over_sd`; `size`: of the worlds in which
    nothing is the truth, the share of intervals that leave nothing out, and `worlds_of_nothing`.
    """
    told = rows.with_columns(error=_ERROR, nothing=_NOTHING).with_columns(
        covered=pl.col("true").is_between("low", "high"),
        excluded=~pl.col("nothing").is_between("low", "high"),
        is_nothing=pl.col("true") == pl.col("nothing"),
    )
    of_nothing = pl.col("excluded").filter(pl.col("is_nothing"))
    return (
        told.group_by(*by, "method", "outcome", maintain_order=True)
        .agg(
            worlds=pl.len(),
            withheld=pl.col("withheld").is_not_null().sum(),
            estimate=_middle("point"),
            true=_middle("true"),
            bias=pl.col("error").mean(),
            mc_error=pl.col("error").std() / pl.col("error").count().sqrt(),
            coverage=pl.col("covered").mean(),
            sd=pl.col("error").std(),
            se=pl.col("se").mean(),
            size=of_nothing.mean(),
            worlds_of_nothing=of_nothing.count(),
        )
        .with_columns(se_over_sd=pl.col("se") / pl.col("sd"))
    )


def apart_from_primary(rows: pl.DataFrame) -> pl.DataFrame:
    """How far each method's ratios lie from the primary ones of the same worlds and outcomes.

    `method, outcome`, `apart`, the mean log of one over the other, and `apart_error`, its Monte
    Carlo error: far smaller than that of a bias, since both suffer the same chance.
    """
    keys = ["world", "outcome"]
    primary = rows.filter(pl.col("method") == PRIMARY).select(*keys, primary="point")
    apart = (pl.col("point") / pl.col("primary")).log()
    return (
        rows.join(primary, on=keys, how="left", maintain_order="left")
        .group_by("method", "outcome", maintain_order=True)
        .agg(apart=apart.mean(), apart_error=apart.std() / apart.count().sqrt())
    )


def _middle(column: str) -> pl.Expr:
    """Geometric mean of ratios, plain mean of differences, over estimates that were made."""
    made = pl.col(column).filter(pl.col("point").is_not_null())
    is_difference = _IS_DIFFERENCE.first()
    return pl.when(is_difference).then(made.mean()).otherwise(made.log().mean().exp())
