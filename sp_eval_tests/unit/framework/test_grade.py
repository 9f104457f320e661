"""The grade: never above what the design allows, and lowered by whatever fails."""

from __future__ import annotations

from itertools import chain, combinations
from typing import Any, get_args

import polars as pl
import pytest

from sp_eval.framework.diagnostic import Kind, diagnostic_rows
from sp_eval.framework.grade import (
    CEILING,
    UNCONTROLLED,
    Design,
    Grade,
    grade_of,
    graded,
    grades,
)
from sp_eval_tests.support.studies import a_study

ORDER = [Grade.NONE, Grade.WEAK, Grade.MODERATE, Grade.STRONG]
STUDY = a_study()
FAILING = ("gate", *(kind for kind in get_args(Kind) if kind not in ("dispersion", "grade")))
EVERY_WAY = list(chain.from_iterable(combinations(FAILING, n) for n in range(len(FAILING) + 1)))


def estimates(**status: str) -> pl.DataFrame:
    return pl.DataFrame(
        [
            {"study_id": STUDY.study_id, "scheme_code": "leeds", "outcome": choice.name,
             "role": "primary", "scale": "rate_ratio", "method": "matched_rate_ratio",
             "status": status.get(choice.name, "released"), "evidence_grade": "weak"}
            for choice, _ in STUDY.counted
        ]
    )  # fmt: skip


def row(kind: str, *, passed: bool | None, outcome: str = "all") -> dict[str, Any]:
    return {"diagnostic": kind, "outcome": outcome, "passed": passed}


def by_outcome(*found: dict[str, Any], gate: bool | None = True, **status: str) -> dict[str, Any]:
    told = grades(STUDY, estimates(**status), found, gate_passed=gate)
    return {one.outcome: one for one in told}


@pytest.mark.parametrize("design", get_args(Design))
def test_never_above_the_ceiling_whatever_is_found(design: Design) -> None:
    assert len(EVERY_WAY) == 2 ** len(FAILING) == 256
    for released in (True, False):
        for against in EVERY_WAY:
            grade = grade_of(design, is_released=released, against=against)
            assert ORDER.index(grade) <= ORDER.index(CEILING[design])
            assert (grade is Grade.NONE) == (not released)
            if released and against:
                assert grade is Grade.WEAK
            if released and not against:
                assert grade is CEILING[design]


def test_what_has_nobody_to_compare_with_is_no_better_than_weak() -> None:
    assert CEILING["uncontrolled"] is Grade.WEAK
    assert CEILING["matched"] is Grade.MODERATE
    assert CEILING["lot"] is Grade.STRONG
    assert {"before_after", "paired_change"} <= UNCONTROLLED


@pytest.mark.parametrize("against", [way for way in EVERY_WAY if len(way) < 3])
def test_the_rows_decide_by_outcome(against: tuple[str, ...]) -> None:
    found = [row(kind, passed=False) for kind in against if kind != "gate"]
    told = by_outcome(*found, row("dispersion", passed=None), gate="gate" not in against)
    expected = "weak" if against else "moderate"
    assert {one.item for one in told.values()} == {expected}
    assert all(one.sentence.startswith(expected.capitalize()) for one in told.values())


def test_a_control_speaks_against_all_and_one_persons_weight_against_its_own() -> None:
    moved = by_outcome(row("negative_control", passed=False, outcome="elective_admission"))
    assert {one.item for one in moved.values()} == {"weak"}
    assert "care that the scheme should not change did change" in moved["gp_contact"].sentence
    alone = by_outcome(row("influence", passed=False, outcome="emergency_bed_days"))
    assert alone["emergency_bed_days"].item == "weak"
    assert "one person alone moves the answer" in alone["emergency_bed_days"].sentence
    assert alone["gp_contact"].item == "moderate"


def test_the_sentence_names_each_thing_once_in_its_order() -> None:
    found = [
        row("influence", passed=False, outcome="gp_contact"),
        row("negative_control", passed=False, outcome="elective_admission"),
        row("negative_control", passed=False, outcome="outpatient_attendance"),
        row("mortality", passed=None),
    ]
    told = by_outcome(*found, gate=False)["gp_contact"].sentence
    assert told == (
        "Weak, because the groups were not alike enough before referral; care that the scheme"
        " should not change did change; one person alone moves the answer."
    )


def test_nothing_released_has_no_grade_and_no_gate_is_no_pass() -> None:
    told = by_outcome(gp_contact="withheld")
    assert (told["gp_contact"].item, told["ae_attendance"].item) == ("none", "moderate")
    assert told["gp_contact"].sentence == "None, for no comparison is released."
    assert {one.item for one in by_outcome(gate=None).values()} == {"weak"}


def test_estimates_take_their_grade_from_the_rows() -> None:
    told = grades(
        STUDY,
        estimates(),
        [row("influence", passed=False, outcome="emergency_bed_days")],
        gate_passed=True,
    )
    rows = diagnostic_rows(STUDY, "leeds", "after_outcomes", told)
    primary = estimates()
    others = pl.concat(
        [
            primary.with_columns(method=pl.lit("before_after")),
            primary.with_columns(method=pl.lit("observed_after")),
            primary.with_columns(status=pl.lit("withheld")),
            primary.with_columns(scheme_code=pl.lit("kent")),
        ]
    )
    found = graded(pl.concat([primary, others]), rows)
    assert found.columns == primary.columns
    size = primary.height
    own = dict(found[:size].select("outcome", "evidence_grade").iter_rows())
    assert own.pop("emergency_bed_days") == "weak"
    assert set(own.values()) == {"moderate"}
    assert set(found[size : 2 * size]["evidence_grade"]) == {"weak"}
    assert "moderate" in set(found[2 * size : 3 * size]["evidence_grade"])
    assert set(found[3 * size : 4 * size]["evidence_grade"]) == {"none"}
    assert set(found[4 * size :]["evidence_grade"]) == {"weak"}  # nothing was looked at
    assert graded(primary, []).equals(primary)
