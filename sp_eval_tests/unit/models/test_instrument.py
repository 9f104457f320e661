"""A randomised offer at the edges."""

from __future__ import annotations

import json

import polars as pl
import pytest

from sp_eval.models.anderson_rubin import anderson_rubin
from sp_eval.models.instrument import late
from sp_eval_tests.support.published_data import offers

GIVEN = {"outcome": "cost", "offered": "offered", "taken_up": "taken"}


def test_the_headline_is_what_the_offer_does() -> None:
    found = late(offers(), **GIVEN)
    assert found.headline == "itt"
    told = found.to_dict()
    assert next(iter(told)) == "headline"
    assert json.loads(json.dumps(told))["late"]["point"] == found.late.point
    assert "taking up alone" in found.late.notes[0]
    rows = offers()
    means = dict(rows.group_by("offered").agg(pl.col("cost").mean()).iter_rows())
    assert found.itt.point == pytest.approx(means[True] - means[False])
    assert found.itt.n_analysed == rows["offered"].sum()


def test_a_dose_gives_an_effect_per_unit() -> None:
    rows = offers().with_columns(sessions=pl.col("taken").cast(pl.Int64) * 4)
    one = late(rows, **GIVEN)
    four = late(rows, **(GIVEN | {"taken_up": "sessions"}))
    assert four.late.point == pytest.approx(one.late.point / 4)
    assert four.itt.point == pytest.approx(one.itt.point)
    assert four.late_ratio is None
    assert four.first_stage_f == pytest.approx(one.first_stage_f)


def test_no_ratio_where_the_outcome_has_negative_values() -> None:
    rows = offers().with_columns(cost=pl.col("cost") - 5_000)
    assert late(rows, **GIVEN).late_ratio is None


def test_an_offer_that_hardly_moves_taking_up_is_told() -> None:
    rows = offers().with_columns(taken=pl.col("mixed") * 7 % 11 < 5)
    found = late(rows, **GIVEN)
    assert found.first_stage_f is not None
    assert found.first_stage_f < 10
    assert "too little" in found.late.notes[1]
    assert found.anderson_rubin.kind in ("outside", "everything")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"taken": pl.lit(value=True)}, "does not change taking up at all"),
        ({"offered": pl.lit(value=True)}, "everybody, or nobody, was offered"),
        ({"age": pl.col("offered").cast(pl.Float64)}, "explain the offer wholly"),
        ({"taken": pl.lit(None, dtype=pl.Boolean)}, "'taken' is null"),
        ({"offered": pl.lit(3)}, "'offered' must be true or false"),
        ({"practice": pl.lit(1)}, "fewer than two groups"),
    ],
)
def test_what_cannot_be_is_refused(change: dict, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        late(offers().with_columns(**change), **GIVEN, covariates="age", cluster="practice")


def test_nobody_is_refused() -> None:
    with pytest.raises(ValueError, match="nothing to fit"):
        late(offers().clear(), **GIVEN)
    with pytest.raises(ValueError, match="no more rows than coefficients"):
        late(offers().head(2).with_columns(offered=pl.Series([True, False])), **GIVEN)


@pytest.mark.parametrize(
    ("effect", "uptake", "kind"),
    [(1.0, 0.5, "inside"), (1.0, 0.1, "outside"), (0.1, 0.1, "everything")],
)
def test_three_kinds_of_interval(effect: float, uptake: float, kind: str) -> None:
    found = anderson_rubin(effect, uptake, errors=(0.2, 0.1), correlation=0.2, reach=1.96)
    assert found.kind == kind
    assert (found.low is None) == (kind == "everything")
    point = effect / uptake
    if found.low is not None and found.high is not None:
        assert (found.low < point < found.high) == (kind == "inside")
        for end in (found.low, found.high):
            variance = 0.04 - 2 * end * 0.2 * 0.02 + end**2 * 0.01
            assert (effect - end * uptake) ** 2 == pytest.approx(1.96**2 * variance)
