"""One thing looked at to see how far an estimate can be trusted, as a row of the table."""

from __future__ import annotations

from dataclasses import dataclass
from math import floor
from typing import Any, Literal

from sp_eval.study.design import StudyDesign

__all__ = ["ALL", "Diagnostic", "Kind", "Stage", "diagnostic_rows", "tenths"]

Kind = Literal[
    "overlap",
    "equipoise",
    "who_was_lost",
    "negative_control",
    "follow_up",
    "mortality",
    "influence",
    "dispersion",
    "grade",
]
Stage = Literal["before_outcomes", "after_outcomes"]
ALL = "all"  # the outcome of what is not of one outcome


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """What was found, and whether it is as it should be; `passed` None where no mark is set.

    `low` and `high` are an interval, or the range the sentence names.
    """

    kind: Kind
    item: str
    sentence: str
    value: float | None = None
    low: float | None = None
    high: float | None = None
    pass_mark: float | None = None
    passed: bool | None = None
    outcome: str = ALL


def diagnostic_rows(
    study: StudyDesign, scheme: str, stage: Stage, found: list[Diagnostic]
) -> list[dict[str, Any]]:
    """Rows of `published.diagnostic` of one scheme."""
    return [
        {
            "study_id": study.study_id,
            "scheme_code": scheme,
            "outcome": one.outcome,
            "diagnostic": one.kind,
            "item": one.item,
            "value": one.value,
            "low": one.low,
            "high": one.high,
            "pass_mark": one.pass_mark,
            "passed": one.passed,
            "stage": stage,
            "sentence": one.sentence,
        }
        for one in found
    ]


def tenths(share: float) -> str:
    """A share as a band of a tenth: of few people, a finer one would give their number away."""
    low = min(9, floor(round(share * 10, 9)))
    return f"{low * 10}% to {low * 10 + 10}%" if low else "fewer than 10%"
