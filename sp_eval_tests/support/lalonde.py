"""LaLonde's job training data as MatchIt has it: 185 trained, 429 from a survey; scores on it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from sp_eval.comparison.propensity import fit_logistic
from sp_eval_tests.support.shared_files import shared_file

__all__ = ["COLUMNS", "cps", "lalonde", "scored"]

COLUMNS = ("age", "educ", "black", "hispan", "married", "nodegree", "re74", "re75")


def lalonde() -> pl.DataFrame:
    """The 614 rows with `id`, `draw`, `exposed`, and 0/1 columns for race."""
    frame = pl.read_csv(shared_file("data", "lalonde", "lalonde.csv"), infer_schema_length=None)
    races = {"black": "black", "hispan": "hispan", "white": "white"}
    return frame.with_row_index("id").with_columns(
        pl.col("id").cast(pl.Int64),
        draw=pl.col("id").cast(pl.UInt64),
        exposed=pl.col("treat") == 1,
        **{name: (pl.col("race") == race).cast(pl.Float64) for name, race in races.items()},
    )


def cps() -> pl.DataFrame:
    """The 185 of the experiment with 15,992 from the Current Population Survey."""
    one = pl.read_csv(shared_file("data", "lalonde", "nsw_mixtape.csv"), infer_schema_length=None)
    two = pl.read_csv(shared_file("data", "lalonde", "cps_mixtape.csv"), infer_schema_length=None)
    both = pl.concat([one.filter(pl.col("treat") == 1), two], how="vertical_relaxed")
    return both.with_columns(
        exposed=pl.col("treat") == 1,
        u74=(pl.col("re74") == 0).cast(pl.Float64),
        u75=(pl.col("re75") == 0).cast(pl.Float64),
    )


def scored(frame: pl.DataFrame, columns: Sequence[str | pl.Expr] = COLUMNS) -> pl.DataFrame:
    """With `score` and `logit` of a logistic regression of `exposed`, without a penalty."""
    x = frame.select(columns).to_numpy().astype(float)
    y = frame["exposed"].to_numpy().astype(float)
    fit = fit_logistic(x, y, np.zeros(len(y), dtype=np.int64), ridge=0.0)
    return frame.with_columns(score=pl.Series(fit.probability), logit=pl.Series(fit.logit))
