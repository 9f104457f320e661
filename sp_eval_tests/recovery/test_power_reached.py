"""Of simulated studies at the smallest change that would show, as many show it as were promised."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from sp_eval.models.power import minimum_detectable_rate_ratio

# people exposed, rate, comparison people for each, dispersion, people of a cluster, icc
DESIGNS = [
    (600, 0.6, 2, 2.0, 1, 0.0),
    (500, 6.0, 5, 6.0, 1, 0.0),
    (2000, 2.0, 1, 2.5, 20, 0.05),
    (1500, 1.0, 2, 2.0, 10, 0.1),
]


def share_that_show(
    truth: float, design: tuple[float, ...], studies: int, *, seed: int = 1
) -> float:
    """Share of studies whose cluster-robust Wald test tells the rate ratio from 1.

    Rates of clusters and of persons within them vary by gammas; each arm has clusters of its own.
    """
    people, rate, ratio, dispersion, size, icc = design
    shared = icc * dispersion / rate  # coefficient of variation squared, of clusters
    own = ((dispersion - 1) / rate - shared) / (1 + shared)  # and of persons within
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(0, studies, 100):
        logs, variance = np.zeros(100), np.zeros(100)
        for sign, count, effect in ((1, people, truth), (-1, people * ratio, 1.0)):
            clusters = int(count // size)
            own_rate = rng.gamma(1 / own, own, (100, clusters, int(size))) * rate * effect
            if shared:
                own_rate *= rng.gamma(1 / shared, shared, (100, clusters, 1))
            counts = rng.poisson(own_rate).sum(axis=2)
            left = counts - counts.mean(axis=1, keepdims=True)
            variance += (left**2).sum(axis=1) / counts.sum(axis=1) ** 2 * clusters / (clusters - 1)
            logs += sign * np.log(counts.mean(axis=1))
        found.append(np.abs(logs) > stats.norm.ppf(0.975) * np.sqrt(variance))
    return float(np.concatenate(found).mean())


def detectable(design: tuple[float, ...], **changes: float):
    people, rate, ratio, dispersion, size, icc = design
    given = {"rate": rate, "matching_ratio": ratio, "dispersion": dispersion,
             "cluster_size": size, "icc": icc}  # fmt: skip
    return minimum_detectable_rate_ratio(people, **(given | changes))


@pytest.mark.parametrize("design", DESIGNS, ids=str)
def test_a_few_studies(design: tuple[float, ...]) -> None:
    found = detectable(design)
    shown = share_that_show(found.fall, design, 400)
    assert shown == pytest.approx(0.8, abs=0.02 + 2.5 * 0.02)  # the error of 400 studies is 0.02
    assert share_that_show(1.0, design, 400, seed=2) < 0.05 + 2.5 * 0.011


def test_clusters_left_out_of_mind_promise_too_much() -> None:
    design = DESIGNS[2]
    blind = detectable(design, icc=0.0)
    assert share_that_show(blind.fall, design, 400) < 0.65


@pytest.mark.recovery
@pytest.mark.parametrize("design", DESIGNS, ids=str)
@pytest.mark.parametrize("side", ["fall", "rise"])
@pytest.mark.parametrize("power", [0.8, 0.9])
def test_within_two_points_of_what_is_promised(
    design: tuple[float, ...], side: str, power: float
) -> None:
    found = detectable(design, power=power)
    shown = share_that_show(getattr(found, side), design, 10_000)
    assert shown == pytest.approx(power, abs=0.02)
