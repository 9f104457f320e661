"""Every estimate of one scheme, from its design and its counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl

from sp_eval.comparison.covariates import history_columns
from sp_eval.comparison.scheme_design import PoolDesign, SchemeDesign
from sp_eval.models.before_after import before_after
from sp_eval.models.estimate import Estimate
from sp_eval.models.matched_rate_ratio import MatchedRates, matched_rate_ratio
from sp_eval.models.person_time import Censoring, month_weights, weighted_totals
from sp_eval.models.regression_to_mean import expected_from_selection
from sp_eval.study.outcomes import OUTCOMES, Outcome

__all__ = [
    "Counts",
    "MatchedCounts",
    "counts_of_sets",
    "described_estimate",
    "described_people",
    "described_rows",
    "matched_counts",
    "matched_estimate",
    "rates_that_add_up",
]

_CLOCKS = pl.DataFrame(
    [(o.name, o.clock) for o in OUTCOMES.values()], schema=["outcome", "clock"], orient="row"
)


@dataclass(frozen=True, slots=True)
class Counts:
    """Counts of the followed candidates of one scheme, read after the design gate.

    `month_time`, `month_count`, `pre_total`: the tables of `sql/4_outcome`. `history`: see
    `history_columns`.
    """

    month_time: pl.DataFrame
    month_count: pl.DataFrame
    pre_total: pl.DataFrame
    history: pl.DataFrame


@dataclass(frozen=True, slots=True)
class MatchedCounts:
    """Matched people under one rule of censoring.

    `people`: one row a matched candidate and set with the columns of the model; `totals`: see
    `weighted_totals`.
    """

    people: pl.DataFrame
    totals: pl.DataFrame
    adjustment: tuple[str, ...]
    by_practice: bool

    def rows(self, outcome: Outcome, history: pl.DataFrame) -> pl.DataFrame:
        """The rows of the model of one outcome; nil days where nothing is at risk."""
        total = self.totals.filter(pl.col("outcome") == outcome.name).drop("outcome")
        joined = self.people.join(
            total, on="candidate_id", how="left", maintain_order="left"
        ).with_columns(pl.col("events", "days").fill_null(0.0))
        lags = history_columns(history, outcome.name, joined["candidate_id"])
        own = lags.select(pl.sum_horizontal(pl.all())).to_series().to_numpy().astype(float)
        return joined.with_columns(log_own_365=pl.Series(np.log1p(own)))


def matched_counts(
    design: SchemeDesign, pool: PoolDesign, counts: Counts, censoring: Censoring
) -> MatchedCounts:
    """Weigh the matched people's days and events by one rule of censoring."""
    return counts_of_sets(
        design, pool.matched, counts, censoring, by_practice=pool.pool_has_non_referring
    )


def counts_of_sets(
    design: SchemeDesign,
    matched: pl.DataFrame,
    counts: Counts,
    censoring: Censoring,
    *,
    by_practice: bool,
    with_score: bool = True,
) -> MatchedCounts:
    """The same of any weighed sets: `candidate_id, match_set, exposed, weight`.

    `with_score`: they carry `ps_logit`, which the model adjusts for.
    """
    people = design.candidates.join(
        matched.select("candidate_id"), on="candidate_id", how="semi", maintain_order="left"
    )
    months = counts.month_time.join(
        people.select("candidate_id"), on="candidate_id", how="semi", maintain_order="left"
    )
    totals = weighted_totals(
        months, counts.month_count, month_weights(people, months, censoring), _CLOCKS
    )
    described = people.select(
        "candidate_id",
        "person_number",
        "is_referring_practice",
        practice_number=pl.col("practice_code").rank("dense").cast(pl.Int64),
    ).join(
        design.covariates.frame.select("candidate_id", *design.covariates.adjustment),
        on="candidate_id",
    )
    return MatchedCounts(
        matched.join(described, on="candidate_id", how="left", maintain_order="left"),
        totals,
        (*(("ps_logit",) if with_score else ()), *design.covariates.adjustment, "log_own_365"),
        by_practice,
    )


def matched_estimate(
    matched: MatchedCounts,
    history: pl.DataFrame,
    outcome: Outcome,
    *,
    method: str = "matched_rate_ratio",
) -> MatchedRates:
    """The matched rate ratio and difference of one outcome."""
    return matched_rate_ratio(
        matched.rows(outcome, history),
        adjustment=matched.adjustment,
        method=method,
        by_practice=matched.by_practice,
    )


def described_rows(design: SchemeDesign, counts: Counts, censoring: Censoring) -> pl.DataFrame:
    """Totals of the eligible referred and of the sample not referred, one row an outcome."""
    exposed = design.candidates.filter("is_exposed").select("candidate_id")
    people = design.candidates.join(
        pl.concat([exposed, design.sample]),
        on="candidate_id",
        how="semi",
        maintain_order="left",
    )
    return described_people(people, counts, censoring)


def described_people(people: pl.DataFrame, counts: Counts, censoring: Censoring) -> pl.DataFrame:
    """The same of any candidates, also where there is nobody to compare them with."""
    months = counts.month_time.join(
        people.select("candidate_id"), on="candidate_id", how="semi", maintain_order="left"
    )
    totals = weighted_totals(
        months, counts.month_count, month_weights(people, months, censoring), _CLOCKS
    )
    pre = counts.pre_total.select("candidate_id", "outcome", events_pre="events", days_pre="days")
    keys = ["candidate_id", "outcome"]
    return (
        people.select("candidate_id", "person_number", "is_exposed")
        .join(_CLOCKS.select("outcome"), how="cross")
        .join(totals, on=keys, how="left", maintain_order="left")
        .join(pre, on=keys, how="left", maintain_order="left")
        .with_columns(pl.col("events", "days").fill_null(0.0))
        .with_columns(pl.col("events_pre", "days_pre").fill_null(0))
    )


def described_estimate(
    described: pl.DataFrame,
    design: SchemeDesign,
    outcome: Outcome,
    *,
    method: Literal["before_after", "expected_from_selection"],
    seed: int,
) -> Estimate:
    """The change of the eligible referred: as paired before/after, or as selection alone explains.

    `described`: see `described_rows`.
    """
    rows = described.filter(pl.col("outcome") == outcome.name)
    if method == "before_after":
        return before_after(rows.filter("is_exposed"))
    rows = rows.join(design.covariates.frame, on="candidate_id", how="left", maintain_order="left")
    return expected_from_selection(
        rows.filter(~pl.col("is_exposed")),
        rows.filter("is_exposed"),
        columns=design.covariates.all,
        seed=seed,
    )


def rates_that_add_up(
    rows: pl.DataFrame, pre_total: pl.DataFrame, rates: MatchedRates
) -> tuple[Estimate, Estimate, Estimate]:
    """Before, what would have happened anyway, and after, of the matched referred people.

    Events per 1,000 person-years; the middle one is after minus the estimated difference, so
    that the three add up by construction.
    """
    exposed = rows.filter(pl.col("exposed") & (pl.col("days") > 0))
    pre = pre_total.join(
        exposed.select("candidate_id"), on="candidate_id", how="semi", maintain_order="left"
    )
    before = 1000 * 365.25 * float(pre["events"].sum()) / float(pre["days"].sum())
    scale = "rate_per_1000_person_years"
    after, difference = rates.rate_exposed, rates.difference
    low, high = difference.ci_low, difference.ci_high
    n = rates.ratio.n_analysed
    return (
        Estimate("observed_before", scale, before, n_analysed=n),
        Estimate(
            "expected_without_scheme",
            scale,
            after - difference.point,
            ci_low=None if high is None else after - high,
            ci_high=None if low is None else after - low,
            n_analysed=n,
        ),
        Estimate(
            "observed_after",
            scale,
            after,
            n_analysed=n,
            events_exposed=rates.ratio.events_exposed,
            person_years_exposed=rates.ratio.person_years_exposed,
        ),
    )
