"""Propensity weights against R's glm with the formulas written out, and published figures.

R: r/propensity_weights.R. Published: WeightIt's vignette and help pages of 2026; Hernan & Robins,
Causal Inference: What If, chapter 12 (weights of the smokers who quit, and 3.4 kg).
"""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from sp_eval.comparison.weighting import UnitWeights, propensity_weights
from sp_eval_tests.support.lalonde import lalonde, scored
from sp_eval_tests.support.shared_files import shared_file

# R 4.2.2: effective sizes of exposed and comparison, largest weight, difference of re78.
IN_R = {
    ("ATT", None): (185, 99.8153859158, 3.74322176352, 1214.07122329),
    ("ATE", None): (58.3266607397, 329.007759063, 40.0772938121, 224.676309104),
    ("ATO", None): (145.635948367, 166.101429797, 0.975048215464, 1242.20063594),
    ("ATT", 0.9): (185, 115.014370894, 1.85754222164, 1154.06276021),
    ("ATE", 0.95): (149.610420925, 330.985944423, 4.04026741744, 338.827592863),
}
NHEFS = (325.974728958, 1128.60986313, 16.7000943507, 3.44053542965)


def difference(found: UnitWeights, y: pl.Series) -> float:
    group, weight = found.weights["exposed"].to_numpy(), found.weights["weight"].to_numpy()
    values = y.to_numpy().astype(float)
    one, two = (np.average(values[arm], weights=weight[arm]) for arm in (group, ~group))
    return float(one - two)


def told(found: UnitWeights, y: pl.Series) -> tuple[float, ...]:
    return (
        found.effective_size_exposed,
        found.effective_size_comparison,
        found.largest_weight,
        difference(found, y),
    )


@pytest.mark.parametrize(("estimand", "truncate"), list(IN_R))
def test_as_in_r(estimand, truncate):
    units = scored(lalonde())
    found = propensity_weights(
        units, exposed="exposed", score="score", estimand=estimand, truncate=truncate
    )
    assert told(found, units["re78"]) == pytest.approx(IN_R[estimand, truncate], rel=1e-8)


def test_published_weights_of_lalonde():
    units = scored(lalonde())
    found = propensity_weights(units, exposed="exposed", score="score", id="id")
    heaviest = found.weights.filter(~pl.col("exposed")).sort("weight").tail(5)
    assert (heaviest["id"] + 1).to_list() == [597, 573, 381, 411, 303]
    assert heaviest["weight"].to_list() == pytest.approx(
        [3.03, 3.059, 3.24, 3.523, 3.743], abs=6e-4
    )
    assert found.effective_size_comparison == pytest.approx(99.82, abs=0.005)
    fewer = scored(lalonde(), ["age", "educ", "married", "nodegree", "re74"])
    whole = propensity_weights(fewer, exposed="exposed", score="score")
    assert whole.largest_weight == pytest.approx(2.044, abs=6e-4)
    assert whole.effective_size_comparison == pytest.approx(255.99, abs=0.005)
    cut = propensity_weights(fewer, exposed="exposed", score="score", truncate=0.9)
    pool = cut.weights.filter(~pl.col("exposed"))["weight"]
    assert pool.max() == pytest.approx(0.941, abs=6e-4)
    assert cut.effective_size_comparison == pytest.approx(270.58, abs=0.005)


def test_published_weights_and_effect_of_giving_up_smoking():
    path = shared_file("data", "nhefs", "nhefs_complete.csv")
    units = pl.read_csv(path, infer_schema_length=None).with_columns(exposed=pl.col("qsmk") == 1)
    square = [
        (pl.col(c) ** 2).alias(f"{c}_2") for c in ("age", "smokeintensity", "smokeyrs", "wt71")
    ]
    levels = [
        (pl.col(c) == level).cast(pl.Float64).alias(f"{c}_{level}")
        for c, many in (("education", (2, 3, 4, 5)), ("exercise", (1, 2)), ("active", (1, 2)))
        for level in many
    ]
    plain = ["sex", "race", "age", "smokeintensity", "smokeyrs", "wt71"]
    found = propensity_weights(
        scored(units, [*plain, *square, *levels]), exposed="exposed", score="score", estimand="ATE"
    )
    assert told(found, units["wt82_71"]) == pytest.approx(NHEFS, rel=1e-8)
    weight = found.weights["weight"]
    assert weight.mean() == pytest.approx(2.00, abs=0.005)
    assert weight.min() == pytest.approx(1.05, abs=0.005)
    assert weight.max() == pytest.approx(16.70, abs=0.005)
    assert difference(found, units["wt82_71"]) == pytest.approx(3.4, abs=0.05)


def units() -> pl.DataFrame:
    return pl.DataFrame(
        {
            "person_key": ["a", "b", "c", "d"],
            "exposed": [True, True, False, False],
            "p": [0.8, 0.5, 0.5, 0.2],
        }
    )


@pytest.mark.parametrize(
    ("estimand", "weights"),
    [
        ("ATT", [1, 1, 1, 0.25]),
        ("ATE", [1.25, 2, 2, 1.25]),
        ("ATO", [0.2, 0.5, 0.5, 0.2]),
    ],
)
def test_by_hand(estimand, weights):
    found = propensity_weights(units(), exposed="exposed", score="p", estimand=estimand)
    assert found.weights.columns == ["person_key", "exposed", "weight"]
    assert found.weights["person_key"].to_list() == ["a", "b", "c", "d"]
    assert found.weights["weight"].to_list() == pytest.approx(weights)
    assert found.to_dict() == {
        "method": "propensity_weights",
        "estimand": estimand,
        "effective_size_exposed": pytest.approx(
            sum(weights[:2]) ** 2 / sum(w * w for w in weights[:2])
        ),
        "effective_size_comparison": pytest.approx(
            sum(weights[2:]) ** 2 / sum(w * w for w in weights[2:])
        ),
        "largest_weight": pytest.approx(max(weights)),
        "largest_share": pytest.approx(weights[2] / sum(weights[2:])),
        "truncated": 0,
    }


def test_the_exposed_are_never_cut_for_the_att():
    found = propensity_weights(units(), exposed="exposed", score="p", truncate=0.5)
    assert found.weights["weight"].to_list() == pytest.approx([1, 1, 0.625, 0.25])
    assert found.truncated == 1


def test_weighted_by_the_overlap_a_logistic_score_balances_exactly():
    """Li, Morgan & Zaslavsky (2018), theorem 3: the means of the score's own columns agree."""
    frame = scored(lalonde())
    found = propensity_weights(frame, exposed="exposed", score="score", estimand="ATO")
    for name in ("age", "educ", "re74", "re75"):
        assert difference(found, frame[name]) == pytest.approx(0, abs=1e-8 * frame[name].std())


@pytest.mark.parametrize("score", [0.0, 1.0, 1.5, -0.1])
def test_scores_without_a_counterpart_are_refused(score):
    frame = units().with_columns(p=pl.Series([0.8, score, 0.5, 0.2]))
    with pytest.raises(ValueError, match="not strictly between 0 and 1 for 1 units"):
        propensity_weights(frame, exposed="exposed", score="p")


@pytest.mark.parametrize(
    ("frame", "settings", "message"),
    [
        (units(), {"estimand": "ATM"}, "'estimand' must be one of ATT, ATE, ATO"),
        (units(), {"truncate": 99}, "'truncate' must be a share"),
        (units(), {"truncate": 1.0}, "'truncate' must be a share"),
        (units().with_columns(p=pl.lit(None, dtype=pl.Float64)), {}, "'p' is blank"),
        (units().with_columns(exposed=pl.lit(value=True)), {}, "everybody, or nobody"),
        (units().with_columns(person_key=pl.lit("a")), {}, "have the 'person_key' of another"),
        (units().with_columns(person_days=pl.lit(3)), {}, "tell an outcome"),
    ],
)
def test_what_cannot_be_weighed_is_refused(frame, settings, message):
    with pytest.raises(ValueError, match=message):
        propensity_weights(frame, exposed="exposed", score="p", **settings)
