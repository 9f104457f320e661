"""Levels of a subgroup: how often the test errs where all are alike, and what it finds."""

from __future__ import annotations

from functools import cache

import numpy as np
import polars as pl
import pytest

from sp_eval.models.multiplicity import holm
from sp_eval.models.subgroups import SubgroupEffects, subgroup_effects
from sp_eval_tests.support.matched_frames import matched_rows

DRAWS = 200


def drawn(seed: int, *, levels: int, kept: float = 1.0, sets: int = 150) -> pl.DataFrame:
    """Sets of a common ratio of 0.85; of the exposed of level 1 only so many events are `kept`."""
    rows = matched_rows(seed, sets=sets, ratio=0.85, frailty=0.8)
    rng = np.random.default_rng(seed)
    level = (rng.integers(0, levels, sets) + 1)[rows["match_set"].to_numpy()]
    events = rows["events"].to_numpy()
    chosen = rows["exposed"].to_numpy() & (level == 1)
    thinned = np.where(chosen, rng.binomial(events.astype(int), kept), events).astype(float)
    return rows.with_columns(level=pl.Series(level), events=pl.Series(thinned))


def found(rows: pl.DataFrame) -> SubgroupEffects:
    return subgroup_effects(rows, level="level", adjustment=("x", "z"))


@cache
def alike(levels: int) -> tuple[SubgroupEffects, ...]:
    return tuple(found(drawn(5_000 + n, levels=levels)) for n in range(DRAWS))


def p_values(effects: tuple[SubgroupEffects, ...]) -> np.ndarray:
    return np.array([e.interaction.p_value for e in effects if e.interaction is not None])


@pytest.mark.parametrize("levels", [2, 4])
def test_it_errs_no_more_often_than_it_says(levels: int) -> None:
    p = p_values(alike(levels))
    assert len(p) == DRAWS
    for size in (0.05, 0.2):
        reach = 3 * np.sqrt(size * (1 - size) / DRAWS)
        assert size / 4 < np.mean(p < size) < size + reach


def test_one_interval_that_leaves_1_out_and_another_that_does_not_errs_far_more_often() -> None:
    """The wrong way to compare two groups: here the ratio is 0.85 in both."""
    seen = []
    for effects in alike(2):
        highs = [e.ratio.ci_high for e in effects.levels if e.ratio and e.ratio.ci_high]
        seen.append((highs[0] < 1) != (highs[1] < 1))
    assert np.mean(seen) > 0.25
    assert np.mean(p_values(alike(2)) < 0.05) < 0.1


def test_intervals_of_levels_cover_about_as_often_as_they_say() -> None:
    ratios = [e.ratio for effects in alike(4) for e in effects.levels if e.ratio is not None]
    covered = [bool(r.ci_low and r.ci_high and r.ci_low < 0.85 < r.ci_high) for r in ratios]
    assert len(ratios) > 3 * DRAWS
    assert 0.92 < np.mean(covered) < 0.98


def test_a_level_that_differs_is_found() -> None:
    differing = tuple(found(drawn(7_000 + n, levels=2, kept=0.55, sets=400)) for n in range(40))
    p = p_values(differing)
    assert np.mean(p < 0.05) > 0.8
    first = [np.log(e.levels[0].ratio.point) for e in differing if e.levels[0].ratio]
    second = [np.log(e.levels[1].ratio.point) for e in differing if e.levels[1].ratio]
    spread = 4 * np.std(first) / np.sqrt(len(first))
    assert np.mean(first) == pytest.approx(np.log(0.85 * 0.55), abs=spread)
    assert np.mean(second) == pytest.approx(np.log(0.85), abs=spread)


def test_seven_looks_find_something_by_chance_unless_they_are_counted() -> None:
    p = p_values(alike(4))[:196].reshape(28, 7)
    alone = np.mean((p < 0.05).any(axis=1))
    counted = np.mean([(holm(row) < 0.05).any() for row in p])
    assert alone > 2 * max(counted, 0.02)
    assert counted < 0.05 + 3 * np.sqrt(0.05 * 0.95 / 28)
