"""How far a fitted estimate rests on few people, and how much people's counts vary."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from sp_eval.models.influence import InfluentialPeople, dispersion, influential_people
from sp_eval.models.matched_rate_ratio import matched_fit
from sp_eval.models.sandwich import group_codes
from sp_eval.models.scheme_estimates import MatchedCounts
from sp_eval.study.outcomes import Outcome

__all__ = ["FitFacts", "fit_facts"]


@dataclass(frozen=True, slots=True)
class FitFacts:
    """Of the primary fit of one outcome: the log rate ratio, who makes it, Pearson's dispersion.

    The dispersion is that of the matched rows, their weights scaled to as many as there are rows.
    """

    log_ratio: float
    people: InfluentialPeople
    dispersion: float


def fit_facts(
    matched: MatchedCounts, history: pl.DataFrame, outcome: Outcome, *, top: int
) -> FitFacts:
    """Look into the fit behind `matched_estimate`.

    Parameters
    ----------
    matched, history, outcome : as there. top : how many people count as few.

    Raises
    ------
    TooFewEventsError : as there.
    """
    rows, fit = matched_fit(matched.rows(outcome, history), adjustment=matched.adjustment)
    (person,) = group_codes(rows, ["person_number"])
    weight = rows["weight"].to_numpy()
    log_ratio = float(fit.beta[1])
    return FitFacts(
        log_ratio,
        influential_people(log_ratio, fit.influence(person)[:, 1], person, top=top),
        dispersion(
            rows["events"].to_numpy(),
            fit.mean,
            parameters=len(fit.beta),
            weight=weight * len(weight) / weight.sum(),
        ),
    )
