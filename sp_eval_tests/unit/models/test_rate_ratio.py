"""Rate ratios at the edges: what is refused, what leaves, what changes nothing."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from sp_eval.models.estimate import TooFewEventsError
from sp_eval.models.rate_ratio import fit_rate_ratio

GIVEN = {"outcome": "y", "exposed": "e", "person_days": "days"}


def people(n: int = 200, seed: int = 1) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    exposed = rng.random(n) < 0.5
    days = rng.uniform(100, 365, n)
    x = rng.normal(size=n)
    return pl.DataFrame(
        {
            "y": rng.poisson(days / 60 * np.exp(0.3 * x) * np.where(exposed, 0.8, 1.0)),
            "e": exposed,
            "days": days,
            "x": x,
            "sex": np.where(rng.random(n) < 0.5, "F", "M"),
            "old": rng.random(n) < 0.3,
            "practice": np.arange(n) % 40,
            "half": np.arange(n) % 2,
            "w": rng.uniform(0.5, 2, n),
        }
    )


@pytest.mark.parametrize("family", ["poisson", "negative_binomial"])
def test_two_rates_and_nothing_else(family: str) -> None:
    rows = people()
    found = fit_rate_ratio(rows, **GIVEN, family=family)
    if family == "poisson":
        sums = rows.group_by("e").agg(pl.col("y").sum() / pl.col("days").sum())
        rate = dict(sums.iter_rows())
        assert found.point == pytest.approx(rate[True] / rate[False])
        assert found.details["rate_exposed"] == pytest.approx(365250 * rate[True])
        assert found.details["rate_expected"] == pytest.approx(365250 * rate[False])
    one = rows.filter("e")
    assert (found.n_analysed, found.n_comparison) == (one.height, 200 - one.height)
    assert found.events_exposed == one["y"].sum()
    assert found.person_years_exposed == pytest.approx(one["days"].sum() / 365.25)
    assert found.method == ("rate_ratio" if family == "poisson" else family)
    assert found.difference is not None
    assert found.difference.n_analysed == found.n_analysed


def test_without_days_rates_are_a_row() -> None:
    rows = people()
    found = fit_rate_ratio(rows, outcome="y", exposed="e")
    means = dict(rows.group_by("e").agg(pl.col("y").mean()).iter_rows())
    assert found.difference is not None
    assert found.difference.scale == "mean_difference"
    assert found.difference.point == pytest.approx(means[True] - means[False])
    assert found.person_years_exposed is None


@pytest.mark.parametrize("family", ["poisson", "negative_binomial"])
def test_text_is_columns_of_nought_and_one_and_booleans_are_numbers(family: str) -> None:
    rows = people().with_columns(
        male=(pl.col("sex") == "M").cast(pl.Int64), older=pl.col("old").cast(pl.Float64)
    )
    one = fit_rate_ratio(rows, **GIVEN, covariates=("sex", "old", "x"), family=family)
    two = fit_rate_ratio(rows, **GIVEN, covariates=("male", "older", "x"), family=family)
    assert one.point == pytest.approx(two.point, rel=1e-10)
    assert one.standard_error == pytest.approx(two.standard_error, rel=1e-10)
    as_number = rows.with_columns(pl.col("e").cast(pl.Int8))
    assert fit_rate_ratio(as_number, **GIVEN).point == fit_rate_ratio(rows, **GIVEN).point


def test_constant_and_repeated_covariates_change_nothing() -> None:
    rows = people().with_columns(one=pl.lit(1.0), twice=2 * pl.col("x") + 3)
    plain = fit_rate_ratio(rows, **GIVEN, covariates=("x",))
    more = fit_rate_ratio(rows, **GIVEN, covariates=("x", "one", "twice"))
    assert more.point == pytest.approx(plain.point, rel=1e-10)
    assert more.details["parameters"] == plain.details["parameters"]


def test_rows_of_no_time_or_no_weight_leave_and_are_counted() -> None:
    rows = people()
    idle = rows.head(7).with_columns(y=pl.lit(0), days=pl.lit(0.0))
    unweighted = rows.head(5).with_columns(w=pl.lit(0.0))
    plain = fit_rate_ratio(rows, **GIVEN, weights="w", covariates="x", cluster="practice")
    more = fit_rate_ratio(
        pl.concat([rows, idle.cast(rows.schema), unweighted]), **GIVEN, weights="w",
        covariates="x", cluster="practice",
    )  # fmt: skip
    assert more.details["rows_dropped"] == 12
    assert more.point == plain.point
    assert more.standard_error == pytest.approx(plain.standard_error, rel=1e-12)


def test_whether_it_happened_at_all_gives_the_risk_ratio() -> None:
    """Zou (2004): Poisson with robust errors; by hand without covariates."""
    rows = people().with_columns(any=pl.col("y") > 4)
    found = fit_rate_ratio(rows, outcome="any", exposed="e")
    risk = dict(rows.group_by("e").agg(pl.col("any").mean()).iter_rows())
    n = dict(rows.group_by("e").len().iter_rows())
    assert found.point == pytest.approx(risk[True] / risk[False])
    error = np.sqrt(sum((1 - risk[e]) / (risk[e] * n[e]) for e in (True, False)))
    assert found.standard_error == pytest.approx(error, rel=1e-9)


def test_fractions_and_weights_are_allowed() -> None:
    rows = people().with_columns(y=pl.col("y") * 1.3)
    found = fit_rate_ratio(rows, **GIVEN)
    assert found.point == pytest.approx(fit_rate_ratio(people(), **GIVEN).point)
    assert fit_rate_ratio(rows, **GIVEN, family="negative_binomial").details["alpha"] >= 0


@pytest.mark.parametrize("name", ["y", "e", "days", "x", "sex", "w", "practice", "half"])
def test_nulls_are_refused_by_name(name: str) -> None:
    rows = people().with_columns(
        pl.when(pl.int_range(pl.len()) == 3).then(None).otherwise(pl.col(name)).alias(name)
    )
    with pytest.raises(ValueError, match=f"'{name}' is null"):
        fit_rate_ratio(
            rows, **GIVEN, covariates=("x", "sex"), weights="w", cluster="practice",
            fixed_effects="half",
        )  # fmt: skip


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"y": pl.lit(-1)}, "'y' holds values below 0"),
        ({"days": pl.lit(-1.0)}, "'days' holds values below 0"),
        ({"w": pl.lit(-1.0)}, "'w' holds values below 0"),
        ({"x": pl.lit(float("nan"))}, "'x' holds values that are not finite"),
        ({"e": pl.lit(2)}, "'e' must be true or false"),
        ({"y": pl.lit("many")}, "'y' must hold numbers"),
        ({"days": pl.lit(0.0)}, "counts something in rows of no 'days'"),
        ({"days": pl.lit(0.0), "y": pl.lit(0)}, "no row has time at risk"),
        ({"x": pl.col("e").cast(pl.Float64)}, "explain exposure wholly"),
        ({"practice": pl.lit(1)}, "'practice' holds fewer than two groups"),
    ],
)
def test_what_cannot_be_is_refused(change: dict, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        fit_rate_ratio(
            people().with_columns(**change), **GIVEN, covariates="x", weights="w",
            cluster="practice",
        )  # fmt: skip


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"outcome": "nothing"}, "no column 'nothing'"),
        ({"covariates": ("gone",)}, "no column 'gone'"),
        ({"cluster": ("gone",)}, "no column 'gone'"),
        ({"fixed_effects": ("gone",)}, "no column 'gone'"),
        ({"family": "gamma"}, "'family' must be"),
        ({"cluster": ("practice", "half", "sex")}, "at most two"),
        ({"cluster": ("practice", "practice")}, "each once"),
        ({"fixed_effects": ("arm",)}, "does not vary within the groups"),
        ({"fixed_effects": ("half",), "covariates": ("arm",)}, "repeats it"),
    ],
)
def test_bad_arguments_are_refused(given: dict, told: str) -> None:
    rows = people().with_columns(arm=pl.col("e").cast(pl.Int64))
    with pytest.raises(ValueError, match=told):
        fit_rate_ratio(rows, **(GIVEN | given))


def test_nobody_one_person_and_no_more_rows_than_coefficients() -> None:
    with pytest.raises(ValueError, match="nothing to fit"):
        fit_rate_ratio(people().clear(), **GIVEN)
    with pytest.raises(TooFewEventsError, match="no events among the"):
        fit_rate_ratio(people().head(1), **GIVEN)
    two = pl.DataFrame({"y": [20, 30], "e": [True, False], "days": [100.0, 100.0]})
    with pytest.raises(ValueError, match="no more rows than coefficients"):
        fit_rate_ratio(two, **GIVEN)


@pytest.mark.parametrize("arm", [True, False])
def test_too_few_events_in_either_group(arm: bool) -> None:
    few = people().with_columns(y=pl.when(pl.col("e") == arm).then(0).otherwise(pl.col("y")))
    with pytest.raises(TooFewEventsError, match="exposed" if arm else "comparison"):
        fit_rate_ratio(few, **GIVEN)
    with pytest.raises(TooFewEventsError, match="no events"):
        fit_rate_ratio(few, **GIVEN, minimum_events=0)
    first = few["e"].to_list().index(arm)
    one = few.with_columns(y=pl.when(pl.int_range(pl.len()) == first).then(3).otherwise("y"))
    assert fit_rate_ratio(one, **GIVEN, minimum_events=1).point > 0


def test_groups_without_events_leave_and_are_told() -> None:
    quiet = pl.col("practice") < 4
    rows = people().with_columns(y=pl.when(quiet).then(0).otherwise(pl.col("y")))
    found = fit_rate_ratio(rows, **GIVEN, fixed_effects="practice", cluster="practice")
    without = fit_rate_ratio(
        rows.filter(~quiet), **GIVEN, fixed_effects="practice", cluster="practice"
    )
    assert found.point == without.point
    assert found.standard_error == without.standard_error
    assert found.details["groups_without_events_practice"] == 4
    assert found.details["groups_practice"] == 36
    assert found.details["rows_dropped"] == rows.filter(quiet).height
    assert found.notes == ("4 groups of 'practice' had no events and left the fit",)


def test_a_column_that_varies_between_groups_only_goes() -> None:
    rows = people().with_columns(size=pl.col("practice") * 3.0)
    plain = fit_rate_ratio(rows, **GIVEN, covariates="x", fixed_effects="practice")
    more = fit_rate_ratio(rows, **GIVEN, covariates=("x", "size"), fixed_effects="practice")
    assert more.point == pytest.approx(plain.point, rel=1e-10)
    assert more.details["parameters"] == plain.details["parameters"]


def test_levels_of_the_negative_binomial_are_columns_and_not_too_many() -> None:
    rows = people(400).with_columns(one=pl.int_range(pl.len()) // 3)
    found = fit_rate_ratio(rows, **GIVEN, fixed_effects="half", family="negative_binomial")
    as_column = fit_rate_ratio(rows, **GIVEN, covariates="half", family="negative_binomial")
    assert found.point == pytest.approx(as_column.point, rel=1e-9)
    with pytest.raises(ValueError, match="use the Poisson family"):
        fit_rate_ratio(rows, **GIVEN, fixed_effects="one", family="negative_binomial")


def test_few_clusters_are_told_and_the_other_order_is_the_same() -> None:
    rows = people().with_columns(area=pl.col("practice") % 9)
    found = fit_rate_ratio(rows, **GIVEN, cluster=("practice", "area"))
    turned = fit_rate_ratio(rows.reverse(), **GIVEN, cluster=("area", "practice"))
    assert "9 clusters only" in found.notes[0]
    assert found.standard_error == pytest.approx(turned.standard_error, rel=1e-9)
    assert fit_rate_ratio(rows, **GIVEN, cluster="practice").notes == ()


def test_every_row_its_own_cluster_is_hc0_but_for_the_factor() -> None:
    rows = people().with_columns(own=pl.int_range(pl.len()))
    plain = fit_rate_ratio(rows, **GIVEN, covariates="x")
    own = fit_rate_ratio(rows, **GIVEN, covariates="x", cluster="own")
    assert own.standard_error == pytest.approx(plain.standard_error * np.sqrt(200 / 199))
