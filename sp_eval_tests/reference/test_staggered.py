"""Group-time effects against R's did, Stata's csdid, two Python packages, and nudged weights."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from numpy.testing import assert_allclose

from sp_eval.models.staggered import GroupTimeEffects, att_gt
from sp_eval_tests.reference.figures_of_did import AGGREGATES, ATT_GT, GROUP_TIMES
from sp_eval_tests.reference.literal_staggered import (
    LiteralStaggered,
    staggered_panel,
    standard_error,
)
from sp_eval_tests.support.shared_files import shared_file

KINDS = ("simple", "group", "dynamic", "calendar")
MADE = {"unit": "id", "time": "t", "first_exposed": "g", "outcome": "y"}


def mpdta(control_group: str = "never", covariates: tuple = (), method: str = "dr"):
    panel = pl.read_csv(shared_file("data", "mpdta", "mpdta.csv"))
    return att_gt(
        panel, unit="countyreal", time="year", first_exposed="first.treat", outcome="lemp",
        control_group=control_group, covariates=covariates, method=method,
    )  # fmt: skip


@pytest.mark.parametrize("setting", ATT_GT)
def test_every_effect_and_error_is_that_of_r(setting: tuple) -> None:
    found = mpdta(*setting).att_gt
    assert list(found.select("group", "time").iter_rows()) == GROUP_TIMES
    assert_allclose(found["att"], [a for a, _ in ATT_GT[setting]], atol=1e-10)
    assert_allclose(found["standard_error"], [s for _, s in ATT_GT[setting]], atol=1e-10)


@pytest.mark.parametrize("setting", AGGREGATES)
@pytest.mark.parametrize("kind", KINDS)
def test_every_aggregate_and_error_is_that_of_r(setting: tuple, kind: str) -> None:
    found = mpdta(*setting).aggregate(kind)
    (point, error), by = AGGREGATES[setting][kind]
    assert found.overall.point == pytest.approx(point, abs=1e-10)
    assert found.overall.standard_error == pytest.approx(error, abs=1e-10)
    rows = np.array(list(found.by.select("at", "att", "standard_error").iter_rows()))
    assert_allclose(rows.reshape(-1, 3), np.array(by).reshape(-1, 3), atol=1e-10)


def test_as_printed_in_the_vignette_of_did() -> None:
    """did 2.5.1, articles/did-basics: dynamic balanced at 1, and the test of trends before."""
    found = mpdta()
    balanced = found.aggregate("dynamic", balance=1)
    assert round(balanced.overall.point, 4) == -0.0288
    assert balanced.by["at"].to_list() == [-2, -1, 0, 1]
    assert balanced.by["att"].round(4).to_list() == [0.0065, -0.0028, -0.0066, -0.0510]
    assert found.pre_trend is not None
    assert found.pre_trend.degrees_of_freedom == 5
    assert found.pre_trend.wald == pytest.approx(7.79123662720035, abs=1e-9)
    assert round(found.pre_trend.p_value, 5) == 0.16812


def test_doubly_robust_with_a_covariate() -> None:
    """csdid 0.4.3 (Python) to twelve digits; Stata's csdid prints -.0417518 (.0115028)."""
    found = mpdta(covariates=("lpop",))
    simple, dynamic = found.aggregate("simple").overall, found.aggregate("dynamic")
    assert simple.point == pytest.approx(-0.04175177205861638, abs=1e-10)
    assert simple.standard_error == pytest.approx(0.011502838151545078, abs=1e-10)
    assert dynamic.overall.point == pytest.approx(-0.08035394974402435, abs=1e-10)
    assert dynamic.overall.standard_error == pytest.approx(0.018957557244824917, abs=1e-10)
    own = found.att_gt.filter(group=2007)
    assert_allclose(
        own["att"],
        [0.026727796203702, -0.004576570763526, -0.028447487197561, -0.028781361039487],
        atol=1e-10,
    )
    assert_allclose(
        own["standard_error"],
        [0.014065660764396, 0.015717763130264, 0.018180881152698, 0.016238952966185],
        atol=1e-10,
    )


@pytest.mark.parametrize(
    ("control_group", "method", "point", "error"),
    [
        ("never", "ipw", -0.041777082199131704, 0.011499719363982945),
        ("not_yet", "dr", -0.04135162929923674, 0.011427839082186102),
        ("not_yet", "ipw", -0.04138940975477899, 0.011419290152956098),
        ("not_yet", "reg", -0.041374769792339845, 0.011377161355887871),
    ],
)
def test_other_methods_with_a_covariate_as_csdid(
    control_group: str, method: str, point: float, error: float
) -> None:
    """Csdid 0.4.3; diff-diff 3.13.0 gives -0.0413516670 (0.0114278954) for the second."""
    simple = mpdta(control_group, ("lpop",), method).aggregate("simple").overall
    assert simple.point == pytest.approx(point, abs=1e-9)
    assert simple.standard_error == pytest.approx(error, abs=1e-9)


def castle() -> GroupTimeEffects:
    """`post` is 1 from the year after the law took effect."""
    panel = pl.read_csv(shared_file("data", "castle", "castle.csv"))
    first = pl.col("year").filter(pl.col("post") > 0).min().over("sid") - 1
    panel = panel.with_columns(effective=first)
    return att_gt(
        panel, unit="sid", time="year", first_exposed="effective", outcome="l_homicide"
    )  # fmt: skip


def test_castle_laws_and_homicide_as_stata_prints_them() -> None:
    """csdid (Stata), Mixtape Sessions, Causal Inference 2, Lab Cheng-Hoekstra, its solutions.

    Where a row is Florida or Montana alone Stata prints an error of the other states only; here
    there is none.
    """
    found = castle().aggregate("dynamic").by
    printed = {
        -8: (0.5276058, None), -7: (-0.2750778, 0.2076307), -6: (0.2581694, 0.0908255),
        -5: (-0.0149105, 0.0506960), -4: (-0.0393112, 0.0541868), -3: (0.0644989, 0.0444428),
        -2: (0.0011024, 0.0453654), -1: (-0.0579160, 0.0437708), 0: (0.0972154, 0.0396431),
        1: (0.1115491, 0.0493212), 2: (0.1115662, 0.0593121), 3: (0.1368254, 0.0572429),
        4: (0.0925866, 0.0537054), 5: (0.1119418, None),
    }  # fmt: skip
    for at, att, error in found.select("at", "att", "standard_error").iter_rows():
        assert att == pytest.approx(printed[at][0], abs=6e-8)
        if printed[at][1] is None:
            assert error is None
        else:
            assert error == pytest.approx(printed[at][1], abs=6e-8)
    assert found.height == len(printed)


@pytest.mark.parametrize("control_group", ["never", "not_yet"])
@pytest.mark.parametrize(
    ("covariates", "method"), [((), "dr"), (("x",), "dr"), (("x",), "reg"), (("x",), "ipw")]
)
def test_effects_and_errors_by_nudging_each_units_weight(
    control_group: str, covariates: tuple, method: str
) -> None:
    panel = staggered_panel(11)
    literal = LiteralStaggered(
        panel, control_group=control_group, covariates=bool(covariates), method=method
    )
    found = att_gt(
        panel, **MADE, control_group=control_group, covariates=covariates, method=method
    ).att_gt
    ones = np.ones(literal.n)
    for g, t in [(2, 2), (3, 2), (3, 4), (4, 3)]:
        row = found.row(by_predicate=(pl.col("group") == g) & (pl.col("time") == t), named=True)
        error = standard_error(lambda w, g=g, t=t: literal.att(g, t, w), literal.n)
        assert row["att"] == pytest.approx(literal.att(g, t, ones), abs=1e-9)
        assert row["standard_error"] == pytest.approx(error, rel=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_aggregates_and_errors_by_nudging_each_units_weight(kind: str) -> None:
    panel = staggered_panel(12)
    literal = LiteralStaggered(panel, control_group="not_yet", covariates=False, method="dr")
    found = att_gt(panel, **MADE, control_group="not_yet").aggregate(kind)
    error = standard_error(lambda w: literal.overall(kind, w), literal.n)
    assert found.overall.point == pytest.approx(literal.overall(kind, np.ones(literal.n)))
    assert found.overall.standard_error == pytest.approx(error, rel=1e-7)


def test_a_row_by_time_since_exposure_by_nudging() -> None:
    panel = staggered_panel(13)
    literal = LiteralStaggered(panel, control_group="never", covariates=False, method="dr")
    by = att_gt(panel, **MADE).aggregate("dynamic").by
    for event in (-1, 0, 1):
        row = by.row(by_predicate=pl.col("at") == event, named=True)
        error = standard_error(lambda w, e=event: literal.at_event(e, w), literal.n)
        assert row["att"] == pytest.approx(literal.at_event(event, np.ones(literal.n)))
        assert row["standard_error"] == pytest.approx(error, rel=1e-7)
