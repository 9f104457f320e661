"""Everybody eligible weighed to the referred people's history: the design without matching."""

from __future__ import annotations

import polars as pl

from sp_eval.comparison.censoring import month_number
from sp_eval.comparison.entropy_balancing import entropy_balance
from sp_eval.comparison.scheme_design import SchemeDesign, in_pool
from sp_eval.study.design import StudyDesign

__all__ = ["balanced_pool"]


def balanced_pool(design: SchemeDesign, study: StudyDesign) -> pl.DataFrame:
    """Entropy-balanced weights of the referred and of people not referred, before outcomes.

    Balanced on the columns that the study names for its score and on the calendar month of the
    index date. Of the people not referred those of `design.sample` are taken, who are drawn by
    hash from all candidate rows.

    Returns
    -------
    `candidate_id, match_set, exposed, weight`; `match_set` is the candidate itself, since nobody
    belongs to anybody else.

    Raises
    ------
    ValueError : no weights balance every column; the sentence names the one furthest off.
    """
    people = design.candidates.filter(pl.col("is_exposed") | in_pool(study.comparison)).join(
        pl.concat(
            [
                design.candidates.filter("is_exposed").select("candidate_id"),
                design.sample.select("candidate_id"),
            ]
        ),
        on="candidate_id",
        how="semi",
        maintain_order="left",
    )
    month = people.select("candidate_id", month=month_number(pl.col("index_month")))
    months = month["month"].unique().sort().to_list()[1:]
    indicators = month.select(
        "candidate_id",
        *((pl.col("month") == m).cast(pl.Float64).alias(f"month_{m}") for m in months),
    )
    columns = design.covariates.named(study.comparison.covariates)
    units = (
        people.select("candidate_id", "is_exposed")
        .join(design.covariates.frame, on="candidate_id", how="left", maintain_order="left")
        .join(indicators, on="candidate_id", how="left", maintain_order="left")
    )
    varying = [c for c in (*columns, *indicators.columns[1:]) if units[c].n_unique() > 1]
    found = entropy_balance(units, exposed="is_exposed", covariates=varying, id="candidate_id")
    return found.weights.select(
        "candidate_id", "exposed", "weight", match_set=pl.col("candidate_id")
    )
