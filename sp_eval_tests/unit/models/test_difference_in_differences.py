"""Difference in differences at the edges."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from sp_eval.models.difference_in_differences import PARALLEL, did, matched_did
from sp_eval.models.estimate import TooFewEventsError
from sp_eval_tests.support.matched_frames import matched_rows

GIVEN = {"outcome": "y", "exposed": "e", "after": "a"}


def panel(n: int = 120, seed: int = 1) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    frail = rng.gamma(2, 0.5, n)
    e = np.arange(n) < n // 2
    frames = [
        pl.DataFrame(
            {
                "person": np.arange(n),
                "e": e,
                "a": later,
                "y": rng.poisson(5 * frail * np.where(e & later, 0.8, 1.0)),
                "days": rng.uniform(200, 365, n),
            }
        )
        for later in (False, True)
    ]
    return pl.concat(frames)


@pytest.mark.parametrize("scale", ["rate_ratio", "difference"])
def test_persons_cluster_by_themselves_and_are_counted(scale: str) -> None:
    rows = panel()
    by_unit = did(rows, **GIVEN, unit="person", scale=scale)
    named = did(rows, **GIVEN, cluster="person", scale=scale)
    assert by_unit.standard_error == named.standard_error
    assert (by_unit.n_analysed, by_unit.n_comparison) == (60, 60)
    assert (named.n_analysed, named.n_comparison) == (120, 120)
    after = rows.filter(pl.col("e") & pl.col("a"))
    assert by_unit.events_exposed == after["y"].sum()
    assert by_unit.notes == (PARALLEL,)


def test_several_rows_a_unit_and_period_are_allowed() -> None:
    rows = panel()
    halves = pl.concat([rows.with_columns(y=pl.lit(0), days=pl.col("days") / 2)] * 2)
    first = halves.head(rows.height).with_columns(y=rows["y"])
    split = pl.concat([first.cast(halves.schema), halves.tail(rows.height)])
    whole = did(rows, **GIVEN, unit="person", person_days="days")
    parts = did(split, **GIVEN, unit="person", person_days="days")
    assert parts.point == pytest.approx(whole.point, rel=1e-9)
    assert parts.standard_error == pytest.approx(whole.standard_error, rel=1e-9)


def test_a_measure_may_be_negative_on_the_linear_scale_alone() -> None:
    rows = panel().with_columns(y=pl.col("y") - 4.0)
    assert np.isfinite(did(rows, **GIVEN, scale="difference").point)
    with pytest.raises(ValueError, match="'y' holds values below 0"):
        did(rows, **GIVEN)


@pytest.mark.parametrize(
    ("keep", "told"),
    [
        (~(pl.col("e") & pl.col("a")), "no row of the exposed after"),
        (pl.col("e") | pl.col("a"), "no row of the comparison before"),
        (pl.col("e"), "no row of the comparison before"),
    ],
)
def test_all_four_cells_are_needed(keep: pl.Expr, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        did(panel().filter(keep), **GIVEN)


def test_too_few_events_in_a_cell_are_said_so() -> None:
    quiet = pl.col("e") & ~pl.col("a")
    rows = panel().with_columns(y=pl.when(quiet).then(0).otherwise(pl.col("y")))
    with pytest.raises(TooFewEventsError, match="among the exposed rows before"):
        did(rows, **GIVEN)
    assert np.isfinite(did(rows, **GIVEN, scale="difference").point)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"scale": "odds"}, "'scale' must be"),
        ({"after": "days"}, "'days' must be true or false"),
        ({"covariates": "both"}, "explain exposure after wholly"),
        ({"cluster": ("a", "e", "person")}, "at most two"),
    ],
)
def test_bad_arguments_are_refused(given: dict, told: str) -> None:
    rows = panel().with_columns(both=(pl.col("e") & pl.col("a")).cast(pl.Float64))
    with pytest.raises(ValueError, match=told):
        did(rows, **(GIVEN | given))


def test_nobody_and_no_more_rows_than_coefficients() -> None:
    with pytest.raises(ValueError, match="nothing to fit"):
        did(panel().clear(), **GIVEN)
    four = pl.DataFrame({"y": [1.0, 2, 3, 4], "e": [0, 0, 1, 1], "a": [0, 1, 0, 1]})
    with pytest.raises(ValueError, match="no more rows than coefficients"):
        did(four, **GIVEN, scale="difference")


def matched() -> tuple[pl.DataFrame, pl.DataFrame]:
    rows = matched_rows(1).with_columns(candidate_id=pl.int_range(pl.len()))
    return rows, rows.select("candidate_id", events=pl.lit(6), days=pl.lit(365))


def test_candidates_without_a_day_before_or_after_leave_both_periods() -> None:
    rows, pre = matched()
    idle = pre.with_columns(days=pl.when(pl.col("candidate_id") < 9).then(0).otherwise("days"))
    gone = rows.with_columns(
        days=pl.when(pl.col("candidate_id") < 9).then(0.0).otherwise("days"),
        events=pl.when(pl.col("candidate_id") < 9).then(0.0).otherwise("events"),
    )
    left = rows.filter(pl.col("candidate_id") >= 9)
    expected = matched_did(left, pre)
    assert matched_did(rows, idle) == expected
    assert matched_did(gone, pre) == expected
    assert matched_did(rows, pre.filter(pl.col("candidate_id") >= 9)) == expected


def test_practices_decide_where_the_scheme_is_theirs() -> None:
    rows, pre = matched()
    plain, by_practice = matched_did(rows, pre), matched_did(rows, pre, by_practice=True)
    assert by_practice.ratio.standard_error >= plain.ratio.standard_error
    assert by_practice.ratio.ci_high > plain.ratio.ci_high
    assert by_practice.difference == plain.difference


def test_counts_before_must_be_there_once_and_enough() -> None:
    rows, pre = matched()
    with pytest.raises(ValueError, match="holds a candidate twice"):
        matched_did(rows, pl.concat([pre, pre]))
    with pytest.raises(TooFewEventsError, match="people before"):
        matched_did(rows, pre.with_columns(events=pl.lit(0)))
    with pytest.raises(TooFewEventsError, match="in the window"):
        matched_did(rows.with_columns(events=pl.lit(0.0)), pre)
