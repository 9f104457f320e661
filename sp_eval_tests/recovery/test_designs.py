"""Is a known effect recovered by each way to match or weigh, and missed by the wrong ways?"""

from __future__ import annotations

from functools import cache

import pytest

from sp_eval_tests.recovery.designs import summarise

SOUND = [
    "nearest 1:1",
    "nearest 1:1, closest first",
    "nearest 1:3, in a drawn order",
    "entropy balance",
    "propensity ATT",
    "propensity ATE",
    "propensity ATO",
    "risk set",
]
FEW, MANY = range(30), range(1_000, 1_400)


@cache
def told(seeds: range, *, bent: bool) -> dict[str, dict[str, float]]:
    table = summarise(seeds, bent=bent)
    return {row["design"]: row for row in table.iter_rows(named=True)}


def is_right(row: dict[str, float], within: float) -> bool:
    return abs(row["bias"]) < within + 3 * row["mc_error"]


@pytest.mark.parametrize("design", SOUND)
def test_a_sound_design_recovers_the_effect(design):
    row = told(FEW, bent=False)[design]
    assert is_right(row, 0.02)
    assert row["coverage"] >= 0.8  # 0.95 less three Monte Carlo errors of 30 worlds


def test_coarsened_strata_leave_what_differs_within_a_bin():
    table = told(FEW, bent=False)
    assert 0.02 < table["coarsened exact"]["bias"] < 0.15 < table["nothing"]["bias"]


def test_wrong_designs_are_wrong():
    table = told(FEW, bent=False)
    assert table["nothing"]["bias"] > 1.5
    assert table["propensity ATT, cut at 0.9"]["bias"] > 0.3
    assert table["never exposed only"]["bias"] > 0.1
    once, again = table["risk set, once in the study"], table["risk set"]
    assert once["bias"] - again["bias"] > 0.04


def test_where_the_score_is_wrong_balance_of_means_is_enough_for_an_outcome_linear_in_them():
    table = told(FEW, bent=True)
    assert is_right(table["entropy balance"], 0.02)
    assert table["propensity ATT"]["bias"] > 0.25
    assert table["propensity ATE"]["bias"] < -0.5


@pytest.mark.recovery
@pytest.mark.parametrize("design", SOUND)
def test_in_many_worlds(design):
    row = told(MANY, bent=False)[design]
    assert is_right(row, 0.015)
    assert row["coverage"] >= 0.92


@pytest.mark.recovery
def test_pairs_tell_their_error_honestly():
    for design in ("nearest 1:1", "nearest 1:1, closest first", "nearest 1:3, in a drawn order"):
        row = told(MANY, bent=False)[design]
        assert 0.85 < row["sd"] / row["se"] < 1.15
