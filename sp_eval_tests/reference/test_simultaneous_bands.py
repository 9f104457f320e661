"""The width of simultaneous bands against closed forms and against the bootstrap done literally."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from sp_eval.models.simultaneous_bands import critical_value


def orthogonal(n: int, k: int) -> np.ndarray:
    return np.linalg.qr(np.random.default_rng(1).normal(size=(n, k)))[0]


@pytest.mark.parametrize("level", [0.9, 0.95])
def test_unrelated_estimates_have_the_value_of_sidak(level: float) -> None:
    for k in (2, 5, 12):
        exact = stats.norm.ppf(0.5 + level ** (1 / k) / 2)
        assert critical_value(orthogonal(200, k), ci_level=level) == pytest.approx(exact, abs=0.03)


def test_estimates_that_are_one_have_that_of_one() -> None:
    one = orthogonal(200, 1)
    same = np.column_stack([one, 3 * one, -one])
    assert critical_value(same) == pytest.approx(stats.norm.ppf(0.975), abs=0.03)
    assert critical_value(one) == stats.norm.ppf(0.975)
    assert critical_value(np.column_stack([one, 0 * one])) == stats.norm.ppf(0.975)
    assert critical_value(np.empty((50, 0))) == stats.norm.ppf(0.975)


def test_signs_drawn_for_every_unit_give_the_same_value() -> None:
    rng = np.random.default_rng(3)
    influence = rng.normal(size=(400, 6)) @ rng.normal(size=(6, 6))
    influence -= influence.mean(axis=0)
    error = np.sqrt((influence**2).sum(axis=0))
    signs = rng.choice([-1.0, 1.0], size=(20_000, 400))
    largest = np.abs(signs @ influence / error).max(axis=1)
    assert critical_value(influence) == pytest.approx(np.quantile(largest, 0.95), abs=0.03)


def test_the_seed_decides_the_value() -> None:
    influence = orthogonal(100, 4)
    assert critical_value(influence, seed=1) == critical_value(influence, seed=1)
    assert critical_value(influence, seed=1) != critical_value(influence, seed=2)
