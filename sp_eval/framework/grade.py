"""The grade of the evidence: what the design allows, less what was found against it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from enum import StrEnum
from typing import Any, Literal

import polars as pl

from sp_eval.framework.diagnostic import ALL, Diagnostic
from sp_eval.study.design import StudyDesign

__all__ = ["CEILING", "UNCONTROLLED", "Design", "Grade", "grade_of", "graded", "grades"]


class Grade(StrEnum):
    """How far an estimate carries a claim of cause, in three steps; none where none is released."""

    STRONG = "strong"
    MODERATE = "moderate"
    WEAK = "weak"
    NONE = "none"


Design = Literal["lot", "matched", "uncontrolled"]
# The most a design can carry, whatever is found. Nobody here is chosen by lot.
CEILING: Mapping[Design, Grade] = {
    "lot": Grade.STRONG,
    "matched": Grade.MODERATE,
    "uncontrolled": Grade.WEAK,
}
UNCONTROLLED = frozenset({"before_after", "expected_from_selection", "paired_change"})
_MATCHED: Design = "matched"
_AGAINST = {
    "gate": "the groups were not alike enough before referral",
    "overlap": "some of the people referred were unlike anybody they could be compared with",
    "equipoise": "the matched groups can still be told apart by what was known of them",
    "who_was_lost": "the people analysed differ from all who could be followed",
    "negative_control": "care that the scheme should not change did change",
    "follow_up": "the groups were not followed for as long",
    "mortality": "the groups did not die alike",
    "influence": "one person alone moves the answer",
}
Row = dict[str, Any]


def grade_of(design: Design, *, is_released: bool, against: Collection[str]) -> Grade:
    """The ceiling of the design; weak where anything speaks against it.

    Parameters
    ----------
    against : what failed: the design gate, or any diagnostic with a pass mark.
    """
    if not is_released:
        return Grade.NONE
    return Grade.WEAK if against else CEILING[design]


def grades(
    study: StudyDesign,
    estimates: pl.DataFrame,
    found: Sequence[Row],
    *,
    gate_passed: bool | None,
) -> list[Diagnostic]:
    """The grade of each counted outcome of one scheme, with the sentence that says why.

    Parameters
    ----------
    estimates : the scheme's rows of `published.estimate`.
    found : its rows of `published.diagnostic`. A negative control speaks against every outcome;
        other rows of one outcome against that one alone.
    gate_passed : None where there was no design to judge.
    """
    primary = estimates.filter(role="primary", scale="rate_ratio")
    status = dict(primary.select("outcome", "status").iter_rows())
    told = []
    for choice, _ in study.counted:
        against = [] if gate_passed else ["gate"]
        failed = [row for row in found if row["passed"] is False]
        against += [row["diagnostic"] for row in failed if _speaks_of(row, choice.name)]
        against = [name for name in _AGAINST if name in against]
        is_released = status.get(choice.name) == "released"
        grade = grade_of(_MATCHED, is_released=is_released, against=against)
        sentence = _in_words(grade, against)
        told.append(Diagnostic("grade", str(grade), sentence, outcome=choice.name))
    return told


def graded(estimates: pl.DataFrame, found: Sequence[Row]) -> pl.DataFrame:
    """Rows of `published.estimate` with the grade that the rows of `published.diagnostic` say.

    What has nobody to compare with is weak at most, whatever is found of the match.
    """
    keys = ["study_id", "scheme_code", "outcome"]
    own = [{key: row[key] for key in keys} | {"_own": row["item"]}
           for row in found if row["diagnostic"] == "grade"]  # fmt: skip
    schema = dict.fromkeys([*keys, "_own"], pl.String)
    joined = estimates.join(
        pl.DataFrame(own, schema=schema), on=keys, how="left", maintain_order="left"
    )
    is_alone = pl.col("method").is_in(sorted(UNCONTROLLED))
    grade = (
        pl.when(pl.col("status") == "withheld")
        .then(pl.lit(str(Grade.NONE)))
        .when(is_alone)
        .then(pl.lit(str(CEILING["uncontrolled"])))
        .otherwise(pl.coalesce("_own", "evidence_grade"))
    )
    return joined.with_columns(evidence_grade=grade).select(estimates.columns)


def _speaks_of(row: Row, outcome: str) -> bool:
    return row["outcome"] in (ALL, outcome) or row["diagnostic"] == "negative_control"


def _in_words(grade: Grade, against: Sequence[str]) -> str:
    if grade is Grade.NONE:
        return "None, for no comparison is released."
    if grade is Grade.WEAK:
        return f"Weak, because {'; '.join(_AGAINST[name] for name in against)}."
    return (
        f"{grade.capitalize()}, the most that people not chosen by lot can carry: alike before"
        " referral, and nothing looked at speaks against it."
    )
