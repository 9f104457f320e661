"""Signs of error once outcomes are read: each mark at its edge, and the rows of a whole scheme."""

from __future__ import annotations

from functools import cache
from math import inf, log
from typing import Any

import polars as pl
import pytest

from sp_eval.cohort.build import build_core
from sp_eval.cohort.extract_tables import store_extracts
from sp_eval.contracts.frames import conform, failures
from sp_eval.contracts.odcs import load_contract
from sp_eval.evaluation import compare, diagnose, estimate, look_at_overlap
from sp_eval.framework.diagnostic import Diagnostic
from sp_eval.framework.grade import graded
from sp_eval.framework.outcome_diagnostics import (
    _controls,
    _error,
    _follow_up,
    _influence,
    _mortality,
)
from sp_eval.models.estimate import Estimate
from sp_eval.models.fit_facts import FitFacts
from sp_eval.models.influence import InfluentialPeople
from sp_eval.models.losses import Losses
from sp_eval.study.outcomes import OUTCOMES
from sp_eval.warehouse.connection import open_memory
from sp_eval_tests.support.studies import a_study
from sp_eval_tests.support.worlds import small_world

STUDY = a_study()
CONTROL = "elective_admission"


@cache
def looked_at(**override: Any) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Estimates and diagnostics of a small world."""
    study = a_study(**{k: dict(v) for k, v in override.items()})
    conn = open_memory()
    try:
        store_extracts(conn, small_world().tables)
        build_core(conn)
        compare(conn, study)
        primary = estimate(conn, study, run_id="r")
        rows = diagnose(conn, study, primary, look_at_overlap(conn, study))
    finally:
        conn.close()
    frame = conform(
        pl.DataFrame(rows, infer_schema_length=None), load_contract("diagnostic", "published")
    )
    return graded(primary, rows), frame


def test_rows_keep_the_contract_one_each() -> None:
    _, frame = looked_at()
    assert failures(frame, load_contract("diagnostic", "published")).is_empty()
    keys = ["study_id", "scheme_code", "outcome", "diagnostic", "item"]
    assert frame.select(keys).is_duplicated().sum() == 0
    assert set(frame["stage"]) == {"after_outcomes"}
    counted = {choice.name for choice, _ in STUDY.counted}
    for kind in ("dispersion", "grade"):
        assert set(frame.filter(diagnostic=kind)["outcome"]) == counted
    assert set(frame.filter(diagnostic="negative_control")["outcome"]) == {CONTROL}


def test_the_control_is_the_estimate_itself() -> None:
    estimates, frame = looked_at()
    own = estimates.filter(outcome=CONTROL, role="primary", scale="rate_ratio").row(0, named=True)
    told = frame.filter(diagnostic="negative_control").row(0, named=True)
    assert (told["value"], told["low"], told["high"]) == (
        own["point"], own["ci_low"], own["ci_high"],
    )  # fmt: skip


def test_estimates_bear_the_grade_of_their_row() -> None:
    estimates, frame = looked_at()
    grades = dict(frame.filter(diagnostic="grade").select("outcome", "item").iter_rows())
    for row in estimates.filter(role="primary").iter_rows(named=True):
        assert row["evidence_grade"] == grades[row["outcome"]]
    alone = estimates.filter(pl.col("method").is_in(["before_after", "expected_from_selection"]))
    assert set(alone["evidence_grade"]) == {"weak"}


def test_the_range_without_one_person_holds_the_estimate() -> None:
    estimates, frame = looked_at()
    for row in frame.filter(item="one_person").iter_rows(named=True):
        own = estimates.filter(outcome=row["outcome"], role="primary", scale="rate_ratio")
        assert row["low"] < own["point"].item() < row["high"]
        most = max(row["high"] / own["point"].item() - 1, 1 - row["low"] / own["point"].item())
        assert row["value"] == pytest.approx(most)


def test_behind_a_shut_gate_no_outcome_is_looked_into() -> None:
    estimates, frame = looked_at(thresholds=(("smd", 0.0001), ("small_sample", 0)))
    assert set(estimates.filter(role="primary")["status"]) == {"withheld"}
    assert set(frame["diagnostic"]) == {"grade"}
    assert set(frame["item"]) == {"none"}


def row(point: float, low: float | None, high: float | None, **more: Any) -> dict[str, Any]:
    return {"point": point, "ci_low": low, "ci_high": high, "ci_level": 0.95, "status": "released",
            "withheld_reason": None, "scale": "rate_ratio"} | more  # fmt: skip


def control(own: dict[str, Any], main: dict[str, Any] | None = None, study=STUDY) -> Diagnostic:
    told = {CONTROL: own, study.primary.name: main or row(0.8, 0.7, 0.9)}
    (found,) = _controls(study, told)
    return found


@pytest.mark.parametrize(
    ("low", "high", "passed"),
    [
        (0.9, 1.1, True),
        (1.0, 1.2, True),
        (0.8, 1.0, True),
        (1.0001, 1.2, False),
        (0.8, 0.999, False),
    ],
)
def test_a_control_moved_where_its_interval_leaves_one_out(
    low: float, high: float, passed: bool
) -> None:
    found = control(row((low * high) ** 0.5, low, high))
    assert (found.passed, found.pass_mark) == (passed, 1.0)
    assert ("no change was seen" in found.sentence) == passed
    assert ("What moved it may have moved the others." in found.sentence) == (not passed)


def test_a_control_that_stayed_says_how_little_it_could_have_shown() -> None:
    se = 0.1
    z = 1.959964
    own = row(1.0, 2.718281828 ** (-z * se), 2.718281828 ** (z * se))
    said = control(own, row(2.718281828 ** (-2 * se), 0.7, 0.9)).sentence
    # (1.96 + 0.84) standard errors: exp(-0.28) and exp(0.28); two errors show half of the time
    assert "A fall of 24% or a rise of 32% would have shown four times in five" in said
    assert "an error as large as the main answer, 5 times in ten." in said
    unknown = control(own, row(0, None, None, status="withheld", withheld_reason="why")).sentence
    assert unknown.endswith("four times in five.")


def test_a_control_withheld_or_not_named_is_no_failure() -> None:
    withheld = control(row(0, None, None, status="withheld", withheld_reason="no file covers it"))
    assert (withheld.value, withheld.passed) == (None, None)
    assert withheld.sentence.endswith("not known: no file covers it.")
    study = a_study(outcomes=[{"name": "gp_contact", "role": "primary"}])
    (none,) = _controls(study, {"gp_contact": row(0.8, 0.7, 0.9)})
    assert (none.item, none.passed) == ("none_named", None)


def lost(
    gap: tuple[float, float, float], deaths: Estimate | None = None, events: int = 50
) -> Losses:
    point, low, high = gap
    share = Estimate("followed", "share_difference", point, ci_low=low, ci_high=high)
    moves = Estimate("left", "rate_ratio", 1.4, ci_low=1.1, ci_high=1.9, events_exposed=events)
    return Losses(0.9 + point, 0.9, share, deaths, moves)


@pytest.mark.parametrize(
    ("gap", "passed", "said"),
    [
        ((0.05, 0.01, 0.09), True, "to within 5% of the time, as needed"),
        ((-0.0501, -0.09, -0.01), False, "5.0% of the time apart (at most 5% allowed)."),
        ((0.2, -0.01, 0.41), True, "20.0% of the time apart (at most 5% allowed), which may be"),
        ((0.2, 0.0001, 0.4), False, "20.0% of the time apart"),
        ((0.01, 0.005, 0.015), True, "to within 5%"),
    ],
)  # fmt: skip
def test_followed_for_as_long(gap: tuple[float, float, float], passed: bool, said: str) -> None:
    found = {one.item: one for one in _follow_up(STUDY, lost(gap))}
    assert (found["gap"].passed, found["gap"].pass_mark) == (passed, 0.05)
    assert said in found["gap"].sentence
    assert found["similar"].sentence == (
        "Similar people were followed for 90% of the 395 days from the referral on."
    )
    assert found["moved_away"].passed is None
    assert "1.40 times (1.10 to 1.90) as often" in found["moved_away"].sentence


@pytest.mark.parametrize(
    ("ratio", "passed", "said"),
    [
        ((1.24, 1.01, 1.5), True, "within what is allowed"),
        ((1.25, 1.01, 1.5), True, "within what is allowed"),
        ((1.26, 1.01, 1.5), False, "more than chance, and beyond 1.25 either way"),
        ((1.26, 0.99, 1.6), True, "which may be chance"),
        ((0.81, 0.7, 0.95), True, "within what is allowed"),
        ((0.79, 0.7, 0.95), False, "One group was iller."),
    ],
)
def test_deaths(ratio: tuple[float, float, float], passed: bool, said: str) -> None:
    point, low, high = ratio
    deaths = Estimate("death", "rate_ratio", point, ci_low=low, ci_high=high, events_exposed=40)
    found = _mortality(STUDY, lost((0, -0.1, 0.1), deaths))
    assert (found.value, found.passed, found.pass_mark) == (point, passed, 1.25)
    assert said in found.sentence


@pytest.mark.parametrize("events", [None, 7])
def test_of_few_deaths_no_figure_is_kept(events: int | None) -> None:
    deaths = Estimate("death", "rate_ratio", 3.0, ci_low=2.0, ci_high=4.0, events_exposed=events)
    found = _mortality(STUDY, lost((0, -0.1, 0.1), None if events is None else deaths))
    assert (found.value, found.low, found.high, found.passed) == (None, None, None, None)
    assert found.sentence == "Too few people died to compare the groups."
    strict = a_study(disclosure={"suppress_to": 60})
    moved = {one.item: one for one in _follow_up(strict, lost((0, -0.1, 0.1)))}["moved_away"]
    assert (moved.value, moved.sentence) == (
        None, "Too few people moved away to compare the groups.",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("highest", "error", "passed", "said"),
    [
        (1.0999, 0.01, True, "Nobody alone moves the ratio by more than 10%"),
        (1.1001, 0.01, False, "more than 10%, and by more than its own error"),
        (1.3, log(1.3) + 1e-9, True, "more than 10%, though by less than its own error"),
        (1.3, log(1.3) - 1e-9, False, "See whether that record is right."),
    ],
)
def test_one_persons_weight(highest: float, error: float, passed: bool, said: str) -> None:
    people = InfluentialPeople(
        people=600, top=10, top_share=0.06, lowest=log(0.8 / 1.05), highest=log(0.8 * highest),
        without_top=log(0.9), fewest_to_nought=12, share_to_nought=0.02,
    )  # fmt: skip
    facts = FitFacts(log(0.8), people, 3.0)
    one, few = _influence(STUDY, facts, OUTCOMES["gp_contact"], error=error)
    assert (one.passed, one.pass_mark) == (passed, 0.1)
    assert said in one.sentence
    assert one.value == pytest.approx(highest - 1)
    assert (one.low, one.high) == pytest.approx((0.8 / 1.05, 0.8 * highest))
    assert few.sentence == (
        "The 10 people who weigh most hold 6% of all weight; without the 10 who carry it furthest"
        " the ratio would be 0.90 in place of 0.80."
    )
    assert few.passed is None


def test_one_person_who_lowers_it_counts_as_one_who_raises_it() -> None:
    people = InfluentialPeople(600, 10, 0.06, log(0.6), log(0.81), log(0.9), None, None)
    one, _ = _influence(STUDY, FitFacts(log(0.8), people, 3.0), OUTCOMES["gp_contact"], error=0.1)
    assert (one.value, one.passed) == (pytest.approx(0.25), False)


def test_the_error_is_read_off_the_interval() -> None:
    assert _error(row(1.0, 0.8219, 1.2167)) == pytest.approx(0.1, abs=1e-4)
    assert _error(row(1.0, 0.8, None)) == inf
