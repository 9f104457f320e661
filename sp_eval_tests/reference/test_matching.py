"""Matching, the largest first, against a literal greedy loop."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from sp_eval.comparison.matching import caliper_width, match_nearest


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


def test_all_of_many_equals_at_exactly_the_caliper_are_within():
    # 0.1 + 0.2 is not 0.3 once rounded: the distance decides, not the end of a slice of scores
    score = [0.3, *[0.1] * 4]
    units = pl.DataFrame(
        {"id": range(5), "exposed": [True] + [False] * 4, "score": score, "draw": range(5)}
    )
    gap = abs(0.1 - 0.3)
    assert matched(units, ratio=4, caliper=gap) == {0: [1, 2, 3, 4]}
    assert matched(units, ratio=4, caliper=np.nextafter(gap, 0)) == {}
