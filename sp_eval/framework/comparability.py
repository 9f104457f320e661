"""May the schemes of a study be set side by side: the rows of `published.comparability`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import combinations
from typing import Any

import numpy as np
import polars as pl

from sp_eval.models.effects import effects_of
from sp_eval.models.heterogeneity import cochran_q
from sp_eval.study.design import StudyDesign
from sp_eval.study.outcomes import Outcome

__all__ = ["Side", "comparability_rows"]

_CHANCE = 0.05  # a gap that chance makes more seldom is told as more than chance
_MONTHS_APART = 1
_FOLLOW_UP_APART = 0.1
_ALIKE, _RATHER_ALIKE = 0.1, 0.25  # Austin 2009; Rubin 2001
_YEAR = 365.25
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Side:
    """One scheme, as it is set beside others.

    `identifier` and `records_consent` as its mapping says, None without one; `held` the clocks
    its files cover, `counted` the outcomes of which it sent its own counts, `unsent` those that its
    mapping says it sends no file of; `has_register` unless that is not sent; `is_fair` whether its
    design checks passed, None where no comparison could be made; `months` first and last month of
    the referrals analysed, `people` their number; `before` the mean and variance of what was known
    of these people before referral, by name.
    """

    scheme_code: str
    title: str
    identifier: str | None
    records_consent: bool | None
    held: frozenset[str]
    is_fair: bool | None
    people: int
    months: tuple[date, date] | None
    before: dict[str, tuple[float, float]]
    counted: frozenset[str] = frozenset()
    unsent: frozenset[str] = frozenset()
    has_register: bool = True


def comparability_rows(
    study: StudyDesign, sides: Sequence[Side], estimates: pl.DataFrame
) -> list[Row]:
    """One row a criterion, and one an outcome where it is asked of each.

    `estimates`: the study's rows of `published.estimate`.
    """
    if len(sides) < 2:
        told = "Only one scheme is in this study: there is nothing to set side by side."
        return [_row(study, sides, "only_one_scheme", None, told)]
    primary = estimates.filter(role="primary", scale="rate_ratio", status="released")
    enough = [s for s in sides if s.people > study.disclosure.suppress_to]
    care = [_same_care(study, sides, outcome, estimates) for _, outcome in study.counted]
    every = [
        _same_months(study, sides),
        _same_follow_up(study, sides, primary),
        _same_identifier(study, sides),
        _same_consent(study, sides),
        _same_comparison(study, sides),
        _design_checks(study, sides),
    ]
    asked = [*every, *(row for row in care if row["outcome"] == study.primary.name)]
    chance = [_within_chance(study, enough, o, primary) for _, o in study.counted]
    return [_side_by_side(study, sides, asked), *every, _case_mix(study, enough), *care, *chance]


def _row(
    study: StudyDesign,
    sides: Sequence[Side],
    criterion: str,
    passed: bool | None,  # noqa: FBT001
    sentence: str,
    *,
    outcome: str = "all",
    value: float | None = None,
    p_value: float | None = None,
) -> Row:
    return {
        "study_id": study.study_id,
        "criterion": criterion,
        "outcome": outcome,
        "schemes": ", ".join(side.scheme_code for side in sides),
        "passed": passed,
        "value": value,
        "p_value": p_value,
        "sentence": sentence,
    }


def _side_by_side(study: StudyDesign, sides: Sequence[Side], asked: list[Row]) -> Row:
    against = [row["sentence"] for row in asked if row["passed"] is not True]
    if against:
        return _row(study, sides, "side_by_side", False, "No. " + " ".join(against))
    told = (
        "Yes: the same care is counted, of people chosen by the same rules, over the same time"
        " before and after."
    )
    return _row(study, sides, "side_by_side", True, told)


def _same_care(
    study: StudyDesign, sides: Sequence[Side], outcome: Outcome, estimates: pl.DataFrame
) -> Row:
    lacking = [side for side in sides if outcome.clock not in side.held]
    own = [side for side in lacking if outcome.name in side.counted]
    rest = [side for side in lacking if outcome.name not in side.counted]
    unsent = [side.title for side in rest if outcome.name in side.unsent]
    sent = [side for side in rest if outcome.name not in side.unsent]
    unseen = [side.title for side in sent if not side.people]
    short = [side.title for side in sent if side.people]
    parts = [] if lacking else ["counted by one definition in every scheme"]
    if own:
        each = _listed([f"{side.title}{_days_counted(side, outcome, estimates)}" for side in own])
        parts.append(f"{each} sent own counts before and after, and no dates")
    if unsent:
        parts.append(f"no file of them comes from {_listed(unsent)}")
    if unseen:
        parts.append(f"nobody of {_listed(unseen)} could be followed for long enough")
    if short:
        parts.append(f"no file of {_listed(short)} covers them for long enough")
    told = f"{outcome.label}: {'; '.join(parts)}."
    return _row(study, sides, "same_care", not lacking, told, outcome=outcome.name)


def _days_counted(side: Side, outcome: Outcome, estimates: pl.DataFrame) -> str:
    """Over how many days a scheme counted for itself, as it stands in its row."""
    own = estimates.filter(
        scheme_code=side.scheme_code, outcome=outcome.name, method="before_after"
    )
    return f" ({own['window_pre_days'][0]} days)" if own.height else ""


def _same_months(study: StudyDesign, sides: Sequence[Side]) -> Row:
    spans = [side.months for side in sides if side.months is not None]
    if len(spans) < len(sides):
        told = f"Nobody of {_listed([s.title for s in sides if s.months is None])} is analysed."
        return _row(study, sides, "same_months", False, told)
    apart = max(
        max(_month(span[end]) for span in spans) - min(_month(span[end]) for span in spans)
        for end in (0, 1)
    )
    if apart <= _MONTHS_APART:
        first, last = min(s[0] for s in spans), max(s[1] for s in spans)
        told = f"Referrals of the same months are looked at, {first:%B %Y} to {last:%B %Y}."
    else:
        told = "Referrals of different months are looked at: " + _listed(
            [f"{s.months[0]:%B %Y} to {s.months[1]:%B %Y} in {s.title}" for s in sides if s.months]
        )
        told += "."
    return _row(study, sides, "same_months", apart <= _MONTHS_APART, told, value=float(apart))


def _same_follow_up(study: StudyDesign, sides: Sequence[Side], primary: pl.DataFrame) -> Row:
    own = {
        row["scheme_code"]: row["person_years_exposed"] * _YEAR / row["n_analysed"]
        for row in primary.filter(outcome=study.primary.name).iter_rows(named=True)
    }
    days = study.windows.post_days
    shares = [own[s.scheme_code] / days for s in sides if s.scheme_code in own]
    if len(shares) < len(sides):
        told = (
            f"How long people were followed cannot be said of {len(sides) - len(shares)} of"
            f" {len(sides)} schemes: no answer of theirs is released."
        )
        return _row(study, sides, "same_follow_up", None, told)
    gap = max(shares) - min(shares)
    each = [f"{share:.0%} in {side.title}" for share, side in zip(shares, sides, strict=True)]
    told = f"Of the {days} days after, people were followed for {_listed(each)}."
    return _row(study, sides, "same_follow_up", gap <= _FOLLOW_UP_APART, told, value=round(gap, 3))


def _same_identifier(study: StudyDesign, sides: Sequence[Side]) -> Row:
    kinds = {side.identifier for side in sides}
    told = "People are told apart in the same way in every scheme's files."
    if len(kinds) > 1:
        told = (
            "People are told apart by NHS number in some schemes' files and by somebody's pseudonym"
            " in others': links may be lost in one and not in the other."
        )
    return _row(study, sides, "same_identifier", len(kinds) == 1, told)


def _same_consent(study: StudyDesign, sides: Sequence[Side]) -> Row:
    recorded = {bool(side.records_consent) for side in sides}
    if len(recorded) > 1:
        told = "Only some schemes record consent: these count who gave it, the others everybody."
    elif True in recorded:
        told = "Every scheme records consent, and only people who gave it are counted."
    else:
        told = "No scheme records consent: everybody referred is counted."
    return _row(study, sides, "same_consent_rule", len(recorded) == 1, told)


def _same_comparison(study: StudyDesign, sides: Sequence[Side]) -> Row:
    alone = [side for side in sides if side.is_fair is None]
    told = "In every scheme the people referred are set beside similar people who were not."
    if alone:
        nobody = [side.title for side in alone if not side.has_register]
        unlike = [side.title for side in alone if side.has_register]
        parts = [f"in {_listed(nobody)} there is nobody to compare with"] if nobody else []
        parts += [f"in {_listed(unlike)} nobody could be compared"] if unlike else []
        told = (
            f"{'; '.join(parts).replace('in', 'In', 1)}: at most the same people before and after,"
            " a change of which most comes by itself."
        )
    return _row(study, sides, "same_comparison", not alone, told)


def _design_checks(study: StudyDesign, sides: Sequence[Side]) -> Row:
    failed = [side.title for side in sides if not side.is_fair]
    told = "The design checks passed in every scheme."
    if failed:
        told = f"The design checks did not pass in {_listed(failed)}."
    return _row(study, sides, "design_checks", not failed, told)


def _case_mix(study: StudyDesign, sides: Sequence[Side]) -> Row:
    names = sorted(set.intersection(*(set(s.before) for s in sides))) if len(sides) > 1 else []
    gaps = [
        (abs(_gap(one.before[name], two.before[name])), name)
        for name in names
        for one, two in combinations(sides, 2)
    ]
    if not gaps:
        told = "How alike the people were before referral cannot be said of two schemes or more."
        return _row(study, sides, "case_mix", None, told)
    gap, name = max(gaps)
    how = "much alike" if gap <= _ALIKE else "rather alike"
    if gap > _RATHER_ALIKE:
        how = "different people"
    told = (
        f"Before referral the people of the schemes were {how}; they differ most in {name},"
        f" by {gap:.2f} standard deviations."
    )
    return _row(study, sides, "case_mix", None, told, value=round(gap, 3))


def _within_chance(
    study: StudyDesign, sides: Sequence[Side], outcome: Outcome, primary: pl.DataFrame
) -> Row:
    own = primary.filter(pl.col("outcome") == outcome.name)
    shown = [side for side in sides if side.scheme_code in own["scheme_code"]]
    if len(shown) < 2:
        told = f"{outcome.label}: fewer than two schemes have a figure to set side by side."
        return _row(study, shown, "within_chance", None, told, outcome=outcome.name)
    effects = effects_of(own.filter(pl.col("scheme_code").is_in([s.scheme_code for s in shown])))
    test = cochran_q(list(effects.points), list(effects.errors))
    gap = "The gap between them" if len(shown) == 2 else "The gaps between them"
    verb = "is" if len(shown) == 2 else "are"
    is_chance = test.p_value >= _CHANCE
    told = f"{outcome.label}: {gap[0].lower()}{gap[1:]} {verb}"
    told += (
        " within chance; do not rank them."
        if is_chance
        else " more than chance makes. Schemes, people or files differ; look for which before"
        " ranking them."
    )
    return _row(
        study, shown, "within_chance", is_chance, told,
        outcome=outcome.name, value=test.q, p_value=test.p_value,
    )  # fmt: skip


def _gap(one: tuple[float, float], two: tuple[float, float]) -> float:
    """Standardised difference of two means, over the root of the mean of the two variances."""
    spread = float(np.sqrt((one[1] + two[1]) / 2))
    return (one[0] - two[0]) / spread if spread > 0 else 0.0


def _month(day: date) -> int:
    return day.year * 12 + day.month


def _listed(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
