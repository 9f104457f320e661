"""Comparison people who may have had help of the same kind from their own practice."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from sp_eval.study.design import OwnScheme

__all__ = ["CONTAMINATED", "flag_contaminated", "without_contaminated"]

CONTAMINATED = "is_contaminated"


def flag_contaminated(
    candidates: pl.DataFrame, own_schemes: Sequence[OwnScheme], *, follow_up_days: int
) -> pl.DataFrame:
    """Flag people not referred whose practice has a scheme of its own before follow-up ends.

    Parameters
    ----------
    candidates : `practice_code, index_date, is_exposed`.
    own_schemes : practices with the day theirs began; known from outside the files.
    follow_up_days : the first day from the index date on that is not looked at.

    Returns
    -------
    The same with `is_contaminated`, Boolean; never true of the exposed, who are asked after
    whatever else they have.
    """
    if not own_schemes:
        return candidates.with_columns(pl.lit(value=False).alias(CONTAMINATED))
    began = pl.DataFrame(
        {
            "practice_code": [own.practice for own in own_schemes],
            "own_scheme_from": [own.from_ for own in own_schemes],
        }
    )
    began = began.group_by("practice_code").agg(pl.col("own_scheme_from").min())
    ends = pl.col("index_date") + pl.duration(days=follow_up_days)
    flag = ~pl.col("is_exposed") & (pl.col("own_scheme_from") < ends).fill_null(value=False)
    return (
        candidates.join(began, on="practice_code", how="left", maintain_order="left")
        .with_columns(flag.alias(CONTAMINATED))
        .drop("own_scheme_from")
    )


def without_contaminated(matched: pl.DataFrame, candidates: pl.DataFrame) -> pl.DataFrame:
    """Matched sets without flagged people; those left share their set's weight anew.

    Parameters
    ----------
    matched : `candidate_id, match_set, exposed, weight`. candidates : with `is_contaminated`.

    Returns
    -------
    The rows left of `matched`; a set whose comparison people are all flagged goes as a whole.
    """
    flagged = candidates.filter(CONTAMINATED).select("candidate_id")
    left = matched.join(flagged, on="candidate_id", how="anti", maintain_order="left")
    left = left.with_columns(others=(~pl.col("exposed")).sum().over("match_set"))
    return (
        left.filter(pl.col("others") > 0)
        .with_columns(weight=pl.when("exposed").then(1.0).otherwise(1.0 / pl.col("others")))
        .drop("others")
    )
