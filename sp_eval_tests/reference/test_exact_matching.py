"""Exact matching against the example of MatchIt's help page, and by hand."""

from __future__ import annotations

import polars as pl
import pytest

from sp_eval.comparison.balance import balance_table, effective_size
from sp_eval.comparison.matching import match_exact
from sp_eval_tests.support.lalonde import lalonde

ON = ["age", "race", "married", "educ"]


def small() -> pl.DataFrame:
    return pl.DataFrame(
        {
            "person_key": ["f", "e", "d", "c", "b", "a", "g"],
            "arm": [True, True, False, False, False, True, False],
            "sex": ["m", "f", "f", "f", "f", "f", None],
            "band": [1, 2, 2, 2, 2, 2, 1],
        }
    )


def test_strata_that_hold_both_groups_are_kept_and_weighed():
    found = match_exact(small(), exposed="arm", on=["sex", "band"])
    assert found.columns == ["match_set", "person_key", "exposed", "distance", "weight"]
    assert found.rows() == [
        (1, "a", True, 0.0, 1.0),
        (1, "e", True, 0.0, 1.0),
        (1, "b", False, 0.0, 2 / 3),
        (1, "c", False, 0.0, 2 / 3),
        (1, "d", False, 0.0, 2 / 3),
    ]


def test_strata_are_numbered_by_their_values_and_blanks_are_a_value():
    units = pl.DataFrame(
        {"person_key": range(6), "arm": [True, False] * 3, "x": [2.5, 2.5, None, None, 1.0, 1.0]}
    )
    found = match_exact(units, exposed="arm", on=["x"]).filter("exposed")
    value = dict(units.select("person_key", "x").iter_rows())
    assert [value[p] for p in found["person_key"]] == [None, 1.0, 2.5]
    assert found["match_set"].to_list() == [1, 2, 3]


def test_published_example():
    """MatchIt, help page of method "exact": 54 and 59 kept, effective size 40.36, means."""
    units = lalonde()
    found = match_exact(units, exposed="exposed", on=ON, id="id")
    pool = found.filter(~pl.col("exposed"))
    assert found.height - pool.height == 54
    assert pool.height == 59
    assert effective_size(pool["weight"].to_numpy()) == pytest.approx(40.36, abs=0.005)
    assert pool["weight"].sum() == pytest.approx(54)
    kept = found.join(units.drop("exposed"), on="id")
    table = balance_table(
        kept, exposed="exposed", covariates=["age", "black", "married", "educ"], weights="weight"
    )
    printed = [19.9815, 0.7778, 0.0370, 10.3333]
    assert table["mean_exposed"].to_list() == pytest.approx(printed, abs=5.1e-5)
    assert table["smd"].abs().max() < 1e-12
    assert table["ks"].abs().max() < 1e-12


def test_within_a_stratum_both_sides_weigh_the_same():
    found = match_exact(lalonde(), exposed="exposed", on=["race", "educ"], id="id")
    sides = found.group_by("match_set", "exposed").agg(pl.col("weight").sum())
    wide = sides.pivot(on="exposed", index="match_set", values="weight")
    assert wide["true"].to_list() == pytest.approx(wide["false"].to_list())


def test_no_stratum_with_both_leaves_nobody():
    found = match_exact(small(), exposed="arm", on=["person_key"])
    assert found.is_empty()
    assert match_exact(small().clear(), exposed="arm", on=["sex"]).is_empty()


@pytest.mark.parametrize(
    ("units", "on", "message"),
    [
        (small(), [], "needs a column"),
        (small(), ["place"], "no column 'place'"),
        (small().with_columns(person_key=pl.lit("a")), ["sex"], "have the 'person_key' of another"),
        (small().with_columns(arm=pl.lit(2)), ["sex"], "must be Boolean"),
        (small().with_columns(events=pl.lit(1)), ["sex"], "tell an outcome"),
    ],
)
def test_what_cannot_be_matched_is_refused(units, on, message):
    with pytest.raises(ValueError, match=message):
        match_exact(units, exposed="arm", on=on)
