"""Coarsened exact matching against MatchIt's help page and R step by step (r/coarsened_exact.R)."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from sp_eval.comparison.balance import balance_table, effective_size
from sp_eval.comparison.matching import coarsened_exact, l1_imbalance, match_exact
from sp_eval_tests.support.lalonde import lalonde

FINE = {"age": 20, "educ": 12, "race": None, "married": None}
EXAMPLE = {"age": "sturges", "black": None, "married": "sturges", "educ": 5}
CUTS = {"age": [20, 25, 30, 40], "race": None, "married": None, "educ": [9, 12]}
# R 4.2.2, r/coarsened_exact.R: kept exposed and comparison, strata, effective size, largest weight,
# weighted difference of re78, imbalance on the match's cells, on finer ones, and there afterwards.
IN_R = [
    (EXAMPLE, 149, 244, 37, 52.8401412268, 13.1006711409, 820.182835742,
     0.716222516223, 0.809261009261, 0.514522238256),
    (CUTS, 174, 236, 41, 39.1593517009, 24.4137931034, 1128.65820604,
     0.705411705412, 0.809261009261, 0.615574598004),
]  # fmt: skip


@pytest.mark.parametrize(
    ("on", "one", "two", "strata", "size", "largest", "difference", "own", "fine", "then"), IN_R
)
def test_as_in_r_step_by_step(on, one, two, strata, size, largest, difference, own, fine, then):
    units = lalonde()
    found = coarsened_exact(units, exposed="exposed", on=on, id="id")
    pool = found.filter(~pl.col("exposed"))
    assert (found.height - pool.height, pool.height) == (one, two)
    assert found["match_set"].n_unique() == strata == found["match_set"].max()
    assert effective_size(pool["weight"].to_numpy()) == pytest.approx(size, rel=1e-10)
    assert pool["weight"].max() == pytest.approx(largest, rel=1e-10)
    assert pool["weight"].sum() == pytest.approx(two)
    kept = found.join(units.select("id", "re78"), on="id")
    means = kept.group_by("exposed", maintain_order=True).agg(
        (pl.col("re78") * pl.col("weight")).sum() / pl.col("weight").sum()
    )
    gain = dict(means.iter_rows())
    assert gain[True] - gain[False] == pytest.approx(difference, rel=1e-10)
    weighed = units.join(found.select("id", "weight"), on="id", how="left", maintain_order="left")
    weighed = weighed.with_columns(pl.col("weight").fill_null(0.0))
    assert l1_imbalance(units, exposed="exposed", on=on) == pytest.approx(own, rel=1e-10)
    assert l1_imbalance(units, exposed="exposed", on=FINE) == pytest.approx(fine, rel=1e-10)
    after = l1_imbalance(weighed, exposed="exposed", on=FINE, weights="weight")
    assert after == pytest.approx(then, rel=1e-10)
    assert l1_imbalance(weighed, exposed="exposed", on=on, weights="weight") < 1e-12


def test_published_example():
    """MatchIt, help page of method "cem": 149 and 244 kept, effective size 52.84, balance."""
    units = lalonde()
    found = coarsened_exact(units, exposed="exposed", on=EXAMPLE, id="id")
    kept = found.join(units.drop("exposed"), on="id")
    table = balance_table(
        kept,
        exposed="exposed",
        covariates=["age", "black", "married", "educ"],
        weights="weight",
        reference=units.filter("exposed"),
    )
    printed = {
        "age": (24.1007, 23.7091, 0.0547, 0.8882, 0.0897),
        "black": (0.8188, 0.8188, 0.0, None, 0.0),
        "married": (0.1745, 0.1745, 0.0, None, 0.0),
        "educ": (10.5369, 10.8649, -0.1631, 0.7974, 0.1865),
    }
    for row in table.iter_rows(named=True):
        one, two, smd, ratio, ks = printed[row["covariate"]]
        assert row["mean_exposed"] == pytest.approx(one, abs=5.1e-5)
        assert row["mean_comparison"] == pytest.approx(two, abs=5.1e-5)
        assert row["smd"] == pytest.approx(smd, abs=5.1e-5)
        assert row["ks"] == pytest.approx(ks, abs=5.1e-5)
        if ratio is not None:
            assert row["variance_ratio"] == pytest.approx(ratio, abs=5.1e-5)


def line() -> pl.DataFrame:
    return pl.DataFrame(
        {
            "person_key": range(8),
            "arm": [True, False] * 4,
            "x": [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0],
        }
    )


def sets(on) -> list[set[int]]:
    found = coarsened_exact(line(), exposed="arm", on=on)
    return [set(s["person_key"]) for s in found.partition_by("match_set", maintain_order=True)]


def test_a_value_on_a_cutpoint_belongs_to_the_bin_above():
    assert sets({"x": [2]}) == [{0, 1}, {2, 3, 4, 5, 6, 7}]
    assert sets({"x": [4.0, 2.0, 2.0]}) == [{0, 1}, {2, 3}, {4, 5, 6, 7}]


def test_bins_are_of_one_width_from_the_smallest_value_to_the_largest():
    assert sets({"x": 2}) == [{0, 1, 2, 3}, {4, 5, 6, 7}]
    assert sets({"x": 1}) == [set(range(8))]
    shifted = line().with_columns(pl.col("x") + 100)  # and not from nought
    found = coarsened_exact(shifted, exposed="arm", on={"x": 2})
    assert found["match_set"].max() == 2


def test_sturges_of_eight_is_four_bins():
    assert sets({"x": "sturges"}) == sets({"x": 4})
    assert sets({"x": 4}) != sets({"x": 5})


def test_uncut_it_is_exact_matching_but_for_the_scale():
    units = lalonde()
    on = ["race", "educ"]
    exact = match_exact(units, exposed="exposed", on=on, id="id")
    found = coarsened_exact(units, exposed="exposed", on=dict.fromkeys(on), id="id")
    assert found.drop("weight").equals(exact.drop("weight"))
    scale = (~exact["exposed"]).sum() / exact["exposed"].sum()
    pool = ~exact["exposed"]
    assert found["weight"].filter(pool).to_list() == pytest.approx(
        (exact["weight"].filter(pool) * scale).to_list()
    )


def test_imbalance_by_hand():
    units = line().with_columns(w=pl.Series([1.0, 1, 1, 1, 1, 1, 1, 5]))
    # exposed a quarter in each bin but 1 (6 lies in the last); comparison 1, 1, 1 and 1 of 4
    assert l1_imbalance(units, exposed="arm", on={"x": [2, 4, 6]}) == pytest.approx(0)
    assert l1_imbalance(units, exposed="arm", on={"x": None}) == pytest.approx(1)
    weighed = l1_imbalance(units, exposed="arm", on={"x": [2, 4, 6]}, weights="w")
    shares = np.array([1, 1, 1, 5]) / 8
    assert weighed == pytest.approx(np.abs(shares - 0.25).sum() / 2)


@pytest.mark.parametrize(
    ("on", "message"),
    [
        ({}, "needs a column"),
        ({"place": None}, "no column 'place'"),
        ({"x": "fd"}, "'x' can be cut by 'sturges'"),
        ({"x": 0}, "'x' needs a bin or more"),
        ({"x": []}, "'x' needs finite cutpoints"),
        ({"x": [float("nan")]}, "'x' needs finite cutpoints"),
        ({"name": 3}, "'name' must hold numbers"),
        ({"hole": 3}, "'hole' is blank or not finite for 8 units"),
    ],
)
def test_coarsenings_that_make_no_sense_are_refused(on, message):
    units = line().with_columns(name=pl.lit("a"), hole=pl.lit(None, dtype=pl.Float64))
    with pytest.raises(ValueError, match=message):
        coarsened_exact(units, exposed="arm", on=on)
    with pytest.raises(ValueError, match=message):
        l1_imbalance(units, exposed="arm", on=on)


def test_imbalance_is_of_two_groups_with_weight():
    with pytest.raises(ValueError, match="one of them weighs nothing"):
        l1_imbalance(line().filter("arm"), exposed="arm", on={"x": 2})
    with pytest.raises(ValueError, match="below 0"):
        l1_imbalance(line().with_columns(w=pl.lit(-1.0)), exposed="arm", on={"x": 2}, weights="w")


def test_nobody_leaves_nobody_and_outcomes_are_refused():
    assert coarsened_exact(line().clear(), exposed="arm", on={"x": 2}).is_empty()
    with pytest.raises(ValueError, match="tell an outcome"):
        coarsened_exact(line().with_columns(y=pl.lit(1)), exposed="arm", on={"x": 2})
