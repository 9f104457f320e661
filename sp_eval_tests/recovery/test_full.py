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
from sp_eval_tests.recovery.figures import summarise
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
