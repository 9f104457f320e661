"""Worlds counted from wrong dates: another index date, no washout, months around referral."""

from __future__ import annotations

from dataclasses import dataclass, replace

import polars as pl

from sp_eval.cohort.build import (
    build_analysed_months,
    build_outcomes,
    read_analysed_months,
    read_eligible,
    read_history,
    study_parameters,
)
from sp_eval.comparison.covariates import build_covariates
from sp_eval.comparison.scheme_design import SchemeDesign
from sp_eval.framework.followed import counts_of
from sp_eval.models.scheme_estimates import Counts
from sp_eval.study.outcomes import OUTCOMES, Outcome
from sp_eval.warehouse.build import build
from sp_eval.warehouse.catalogue import models_of
from sp_eval.warehouse.connection import rehearsal
from sp_eval_tests.recovery.prepared import MakeSets, Prepared

__all__ = [
    "FIRST_OF_MONTH",
    "ONE_DATE",
    "Redated",
    "counted_from_day_nought",
    "redated",
    "series_of_referred",
    "with_the_referral",
]

# What becomes of the dates from which comparison people take theirs; the referred keep their own.
FIRST_OF_MONTH = "update cohort.referral_month set referral_dates = [index_month]"
ONE_DATE = """
create or replace table cohort.referral_month as
select
    scheme_code,
    quantile_disc(index_month, 0.5) as index_month,
    [quantile_disc(index_month, 0.5) + 14] as referral_dates
from cohort.referral_month
group by scheme_code
"""
_ID = pl.col("candidate_id").cast(pl.Int64)
_KEPT = ("cohort.referred_person", "cohort.referral_month")


@dataclass(frozen=True)
class Redated:
    """A world in which comparison people have other index dates."""

    design: SchemeDesign
    sets: pl.DataFrame
    counts: Counts


def redated(world: Prepared, change: str, make: MakeSets) -> Redated:
    """Change the dates, match anew and count; the tables are afterwards as they were.

    The hazards of being referred later stay those of the world; the design's own pools too, and are
    not to be used.
    """
    conn, study = world.conn, world.study
    with rehearsal(conn):
        conn.execute(change)
        later = [m for m in models_of(["cohort"]) if m.name not in _KEPT]
        build(conn, later, study_parameters(study))
        candidates = read_eligible(conn, world.scheme).filter("is_in_study")
        history, primary = read_history(conn, world.scheme), study.primary.name
        held = set(history["outcome"])
        others = [n for n, o in OUTCOMES.items() if o.counts_rows and n != primary and n in held]
        covariates = build_covariates(candidates, history, primary=primary, others=others)
        design = replace(world.design, candidates=candidates, covariates=covariates)
        sets = make(design, study)
        build_outcomes(conn, study, sets.select(_ID))
        return Redated(design, sets, counts_of(conn, world.scheme))


def counted_from_day_nought(world: Prepared) -> Counts:
    """Counts of the primary estimate's matched people, from the day of referral on."""
    windows = world.study.windows.model_copy(update={"washout_days": 0})
    study = world.study.model_copy(update={"windows": windows})
    with rehearsal(world.conn):
        build_outcomes(world.conn, study, world.design.primary.matched.select(_ID))
        return counts_of(world.conn, world.scheme)


def with_the_referral(world: Prepared, counts: Counts) -> Counts:
    """The visit at which each is referred added, one contact on that day.

    In these worlds a referral is no contact by itself; in practice it often is.
    """
    visit = world.design.primary.matched.filter("exposed").select(
        "candidate_id", outcome=pl.lit(world.study.primary.name), months_after=0, events=1
    )
    both = [counts.month_count, visit.select(counts.month_count.columns)]
    keys = ("candidate_id", "outcome", "months_after")
    count = pl.concat(both, how="vertical_relaxed").group_by(keys, maintain_order=True).sum()
    return replace(counts, month_count=count)


def series_of_referred(world: Prepared, outcomes: tuple[Outcome, ...]) -> dict[str, pl.DataFrame]:
    """By outcome, events and person-days of the referred in 30-day months from referral."""
    referred = world.design.candidates.filter("is_exposed").select(
        "candidate_id", match_set="candidate_id", match_weight=1.0
    )
    with rehearsal(world.conn):
        build_analysed_months(world.conn, world.study, [referred])
        rows = {
            outcome.name: read_analysed_months(world.conn, world.scheme, outcome.name)
            for outcome in outcomes
        }
    return {
        name: found.group_by("month_number").agg(pl.col("events", "person_days").sum())
        .sort("month_number")
        for name, found in rows.items()
    }  # fmt: skip
