"""A cause nobody recorded misleads the answer; the control shows it and the grade falls.

A control that stays put is weak evidence: in a gentle world it stays although the answer is wrong.
"""

from __future__ import annotations

from functools import cache

import polars as pl
import pytest

from sp_eval.cohort.build import build_core
from sp_eval.cohort.extract_tables import store_extracts
from sp_eval.evaluation import compare, diagnose, estimate, look_at_overlap
from sp_eval.framework.grade import graded
from sp_eval.synthetic.settings import WorldSettings
from sp_eval.synthetic.world import simulate
from sp_eval.warehouse.connection import open_memory
from sp_eval_tests.support.studies import a_study

TRUE = 0.85  # of GP contacts; planned admissions and outpatient visits are not changed
# Both kinds of care that the scheme leaves alone: planned admissions are few, and show little.
STUDY = a_study(
    outcomes=[
        {"name": "gp_contact", "role": "primary"},
        {"name": "elective_admission", "role": "negative_control"},
        {"name": "outpatient_attendance", "role": "negative_control"},
    ]
)


@cache
def evaluated(strength: float, seed: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Graded primary ratios and diagnostics of one world."""
    world = simulate(WorldSettings(people=4_000, referred=400, seed=seed, hidden_driver=strength))
    conn = open_memory()
    try:
        store_extracts(conn, world.tables)
        build_core(conn)
        compare(conn, STUDY)
        primary = estimate(conn, STUDY, run_id="")
        rows = diagnose(conn, STUDY, primary, look_at_overlap(conn, STUDY))
    finally:
        conn.close()
    ratios = graded(primary, rows).filter(role="primary", scale="rate_ratio")
    return ratios, pl.DataFrame(rows, infer_schema_length=None)


def grade(strength: float, seed: int) -> str:
    ratios, _ = evaluated(strength, seed)
    return str(ratios.filter(outcome="gp_contact")["evidence_grade"].item())


@pytest.mark.parametrize("seed", [1, 2])
def test_a_strong_driver_moves_a_control_and_the_grade_falls(seed: int) -> None:
    ratios, rows = evaluated(1.0, seed)
    gp = ratios.filter(outcome="gp_contact").row(0, named=True)
    assert gp["ci_low"] > TRUE  # the answer is wrong, and its interval does not hold the truth
    controls = rows.filter(diagnostic="negative_control")
    visits = controls.filter(outcome="outpatient_attendance").row(0, named=True)
    assert visits["passed"] is False
    assert visits["low"] > 1
    assert grade(1.0, seed) == "weak"
    told = rows.filter(diagnostic="grade", outcome="gp_contact")["sentence"].item()
    assert "care that the scheme should not change did change" in told
    # no column known before referral tells of it: the design passes all the same
    assert set(ratios["status"]) == {"released"}


@pytest.mark.parametrize("seed", [1, 2])
def test_without_it_no_control_moves_and_the_grade_stands(seed: int) -> None:
    ratios, rows = evaluated(0.0, seed)
    gp = ratios.filter(outcome="gp_contact").row(0, named=True)
    assert gp["ci_low"] < TRUE < gp["ci_high"]
    assert set(rows.filter(diagnostic="negative_control")["passed"]) == {True}
    assert grade(0.0, seed) == "moderate"


def test_a_control_of_few_events_stays_put_though_the_answer_is_wrong() -> None:
    """Planned admissions alone would have let a wrong answer pass, and say how little they show."""
    ratios, rows = evaluated(1.0, 1)
    planned = rows.filter(outcome="elective_admission", diagnostic="negative_control")
    row = planned.row(0, named=True)
    assert row["passed"] is True
    assert "would have shown four times in five" in row["sentence"]
    assert ratios.filter(outcome="gp_contact")["ci_low"].item() > TRUE
