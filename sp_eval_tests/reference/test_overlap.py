"""Overlap against R (r/propensity_weights.R), the formula of Walker et al. (2013), and by hand."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from scipy.special import expit, logit

from sp_eval.comparison.matching import match_nearest
from sp_eval.comparison.overlap import lost_table, overlap, preference_score
from sp_eval_tests.support.lalonde import lalonde, scored

# R 4.2.2 on LaLonde's data.
FIRST = [0.803944173161, 0.401850574527, 0.830167404788, 0.889483187396, 0.845039711347]
WITHIN = (0.118892508143, 0.0972972972973, 0.128205128205)
ABOVE = 0.0432432432432
FIFTHS = {"exposed": [10, 16, 7, 45, 107], "comparison": [261, 70, 19, 28, 51]}


def test_lalonde_as_in_r():
    units = scored(lalonde())
    found = overlap(units, exposed="exposed", score="score", bins=5)
    score, group = units["score"].to_numpy(), units["exposed"].to_numpy()
    assert preference_score(score, group)[:5] == pytest.approx(FIRST, rel=1e-8)
    assert (found.n_exposed, found.n_comparison) == (185, 429)
    assert found.equipoise == pytest.approx(WITHIN[0], rel=1e-10)
    assert found.equipoise_exposed == pytest.approx(WITHIN[1], rel=1e-10)
    assert found.equipoise_comparison == pytest.approx(WITHIN[2], rel=1e-10)
    assert found.exposed_below == 0
    assert found.exposed_above == pytest.approx(ABOVE, rel=1e-10)
    assert found.exposed_outside == found.exposed_above
    for arm, counts in FIFTHS.items():
        own = found.histogram.filter(arm=arm)
        assert own["units"].to_list() == counts
        assert own["share"].sum() == pytest.approx(1)


def test_preference_takes_the_share_exposed_out_of_the_odds():
    rng = np.random.default_rng(1)
    score, group = rng.uniform(0.01, 0.6, 500), rng.random(500) < 0.1
    share = group.mean()
    assert preference_score(score, group) == pytest.approx(expit(logit(score) - logit(share)))
    assert preference_score(np.array([share]), group) == pytest.approx(0.5)
    assert preference_score(np.array([0.0, 1.0]), group).tolist() == [0, 1]


def test_by_hand():
    units = pl.DataFrame(
        {
            "exposed": [True, True, True, True, False, False, False, False],
            "p": [0.1, 0.3, 0.7, 0.95, 0.2, 0.3, 0.71, 0.9],
        }
    )  # as many exposed as not: preference is the score
    found = overlap(units, exposed="exposed", score="p", bins=2)
    assert found.equipoise == pytest.approx(3 / 8)  # both bounds are inside
    assert found.equipoise_exposed == pytest.approx(2 / 4)
    assert found.equipoise_comparison == pytest.approx(1 / 4)
    assert (found.exposed_below, found.exposed_above) == (0.25, 0.25)
    assert found.exposed_outside == 0.5
    assert found.histogram.rows() == [
        ("exposed", 0.0, 0.5, 2, 0.5),
        ("exposed", 0.5, 1.0, 2, 0.5),
        ("comparison", 0.0, 0.5, 2, 0.5),
        ("comparison", 0.5, 1.0, 2, 0.5),
    ]
    wide = overlap(units, exposed="exposed", score="p", bounds=(0, 1), bins=1)
    assert wide.equipoise == 1
    assert wide.to_dict()["histogram"][0] == {
        "arm": "exposed", "low": 0.0, "high": 1.0, "units": 4, "share": 1.0,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("change", "settings", "message"),
    [
        ({"p": pl.lit(1.2)}, {}, "'p' must be a probability"),
        ({"p": pl.lit(None, dtype=pl.Float64)}, {}, "'p' is blank"),
        ({"exposed": pl.lit(value=True)}, {}, "everybody, or nobody"),
        ({"exposed": pl.lit(2)}, {}, "must be Boolean"),
        ({}, {"bounds": (0.7, 0.3)}, "'bounds' must be in order"),
        ({}, {"bins": 0}, "'bins' 1 or more"),
    ],
)
def test_what_cannot_be_measured_is_refused(change, settings, message):
    units = pl.DataFrame({"exposed": [True, False], "p": [0.4, 0.5]}).with_columns(**change)
    with pytest.raises(ValueError, match=message):
        overlap(units, exposed="exposed", score="p", **settings)


def test_who_was_lost():
    units = pl.DataFrame(
        {
            "person_key": ["a", "b", "c", "u", "v"],
            "exposed": [True, True, True, False, False],
            "score": [0.1, 0.2, 9.0, 0.1, 0.2],
            "age": [20, 40, 90, 30, 30],
            "old": [False, False, True, False, False],
        }
    )
    matched = match_nearest(units, exposed="exposed", score="score", caliper=0.05)
    table = lost_table(units, matched, exposed="exposed", covariates=["age", "old"])
    assert table.columns == ["covariate", "mean_matched", "mean_lost", "smd", "n_matched", "n_lost"]
    spread = np.std([20, 40, 90], ddof=1)
    assert table.row(0) == ("age", 30.0, 90.0, pytest.approx(60 / spread), 2, 1)
    assert table.row(1) == ("old", 0.0, 1.0, pytest.approx(1 / np.std([0, 0, 1], ddof=1)), 2, 1)


def test_nobody_lost_or_nobody_matched():
    units = lalonde()
    everybody = units.select("id", "exposed")
    kept = lost_table(units, everybody, exposed="exposed", covariates=["age"], id="id")
    assert kept.row(0) == ("age", pytest.approx(25.8162, abs=5e-5), None, None, 185, 0)
    none = lost_table(units, everybody.clear(), exposed="exposed", covariates=["age"], id="id")
    assert none.row(0) == ("age", None, pytest.approx(25.8162, abs=5e-5), None, 0, 185)
    with pytest.raises(ValueError, match="nobody is 'exposed'"):
        lost_table(
            units.filter(~pl.col("exposed")),
            everybody,
            exposed="exposed",
            covariates=["age"],
            id="id",
        )
