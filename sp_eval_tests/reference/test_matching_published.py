"""Matches of LaLonde's data against what the pages of MatchIt and cobalt print of them.

MatchIt, vignette "Getting Started": nearest neighbours 1:1, logistic score, largest first. cobalt,
vignettes "Using cobalt" (1:1 with replacement) and "segmented data" (2:1 with replacement, exact on
race, a score with every interaction with race). Both pages of 2026; four printed digits. People
with the same covariates have the same score: which of them serves differs between programs, so that
means and distributions of covariates agree and the number of distinct people used need not.
"""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from sp_eval.comparison.balance import balance_table, balance_within, effective_size
from sp_eval.comparison.matching import match_nearest
from sp_eval_tests.support.lalonde import COLUMNS, lalonde, scored

BINARY = ("black", "hispan", "white", "married", "nodegree")
EVERY = (*COLUMNS, "white", "score")
# Standardised mean difference, variance ratio (of columns that are not 0/1), largest gap of the
# distribution functions ("eCDF Max").
PAIRS = {
    "score": (0.9739, 0.7566, 0.4216),
    "age": (0.0718, 0.4568, 0.2541),
    "educ": (-0.1290, 0.5721, 0.0757),
    "black": (1.0259, None, 0.3730),
    "hispan": (-0.6629, None, 0.1568),
    "white": (-0.7296, None, 0.2162),
    "married": (-0.0552, None, 0.0216),
    "nodegree": (0.1546, None, 0.0703),
    "re74": (-0.0505, 1.3289, 0.2757),
    "re75": (-0.0257, 1.4956, 0.2054),
}
# Difference (standardised; of 0/1 columns the plain one) and KS.
REPLACED = {
    "score": (0.0044, 0.0486),
    "age": (0.2395, 0.3405),
    "educ": (-0.0161, 0.0595),
    "married": (0.0595, 0.0595),
    "black": (0.0054, 0.0054),
    "hispan": (-0.0054, 0.0054),
    "white": (0.0000, 0.0000),
    "nodegree": (0.0054, 0.0054),
    "re74": (-0.0493, 0.2162),
    "re75": (0.0087, 0.2378),
}
BY_RACE = {
    "black": {"score": 0.0150, "age": -0.1001, "educ": 0.0794, "married": 0.0288,
              "nodegree": -0.0032, "re74": -0.1501, "re75": -0.1406},
    "hispan": {"score": 0.0947, "age": 0.1914, "educ": -0.4159, "married": 0.1364,
               "nodegree": 0.2273, "re74": 0.1161, "re75": 0.0683},
    "white": {"score": 0.0216, "age": -0.4201, "educ": -0.1403, "married": -0.0556,
              "nodegree": 0.1111, "re74": -0.0417, "re75": 0.0298},
}  # fmt: skip
PRINTED = 5.1e-5


def once_each(found: pl.DataFrame, units: pl.DataFrame) -> pl.DataFrame:
    """One row a person with the sum of its weights."""
    weights = found.group_by("id").agg(pl.col("weight").sum())
    return weights.join(units, on="id")


def test_pairs_have_the_published_balance():
    units = scored(lalonde())
    found = match_nearest(units, exposed="exposed", score="score", id="id", draw="draw")
    assert found.height == 370
    table = balance_table(
        once_each(found, units), exposed="exposed", covariates=EVERY, weights="weight"
    )
    assert set(table["covariate"]) == set(PAIRS)
    for name, smd, ratio, ks in table.select(
        "covariate", "smd", "variance_ratio", "ks"
    ).iter_rows():
        # MatchIt divides 0/1 columns by sqrt(p (1 - p)), we by the sample's deviation.
        ours = smd * np.sqrt(185 / 184) if name in BINARY else smd
        assert ours == pytest.approx(PAIRS[name][0], abs=PRINTED), name
        assert ks == pytest.approx(PAIRS[name][2], abs=PRINTED), name
        if name not in BINARY:
            assert ratio == pytest.approx(PAIRS[name][1], abs=PRINTED), name


def test_pairs_have_the_loops_effect_and_distance():
    units = scored(lalonde())
    found = match_nearest(units, exposed="exposed", score="score", id="id", draw="draw")
    outcome = dict(units.select("id", "re78").iter_rows())
    pairs = found.filter(~pl.col("exposed"))
    gains = [outcome[a] - outcome[b] for a, b in pairs.select("match_set", "id").iter_rows()]
    assert np.mean(gains) == pytest.approx(894.37, abs=0.01)
    spread = units.filter("exposed")["score"].std()
    assert pairs["distance"].mean() / spread == pytest.approx(0.9740, abs=PRINTED)


def test_replacement_has_the_published_balance():
    units = scored(lalonde())
    found = match_nearest(units, exposed="exposed", score="score", replace=True, id="id")
    table = balance_table(
        once_each(found, units), exposed="exposed", covariates=EVERY, weights="weight"
    )
    for name, one, two, smd, ks in table.select(
        "covariate", "mean_exposed", "mean_comparison", "smd", "ks"
    ).iter_rows():
        ours = one - two if name in BINARY else smd
        assert ours == pytest.approx(REPLACED[name][0], abs=PRINTED), name
        assert ks == pytest.approx(REPLACED[name][1], abs=PRINTED), name


def test_two_with_replacement_within_race_have_the_published_balance_in_each():
    races, others = ("black", "hispan"), ("age", "educ", "married", "nodegree", "re74", "re75")
    crossed = [(pl.col(a) * pl.col(b)).alias(f"{a}_{b}") for a in races for b in others]
    units = scored(lalonde(), [*races, *others, *crossed])
    found = match_nearest(
        units, exposed="exposed", score="score", exact=["race"], ratio=2, replace=True, id="id"
    )
    people = once_each(found, units)
    table = balance_within(
        people, by="race", exposed="exposed", covariates=["score", *others], weights="weight"
    )
    assert table["group"].unique(maintain_order=True).to_list() == ["black", "hispan", "white"]
    for group, name, one, two, smd in table.select(
        "group", "covariate", "mean_exposed", "mean_comparison", "smd"
    ).iter_rows():
        ours = one - two if name in BINARY else smd
        assert ours == pytest.approx(BY_RACE[group][name], abs=PRINTED), (group, name)
    pool = people.filter(~pl.col("exposed"))
    for race, used, effective in (("hispan", 18, 15.125), ("white", 31, 25.92)):
        own = pool.filter(race=race)["weight"].to_numpy()
        assert len(own) == used
        assert effective_size(own) == pytest.approx(effective, abs=0.005)
