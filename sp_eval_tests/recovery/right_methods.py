"""What the product estimates of one world: primary, other ways, fall expected from selection."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sp_eval.models.estimate import Estimate, TooFewEventsError
from sp_eval.models.matched_rate_ratio import MatchedRates
from sp_eval.models.other_ways import NotPossibleError, other_way
from sp_eval.models.person_time import Censoring
from sp_eval.models.scheme_estimates import described_estimate, matched_counts, matched_estimate
from sp_eval.study.outcomes import Outcome
from sp_eval_tests.recovery.prepared import Prepared

__all__ = ["DIFFERENCE", "FALL", "PRIMARY", "Estimated", "right_estimates"]

PRIMARY, DIFFERENCE, FALL = "matched_rate_ratio", "rate_difference", "expected_from_selection"
Estimated = tuple[str, Outcome, Estimate | str]  # method, outcome, estimate or why there is none


def right_estimates(world: Prepared, outcomes: tuple[Outcome, ...]) -> Iterator[Estimated]:
    """Every estimate that is published, its method named as there.

    The rate difference goes under `DIFFERENCE`. Where the design gate is shut, or a way is not
    possible, the reason stands in place of the estimate.
    """
    primary = _primary(world)
    for outcome in outcomes:
        found = _tried(primary, outcome)
        yield PRIMARY, outcome, found if isinstance(found, str) else found.ratio
        yield DIFFERENCE, outcome, found if isinstance(found, str) else found.difference
        yield FALL, outcome, _fall(world, outcome)
    for method in world.study.estimators.sensitivity:
        way = _prepared(world, method)
        for outcome in outcomes:
            found = _tried(way, outcome)
            yield method, outcome, found if isinstance(found, str) else found.ratio


Way = Callable[[Outcome], MatchedRates]


def _primary(world: Prepared) -> Way | str:
    if world.withheld:
        return world.withheld
    design, counts = world.design, world.counts
    weighed = matched_counts(design, design.primary, counts, Censoring(design.censoring()))
    return lambda outcome: matched_estimate(weighed, counts.history, outcome)


def _prepared(world: Prepared, method: str) -> Way | str:
    if world.withheld:
        return world.withheld
    try:
        way = other_way(method, world.design, world.study, world.counts)
    except NotPossibleError as error:
        return str(error)
    return lambda outcome: way.estimate(world.counts, outcome)


def _tried(way: Way | str, outcome: Outcome) -> MatchedRates | str:
    if isinstance(way, str):
        return way
    try:
        return way(outcome)
    except TooFewEventsError as error:
        return str(error)


def _fall(world: Prepared, outcome: Outcome) -> Estimate | str:
    try:
        return described_estimate(
            world.described, world.design, outcome, method=FALL, seed=world.study.seed
        )
    except TooFewEventsError as error:
        return str(error)
