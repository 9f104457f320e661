"""What is done by those who know no better, on the same worlds, to show how wrong it comes out.

A study file that asks for most of these is refused (`study/guards.py`), so that they are put
together here from candidates, history and counts. Each differs from the primary estimate in what
its name says and, as far as can be, in nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

import numpy as np
import polars as pl

from sp_eval.comparison.censoring import CensoringWeights
from sp_eval.comparison.covariates import history_columns
from sp_eval.models.before_after import before_after
from sp_eval.models.difference_in_differences import did, matched_did
from sp_eval.models.estimate import Estimate, TooFewEventsError
from sp_eval.models.interrupted_series import segmented
from sp_eval.models.interval import wald
from sp_eval.models.person_time import Censoring
from sp_eval.models.rate_ratio import fit_rate_ratio
from sp_eval.models.scheme_estimates import (
    Counts,
    MatchedCounts,
    counts_of_sets,
    matched_counts,
    matched_estimate,
)
from sp_eval.study.design import Covariate
from sp_eval.study.outcomes import Outcome
from sp_eval.study.windows import LOOKBACK_COLUMNS
from sp_eval_tests.recovery import wrong_dates, wrong_sets
from sp_eval_tests.recovery.prepared import MakeSets, Prepared
from sp_eval_tests.recovery.right_methods import Estimated
from sp_eval_tests.recovery.worlds import JUDGED
from sp_eval_tests.recovery.wrong_dates import Redated

__all__ = ["SETS", "WRONG", "wrong_estimates"]

Way = Callable[[Outcome], Estimate]
_DEMOGRAPHIC: tuple[Covariate, ...] = ("age", "sex", "deprivation")
_TOTAL: tuple[Covariate, ...] = (*_DEMOGRAPHIC, "ltc_count", "history_total")


def wrong_estimates(
    world: Prepared, outcomes: tuple[Outcome, ...], names: tuple[str, ...] | None = None
) -> Iterator[Estimated]:
    """Every wrong estimate of one world, or those named; the reason where events are too few."""
    for name in names or tuple(WRONG):
        way = WRONG[name](world)
        for outcome in outcomes:
            try:
                yield name, outcome, way(outcome)
            except TooFewEventsError as error:
                yield name, outcome, str(error)


def _year_before(world: Prepared) -> Way:
    return lambda outcome: before_after(world.of(outcome).filter("is_exposed"))


def _three_months_before(world: Prepared) -> Way:
    def estimate(outcome: Outcome) -> Estimate:
        rows = world.of(outcome).filter("is_exposed")
        lags = history_columns(world.counts.history, outcome.name, rows["candidate_id"])
        recent = lags.select(pl.sum_horizontal(LOOKBACK_COLUMNS[:3])).to_series()
        return before_after(rows.with_columns(events_pre=recent, days_pre=90))

    return estimate


def _series(world: Prepared) -> Way:
    series = wrong_dates.series_of_referred(world, JUDGED)
    return lambda outcome: (
        segmented(
            series[outcome.name],
            outcome="events",
            time="month_number",
            interruption=0,
            offset="person_days",
            errors="larger",
        ).average
    )


def _everybody(world: Prepared, outcome: Outcome) -> pl.DataFrame:
    """The referred, and people not referred as they come."""
    return world.of(outcome).filter(pl.col("days") > 0)


def _unmatched(world: Prepared) -> Way:
    return lambda outcome: fit_rate_ratio(
        _everybody(world, outcome),
        outcome="events",
        exposed="is_exposed",
        person_days="days",
        cluster="person_number",
    )


def _unmatched_change(world: Prepared) -> Way:
    def estimate(outcome: Outcome) -> Estimate:
        rows = _everybody(world, outcome)
        keys = ("person_number", "is_exposed")
        before = rows.select(*keys, events="events_pre", days="days_pre", after=False)
        after = rows.select(*keys, "events", "days", after=True)
        return did(
            pl.concat([before, after], how="vertical_relaxed"),
            outcome="events",
            exposed="is_exposed",
            after="after",
            person_days="days",
            cluster="person_number",
        )

    return estimate


def _weighed(world: Prepared | Redated, sets: pl.DataFrame, censoring: Censoring) -> MatchedCounts:
    return counts_of_sets(
        world.design,
        sets,
        world.counts,
        censoring,
        by_practice=world.design.primary.pool_has_non_referring,
    )


def _plain(world: Prepared) -> Censoring:
    return Censoring(world.design.censoring())


def _fitted(weighed: MatchedCounts, counts: Counts) -> Way:
    return lambda outcome: matched_estimate(weighed, counts.history, outcome).ratio


def _demographics_change(world: Prepared) -> Way:
    weighed = _weighed(world, world.sets["demographics"], _plain(world))
    return lambda outcome: (
        matched_did(
            weighed.rows(outcome, world.counts.history),
            world.counts.pre_total.filter(pl.col("outcome") == outcome.name),
            by_practice=weighed.by_practice,
        ).ratio
    )


def _yearly_total(world: Prepared) -> Way:
    """Adjusted for what was matched on only: who matches on a total holds no months."""
    weighed = _weighed(world, world.sets["yearly_total"], _plain(world))
    recent = f"{world.study.primary.name}_log_90"
    kept = tuple(name for name in weighed.adjustment if name != recent)
    return _fitted(replace(weighed, adjustment=kept), world.counts)


def _never_referred(world: Prepared) -> Way:
    weighed = _weighed(world, world.sets["never_referred"], Censoring(None))
    return _fitted(weighed, world.counts)


def _used_once(world: Prepared) -> Way:
    return _fitted(_weighed(world, world.sets["used_once"], _plain(world)), world.counts)


def _without_weights(world: Prepared) -> Way:
    """Days end before a comparison person's own referral, and the others' days weigh 1."""
    all_alike = Censoring(CensoringWeights(np.empty(0, dtype=np.int64), 0, np.zeros((1, 1))))
    weighed = _weighed(world, world.design.primary.matched, all_alike)
    return _fitted(weighed, world.counts)


def _no_washout(world: Prepared) -> Way:
    counts = wrong_dates.counted_from_day_nought(world)
    return _fitted(
        matched_counts(world.design, world.design.primary, counts, _plain(world)), counts
    )  # fmt: skip


def _no_washout_after_a_visit(world: Prepared) -> Way:
    counts = wrong_dates.with_the_referral(world, wrong_dates.counted_from_day_nought(world))
    return _fitted(
        matched_counts(world.design, world.design.primary, counts, _plain(world)), counts
    )  # fmt: skip


def _first_of_month(world: Prepared) -> Way:
    other = wrong_dates.redated(world, wrong_dates.FIRST_OF_MONTH, wrong_sets.sets_in_month)
    return _fitted(_weighed(other, other.sets, _plain(world)), other.counts)


def _one_date(world: Prepared) -> Way:
    other = wrong_dates.redated(world, wrong_dates.ONE_DATE, wrong_sets.sets_on_one_date)
    return _fitted(_weighed(other, other.sets, _plain(world)), other.counts)


def _errors_of_poisson(world: Prepared) -> Way:
    weighed = matched_counts(world.design, world.design.primary, world.counts, _plain(world))

    def estimate(outcome: Outcome) -> Estimate:
        found = fit_rate_ratio(
            weighed.rows(outcome, world.counts.history),
            outcome="events",
            exposed="exposed",
            person_days="days",
            weights="weight",
            covariates=weighed.adjustment,
        )
        details = found.details
        error = details["model_standard_error"] / np.sqrt(details["dispersion"])
        told = wald(float(np.log(found.point)), float(error), is_log=True)
        return Estimate("poisson_errors", "rate_ratio", **told)

    return estimate


# Sets to be made before anything is counted; see `prepared`.
SETS: dict[str, MakeSets] = {
    "demographics": partial(wrong_sets.sets_in_month, covariates=_DEMOGRAPHIC),
    "yearly_total": partial(wrong_sets.sets_in_month, covariates=_TOTAL),
    "never_referred": wrong_sets.sets_of_never_referred,
    "used_once": wrong_sets.sets_used_once,
}

WRONG: dict[str, Callable[[Prepared], Way]] = {
    "before_after": _year_before,
    "three_months_before": _three_months_before,
    "interrupted_series_referred_alone": _series,
    "unmatched": _unmatched,
    "unmatched_did": _unmatched_change,
    "matched_on_demographics_did": _demographics_change,
    "matched_on_yearly_total": _yearly_total,
    "never_referred_only": _never_referred,
    "each_person_once": _used_once,
    "censored_without_weights": _without_weights,
    "first_of_month": _first_of_month,
    "one_date_for_all": _one_date,
    "no_washout": _no_washout,
    "no_washout_after_a_visit": _no_washout_after_a_visit,
    "poisson_errors": _errors_of_poisson,
}
