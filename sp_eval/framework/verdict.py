"""What an estimate means in one of five fixed words, and how far to trust it."""

from __future__ import annotations

from enum import StrEnum

from sp_eval.models.estimate import Estimate

__all__ = ["Grade", "Verdict", "grade_of", "verdict_of"]


class Verdict(StrEnum):
    """The five words; no others are ever shown."""

    FEWER = "fewer"
    MORE = "more"
    NO_WORTHWHILE_CHANGE = "no_worthwhile_change"
    CANNOT_TELL = "cannot_tell"
    NOT_ANSWERABLE = "not_answerable"


class Grade(StrEnum):
    """How far an estimate carries a claim of cause, in three steps; none where none is released.

    Strong is for people chosen by lot: no study of this framework chooses them so, hence none
    reaches it. A figure without comparison people is never better than weak.
    """

    STRONG = "strong"
    MODERATE = "moderate"
    WEAK = "weak"
    NONE = "none"


def verdict_of(ratio: Estimate, *, worthwhile: float) -> Verdict:
    """The verdict on a rate ratio, `worthwhile` being the smallest relative change that matters.

    An interval wholly inside (1 - worthwhile, 1 + worthwhile) says that any change is too small
    to matter, also where it leaves 1 out.
    """
    low, high = ratio.ci_low, ratio.ci_high
    if low is None or high is None:
        return Verdict.NOT_ANSWERABLE
    if low > 1 - worthwhile and high < 1 + worthwhile:
        return Verdict.NO_WORTHWHILE_CHANGE
    if high < 1:
        return Verdict.FEWER
    if low > 1:
        return Verdict.MORE
    return Verdict.CANNOT_TELL


def grade_of(*, gate_passed: bool, negative_controls: tuple[Estimate, ...]) -> Grade:
    """Moderate where the gate is passed and no outcome moved that should not; else weak."""
    if not gate_passed:
        return Grade.WEAK
    moved = any(
        e.ci_low is not None and e.ci_high is not None and not e.ci_low <= 1 <= e.ci_high
        for e in negative_controls
    )
    return Grade.WEAK if moved else Grade.MODERATE
