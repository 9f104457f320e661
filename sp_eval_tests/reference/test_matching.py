"""Matching against a literal greedy loop, and against published tables on LaLonde's data."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from sp_eval.comparison.balance import balance_table
from sp_eval.comparison.matching import caliper_width, match_nearest
from sp_eval.comparison.propensity import fit_logistic
from sp_eval_tests.support.shared_files import shared_file


def greedy(
    units: pl.DataFrame, *, exact: list[str], ratio: int, caliper: float | None
) -> dict[int, list[int]]:
    """Each exposed unit's comparison units, nearest first, word by word."""
    rows = units.to_dicts()
    found: dict[int, list[int]] = {}
    used: set[int] = set()
    takers = [r for r in rows if r["exposed"]]
    for own in sorted(takers, key=lambda r: (-r["score"], r["draw"])):
        near = [
            r
            for r in rows
            if not r["exposed"]
            and r["id"] not in used
            and all(r[e] == own[e] for e in exact)
            and (caliper is None or abs(r["score"] - own["score"]) <= caliper)
        ]
        near.sort(key=lambda r: (abs(r["score"] - own["score"]), r["draw"]))
        taken = [r["id"] for r in near[:ratio]]
        used.update(taken)
        if taken:
            found[own["id"]] = taken
    return found


def drawn(seed: int, *, n: int = 400, decimals: int | None = None) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    exposed = rng.random(n) < 0.2
    score = rng.normal(np.where(exposed, 1.0, 0.0))
    return pl.DataFrame(
        {
            "id": rng.permutation(n),
            "exposed": exposed,
            "score": score if decimals is None else np.round(score, decimals),
            "month": rng.integers(0, 4, n),
            "sex": rng.choice(["f", "m"], n),
            "draw": rng.permutation(n).astype(np.uint64),
        }
    )


def matched(units: pl.DataFrame, **settings) -> dict[int, list[int]]:
    found = match_nearest(units, exposed="exposed", score="score", id="id", draw="draw", **settings)
    sets = found.filter(~pl.col("exposed")).group_by("match_set", maintain_order=True).agg("id")
    return dict(sets.iter_rows())


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("exact", [[], ["month"], ["month", "sex"]])
@pytest.mark.parametrize(("ratio", "caliper"), [(1, None), (5, 0.1), (3, 0.02)])
def test_sets_are_those_of_the_loop(seed, exact, ratio, caliper):
    units = drawn(seed, n=200)
    ours = matched(units, exact=exact, ratio=ratio, caliper=caliper)
    assert ours == greedy(units, exact=exact, ratio=ratio, caliper=caliper)


@pytest.mark.parametrize("seed", range(8))
def test_ties_go_by_the_draw(seed):
    units = drawn(seed, decimals=1)  # many equal scores, and many at exactly the caliper
    ours = matched(units, exact=["month"], ratio=5, caliper=0.25)
    assert ours == greedy(units, exact=["month"], ratio=5, caliper=0.25)


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_the_rows_says_nothing(seed):
    units = drawn(seed, decimals=1)
    again = units.sample(fraction=1.0, shuffle=True, seed=seed)
    settings = {"exact": ["month"], "ratio": 5, "caliper": 0.25}
    assert matched(units, **settings) == matched(again, **settings)


def test_weights_and_distances():
    units = drawn(2)
    found = match_nearest(
        units, exposed="exposed", score="score", exact=["month"], ratio=5, caliper=0.1,
        id="id", draw="draw",
    )  # fmt: skip
    score = dict(units.select("id", "score").iter_rows())
    for own in found.partition_by("match_set"):
        weights = own.group_by("exposed").agg(pl.col("weight").sum()).sort("exposed")
        assert weights["weight"].to_list() == pytest.approx([1.0, 1.0])
        k = own.height - 1
        assert own.filter(~pl.col("exposed"))["weight"].to_list() == pytest.approx([1 / k] * k)
        for row in own.iter_rows(named=True):
            gap = abs(score[row["id"]] - score[row["match_set"]])
            assert row["distance"] == pytest.approx(gap)
            assert gap <= 0.1


def test_caliper_is_a_share_of_both_groups_spread():
    score = np.array([1.0, 2.0, 3.0, 0.0, 4.0])
    exposed = np.array([True, True, True, False, False])
    # sample variances 1 and 8
    assert caliper_width(score, exposed, sd=0.2) == pytest.approx(0.2 * np.sqrt(4.5))


LALONDE = ["age", "educ", "black", "hispan", "married", "nodegree", "re74", "re75"]
# MatchIt, vignette "Getting Started", nearest neighbour 1:1 on a logistic propensity score,
# largest first, no caliper: standardised mean differences and variance ratios after matching.
PUBLISHED = {
    "age": (0.0718, 0.4568),
    "educ": (-0.1290, 0.5721),
    "re74": (-0.0505, 1.3289),
    "re75": (-0.0257, 1.4956),
    "black": (1.0259, None),
    "hispan": (-0.6629, None),
    "married": (-0.0552, None),
    "nodegree": (0.1546, None),
}


def lalonde() -> pl.DataFrame:
    frame = pl.read_csv(shared_file("data", "lalonde", "lalonde.csv"), infer_schema_length=None)
    frame = frame.with_row_index("id").with_columns(
        pl.col("id").cast(pl.Int64),
        draw=pl.col("id").cast(pl.UInt64),
        exposed=pl.col("treat") == 1,
        black=(pl.col("race") == "black").cast(pl.Float64),
        hispan=(pl.col("race") == "hispan").cast(pl.Float64),
    )
    x = frame.select(LALONDE).to_numpy().astype(float)
    y = frame["treat"].to_numpy().astype(float)
    fit = fit_logistic(x, y, np.zeros(len(y), dtype=np.int64))
    return frame.with_columns(score=pl.Series(fit.probability))


def test_lalonde_pairs_are_those_of_the_loop_with_and_without_a_caliper():
    units = lalonde()
    for caliper in (None, 0.05):
        ours = matched(units, ratio=1, caliper=caliper)
        assert ours == greedy(units, exact=[], ratio=1, caliper=caliper)


def test_lalonde_balance_is_the_published_one():
    units = lalonde()
    found = match_nearest(units, exposed="exposed", score="score", id="id", draw="draw")
    assert found.height == 370
    kept = found.select("id", "weight").join(units, on="id")
    table = balance_table(kept, exposed="exposed", covariates=list(PUBLISHED), weights="weight")
    for name, smd, ratio in table.select("covariate", "smd", "variance_ratio").iter_rows():
        smd_published, ratio_published = PUBLISHED[name]
        # For 0/1 columns the vignette divides by sqrt(p(1-p)), here by the sample deviation.
        exactly = ratio_published is not None
        assert smd == pytest.approx(smd_published, abs=6e-5 if exactly else 4e-3), name
        if exactly:
            assert ratio == pytest.approx(ratio_published, abs=6e-5), name


def test_lalonde_effect_in_the_treated_is_the_loops():
    units = lalonde()
    pairs = matched(units, ratio=1)
    outcome = dict(units.select("id", "re78").iter_rows())
    effect = np.mean([outcome[own] - outcome[other[0]] for own, other in pairs.items()])
    assert effect == pytest.approx(894.37, abs=0.01)
