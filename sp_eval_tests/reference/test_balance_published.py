"""Balance of LaLonde's data before and after weighting, against the pages of MatchIt and cobalt.

MatchIt, vignette "Getting Started" (before matching). cobalt, reference page "balance-summary": the
same data weighted by 1/p and 1/(1 - p), p from a logistic regression on all columns. Four printed
digits; pages of 2026.
"""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from sp_eval.comparison.balance import balance_table
from sp_eval.comparison.weighting import propensity_weights
from sp_eval_tests.support.lalonde import COLUMNS, lalonde, scored

BINARY = ("black", "hispan", "white", "married", "nodegree")
EVERY = (*COLUMNS, "white")
PRINTED = 5.1e-5
# Means of exposed and comparison, standardised difference, variance ratio, eCDF Max.
BEFORE = {
    "score": (0.5774, 0.1822, 1.7941, 0.9211, 0.6444),
    "age": (25.8162, 28.0303, -0.3094, 0.4400, 0.1577),
    "educ": (10.3459, 10.2354, 0.0550, 0.4959, 0.1114),
    "black": (0.8432, 0.2028, 1.7615, None, 0.6404),
    "hispan": (0.0595, 0.1422, -0.3498, None, 0.0827),
    "white": (0.0973, 0.6550, -1.8819, None, 0.5577),
    "married": (0.1892, 0.5128, -0.8263, None, 0.3236),
    "nodegree": (0.7081, 0.5967, 0.2450, None, 0.1114),
    "re74": (2095.5737, 5619.2365, -0.7211, 0.5181, 0.4470),
    "re75": (1532.0553, 2466.4844, -0.2903, 0.9563, 0.2876),
}
# Means of comparison and exposed, variance ratio, KS.
WEIGHTED = {
    "age": (27.1000, 25.5663, 0.3689, 0.1912),
    "educ": (10.2863, 10.6064, 0.5657, 0.0768),
    "black": (0.3979, 0.4478, None, 0.0499),
    "hispan": (0.1170, 0.1217, None, 0.0047),
    "white": (0.4851, 0.4305, None, 0.0546),
    "married": (0.4089, 0.3146, None, 0.0944),
    "nodegree": (0.6250, 0.5702, None, 0.0547),
    "re74": (4552.7364, 2932.1845, 0.8208, 0.3121),
    "re75": (2172.0386, 1658.0651, 0.9562, 0.1526),
}


def test_before_matching():
    table = balance_table(scored(lalonde()), exposed="exposed", covariates=[*EVERY, "score"])
    for row in table.iter_rows(named=True):
        name = row["covariate"]
        one, two, smd, ratio, ks = BEFORE[name]
        assert row["mean_exposed"] == pytest.approx(one, abs=PRINTED), name
        assert row["mean_comparison"] == pytest.approx(two, abs=PRINTED), name
        # MatchIt divides 0/1 columns by sqrt(p (1 - p)), we by the sample's deviation.
        ours = row["smd"] * np.sqrt(185 / 184) if name in BINARY else row["smd"]
        assert ours == pytest.approx(smd, abs=PRINTED), name
        assert row["ks"] == pytest.approx(ks, abs=PRINTED), name
        if ratio is not None:
            assert row["variance_ratio"] == pytest.approx(ratio, abs=PRINTED), name


def weighted() -> pl.DataFrame:
    units = scored(lalonde())
    found = propensity_weights(units, exposed="exposed", score="score", estimand="ATE", id="id")
    return units.with_columns(weight=found.weights["weight"])


def test_weighted_means_variance_ratios_and_distributions():
    table = balance_table(weighted(), exposed="exposed", covariates=EVERY, weights="weight")
    for row in table.iter_rows(named=True):
        two, one, ratio, ks = WEIGHTED[row["covariate"]]
        assert row["mean_exposed"] == pytest.approx(one, abs=PRINTED)
        assert row["mean_comparison"] == pytest.approx(two, abs=PRINTED)
        assert row["ks"] == pytest.approx(ks, abs=PRINTED)
        if ratio is not None:
            assert row["variance_ratio"] == pytest.approx(ratio, abs=PRINTED)


def test_the_denominator_is_the_exposed_peoples_without_weights():
    before = balance_table(weighted(), exposed="exposed", covariates=["age", "re74"])
    after = balance_table(
        weighted(), exposed="exposed", covariates=["age", "re74"], weights="weight"
    )
    for one, two in zip(before.iter_rows(named=True), after.iter_rows(named=True), strict=True):
        spread = (one["mean_exposed"] - one["mean_comparison"]) / one["smd"]
        assert (two["mean_exposed"] - two["mean_comparison"]) / two["smd"] == pytest.approx(spread)
