"""Staggered exposure on panels whose truth is known, with the methods that miss it beside."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from sp_eval.models.staggered import att_gt
from sp_eval_tests.recovery.staggered import (
    COLUMNS,
    people_referred_when_busy,
    recovered,
    two_way_fixed_effects,
)


def test_the_effect_put_in_comes_out_and_the_band_holds_all_at_once() -> None:
    """200 panels: Monte Carlo error of the bias about 0.01, of a coverage 0.015 to 0.03."""
    found = recovered(seeds=range(200))
    assert abs(found["error"]) < 0.03
    assert 0.85 < found["sd_over_se"] < 1.15
    assert found["covered"] > 0.91
    assert found["pointwise"] > 0.93
    assert found["band"] > 0.89
    assert found["pointwise_all"] < found["band"] - 0.1  # nine intervals of 95% do not hold at once
    assert found["without_x"] > 0.2  # trends that go with x, left out


@pytest.mark.recovery
def test_the_figures_of_the_page() -> None:
    found = recovered(seeds=range(1_000))
    assert abs(found["error"]) < 0.015
    assert 0.93 < found["covered"] < 0.97
    assert 0.92 < found["band"] < 0.97


def test_two_way_fixed_effects_miss_effects_that_grow() -> None:
    """No noise; in every group the effect is the number of periods exposed."""
    rows = [
        {"id": i, "t": t, "g": g, "y": i % 7 + 0.5 * t + max(0, t - g + 1) * (g > 0)}
        for i in range(60)
        for g in [[0, 2, 4, 6][i % 4]]
        for t in range(1, 8)
    ]
    panel = pl.DataFrame(rows)
    found = att_gt(panel, **COLUMNS, control_group="not_yet").att_gt
    after = found.filter(pl.col("event_time") >= 0)
    np.testing.assert_allclose(after["att"], after["event_time"] + 1, atol=1e-12)
    cells = panel.filter((pl.col("g") > 0) & (pl.col("t") >= pl.col("g")))
    truth = float((cells["t"] - cells["g"] + 1).to_numpy().mean())
    simple = att_gt(panel, **COLUMNS).aggregate("simple").overall
    assert simple.point == pytest.approx(truth, abs=1e-12)
    assert two_way_fixed_effects(panel) < 0.85 * truth


def test_people_referred_when_busy_show_a_fall_unless_the_months_before_are_given() -> None:
    """No effect at all; use is about one contact a month. This is why it is never the headline."""
    panel = people_referred_when_busy(1).filter(pl.col("t") >= 2)
    plain = att_gt(panel, **COLUMNS).aggregate("simple").overall
    assert plain.point < -0.7
    assert plain.ci_high is not None
    assert plain.ci_high < -0.5
    lags = tuple(f"{prefix}lag{k}" for prefix in ("", "log_") for k in (0, 1, 2))
    given = att_gt(panel, **COLUMNS, control_group="not_yet", covariates=lags)
    first = given.aggregate("dynamic").by.filter(at=0).row(0, named=True)
    assert abs(first["att"]) < 0.4
    assert first["ci_low"] < 0 < first["ci_high"]
