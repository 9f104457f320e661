"""Staggered exposure: what is counted, what is refused, and what a row without an effect says."""

from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest

from sp_eval.models.doubly_robust import NotEstimableError, contrast_of_changes
from sp_eval.models.staggered import NEVER_THE_HEADLINE, att_gt
from sp_eval_tests.reference.literal_staggered import staggered_panel

COLUMNS = {"unit": "id", "time": "t", "first_exposed": "g", "outcome": "y"}


def small() -> pl.DataFrame:
    """Two units exposed in period 2, one in 3, two never; nothing but the effect moves."""
    groups = {"a": 2, "b": 2, "c": 3, "d": 0, "e": None}
    return pl.DataFrame(
        [
            (unit, t, g, 10.0 * i + t + (5.0 + t if g and t >= g else 0.0) + 0.1 * (i % 2) * t)
            for i, (unit, g) in enumerate(groups.items())
            for t in (1, 2, 3)
        ],
        schema=["id", "t", "g", "y"],
        orient="row",
    )


def test_a_small_panel_by_hand() -> None:
    found = att_gt(small(), **COLUMNS).att_gt
    # changes: a 1 + 7, b 1.1 + 7; d 1.1, e 1: (15.1 + 1) / 2 - 2.1 / 2 = 7
    row = found.row(0, named=True)
    assert (row["group"], row["time"], row["n_exposed"], row["n_comparison"]) == (2, 2, 2, 2)
    assert row["att"] == pytest.approx(7.0)
    # each group's spread 0.05 a side, divided by n: 0.0025 / 2 twice
    assert row["standard_error"] == pytest.approx(np.sqrt(2 * 0.0025 / 2))
    assert row["ci_high"] - row["att"] == pytest.approx(1.959964 * row["standard_error"], rel=1e-6)
    assert row["band_high"] >= row["ci_high"]


def test_null_and_nought_are_never() -> None:
    nought = small().with_columns(pl.col("g").fill_null(0))
    assert att_gt(nought, **COLUMNS).att_gt.equals(att_gt(small(), **COLUMNS).att_gt)


def test_the_order_of_rows_is_nothing() -> None:
    panel = staggered_panel(5)
    shuffled = panel.sample(fraction=1, shuffle=True, seed=1)
    assert att_gt(shuffled, **COLUMNS).to_dict() == att_gt(panel, **COLUMNS).to_dict()


def test_a_group_of_one_unit_has_an_effect_and_no_error() -> None:
    found = att_gt(small(), **COLUMNS)
    alone = found.att_gt.filter(group=3)
    assert alone["status"].to_list() == ["no_error", "no_error"]
    assert alone["standard_error"].null_count() == 2
    assert alone["att"].null_count() == 0
    assert alone["reason"].unique().to_list() == ["one unit: its own spread is unknown"]
    assert any("groups of one unit: 1" in note for note in found.notes)
    assert found.aggregate("group").by.filter(at=3)["standard_error"].null_count() == 1
    assert found.pre_trend is None


def test_nobody_left_to_compare_with_is_a_row_that_says_so() -> None:
    everyone = small().filter(pl.col("id").is_in(["a", "b", "c"]))
    with pytest.raises(ValueError, match="control_group='not_yet'"):
        att_gt(everyone, **COLUMNS)
    found = att_gt(everyone, **COLUMNS, control_group="not_yet")
    last = found.att_gt.filter(time=3)
    assert last["status"].to_list() == ["not_estimated", "not_estimated"]
    assert last["att"].null_count() == 2
    assert "nobody to compare with" in last["reason"][0]
    assert any("3 of 4 group-time effects" in note for note in found.notes)
    assert found.aggregate("simple").overall.point == pytest.approx(
        found.att_gt.filter(group=2, time=2)["att"].item()
    )


def test_what_is_left_out_is_counted() -> None:
    panel = staggered_panel(6)
    holed = panel.filter(~((pl.col("id") == 3) & (pl.col("t") == 2))).with_columns(
        y=pl.when((pl.col("id") == 4) & (pl.col("t") == 1)).then(None).otherwise("y"),
        g=pl.when(pl.col("id") == 5).then(1).when(pl.col("id") == 6).then(9).otherwise("g"),
    )
    found = att_gt(holed, **COLUMNS)
    assert found.n_units == 57
    assert found.notes == (
        NEVER_THE_HEADLINE,
        "2 of 60 units lack a number in some period and are left out",
        "1 of 60 units are exposed from the first period on and are left out",
        "1 of 60 units are exposed after the last period and count as never exposed",
    )
    sound = panel.filter(~pl.col("id").is_in([3, 4, 5])).with_columns(
        g=pl.when(pl.col("id") == 6).then(0).otherwise("g")
    )
    assert found.att_gt.equals(att_gt(sound, **COLUMNS).att_gt)


def test_a_group_of_which_nobody_is_left_is_named() -> None:
    holed = small().filter(~((pl.col("id") == "c") & (pl.col("t") == 1)))
    found = att_gt(holed, **COLUMNS)
    assert set(found.att_gt["group"]) == {2}
    assert found.notes[1:] == (
        "1 of 5 units lack a number in some period and are left out",
        "no unit is left of the groups of 3",
    )


def test_covariates_that_cannot_serve_are_told_in_the_rows() -> None:
    panel = staggered_panel(7)
    constant = panel.with_columns(x=pl.lit(2.0))
    found = att_gt(constant, **COLUMNS, covariates=("x",))
    assert set(found.att_gt["status"]) == {"not_estimated"}
    assert "too few, or too alike" in found.att_gt["reason"][0]
    with pytest.raises(ValueError, match="no effect from exposure on"):
        found.aggregate("simple")
    assert found.to_dict()["aggregates"] == {}
    telling = panel.with_columns(x=(pl.col("g") > 0).cast(pl.Float64))
    told = att_gt(telling, **COLUMNS, covariates=("x",), method="ipw").att_gt
    assert set(told["reason"]) == {"the covariates alone tell who was exposed"}


def test_a_shift_common_to_all_and_a_unit_s_own_level_change_nothing() -> None:
    panel = staggered_panel(8)
    moved = panel.with_columns(y=pl.col("y") + pl.col("t") ** 2 + 3 * pl.col("id"))
    one, two = (att_gt(p, **COLUMNS).att_gt for p in (panel, moved))
    np.testing.assert_allclose(one["att"], two["att"], atol=1e-10)
    np.testing.assert_allclose(one["standard_error"], two["standard_error"], atol=1e-10)


def test_the_covariate_is_that_of_the_period_before() -> None:
    """A covariate that changes with exposure would take its effect away were it read after."""
    panel = staggered_panel(9, units=200)
    exposed = (pl.col("g") > 0) & (pl.col("t") >= pl.col("g"))
    worse = panel.with_columns(x=pl.col("x") + pl.when(exposed).then(50.0).otherwise(0.0))
    one, two = (att_gt(p, **COLUMNS, covariates=("x",)).att_gt for p in (panel, worse))
    np.testing.assert_allclose(one["att"], two["att"], atol=1e-9)


def test_every_result_says_it_is_never_the_headline_and_can_be_written_down() -> None:
    found = att_gt(staggered_panel(10), **COLUMNS)
    for kind in ("simple", "group", "dynamic", "calendar"):
        assert NEVER_THE_HEADLINE in found.aggregate(kind).overall.notes
    written = json.loads(json.dumps(found.to_dict()))
    assert written["aggregates"]["dynamic"]["overall"]["notes"][0] == NEVER_THE_HEADLINE
    assert "influence" not in json.dumps(written)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda p: p.drop("y"), "no column y"),
        (lambda p: p.with_columns(t=pl.lit("x")), "number the periods"),
        (lambda p: p.with_columns(t=pl.col("t") + 0.5), "number the periods"),
        (lambda p: p.with_columns(y=pl.lit("x")), "must hold numbers"),
        (lambda p: pl.concat([p, p.head(1)]), "two rows of one period"),
        (lambda p: p.with_columns(g=pl.col("t")), "differs within a unit"),
        (lambda p: p.with_columns(id=pl.lit(None, dtype=pl.String)), "given in every row"),
        (lambda p: p.filter(t=1), "two periods or more"),
        (lambda p: p.with_columns(g=pl.lit(0)), "no unit is first exposed"),
        (lambda p: p.with_columns(g=pl.lit(1)), "no unit has a number"),
        (lambda p: p.with_columns(y=pl.lit(None, dtype=pl.Float64)), "no unit has a number"),
        (lambda p: p.clear(), "two periods or more"),
    ],
)
def test_what_cannot_be_is_refused(change, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        att_gt(change(small()), **COLUMNS)


def test_arguments_that_are_none_are_refused() -> None:
    with pytest.raises(ValueError, match="'control_group' must be"):
        att_gt(small(), **COLUMNS, control_group="always")
    with pytest.raises(ValueError, match="'method' 'dr'"):
        att_gt(small(), **COLUMNS, method="ols")
    with pytest.raises(ValueError, match="'kind' must be"):
        att_gt(small(), **COLUMNS).aggregate("weekly")
    with pytest.raises(ValueError, match="'balance' is for"):
        att_gt(small(), **COLUMNS).aggregate("group", balance=1)


def test_a_contrast_needs_both_groups() -> None:
    ones = np.ones((4, 1))
    with pytest.raises(NotEstimableError, match="no unit exposed"):
        contrast_of_changes(np.arange(4.0), np.zeros(4, dtype=bool), ones)
    with pytest.raises(NotEstimableError, match="or none to compare with"):
        contrast_of_changes(np.arange(4.0), np.ones(4, dtype=bool), ones)
