"""The full simulations, run by `make recovery`: bias, coverage, size, and what wrong methods do.

More than 200 worlds, see `worlds.py`; their table is docs/explanation/operating-characteristics.md.
Monte Carlo error is allowed for: a mean fails when it lies beyond its limit by more than twice its
own error. What is known of the limits is asserted too: where people swing wildly and the busiest
are referred almost surely, no weight brings back those who never stay unreferred; the estimate then
errs towards no effect or harm, never in the scheme's favour.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

import polars as pl
import pytest

from sp_eval_tests.recovery.experiment import run
from sp_eval_tests.recovery.figures import apart_from_primary, summarise
from sp_eval_tests.recovery.page import write_page
from sp_eval_tests.recovery.page_tables import MAIN
from sp_eval_tests.recovery.right_methods import DIFFERENCE, FALL, PRIMARY
from sp_eval_tests.recovery.worlds import JUDGED, STUDY

pytestmark = pytest.mark.recovery

OUTCOMES = tuple(outcome.name for outcome in JUDGED)
LIMIT = dict.fromkeys(OUTCOMES, 0.02) | {"ae_attendance": 0.03}
# Where the busy of most practices are nearly all referred, few are left to compare with.
SCARCE = ("wilder people", "trend", "all refer")
LARGE = ("fewer", "no effect", "more", "gentle choice", "steady people")
SMALL = ("small, fewer", "small, no effect")
CONTROL = "elective_admission"


@cache
def rows() -> pl.DataFrame:
    """Run once; where `SP_EVAL_RECOVERY_OUT` names a file for the rows, write the page as well."""
    kept = os.environ.get("SP_EVAL_RECOVERY_OUT")
    found = run(kept=Path(kept) if kept else None)
    if kept:
        write_page(found)
    return found


def told(method: str, outcome: str, *kinds: str) -> dict[str, float]:
    """The figures of one method and outcome over these kinds of world, or over all."""
    own = rows().filter(method=method, outcome=outcome)
    if kinds:
        own = own.filter(pl.col("kind").is_in(kinds))
    return summarise(own).row(0, named=True)


def beyond(found: dict[str, float], limit: float) -> float:
    """By how many of its own errors a mean lies beyond its limit."""
    return (abs(found["bias"]) - limit) / found["mc_error"]


def test_more_than_two_hundred_worlds_in_half_an_hour_of_two_cores() -> None:
    worlds = rows().unique("world")
    assert worlds.height >= 200
    assert worlds["cpu_seconds"].sum() < 3_000  # the other simulations take their part


def test_no_primary_is_withheld_without_cause() -> None:
    primary = rows().filter(method=PRIMARY)
    assert primary.filter(pl.col("kind").is_in(LARGE))["withheld"].null_count() == (
        primary.filter(pl.col("kind").is_in(LARGE)).height
    )
    causes = primary["withheld"].drop_nulls()
    assert causes.str.contains("needed|at most|fewer than").all(), causes
    assert len(causes) <= 0.1 * primary.height


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_log_rate_ratios_are_not_biased(outcome: str) -> None:
    for kinds in ((), LARGE, SMALL, *((name,) for name in LARGE)):
        found = told(PRIMARY, outcome, *kinds)
        assert beyond(found, LIMIT[outcome]) < 2, (kinds, found)


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_intervals_cover_and_errors_are_honest(outcome: str) -> None:
    assert told(PRIMARY, outcome)["coverage"] >= 0.90
    assert told(DIFFERENCE, outcome)["coverage"] >= 0.90
    for kinds in (LARGE, SMALL):
        found = told(PRIMARY, outcome, *kinds)
        assert 0.85 <= found["se_over_sd"] <= 1.35, found


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_nothing_is_taken_for_something_no_oftener_than_promised(outcome: str) -> None:
    found = told(PRIMARY, outcome)
    assert found["worlds_of_nothing"] >= 80
    assert found["size"] <= 0.10


def test_the_negative_control_does_not_move() -> None:
    found = told(PRIMARY, CONTROL)
    assert found["worlds_of_nothing"] >= 200
    assert beyond(found, 0.02) < 2
    assert found["size"] <= 0.08


@pytest.mark.parametrize("method", STUDY.estimators.sensitivity)
def test_the_other_right_ways_agree(method: str) -> None:
    for outcome in OUTCOMES:
        found = told(method, outcome, *MAIN)
        assert beyond(found, 0.03) < 2, found
        assert found["coverage"] >= 0.87, found


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_the_fall_expected_from_selection_is_not_biased(outcome: str) -> None:
    found = told(FALL, outcome)
    assert beyond(found, 0.03) < 2, found
    assert found["coverage"] >= 0.85


@pytest.mark.parametrize("kind", SCARCE)
def test_where_it_is_biased_it_never_flatters_the_scheme(kind: str) -> None:
    for outcome in OUTCOMES:
        found = told(PRIMARY, outcome, kind)
        assert found["bias"] > -LIMIT[outcome] - 2 * found["mc_error"], found


# Mean log error of GP contacts and of the planned admissions that nothing touches: how wrong at
# least, and at most. Chance is allowed for.
WRONG_BY = {
    "before_after": ((-0.28, -0.18), (-0.06, 0.06)),
    "three_months_before": ((-1.00, -0.75), (-0.08, 0.12)),
    "interrupted_series_referred_alone": ((-2.10, -1.40), (-0.12, 0.16)),
    "unmatched": ((0.65, 0.95), (0.45, 0.70)),
    "unmatched_did": ((-0.34, -0.20), (-0.06, 0.08)),
    "matched_on_demographics_did": ((-0.34, -0.20), (-0.06, 0.08)),
    "matched_on_yearly_total": ((0.05, 0.11), (-0.04, 0.07)),
    "never_referred_only": ((0.02, 0.08), (-0.05, 0.06)),
    "no_washout_after_a_visit": ((0.11, 0.21), (-0.06, 0.05)),
}


@pytest.mark.parametrize("method", WRONG_BY)
def test_wrong_ways_are_as_wrong_as_they_are(method: str) -> None:
    for outcome, (least, most) in zip(("gp_contact", CONTROL), WRONG_BY[method], strict=True):
        assert least < told(method, outcome, *MAIN)["bias"] < most, outcome


@pytest.mark.parametrize(
    ("method", "least", "most"),
    [
        ("matched_on_yearly_total", 0.04, 0.09),
        ("never_referred_only", 0.015, 0.05),
        ("censored_without_weights", 0.008, 0.03),
        ("first_of_month", 0.003, 0.03),
        ("each_person_once", -0.05, -0.01),
        ("one_date_for_all", -0.03, 0.03),
        ("no_washout", -0.005, 0.015),
        ("poisson_errors", -1e-6, 1e-6),
    ],
)
def test_and_as_far_from_the_primary_of_the_same_worlds(
    method: str, least: float, most: float
) -> None:
    found = apart_from_primary(rows().filter(pl.col("kind").is_in(MAIN), outcome="gp_contact"))
    assert least < found.filter(method=method)["apart"].item() < most


def test_naive_comparisons_nearly_never_hold_the_truth() -> None:
    for method in ("before_after", "three_months_before", "unmatched", "unmatched_did"):
        assert told(method, "gp_contact", *MAIN)["coverage"] <= 0.05
        assert told(method, "gp_contact", "no effect")["size"] >= 0.95
    assert told("poisson_errors", "gp_contact", *MAIN)["coverage"] < 0.75
    assert told("one_date_for_all", "gp_contact", *MAIN)["sd"] > (
        1.1 * told(PRIMARY, "gp_contact", *MAIN)["sd"]
    )


def test_censoring_weights_leave_a_little_and_do_more_good_than_harm() -> None:
    """Where nothing is done, following on is right: see the page on where the primary leans."""
    nothing = pl.col("kind").is_in(("no effect", "small, no effect"))
    found = apart_from_primary(rows().filter(nothing, outcome="gp_contact"))
    apart = dict(found.select("method", "apart").iter_rows())
    assert -0.02 < apart["matched_follow_on"] < 0
    assert apart["censored_without_weights"] > 0.008
