"""What an estimate means, in one of five fixed words."""

from __future__ import annotations

from enum import StrEnum

from sp_eval.models.estimate import Estimate

__all__ = ["Verdict", "verdict_of"]


class Verdict(StrEnum):
    """The five words; no others are ever shown."""

    FEWER = "fewer"
    MORE = "more"
    NO_WORTHWHILE_CHANGE = "no_worthwhile_change"
    CANNOT_TELL = "cannot_tell"
    NOT_ANSWERABLE = "not_answerable"


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
