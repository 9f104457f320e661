"""Subgroups in the release: attempts to get a small level back from the levels beside it."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest

from sp_eval.contracts.frames import conform, empty_frame, failures
from sp_eval.contracts.odcs import load_contract
from sp_eval.framework.disclosure import protect, protect_count
from sp_eval.study.design import Disclosure
from sp_eval_tests.support.runs import Made, published

USUAL = Disclosure()
CONTRACT = load_contract("subgroup", "published")
SCHEMA = empty_frame(CONTRACT).schema
COUNTED = ("n_eligible", "n_analysed", "n_comparison", "events_exposed", "person_years_exposed")
TESTS = ("p_interaction", "p_holm", "p_bh")


def level(number: int, people: int, **changes: Any) -> dict[str, Any]:
    """A level, released where there is anybody."""
    figures = {"point": 0.8123, "ci_low": 0.7123, "ci_high": 0.9123, "status": "released"}
    nobody = {"status": "withheld", "withheld_reason": "nobody referred is in this group"}
    return {
        "study_id": "s", "scheme_code": "leeds", "outcome": "gp_contact", "subgroup": "age",
        "level_number": number, "level": str(number), "ci_level": 0.95, "p_interaction": 0.2,
        "p_holm": 0.4, "p_bh": 0.3, "largest_gap": 0.1234, "gap_allowed": 0.2345,
        "n_eligible": people, "n_analysed": people, "n_comparison": 4 * people,
        "events_exposed": 20 * people, "person_years_exposed": 0.99 * people,
        "design_hash": "0" * 64, "run_id": "r",
    } | (figures if people else nobody) | changes  # fmt: skip


def shown(*levels: dict[str, Any], policy: Disclosure = USUAL, **options: Any) -> pl.DataFrame:
    frame = conform(pl.DataFrame([{k: row.get(k) for k in SCHEMA} for row in levels],
                                 schema=SCHEMA), CONTRACT)  # fmt: skip
    found = protect(frame, CONTRACT, policy, **options)
    assert found.schema == frame.schema
    assert failures(found, CONTRACT).is_empty()
    return found


def test_large_levels_have_rounded_counts_and_their_ratio() -> None:
    found = shown(level(1, 103), level(2, 58), level(3, 41))
    assert found["n_eligible"].to_list() == [105, 60, 40]
    assert found["n_comparison"].to_list() == [410, 230, 165]
    assert found["point"].to_list() == [0.8123] * 3
    assert found["largest_gap"].to_list() == [0.12] * 3
    assert found["p_holm"].to_list() == [0.4] * 3
    for name in ("n_analysed", "person_years_exposed", "gap_allowed"):
        assert found[name].null_count() == 3


@pytest.mark.parametrize(
    "few",
    [
        {"n_eligible": 7, "n_analysed": 7}, {"n_analysed": 6}, {"n_comparison": 5},
        {"events_exposed": 3, "status": "withheld", "withheld_reason": "fewer than 10 events",
         "point": None, "ci_low": None, "ci_high": None},
        {"person_years_exposed": 6.4},
    ],
)  # fmt: skip
def test_a_small_level_takes_the_counts_of_all_with_it(few: dict[str, Any]) -> None:
    found = shown(level(1, 103), level(2, 58), level(3, 30, **few))
    for name in ("n_eligible", "n_comparison", "events_exposed"):
        assert found[name].null_count() == 3
    assert found["status"].to_list() == ["released", "released", "withheld"]
    assert found["point"].to_list() == [0.8123, 0.8123, None]
    assert found["largest_gap"][2] is None
    assert str(found["withheld_reason"][2]).startswith("it rests on 7 people or events at most")


def test_the_test_goes_where_a_level_in_it_goes() -> None:
    found = shown(level(1, 103), level(2, 58), level(3, 6))
    assert [found[name].null_count() for name in TESTS] == [3, 3, 3]
    withheld = level(3, 30, status="withheld", withheld_reason="not alike", point=None,
                     ci_low=None, ci_high=None)  # fmt: skip
    found = shown(level(1, 103), level(2, 58), withheld)
    assert [found[name].null_count() for name in TESTS] == [0, 0, 0]


def test_other_subgroups_and_schemes_are_left_alone() -> None:
    found = shown(
        level(1, 100), level(2, 5), level(1, 60, subgroup="sex"), level(2, 45, subgroup="sex"),
        level(1, 60, scheme_code="kent"), level(2, 45, scheme_code="kent"),
    )  # fmt: skip
    assert found["n_eligible"].to_list() == [None, None, 60, 45, 60, 45]


def test_no_count_of_a_withheld_level_is_shown() -> None:
    unlike = level(2, 64, status="withheld", withheld_reason="not alike", point=None, ci_low=None,
                   ci_high=None)  # fmt: skip
    found = shown(level(1, 103), unlike)
    assert found["n_eligible"].to_list() == [105, None]
    assert found["withheld_reason"][1] == "not alike"


def test_of_a_hidden_scheme_nothing_is_shown() -> None:
    found = shown(level(1, 103), level(2, 58), hidden={"leeds"})
    assert set(found["status"]) == {"withheld"}
    hidden = ("point", "p_holm", "largest_gap", "n_eligible")
    assert found.select(pl.col(hidden).is_null().all()).row(0) == (True,) * 4


def test_nothing_is_shown_where_the_schemes_own_estimate_is_hidden() -> None:
    """A total is withheld with a part of few: its groups would give the total back."""
    found = shown(
        level(1, 103), level(1, 90, scheme_code="kent"), outcomes={("leeds", "gp_contact")}
    )
    assert found["status"].to_list() == ["withheld", "released"]
    assert found["n_eligible"].to_list() == [None, 90]


def test_a_scheme_without_an_estimate_keeps_its_reason() -> None:
    nothing = dict.fromkeys((*COUNTED, *TESTS, "point", "ci_low", "ci_high", "largest_gap"))
    shut = level(1, 5, **nothing, status="withheld", withheld_reason="the groups were not alike")
    found = shown(shut, outcomes={("leeds", "gp_contact")})
    assert found["withheld_reason"].to_list() == ["the groups were not alike"]


def everything(levels: int, top: int) -> np.ndarray:
    """Every way of at most `top` people being in levels, with and without similar people."""
    made = np.zeros((1, 0), dtype=int)
    for _ in range(2 * levels):
        left = top - made.sum(axis=1) + 1
        again = np.repeat(np.arange(len(made)), left)
        made = np.column_stack([made[again], np.concatenate([np.arange(n) for n in left])])
    return made[made.sum(axis=1) > USUAL.suppress_to]  # of fewer, nothing is shown at all


def released(people: np.ndarray, levels: int, unlike: frozenset[int]) -> np.ndarray:
    """Each way as one number a view: what the release shows of it, with the scheme's own cell."""
    found, lost = people[:, :levels].ravel(), people[:, levels:].ravel()
    number = np.tile(np.arange(1, levels + 1), len(people))
    frame = pl.DataFrame(
        {
            "scheme_code": np.repeat(np.arange(len(people)), levels), "level_number": number,
            "n_eligible": found + lost, "n_analysed": found, "n_comparison": 4 * found,
            "events_exposed": 20 * found, "person_years_exposed": found.astype(float),
        }
    ).with_columns(
        study_id=pl.lit("s"), outcome=pl.lit("o"), subgroup=pl.lit("age"),
        status=pl.when((pl.col("n_analysed") == 0) | pl.col("level_number").is_in(sorted(unlike)))
        .then(pl.lit("withheld")).otherwise(pl.lit("released")),
        withheld_reason=pl.when(pl.col("n_eligible") == 0).then(pl.lit("nobody"))
        .otherwise(pl.lit("unlike")),
        **{name: pl.lit(0.5) for name in ("point", "ci_low", "ci_high", "largest_gap",
                                          "gap_allowed", *TESTS)},
    )  # fmt: skip
    told = protect(frame, CONTRACT, USUAL).select(
        view=pl.concat_str("status", "withheld_reason", pl.col("n_eligible").cast(pl.String),
                           pl.col("p_holm").is_null().cast(pl.String), separator="|",
                           ignore_nulls=True)
    )  # fmt: skip
    code = np.unique(told["view"].to_numpy().astype(str), return_inverse=True)[1]
    whole = pl.DataFrame({"n": people.sum(axis=1)}).select(protect_count(pl.col("n"), USUAL))
    view = np.column_stack([code.reshape(-1, levels), whole.to_series().to_numpy()])
    return np.unique(view, axis=0, return_inverse=True)[1].ravel()


@pytest.mark.parametrize("unlike", [frozenset[int](), frozenset({1})])
@pytest.mark.parametrize(("levels", "top"), [(2, 36), (3, 18)])
def test_no_small_number_comes_back_from_levels_and_total(
    levels: int, top: int, unlike: frozenset[int]
) -> None:
    """Of all schemes of so many people, those that look the same differ in each small number.

    The attacker knows how the release is made. Schemes near the end of the list are left out:
    some that look like them are not in it.
    """
    people = everything(levels, top)
    view = released(people, levels, unlike)
    is_whole = np.ones(view.max() + 1, dtype=bool)
    is_whole[view[people.sum(axis=1) > top - 5]] = False
    eligible = people[:, :levels] + people[:, levels:]
    numbers = [*eligible.T, *people[:, :levels].T, people[:, levels:].sum(axis=1)]
    for number in numbers:
        pairs = np.unique(np.column_stack([view, number]), axis=0)
        choices = np.bincount(pairs[:, 0])
        is_small = (pairs[:, 1] >= 1) & (pairs[:, 1] <= USUAL.suppress_to)
        at_stake = np.unique(pairs[is_small, 0])
        assert choices[at_stake[is_whole[at_stake]]].min(initial=5) >= 5


def test_subtraction_would_have_given_it_back() -> None:
    """The attack on levels hidden one by one, so that the test above is known to guard something.

    The scheme's cell less the other level's: 108 to 112 less 98 to 102 leaves 6 or 7 of 1 to 7.
    """
    left = {a - b for a in range(108, 113) for b in range(98, 103)} & set(range(1, 8))
    assert left == {6, 7}
    found = shown(level(1, 102), level(2, 7))
    assert found["n_eligible"].to_list() == [None, None]


def test_the_study_decides_how_few_are_few() -> None:
    found = shown(level(1, 103), level(2, 58), policy=Disclosure(suppress_to=60, round_to=10))
    assert found["status"].to_list() == ["released", "withheld"]
    assert found["p_holm"].null_count() == 2
    assert "60 people or events" in str(found["withheld_reason"][1])
    close = shown(level(1, 73), level(2, 58), policy=Disclosure(suppress_to=60, round_to=10))
    assert close["status"].to_list() == ["released", "withheld"]
    closer = shown(level(1, 63), level(2, 41), policy=Disclosure(suppress_to=60, round_to=10))
    assert closer["status"].to_list() == ["withheld", "withheld"]  # 104 less 61 leaves at most 43


def test_the_run_shows_ratios_as_they_are_and_no_small_level(whole: Made) -> None:
    sql = "select scheme_code, subgroup, level_number, {} from published.subgroup order by all"
    exact = {row[:3]: row[3:] for row in published(whole.home, sql.format("point, n_eligible"))}
    told = published(whole.home, sql.format("point, n_eligible, status"), "release")
    assert len(told) == len(exact) > 30
    for scheme, subgroup, number, point, _, status in told:
        was_point, was_people = exact[scheme, subgroup, number]
        assert point in (None, was_point)
        if 1 <= (was_people or 0) <= 7:
            beside = [row for row in told if row[:2] == (scheme, subgroup)]
            assert status == "withheld"
            assert {row[4] for row in beside} == {None}
    assert any(point is not None for *_, point, _, _ in told)
