"""The primary contrast made in other ways, all from one design: what each way weighs and fits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

from sp_eval.comparison.balanced_pool import balanced_pool
from sp_eval.comparison.contamination import without_contaminated
from sp_eval.comparison.scheme_design import SchemeDesign
from sp_eval.models.difference_in_differences import matched_did
from sp_eval.models.matched_rate_ratio import MatchedRates, matched_rate_ratio
from sp_eval.models.matched_variants import (
    entropy_balanced_rate_ratio,
    matched_negative_binomial,
)
from sp_eval.models.person_time import Censoring
from sp_eval.models.scheme_estimates import Counts, MatchedCounts, counts_of_sets, matched_counts
from sp_eval.study.design import StudyDesign
from sp_eval.study.outcomes import Outcome

__all__ = ["NotPossibleError", "OtherWay", "other_way"]


class NotPossibleError(Exception):
    """A design that cannot be looked at in the way asked for; the text says why."""


@dataclass(frozen=True, slots=True)
class OtherWay:
    """One way, ready for every outcome: the weighed people and the model put to them."""

    method: str
    weighed: MatchedCounts
    fit: Callable[[MatchedCounts, Counts, Outcome, str], MatchedRates]

    def estimate(self, counts: Counts, outcome: Outcome) -> MatchedRates:
        """The rate ratio and difference of one outcome.

        Raises
        ------
        TooFewEventsError : an arm holds too few events.
        """
        return self.fit(self.weighed, counts, outcome, self.method)


def other_way(method: str, design: SchemeDesign, study: StudyDesign, counts: Counts) -> OtherWay:
    """Prepare one sensitivity estimate named in a study.

    Parameters
    ----------
    method : a name of `SENSITIVITY`, or `matched_uncontaminated`.

    Raises
    ------
    NotPossibleError : the design holds nobody, or no weights, for it.
    """
    weights = design.censoring()
    plain = Censoring(weights)
    if method in _CENSORED:
        censoring = _CENSORED[method](plain)
        return OtherWay(method, matched_counts(design, design.primary, counts, censoring), _poisson)
    if method == "matched_non_referring":
        if design.other is None:
            raise NotPossibleError("no practice that does not refer can be compared with")
        return OtherWay(method, matched_counts(design, design.other, counts, plain), _poisson)
    if method == "matched_uncontaminated":
        return OtherWay(method, _uncontaminated(design, counts, plain), _poisson)
    if method == "entropy_balancing":
        return OtherWay(method, _balanced(design, study, counts, plain), _entropy)
    fit = {"matched_did": _did, "negative_binomial": _negative_binomial}[method]
    return OtherWay(method, matched_counts(design, design.primary, counts, plain), fit)


_CENSORED: dict[str, Callable[[Censoring], Censoring]] = {
    "matched_follow_on": lambda _: Censoring(None),
    "matched_uncapped": lambda plain: Censoring(plain.weights, cap=None),
    "matched_cap_10": lambda plain: Censoring(plain.weights, cap=10.0),
}


def _uncontaminated(design: SchemeDesign, counts: Counts, censoring: Censoring) -> MatchedCounts:
    sets = without_contaminated(design.primary.matched, design.candidates)
    if sets.is_empty():
        raise NotPossibleError("everybody similar is of a practice with a scheme of its own")
    return counts_of_sets(
        design, sets, counts, censoring, by_practice=design.primary.pool_has_non_referring
    )


def _balanced(
    design: SchemeDesign, study: StudyDesign, counts: Counts, censoring: Censoring
) -> MatchedCounts:
    try:
        sets = balanced_pool(design, study)
    except ValueError as error:
        raise NotPossibleError(str(error)) from None
    return counts_of_sets(
        design,
        sets,
        counts,
        censoring,
        by_practice=design.primary.pool_has_non_referring,
        with_score=False,
    )


def _poisson(weighed: MatchedCounts, counts: Counts, outcome: Outcome, method: str) -> MatchedRates:
    return matched_rate_ratio(
        weighed.rows(outcome, counts.history),
        adjustment=weighed.adjustment,
        method=method,
        by_practice=weighed.by_practice,
    )


def _negative_binomial(
    weighed: MatchedCounts, counts: Counts, outcome: Outcome, method: str
) -> MatchedRates:
    return matched_negative_binomial(
        weighed.rows(outcome, counts.history),
        adjustment=weighed.adjustment,
        method=method,
        by_practice=weighed.by_practice,
    )


def _did(weighed: MatchedCounts, counts: Counts, outcome: Outcome, method: str) -> MatchedRates:
    return matched_did(
        weighed.rows(outcome, counts.history),
        counts.pre_total.filter(pl.col("outcome") == outcome.name),
        method=method,
        by_practice=weighed.by_practice,
    )


def _entropy(weighed: MatchedCounts, counts: Counts, outcome: Outcome, method: str) -> MatchedRates:
    return entropy_balanced_rate_ratio(
        weighed.rows(outcome, counts.history),
        weights="weight",
        adjustment=weighed.adjustment,
        method=method,
        by_practice=weighed.by_practice,
    )
