"""Equipoise of the matched: against statsmodels' weighted regression, and by hand."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
import statsmodels.api as sm

from sp_eval.comparison.equipoise import matched_equipoise
from sp_eval_tests.support.matched_frames import matched_rows


def of(rows: pl.DataFrame, columns: tuple[str, ...] = ("x", "z"), **more) -> float | None:
    return matched_equipoise(rows, exposed="exposed", columns=columns, weights="weight", **more)


def literal(rows: pl.DataFrame, bounds: tuple[float, float] = (0.3, 0.7)) -> float:
    """The score as statsmodels fits it, and the share of each group counted row by row."""
    y = rows["exposed"].to_numpy().astype(float)
    design = sm.add_constant(rows.select("x", "z").to_numpy())
    fit = sm.GLM(
        y, design, family=sm.families.Binomial(), var_weights=rows["weight"].to_numpy()
    ).fit(tol=1e-12)
    shares = []
    for arm in (1.0, 0.0):
        counted = within = 0.0
        for group, weight, p in zip(y, rows["weight"], fit.fittedvalues, strict=True):
            if group == arm:
                counted += weight
                within += weight * (bounds[0] <= p <= bounds[1])
        shares.append(within / counted)
    return min(shares)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("apart", [0.0, 1.0, 2.5])
def test_the_share_is_that_of_statsmodels_score(seed: int, apart: float) -> None:
    rows = matched_rows(seed).with_columns(x=pl.col("x") + apart * pl.col("exposed"))
    found = of(rows)
    assert found == pytest.approx(literal(rows), abs=1e-9)
    assert (found == 1.0) == (apart == 0.0)


def test_a_match_that_leaves_the_groups_apart_fails_where_the_marginal_score_would_not_say() -> (
    None
):
    """Few of many referred: no probability is near a half, yet the groups are alike."""
    rows = matched_rows(5)
    assert of(rows) == 1.0
    one_in_six = rows.with_columns(weight=pl.lit(1.0))
    assert of(one_in_six) == 1.0  # both groups count for as many, whatever the sets' sizes


def test_the_lesser_group_counts() -> None:
    """Nearly all comparison people are at nought; the referred at nought or, half of them, at 4."""
    exposed = [True] * 40 + [False] * 40
    x = [0.0] * 20 + [4.0] * 20 + [0.0] * 38 + [4.0] * 2
    rows = pl.DataFrame({"exposed": exposed, "x": x, "weight": [1.0] * 80})
    # at nought 20 of 58 were referred, at 4 20 of 22
    assert matched_equipoise(
        rows, exposed="exposed", columns=("x",), weights="weight"
    ) == pytest.approx(20 / 40)


def test_edges() -> None:
    rows = matched_rows(1, sets=30)
    assert of(rows.filter("exposed")) is None
    assert of(rows.clear()) is None
    parted = rows.with_columns(x=pl.col("exposed").cast(pl.Float64))
    assert of(parted) == 0.0
    constant = rows.with_columns(x=pl.lit(1.0))
    assert of(constant, ("x",)) == 1.0
    assert of(rows, bounds=(0.0, 1.0)) == 1.0
    for wrong, told in (
        (rows.with_columns(x=pl.lit(None, dtype=pl.Float64)), "'x' is blank"),
        (rows.with_columns(weight=pl.lit(0.0)), "every weight above nought"),
        (rows.drop("z"), "no column 'z'"),
        (rows.with_columns(pl.col("exposed").cast(pl.Int8) + 1), "must be Boolean"),
    ):
        with pytest.raises(ValueError, match=told):
            of(wrong)
    with pytest.raises(ValueError, match="in order"):
        of(rows, bounds=(0.7, 0.3))
    assert np.isfinite(of(rows) or 0)
