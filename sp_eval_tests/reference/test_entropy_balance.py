"""Entropy balancing against R's optim (r/entropy_balance.R), WeightIt's pages, its own problem."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from scipy.optimize import linprog, minimize

from sp_eval.comparison.balance import balance_table
from sp_eval.comparison.weighting import UnitWeights, entropy_balance
from sp_eval_tests.support.lalonde import COLUMNS, cps, lalonde

# R 4.2.2, r/entropy_balance.R: effective size, largest weight, weights of the first five comparison
# people, difference of re78. R's optim closes the gaps to 1e-12 for means, to 5e-9 with squares and
# to 2e-8 on the CPS, hence how far the figures can be compared.
MEANS = (
    98.4578344242, 4.06243014571, 1273.26181391,
    [0.026903081614, 0.0147664674467, 0.0251489489667, 0.0482625878643, 0.812017481649],
)  # fmt: skip
SQUARES = (
    34.3197060552, 22.8507693241, 1068.08901468,
    [0.349147844001, 0.909629610247, 0.199868585326, 0.0855003642631, 2.73319827549],
)  # fmt: skip
FROM_BASE = (
    98.2793759105, 4.16111680163, 1289.01696248,
    [0.0279907552468, 0.0153948318013, 0.0218839463381, 0.0484582627039, 0.827507547701],
)  # fmt: skip
CPS = (
    268.83683996, 1.70890799974, 1406.3042557,
    [5.06698499008e-05, 0.000704330410424, 2.57262674948e-05, 5.2859820574e-05, 0.000217415295481],
)  # fmt: skip


def told(found: UnitWeights, units: pl.DataFrame) -> tuple[list[float], list[float]]:
    """Effective size, largest weight and effect, and the first five weights: as R printed them."""
    weight = found.weights["weight"].to_numpy()
    group = units["exposed"].to_numpy()
    y = units["re78"].to_numpy()
    assert weight[group].tolist() == [1.0] * group.sum()
    assert weight[~group].sum() == pytest.approx(group.sum(), rel=1e-12)
    gain = y[group].mean() - np.average(y[~group], weights=weight[~group])
    figures = [found.effective_size_comparison, weight[~group].max(), gain]
    return figures, weight[~group][:5].tolist()


def expected(figures: tuple, rel: float) -> tuple:
    return pytest.approx(list(figures[:3]), rel=rel), pytest.approx(figures[3], rel=10 * rel)


def test_means_as_in_r():
    units = lalonde()
    found = entropy_balance(units, exposed="exposed", covariates=COLUMNS)
    assert told(found, units) == expected(MEANS, 1e-9)


def test_squares_as_in_r():
    units = lalonde()
    found = entropy_balance(units, exposed="exposed", covariates=COLUMNS, moments=2)
    assert told(found, units) == expected(SQUARES, 1e-7)


def test_base_weights_as_in_r():
    units = lalonde().with_columns(base=pl.col("educ") + 1)
    found = entropy_balance(units, exposed="exposed", covariates=COLUMNS, base_weights="base")
    assert told(found, units) == expected(FROM_BASE, 1e-9)


def test_the_survey_of_sixteen_thousand_as_in_r():
    units = cps()
    columns = ["age", "educ", "black", "hisp", "marr", "nodegree", "re74", "re75", "u74", "u75"]
    found = entropy_balance(units, exposed="exposed", covariates=columns)
    assert told(found, units) == expected(CPS, 1e-6)


def test_published_weights_and_effect():
    """WeightIt's vignette and help page of 2026: five largest weights, effective sizes, effect."""
    units = lalonde()
    found = entropy_balance(units, exposed="exposed", covariates=COLUMNS, id="id")
    heaviest = found.weights.filter(~pl.col("exposed")).sort("weight").tail(5)
    assert (heaviest["id"] + 1).to_list() == [608, 381, 597, 303, 411]
    assert heaviest["weight"].to_list() == pytest.approx(
        [3.073, 3.235, 3.45, 3.897, 4.062], abs=6e-4
    )
    assert found.effective_size_comparison == pytest.approx(98.46, abs=0.005)
    table = balance_table(
        units.with_columns(weight=found.weights["weight"]),
        exposed="exposed", covariates=["age", "educ", "re74", "re75"], weights="weight",
    )  # fmt: skip
    assert table["variance_ratio"].to_list() == pytest.approx(
        [0.410, 0.664, 1.326, 1.335], abs=6e-4
    )
    fewer = entropy_balance(
        units, exposed="exposed", covariates=["age", "educ", "married", "nodegree", "re74"]
    )
    assert fewer.effective_size_comparison == pytest.approx(252.12, abs=0.005)
    assert fewer.largest_weight == pytest.approx(2.263, abs=6e-4)


@pytest.mark.parametrize("moments", [1, 2, 3])
def test_moments_agree_to_the_last_digits(moments):
    units = lalonde()
    found = entropy_balance(units, exposed="exposed", covariates=COLUMNS, moments=moments)
    weight = found.weights["weight"].to_numpy()
    group = units["exposed"].to_numpy()
    for name in COLUMNS:
        for power in range(1, moments + 1):
            x = units[name].to_numpy().astype(float)
            x = ((x - x.mean()) / x.std()) ** power
            gap = np.average(x[~group], weights=weight[~group]) - x[group].mean()
            assert abs(gap) < 1e-8 * x[~group].std(), (name, power)
    assert weight.min() > 0


def test_weights_are_the_nearest_in_entropy():
    """The primal problem itself, on few people, by another library's constrained search."""
    rng = np.random.default_rng(4)
    x, base = rng.normal(size=(12, 2)), rng.uniform(0.5, 2, 12)
    exposed = x[:4] * 0.3
    target, start = exposed.mean(axis=0), base / base.sum()
    found = minimize(
        lambda w: float((w * np.log(w / start)).sum()), start, method="SLSQP",
        jac=lambda w: np.log(w / start) + 1, bounds=[(1e-9, 1)] * 12,
        constraints=[{"type": "eq", "fun": lambda w: w @ x - target},
                     {"type": "eq", "fun": lambda w: w.sum() - 1}],
        options={"ftol": 1e-14, "maxiter": 1000},
    )  # fmt: skip
    units = pl.DataFrame(np.vstack([exposed, x]), schema=["a", "b"]).with_columns(
        exposed=pl.Series([True] * 4 + [False] * 12), base=pl.Series([9.0] * 4 + base.tolist())
    )
    ours = entropy_balance(units, exposed="exposed", covariates=["a", "b"], base_weights="base")
    assert ours.weights["weight"].to_numpy()[4:] / 4 == pytest.approx(found.x, abs=1e-6)


def test_what_is_refused_is_what_a_linear_programme_finds_out_of_reach():
    for seed in range(60):
        rng = np.random.default_rng(seed)
        many, few, k = int(rng.integers(5, 120)), int(rng.integers(2, 40)), int(rng.integers(1, 7))
        x = rng.normal(size=(many + few, k)) * 10.0 ** rng.uniform(-6, 6, k)
        x[:few] += rng.normal(size=k) * x.std(axis=0)
        pool, target = x[few:], x[:few].mean(axis=0)
        z = (pool - target) / pool.std(axis=0)
        found = linprog(
            np.zeros(many), A_eq=np.vstack([z.T, np.ones(many)]), b_eq=np.append(np.zeros(k), 1)
        )
        names = [f"x{column}" for column in range(k)]
        units = pl.DataFrame(x, schema=names).with_columns(e=pl.Series(np.arange(many + few) < few))
        try:
            ours = entropy_balance(units, exposed="e", covariates=names)
        except ValueError:
            assert found.status == 2, seed
        else:
            assert found.status == 0, seed
            weight = ours.weights["weight"].to_numpy()[few:]
            assert np.abs(weight @ z).max() < 1e-8 * few


def test_columns_that_say_the_same_change_nothing():
    units = lalonde()
    one = entropy_balance(units, exposed="exposed", covariates=COLUMNS)
    two = entropy_balance(
        units.with_columns(months=pl.col("age") * 12, one=pl.lit(1)),
        exposed="exposed", covariates=[*COLUMNS, "white", "months", "one"],
    )  # fmt: skip
    assert two.weights["weight"].to_list() == pytest.approx(
        one.weights["weight"].to_list(), rel=1e-7
    )


def test_base_weights_are_kept_where_all_is_balanced_and_nought_stays_nought():
    units = pl.DataFrame(
        {
            "exposed": [True, True, False, False, False],
            "x": [1.0, 3.0, 1.0, 3.0, 99.0],
            "base": [None, None, 2.0, 2.0, 0.0],
        }
    ).with_columns(pl.col("base").fill_null(5.0))
    found = entropy_balance(units, exposed="exposed", covariates=["x"], base_weights="base")
    assert found.weights["weight"].to_list() == pytest.approx([1, 1, 1, 1, 0], abs=1e-12)


def test_rows_keep_their_order_and_their_names():
    units = lalonde().sample(fraction=1.0, shuffle=True, seed=1)
    named = entropy_balance(units, exposed="exposed", covariates=["age"], id="rownames").weights
    assert named["rownames"].equals(units["rownames"])
    assert named["exposed"].equals(units["exposed"])
    keyed = units.rename({"rownames": "person_key"})
    by_default = entropy_balance(keyed, exposed="exposed", covariates=["age"]).weights
    assert by_default["person_key"].equals(keyed["person_key"])
    numbered = entropy_balance(units, exposed="exposed", covariates=["age"]).weights
    assert numbered["row"].to_list() == list(range(614))


def test_what_is_told():
    found = entropy_balance(lalonde(), exposed="exposed", covariates=COLUMNS)
    told = found.to_dict()
    assert "weights" not in told
    assert told["method"] == "entropy_balance"
    assert told["estimand"] == "ATT"
    assert told["effective_size_exposed"] == pytest.approx(185)
    assert told["largest_weight"] == found.weights["weight"].max()
    assert told["largest_share"] == pytest.approx(4.06243014571 / 185)


def small(**columns) -> pl.DataFrame:
    return pl.DataFrame(
        {"exposed": [True, True, False, False, False], "x": [1.0, 2.0, 0.0, 2.0, 4.0]} | columns
    )


@pytest.mark.parametrize(
    ("units", "covariates", "message"),
    [
        (small(age=[80, 82, 20, 30, 40]), ["x", "age"],
         r"of 'age' \(81\) lies outside the comparison units' values \(20 to 40\)"),
        (small(flag=[1, 1, 0, 1, 1]), ["x", "flag"], r"'flag' \(1\) lies on the edge"),
        (small(flag=[1, 1, 0, 0, 0]), ["flag"], r"'flag' \(1\) lies outside"),
        (small(z=[2.0, 1.0, 0.0, 2.0, 4.0]), ["x", "z"], None),
        (small(z=[3.0, 3.0, 0.0, 2.0, 4.0]), ["x", "z"], "furthest off is '[xz]'"),
        (small(z=[3.9, 3.9, 0.0, 4.0, 0.0]), ["x", "z"], "furthest off is '[xz]'"),
        (small(z=[1.0, None, 0.0, 2.0, 4.0]), ["z"], "'z' is blank or not finite for 1 units"),
        (small(z=["a"] * 5), ["z"], "'z' must hold numbers"),
        (small().filter("exposed"), ["x"], "everybody, or nobody"),
        (small().filter(~pl.col("exposed")), ["x"], "everybody, or nobody"),
        (small(person_key=[1, 1, 2, 3, 4]), ["x"], "have the 'person_key' of another"),
        (small(gp_after=[1] * 5), ["x"], "tell an outcome"),
        (small(), [], "needs a covariate"),
    ],
)  # fmt: skip
def test_targets_that_cannot_be_reached_and_frames_that_cannot_be_weighed(
    units, covariates, message
):
    if message is None:
        found = entropy_balance(units, exposed="exposed", covariates=covariates)
        assert found.weights["weight"].sum() == pytest.approx(4)
        return
    with pytest.raises(ValueError, match=message):
        entropy_balance(units, exposed="exposed", covariates=covariates)


def test_arguments_out_of_range():
    with pytest.raises(ValueError, match="'moments' must be 1, 2 or 3"):
        entropy_balance(small(), exposed="exposed", covariates=["x"], moments=4)
    for base in ([1, 1, 1, 1, -1], [1, 1, 0, 0, 0]):
        with pytest.raises(ValueError, match="'base' must be 0 or more"):
            entropy_balance(
                small(base=base), exposed="exposed", covariates=["x"], base_weights="base"
            )
