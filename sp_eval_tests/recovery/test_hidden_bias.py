"""Pairs with a hidden cause of known strength, and many tests of nothing: what is kept."""

from __future__ import annotations

import numpy as np
import pytest

from sp_eval.models.multiplicity import benjamini_hochberg, holm
from sp_eval.models.sensitivity import rosenbaum_bounds


def biased_pairs(gamma: float, studies: int, *, seed: int, effect: float = 0.0):
    """Shares of studies that find more among the exposed at the 5% level, and hold the effect.

    In each pair the one with more is the exposed one with odds `gamma`, the most that a hidden
    cause of that strength can do. (By the test that knows of no bias, by the bound at `gamma`,
    effect within the interval at `gamma`.)
    """
    rng = np.random.default_rng(seed)
    found = np.zeros(3)
    for _ in range(studies):
        size = np.abs(rng.normal(0, 1, 80))
        signs = np.where(rng.uniform(size=80) < gamma / (1 + gamma), 1, -1)
        bounds = rosenbaum_bounds(size * signs + effect, [1, gamma])
        none, at = bounds.rows(named=True)
        found += [
            none["p_high"] < 0.05,
            at["p_high"] < 0.05,
            at["ci_low"] <= effect <= at["ci_high"],
        ]
    return found / studies


def test_the_bound_keeps_its_level_where_the_plain_test_does_not() -> None:
    plain, bounded, held = biased_pairs(2.0, 400, seed=21, effect=0.0)
    assert plain > 0.6
    assert bounded < 0.05 + 3 * 0.011
    assert held > 0.975 - 3 * 0.008
    shifted = biased_pairs(2.0, 200, seed=22, effect=0.7)
    assert shifted[2] > 0.975 - 3 * 0.011


def test_false_alarms_of_a_family() -> None:
    """Ten tests of nothing; and ten of which half find something."""
    rng = np.random.default_rng(23)
    p = rng.uniform(size=(800, 10))
    any_alarm = np.mean([(holm(row) < 0.05).any() for row in p])
    assert any_alarm < 0.05 + 3 * 0.008
    assert (p < 0.05).any(axis=1).mean() > 0.35
    p[:, :5] /= 500
    false = [(adjusted[5:] < 0.05).sum() / max(1, (adjusted < 0.05).sum())
             for adjusted in map(benjamini_hochberg, p)]  # fmt: skip
    assert np.mean(false) == pytest.approx(0.025, abs=0.01)


@pytest.mark.recovery
@pytest.mark.parametrize("gamma", [1.0, 1.5, 3.0])
def test_the_bound_many_times(gamma: float) -> None:
    plain, bounded, held = biased_pairs(gamma, 2_000, seed=24)
    assert bounded == pytest.approx(0.05, abs=0.012)
    assert plain >= bounded
    assert held > (0.94 if gamma == 1 else 0.965)  # beyond 1 only one end can miss
