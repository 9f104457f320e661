"""Signs of error that show once outcomes are read: controls, losses, few people, wild counts."""

from __future__ import annotations

from math import exp, inf
from typing import Any

import polars as pl

from sp_eval.comparison.scheme_design import SchemeDesign
from sp_eval.framework.diagnostic import Diagnostic
from sp_eval.models.effects import effects_of
from sp_eval.models.estimate import Estimate, TooFewEventsError
from sp_eval.models.falsification import ControlCheck, negative_control_moved
from sp_eval.models.fit_facts import FitFacts, fit_facts
from sp_eval.models.losses import Losses, losses
from sp_eval.models.person_time import Censoring
from sp_eval.models.scheme_estimates import Counts, matched_counts
from sp_eval.study.design import StudyDesign
from sp_eval.study.outcomes import Outcome

__all__ = ["after_outcomes"]

_FEW = 10  # people who count as few; more where so many would be hidden
_RATIO = "rate_ratio"
Row = dict[str, Any]


def after_outcomes(
    study: StudyDesign,
    design: SchemeDesign,
    counts: Counts,
    ended: pl.DataFrame,
    estimates: pl.DataFrame,
) -> list[Diagnostic]:
    """All that is looked at of one scheme after its outcomes were read.

    Parameters
    ----------
    ended : rows of `outcome.ended`; see `losses`.
    estimates : the scheme's rows of `published.estimate`; of a withheld one nothing is looked at.
    """
    censoring = Censoring(design.censoring())
    matched = matched_counts(design, design.primary, counts, censoring)
    own = estimates.filter(role="primary", scale=_RATIO)
    told = {row["outcome"]: row for row in own.iter_rows(named=True)}
    found = _controls(study, told)
    try:
        lost = losses(matched, design.candidates, ended, censoring, window_days=study.post.end)
    except TooFewEventsError:
        pass
    else:
        found += [*_follow_up(study, lost), _mortality(study, lost)]
    for choice, outcome in study.counted:
        if told[choice.name]["status"] == "released":
            facts = fit_facts(matched, counts.history, outcome, top=_few(study))
            found += _influence(study, facts, outcome, error=_error(told[choice.name]))
            found.append(_dispersion(facts, outcome))
    return found


def _controls(study: StudyDesign, told: dict[str, Row]) -> list[Diagnostic]:
    named = [(c, o) for c, o in study.counted if c.role == "negative_control"]
    if not named:
        none = "The study names no care that the scheme should not change: error cannot show there."
        return [Diagnostic("negative_control", "none_named", none)]
    main = told[study.primary.name]
    bias = main["point"] if main["status"] == "released" else None
    return [_control(outcome, told[choice.name], bias) for choice, outcome in named]


def _control(outcome: Outcome, row: Row, bias: float | None) -> Diagnostic:
    name = f"{outcome.label}, which the scheme should not change"
    if row["ci_low"] is None or row["ci_high"] is None:
        told = f"{name}: not known: {row['withheld_reason'] or 'its interval has no end'}."
        return Diagnostic("negative_control", _RATIO, told, outcome=outcome.name)
    check = negative_control_moved(pl.DataFrame([row]), bias=bias, ci_level=row["ci_level"])
    passed = row["ci_low"] <= 1 <= row["ci_high"]
    found = f"{row['point']:.2f} times as many ({row['ci_low']:.2f} to {row['ci_high']:.2f})"
    told = f"{name}: no change was seen, {found}. {_reach(check)}"
    if not passed:
        told = f"{name}, changed: {found}. What moved it may have moved the others."
    return Diagnostic(
        "negative_control", _RATIO, told, outcome=outcome.name,
        value=row["point"], low=row["ci_low"], high=row["ci_high"], pass_mark=1.0, passed=passed,
    )  # fmt: skip


def _reach(check: ControlCheck) -> str:
    """What a control that did not move could have shown: seldom much."""
    told = (
        f"A fall of {1 - check.fall_shown:.0%} or a rise of {check.rise_shown - 1:.0%} would have"
        " shown four times in five"
    )
    if check.chance_to_show is None:
        return f"{told}."
    return (
        f"{told}; an error as large as the main answer, {round(10 * check.chance_to_show)} times in"
        " ten."
    )


def _follow_up(study: StudyDesign, lost: Losses) -> list[Diagnostic]:
    limit, gap = study.thresholds.followed_gap, lost.gap
    days = study.post.end
    arms = (("referred", "People referred", lost.followed_exposed),
            ("similar", "Similar people", lost.followed_comparison))  # fmt: skip
    found = [
        Diagnostic(
            "follow_up", item, f"{who} were followed for {share:.0%} of the {days} days from the"
            " referral on.", value=round(share, 2),
        )
        for item, who, share in arms
    ]  # fmt: skip
    is_chance = not _beyond(gap, 0.0)
    passed = abs(gap.point) <= limit or is_chance
    told = f"Both groups were followed for as long, to within {limit:.0%} of the time, as needed."
    if abs(gap.point) > limit:
        told = (
            f"The groups were not followed for as long: {abs(gap.point):.1%} of the time apart (at"
            f" most {limit:.0%} allowed){', which may be chance' if is_chance else ''}."
        )
    found.append(
        Diagnostic(
            "follow_up", "gap", told, value=round(gap.point, 3), low=_rounded(gap.ci_low),
            high=_rounded(gap.ci_high), pass_mark=limit, passed=passed,
        )
    )  # fmt: skip
    moved = _shown(study, lost.moves)
    if moved is None:
        told = "Too few people moved away to compare the groups."
        return [*found, Diagnostic("follow_up", "moved_away", told)]
    told = f"People referred moved away {_times(moved)} as often as similar people."
    found.append(
        Diagnostic(
            "follow_up", "moved_away", told,
            value=moved.point, low=moved.ci_low, high=moved.ci_high,
        )
    )  # fmt: skip
    return found


def _mortality(study: StudyDesign, lost: Losses) -> Diagnostic:
    limit, found = study.thresholds.mortality, _shown(study, lost.deaths)
    if found is None:
        told = "Too few people died to compare the groups."
        return Diagnostic("mortality", _RATIO, told, pass_mark=limit)
    is_far = not 1 / limit <= found.point <= limit
    passed = not (is_far and _beyond(found, 1.0))
    told = f"People referred died {_times(found)} as often as similar people"
    if not passed:
        told += f": more than chance, and beyond {limit:.2f} either way. One group was iller."
    else:
        told += ", which may be chance." if is_far else ": within what is allowed."
    return Diagnostic(
        "mortality", _RATIO, told, value=found.point, low=found.ci_low, high=found.ci_high,
        pass_mark=limit, passed=passed,
    )  # fmt: skip


def _shown(study: StudyDesign, ratio: Estimate | None) -> Estimate | None:
    """A ratio of losses, unless so few were lost that the release would hide them."""
    few = study.disclosure.suppress_to
    return None if ratio is None or (ratio.events_exposed or 0) <= few else ratio


def _few(study: StudyDesign) -> int:
    return max(_FEW, study.disclosure.suppress_to + 1)


def _error(row: Row) -> float:
    """The standard error of a log ratio, read off its interval; endless where that is."""
    if row["ci_low"] is None or row["ci_high"] is None:
        return inf
    return float(effects_of(pl.DataFrame([row])).errors[0])


def _influence(
    study: StudyDesign, facts: FitFacts, outcome: Outcome, *, error: float
) -> list[Diagnostic]:
    """Fails where one person moves the ratio far, and farther than its own error goes."""
    people, limit = facts.people, study.thresholds.influence
    low, high, ratio = exp(people.lowest), exp(people.highest), exp(facts.log_ratio)
    moved = max(high / ratio - 1, 1 - low / ratio)
    is_within = max(people.highest - facts.log_ratio, facts.log_ratio - people.lowest) <= error
    told = f"Nobody alone moves the ratio by more than {limit:.0%}, as needed."
    if moved > limit:
        told = f"One person alone moves the ratio by more than {limit:.0%}, "
        told += (
            "though by less than its own error."
            if is_within
            else "and by more than its own error. See whether that record is right."
        )
    few = (
        f"The {people.top} people who weigh most hold {people.top_share:.0%} of all weight; without"
        f" the {people.top} who carry it furthest the ratio would be {exp(people.without_top):.2f}"
        f" in place of {ratio:.2f}."
    )
    return [
        Diagnostic(
            "influence", "one_person", told, outcome=outcome.name, value=moved, low=low, high=high,
            pass_mark=limit, passed=moved <= limit or is_within,
        ),
        Diagnostic(
            "influence", "few_people", few, outcome=outcome.name, value=people.top_share
        ),
    ]  # fmt: skip


def _dispersion(facts: FitFacts, outcome: Outcome) -> Diagnostic:
    told = (
        f"People's numbers vary {facts.dispersion:.1f} times as much as chance alone would make"
        " them; the interval allows for it."
    )
    return Diagnostic("dispersion", "pearson", told, value=facts.dispersion, outcome=outcome.name)


def _beyond(found: Estimate, nothing: float) -> bool:
    """Whether the interval leaves out what there would be if nothing were amiss."""
    low, high = found.ci_low, found.ci_high
    return low is not None and high is not None and not low <= nothing <= high


def _times(found: Estimate) -> str:
    ends = f"{found.ci_low or 0:.2f} to {found.ci_high or 0:.2f}"
    return f"{found.point:.2f} times ({ends})"


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
