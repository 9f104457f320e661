"""The same question in other ways: from the primary's design, and withheld with it."""

from __future__ import annotations

from datetime import date
from functools import cache

import polars as pl
import pytest

from sp_eval.evaluation import evaluate_tables
from sp_eval.synthetic.settings import WorldSettings
from sp_eval.synthetic.world import World, simulate
from sp_eval_tests.support.studies import a_study

OBSERVED = {"from": "2016-04-01", "to": "2019-03-31"}


@cache
def world() -> World:
    return simulate(WorldSettings(people=3_500, referred=280, seed=3, hazard_slope=0.5))


def rows(**changes: object) -> pl.DataFrame:
    found = evaluate_tables(world().tables, a_study(observed=OBSERVED, **changes))
    return found.filter(outcome="gp_contact", scale="rate_ratio")


@cache
def plain() -> pl.DataFrame:
    every = ["matched_did", "entropy_balancing", "negative_binomial"]
    return rows(estimators={"sensitivity": every}, horizons=[6, 12, 36])


def one(frame: pl.DataFrame, method: str) -> dict:
    return frame.filter(method=method).row(0, named=True)


@pytest.mark.parametrize("method", ["matched_did", "entropy_balancing", "negative_binomial"])
def test_another_way_of_the_same_design_says_much_the_same(method: str) -> None:
    primary, other = one(plain(), "matched_rate_ratio"), one(plain(), method)
    assert other["role"] == "sensitivity"
    assert other["status"] == "released"
    assert other["point"] != primary["point"]
    assert primary["ci_low"] < other["point"] < primary["ci_high"]
    assert other["evidence_grade"] == primary["evidence_grade"]


def test_entropy_balancing_loses_nobody_who_could_be_followed() -> None:
    primary, other = one(plain(), "matched_rate_ratio"), one(plain(), "entropy_balancing")
    assert other["n_analysed"] >= primary["n_analysed"]
    assert other["n_comparison"] > primary["n_comparison"]
    assert "weighed" in other["comparator"]


def test_another_length_of_time_is_its_own_row_and_its_own_window() -> None:
    six, primary = one(plain(), "matched_6_months"), one(plain(), "matched_rate_ratio")
    assert (six["window_post_days"], primary["window_post_days"]) == (182, 365)
    assert six["design_hash"] == primary["design_hash"]
    assert six["person_years_exposed"] == pytest.approx(
        primary["person_years_exposed"] / 2, rel=0.05
    )
    assert plain().filter(method="matched_12_months").is_empty()  # the study's own


def test_a_window_the_files_do_not_cover_is_withheld() -> None:
    long = one(plain(), "matched_36_months")
    assert long["status"] == "withheld"
    assert "less than three quarters of the 36 months" in long["withheld_reason"]


def test_without_flagged_people_the_rest_is_compared() -> None:
    practice = world().tables["person"]["practice_code"].value_counts(sort=True)[0, 0]
    others = {"own_schemes": [{"practice": practice, "from": date(2016, 1, 1)}]}
    flagged = rows(comparison={**others, "own_schemes_are": "flagged"})
    kept, without = one(flagged, "matched_rate_ratio"), one(flagged, "matched_uncontaminated")
    assert kept["point"] == one(plain(), "matched_rate_ratio")["point"]
    assert "own practice" in kept["notes"]
    assert without["n_comparison"] < kept["n_comparison"]
    excluded = one(rows(comparison=others), "matched_rate_ratio")
    assert excluded["point"] != kept["point"]
    assert excluded["notes"] is None


def test_a_shut_gate_withholds_every_way() -> None:
    shut = rows(
        thresholds={"smd": 0.001, "small_sample": 0},
        estimators={"sensitivity": ["matched_did"]},
        horizons=[6],
    )
    ways = shut.filter(pl.col("role") == "sensitivity")
    assert set(ways["status"]) == {"withheld"}
    reason = one(shut, "matched_rate_ratio")["withheld_reason"]
    assert set(ways["withheld_reason"]) == {reason}


def test_a_gate_opened_by_hand_shows_who_and_why_beside_every_number() -> None:
    shown = rows(
        thresholds={"smd": 0.001, "small_sample": 0},
        override={"by": "A. Analyst", "reason": "the gap is in a column that matters little"},
        estimators={"sensitivity": ["matched_did"]},
    )
    for method in ("matched_rate_ratio", "matched_did"):
        row = one(shown, method)
        assert row["status"] == "released"
        assert row["evidence_grade"] == "weak"
        assert "A. Analyst: the gap is in a column" in row["notes"]
        assert "not alike enough" in row["notes"]
    assert one(shown, "before_after")["notes"] is None
