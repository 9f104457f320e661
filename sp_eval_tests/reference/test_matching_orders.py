"""Every order of choosing, with and without replacement, against literal loops; and edge cases."""

from __future__ import annotations

from itertools import product
from time import process_time

import numpy as np
import polars as pl
import pytest

from sp_eval.comparison.draws import mix
from sp_eval.comparison.matching import match_nearest

Sets = dict[object, list[object]]


def drawn(seed: int, *, n: int = 150, decimals: int | None = 1, text: bool = False) -> pl.DataFrame:
    """People with many equal scores, as text or number ids in no order."""
    rng = np.random.default_rng(seed)
    exposed = rng.random(n) < 0.25
    score = rng.normal(np.where(exposed, 0.7, 0.0))
    ids = rng.permutation(n)
    return pl.DataFrame(
        {
            "person_key": [f"p{i:05d}" for i in ids] if text else ids,
            "exposed": exposed,
            "score": score if decimals is None else np.round(score, decimals),
            "month": rng.integers(0, 3, n),
        }
    )


def matched(units: pl.DataFrame, **settings) -> Sets:
    found = match_nearest(units, exposed="exposed", score="score", **settings)
    sets = found.filter(~pl.col("exposed")).group_by("match_set", maintain_order=True)
    return dict(sets.agg("person_key").iter_rows())


def turns(takers: list[dict], order: str, seed: int, everybody: list[dict]) -> list[dict]:
    """The exposed in the order in which they choose, equals by id."""
    by_id = sorted(takers, key=lambda r: r["person_key"])
    if order == "data":
        return takers
    if order == "random":
        ranks = {
            r["person_key"]: k
            for k, r in enumerate(sorted(everybody, key=lambda r: r["person_key"]))
        }
        key = np.array([seed], dtype=np.uint64)
        return sorted(
            by_id, key=lambda r: mix(key, np.array([ranks[r["person_key"]]], dtype=np.uint64))[0]
        )
    return sorted(by_id, key=lambda r: r["score"] if order == "smallest" else -r["score"])


def at_once(
    units: pl.DataFrame,
    *,
    ratio: int,
    caliper: float | None,
    order: str,
    replace: bool,
    seed: int = 0,
) -> Sets:
    """Each taker in turn takes its nearest `ratio`, word by word."""
    rows = units.to_dicts()
    used: set[object] = set()
    found: Sets = {}
    for own in turns([r for r in rows if r["exposed"]], order, seed, rows):
        near = [
            r
            for r in rows
            if not r["exposed"]
            and r["month"] == own["month"]
            and (replace or r["person_key"] not in used)
            and (caliper is None or abs(r["score"] - own["score"]) <= caliper)
        ]
        near.sort(key=lambda r: (abs(r["score"] - own["score"]), r["person_key"]))
        taken = [r["person_key"] for r in near[:ratio]]
        used.update(taken)
        if taken:
            found[own["person_key"]] = taken
    return found


def closest_first(units: pl.DataFrame, *, ratio: int, caliper: float | None) -> Sets:
    """In each round the nearest pair still possible is made, until none is: over all pairs."""
    rows = units.to_dicts()
    pairs = sorted(
        (abs(one["score"] - two["score"]), one["person_key"], two["person_key"])
        for one, two in product(rows, rows)
        if one["exposed"] and not two["exposed"] and one["month"] == two["month"]
    )
    used: set[object] = set()
    found: Sets = {}
    for _ in range(ratio):
        served: set[object] = set()
        for distance, one, two in pairs:
            if one in served or two in used or (caliper is not None and distance > caliper):
                continue
            served.add(one)
            used.add(two)
            found.setdefault(one, []).append(two)
    return found


@pytest.mark.parametrize("text", [False, True])
@pytest.mark.parametrize("order", ["largest", "smallest", "data", "random"])
@pytest.mark.parametrize("replace", [False, True])
@pytest.mark.parametrize(("ratio", "caliper"), [(1, None), (3, None), (4, 0.2)])
def test_each_taker_in_turn_takes_its_nearest(text, order, replace, ratio, caliper):
    for seed in range(4):
        units = drawn(seed, text=text)
        settings = {"ratio": ratio, "caliper": caliper, "order": order, "replace": replace}
        ours = matched(units, exact=["month"], seed=seed, **settings)
        assert ours == at_once(units, seed=seed, **settings)


@pytest.mark.parametrize("text", [False, True])
@pytest.mark.parametrize("decimals", [1, 2, None])
@pytest.mark.parametrize(("ratio", "caliper"), [(1, None), (1, 0.1), (3, None), (4, 0.2)])
def test_closest_first_is_the_loop_over_all_pairs(text, decimals, ratio, caliper):
    for seed in range(4):
        units = drawn(seed, text=text, decimals=decimals)
        ours = matched(units, exact=["month"], ratio=ratio, caliper=caliper, order="closest")
        assert ours == closest_first(units, ratio=ratio, caliper=caliper)


@pytest.mark.parametrize("ratio", [1, 3])
def test_with_replacement_the_order_decides_nothing(ratio):
    units = drawn(7)
    settings = {"exact": ["month"], "ratio": ratio, "caliper": 0.3, "replace": True}
    first = matched(units, order="largest", **settings)
    for order in ("smallest", "data", "random", "closest"):
        assert matched(units, order=order, seed=1, **settings) == first


@pytest.mark.parametrize("order", ["largest", "closest"])
def test_few_comparison_units_are_shared_out_until_none_is_left(order):
    units = pl.DataFrame(
        {"person_key": range(5), "exposed": [True, True, True, False, False], "score": [0.0] * 5}
    )
    expected = {"largest": {0: [3, 4]}, "closest": {0: [3], 1: [4]}}
    assert matched(units, ratio=3, order=order) == expected[order]


def test_closest_serves_everybody_once_before_anybody_twice():
    units = pl.DataFrame(
        {
            "person_key": ["a", "b", "u", "v", "w"],
            "exposed": [True, True, False, False, False],
            "score": [0.0, 0.5, 0.0, 0.01, 0.02],
        }
    )
    assert matched(units, ratio=2, order="closest") == {"a": ["u", "v"], "b": ["w"]}
    assert matched(units, ratio=2, order="smallest") == {"a": ["u", "v"], "b": ["w"]}
    assert matched(units, ratio=2, order="largest") == {"b": ["w", "v"], "a": ["u"]}


def test_a_comparison_unit_serves_once_in_a_set_and_again_in_another_if_replaced():
    units = pl.DataFrame(
        {
            "person_key": [1, 2, 3, 4],
            "exposed": [True, True, False, False],
            "score": [0.0, 0.1, 0.0, 5.0],
        }
    )
    found = match_nearest(units, exposed="exposed", score="score", ratio=2, replace=True)
    assert found.filter(person_key=3).height == 2
    assert found.filter(~pl.col("exposed"))["weight"].to_list() == [0.5] * 4
    assert found.group_by("match_set", "person_key").len()["len"].max() == 1
    once = match_nearest(units, exposed="exposed", score="score")
    assert once.filter(~pl.col("exposed"))["person_key"].is_unique().all()


@pytest.mark.parametrize("order", ["largest", "smallest", "closest", "data", "random"])
@pytest.mark.parametrize("text", [False, True])
def test_twins_find_each_other(order, text):
    rng = np.random.default_rng(5)
    score = rng.permutation(np.linspace(-3, 3, 300))
    ids = rng.permutation(600)
    key = [f"k{i:04d}" for i in ids] if text else ids
    units = pl.DataFrame(
        {"person_key": key, "exposed": [True] * 300 + [False] * 300, "score": np.tile(score, 2)}
    )
    twin = dict(zip(units["person_key"][:300], units["person_key"][300:], strict=True))
    found = match_nearest(units, exposed="exposed", score="score", order=order, caliper=0, seed=3)
    assert (
        dict(found.filter(~pl.col("exposed")).select("match_set", "person_key").iter_rows()) == twin
    )
    assert found["distance"].max() == 0


def test_a_drawn_order_is_had_again_with_its_seed_whatever_the_order_of_the_rows():
    units = drawn(3, decimals=None)
    one = matched(units, order="random", seed=11)
    again = units.sample(fraction=1.0, shuffle=True, seed=1)
    assert matched(again, order="random", seed=11) == one
    assert any(matched(units, order="random", seed=s) != one for s in range(3))


def test_blanks_in_exact_columns_agree_with_blanks():
    units = pl.DataFrame(
        {"person_key": [1, 2, 3], "exposed": [True, False, False], "score": [0.0, 0.0, 1.0],
         "sex": [None, "f", None]}
    )  # fmt: skip
    assert matched(units, exact=["sex"]) == {1: [3]}


@pytest.mark.parametrize("order", ["largest", "closest"])
@pytest.mark.parametrize("exact", [[], ["month"]])
def test_nobody_to_match_leaves_an_empty_frame_of_the_same_columns(exact, order):
    whole = match_nearest(drawn(1), exposed="exposed", score="score")
    for units in (
        drawn(1).clear(),
        drawn(1).filter("exposed"),
        drawn(1).filter(~pl.col("exposed")),
    ):
        found = match_nearest(units, exposed="exposed", score="score", exact=exact, order=order)
        assert found.is_empty()
        assert found.schema == whole.schema
    assert match_nearest(
        drawn(1), exposed="exposed", score="score", caliper=0, exact=["person_key"]
    ).is_empty()


@pytest.mark.parametrize("order", ["largest", "data"])
def test_scores_that_differ_by_less_than_rounding_are_equally_far(order):
    for seed in range(6):
        units = drawn(seed)
        rng = np.random.default_rng(seed)
        score = units["score"].to_numpy()
        # neighbours of a score whose distance to most takers is the same number
        score = np.where(rng.random(len(score)) < 0.5, np.nextafter(score, 9), score)
        units = units.with_columns(score=score)
        settings = {"ratio": 3, "caliper": None, "order": order, "replace": False}
        assert matched(units, exact=["month"], **settings) == at_once(units, **settings)


@pytest.mark.parametrize("order", ["largest", "closest"])
@pytest.mark.parametrize("many_are", ["equal", "different, and all wanted from its two ends"])
def test_the_match_is_fast(order, many_are):
    rng = np.random.default_rng(2)
    n, few = 200_000, 8_000
    exposed = np.arange(n) < few
    score = rng.normal(size=n)
    score = (
        np.round(score, 1)
        if many_are == "equal"
        else np.where(exposed, 10.0 * (-1.0) ** np.arange(n), score)
    )
    units = pl.DataFrame({"person_key": np.arange(n), "exposed": exposed, "score": score})
    began = process_time()
    found = match_nearest(units, exposed="exposed", score="score", ratio=5, order=order)
    assert found.height == few * 6
    assert process_time() - began < 8  # minutes, if each step looks at all who are gone


BAD = [
    ({"score": None}, "'score' is blank or not finite for 1 units"),
    ({"score": float("nan")}, "'score' is blank or not finite for 1 units"),
    ({"score": float("inf")}, "'score' is blank or not finite for 1 units"),
    ({"exposed": None}, "'exposed' is blank for 1 units"),
    ({"person_key": None}, "'person_key' is blank for 1 units"),
    ({"person_key": 2}, "1 units have the 'person_key' of another"),
]


@pytest.mark.parametrize(("cell", "message"), BAD)
def test_frames_that_cannot_be_matched_are_refused(cell, message):
    rows = [
        {"person_key": 1, "exposed": True, "score": 0.5} | cell,
        {"person_key": 2, "exposed": False, "score": 0.4},
    ]
    units = pl.DataFrame(
        rows, schema={"person_key": pl.Int64, "exposed": pl.Boolean, "score": pl.Float64}
    )
    with pytest.raises(ValueError, match=message):
        match_nearest(units, exposed="exposed", score="score")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"ratio": 0}, "'ratio' must be a whole number"),
        ({"ratio": 1.5}, "'ratio' must be a whole number"),
        ({"caliper": -0.1}, "'caliper' must be a distance"),
        ({"caliper": float("nan")}, "'caliper' must be a distance"),
        ({"order": "best"}, "'order' must be one of largest, smallest"),
        ({"order": "random"}, "needs a 'seed'"),
        ({"exact": ["place"]}, "no column 'place'"),
        ({"score": "person"}, "no column 'person'"),
        ({"score": "name"}, "'name' must hold numbers"),
        ({"exposed": "treat"}, "'treat' must be Boolean"),
    ],
)
def test_arguments_that_make_no_sense_are_refused(settings, message):
    units = drawn(1).with_columns(treat=pl.col("exposed").cast(pl.Int8) + 1, name=pl.lit("a"))
    with pytest.raises(ValueError, match=message):
        match_nearest(units, **({"exposed": "exposed", "score": "score"} | settings))
