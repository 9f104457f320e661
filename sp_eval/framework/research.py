"""The people analysed, as academics get them: days counted from the index, no date, no place."""

from __future__ import annotations

import polars as pl

from sp_eval.comparison.scheme_design import SchemeDesign
from sp_eval.contracts.frames import conform, empty_frame
from sp_eval.contracts.odcs import load_contract
from sp_eval.models.person_time import Censoring
from sp_eval.models.scheme_estimates import Counts, MatchedCounts, matched_counts
from sp_eval.study.design import StudyDesign
from sp_eval.study.outcomes import Outcome

__all__ = ["analysed", "analysis_rows"]


def analysed(design: SchemeDesign) -> pl.DataFrame:
    """`candidate_id, match_set, match_weight` of the primary matched sets."""
    return design.primary.matched.select("candidate_id", "match_set", match_weight="weight")


def analysis_rows(
    study: StudyDesign,
    scheme: str,
    design: SchemeDesign,
    counts: Counts,
    person_keys: pl.DataFrame,
) -> pl.DataFrame:
    """The rows of `research.analysis` of one scheme: candidate, set and outcome.

    Parameters
    ----------
    person_keys : `person_number, person_key` of the scheme.
    """
    contract = load_contract("analysis", "published")
    weighted = matched_counts(design, design.primary, counts, Censoring(design.censoring()))
    keyed = design.candidates.select(
        "candidate_id", "person_number", pl.col("index_month").dt.strftime("%Y-%m")
    ).join(person_keys, on="person_number", how="left", maintain_order="left")
    frames = [
        _rows(weighted, counts, outcome, study)
        .join(
            keyed.select("candidate_id", "person_key", "index_month"),
            on="candidate_id",
            how="left",
            maintain_order="left",
        )
        .with_columns(study_id=pl.lit(study.study_id), scheme_code=pl.lit(scheme))
        for _, outcome in study.counted
    ]
    if not frames:
        return empty_frame(contract)
    return conform(pl.concat(frames), contract)


def _rows(
    weighted: MatchedCounts, counts: Counts, outcome: Outcome, study: StudyDesign
) -> pl.DataFrame:
    primary = study.primary.name
    rows = weighted.rows(outcome, counts.history)
    post = (
        counts.month_time.filter(pl.col("clock") == outcome.clock)
        .group_by("candidate_id")
        .agg(person_days_post=pl.col("days").sum())
    )
    happened = (
        counts.month_count.filter(pl.col("outcome") == outcome.name)
        .group_by("candidate_id")
        .agg(events_post=pl.col("events").sum())
    )
    pre = counts.pre_total.filter(pl.col("outcome") == outcome.name).select(
        "candidate_id", events_pre="events", person_days_pre="days"
    )
    for other in (post, happened, pre):
        rows = rows.join(other, on="candidate_id", how="left", maintain_order="left")
    absent = [c for c in ("sex_male", "sex_other", "deprivation") if c not in rows.columns]
    rows = rows.with_columns(pl.lit(0.0).alias(name) for name in absent)
    nil = ["events_post", "person_days_post", "events_pre", "person_days_pre"]
    return rows.with_columns(pl.col(nil).fill_null(0)).with_columns(
        arm=pl.when("exposed").then(pl.lit("referred")).otherwise(pl.lit("comparison")),
        exposed=pl.col("exposed").cast(pl.Int32),
        match_weight=pl.col("weight"),
        outcome=pl.lit(outcome.name),
        is_in_primary_fit=pl.col("days") > 0,
        weighted_events=pl.col("events"),
        weighted_person_days=pl.col("days"),
        deprived=pl.col("most_deprived") if "most_deprived" in rows.columns else pl.lit(0),
        log_primary_90=pl.col(f"{primary}_log_90"),
        log_primary_365=pl.col(f"{primary}_log_365"),
    )
