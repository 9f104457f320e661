"""Balance and effective size by hand."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from sp_eval.comparison.balance import balance_table, balance_within, effective_size


def frame() -> pl.DataFrame:
    return pl.DataFrame(
        {
            "arm": [True, True, True, False, False, False],
            "x": [1.0, 2.0, 6.0, 0.0, 3.0, 6.0],
            "w": [1.0, 1.0, 1.0, 0.5, 0.5, 1.0],
        }
    )


def one_row(**settings) -> dict:
    return balance_table(frame(), exposed="arm", covariates=["x"], **settings).row(0, named=True)


def test_unweighted_by_hand():
    row = one_row()
    sd = np.sqrt(((1 - 3) ** 2 + (2 - 3) ** 2 + (6 - 3) ** 2) / 2)
    assert row["mean_exposed"] == 3
    assert row["mean_comparison"] == 3
    assert row["smd"] == 0
    assert row["variance_ratio"] == pytest.approx(sd**2 / 9)
    # the distribution functions part most at 0 (0 of 3 v 1 of 3) and at 2 (2 of 3 v 1 of 3)
    assert row["ks"] == pytest.approx(1 / 3)


def test_weighted_by_hand():
    row = one_row(weights="w")
    assert row["mean_comparison"] == pytest.approx((0 * 0.5 + 3 * 0.5 + 6) / 2)
    assert row["smd"] == pytest.approx((3 - 3.75) / np.sqrt(7))
    variance = (0.5 * 3.75**2 + 0.5 * 0.75**2 + 2.25**2) / (2 - (0.25 + 0.25 + 1) / 2)
    assert row["variance_ratio"] == pytest.approx(7 / variance)
    assert row["ks"] == pytest.approx(2 / 3 - 1 / 4)  # at 2


def test_the_denominator_is_the_spread_of_all_eligible_exposed():
    everybody = pl.DataFrame({"arm": [True] * 4, "x": [-10.0, 1.0, 2.0, 19.0]})
    row = one_row(weights="w", reference=everybody)
    assert row["smd"] == pytest.approx((3 - 3.75) / np.std([-10, 1, 2, 19], ddof=1))


def test_where_the_exposed_do_not_vary_the_others_spread_serves():
    units = pl.DataFrame({"arm": [True, True, False, False, False], "x": [0.0, 0, 0, 1, 0]})
    row = balance_table(units, exposed="arm", covariates=["x"]).row(0, named=True)
    assert row["smd"] == pytest.approx(-(1 / 3) / np.std([0, 1, 0], ddof=1))


def test_a_column_that_never_varies_is_balanced_if_equal():
    units = pl.DataFrame({"arm": [True, False], "x": [1.0, 1.0]})
    assert balance_table(units, exposed="arm", covariates=["x"])["smd"].item() == 0
    apart = pl.DataFrame({"arm": [True, False], "x": [1.0, 2.0]})
    assert np.isinf(balance_table(apart, exposed="arm", covariates=["x"])["smd"].item())


def test_nobody_in_an_arm_gives_no_row():
    units = pl.DataFrame({"arm": [True, True], "x": [1.0, 2.0]})
    assert balance_table(units, exposed="arm", covariates=["x"]).is_empty()


def test_effective_size():
    assert effective_size(np.ones(7)) == pytest.approx(7)
    assert effective_size(np.array([1.0, 0.5, 0.5])) == pytest.approx(4 / 1.5)
    assert effective_size(np.array([])) == 0


def grouped() -> pl.DataFrame:
    return pl.DataFrame(
        {
            "arm": [True, True, False, False, True, False, False, True],
            "place": ["b", "b", "b", "b", "a", "a", "a", "c"],
            "x": [1.0, 3.0, 0.0, 4.0, 5.0, 1.0, 2.0, 9.0],
            "w": [1.0, 1.0, 0.5, 1.5, 1.0, 1.0, 1.0, 1.0],
        }
    )


def test_within_groups_each_is_a_table_of_its_own():
    table = balance_within(grouped(), by="place", exposed="arm", covariates=["x"], weights="w")
    assert table["group"].to_list() == ["a", "b"]  # nobody of c is there to compare
    for place in ("a", "b"):
        own = grouped().filter(place=place)
        alone = balance_table(own, exposed="arm", covariates=["x"], weights="w")
        assert table.filter(group=place).drop("group").equals(alone)


def test_within_groups_a_reference_is_the_groups_own():
    everybody = pl.DataFrame(
        {"arm": [True] * 4, "place": ["a", "a", "b", "b"], "x": [0.0, 10.0, 0.0, 2.0]}
    )
    units = grouped().filter(pl.col("place") != "c")
    table = balance_within(units, by="place", exposed="arm", covariates=["x"], reference=everybody)
    gap = {"a": 5 - 1.5, "b": 2 - 2}
    for row in table.iter_rows(named=True):
        spread = np.std([0, 10] if row["group"] == "a" else [0, 2], ddof=1)
        assert row["smd"] == pytest.approx(gap[row["group"]] / spread)


def test_groups_may_be_numbers_and_nobody_may_lack_one():
    numbered = grouped().with_columns(place=pl.Series([2, 2, 2, 2, 1, 1, 1, 3]))
    table = balance_within(numbered, by="place", exposed="arm", covariates=["x"])
    assert table["group"].to_list() == ["1", "2"]
    nameless = grouped().with_columns(place=pl.lit(None, dtype=pl.String))
    with pytest.raises(ValueError, match="'place' is blank for 8 units"):
        balance_within(nameless, by="place", exposed="arm", covariates=["x"])
    assert balance_within(grouped().clear(), by="place", exposed="arm", covariates=["x"]).is_empty()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"x": pl.lit(None, dtype=pl.Float64)}, "'x' is blank or not finite for 6 units"),
        ({"x": pl.lit(float("nan"))}, "'x' is blank or not finite for 6 units"),
        ({"x": pl.lit("much")}, "'x' must hold numbers"),
        ({"w": pl.lit(-1.0)}, "'w' holds a weight below 0"),
        ({"w": pl.when("arm").then(1.0).otherwise(0.0)}, "'w' is 0 for everybody of a group"),
        ({"w": pl.lit(None, dtype=pl.Float64)}, "'w' is blank"),
        ({"arm": pl.col("arm").cast(pl.Int64) + 1}, "'arm' must be Boolean"),
    ],
)
def test_what_cannot_be_compared_is_refused(change, message):
    with pytest.raises(ValueError, match=message):
        balance_table(frame().with_columns(**change), exposed="arm", covariates=["x"], weights="w")


def test_a_reference_without_anybody_is_refused():
    with pytest.raises(ValueError, match="holds nobody"):
        one_row(reference=frame().clear())
