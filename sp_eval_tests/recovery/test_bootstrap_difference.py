"""Skewed costs of a known difference: what the bootstrap's intervals hold."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from sp_eval.models.mean_difference import bootstrap_difference
from sp_eval_tests.recovery.rates import recovered

GIVEN = {"outcome": "cost", "exposed": "exposed"}


def costs(seed: int, *, people: int = 200, clusters: int | None = None) -> pl.DataFrame:
    """Lognormal costs, mean 300 less 60 for the exposed; of clusters that differ."""
    rng = np.random.default_rng(seed)
    cluster = np.arange(people) % (clusters or people)
    level = rng.lognormal(-0.18, 0.6, people)[cluster] if clusters else np.ones(people)
    exposed = cluster % 2 == 0
    mean = np.where(exposed, 240.0, 300.0)
    cost = mean * level * rng.lognormal(-0.5, 1.0, people)
    return pl.DataFrame({"cost": cost, "exposed": exposed, "cluster": cluster})


@pytest.mark.parametrize(("method", "least"), [("percentile", 0.91), ("bca", 0.88)])
def test_intervals_hold_the_difference_about_as_often_as_they_say(
    method: str, least: float
) -> None:
    """2,000 data sets gave .935 and .904: of two skewed groups BCa is no better, rather worse."""
    found = recovered(
        lambda seed: bootstrap_difference(
            costs(seed), **GIVEN, method=method, seed=seed, draws=1_000
        ),
        -60.0, replications=400, log=False,
    )  # fmt: skip
    assert abs(found.bias) < 3.5 * found.bias_error
    assert least <= found.coverage <= 0.975
    assert 0.88 <= found.error_over_sd <= 1.08


def test_clusters_must_be_drawn_whole() -> None:
    def made(seed: int, cluster: str | None) -> object:
        rows = costs(seed, people=600, clusters=60)
        return bootstrap_difference(rows, **GIVEN, cluster=cluster, seed=seed, draws=500)

    whole = recovered(lambda s: made(s, "cluster"), -60.0, replications=200, log=False)
    rows = recovered(lambda s: made(s, None), -60.0, replications=200, log=False)
    assert 0.89 <= whole.coverage <= 0.985
    assert rows.coverage < whole.coverage - 0.08


@pytest.mark.recovery
@pytest.mark.parametrize(("method", "least"), [("percentile", 0.93), ("bca", 0.915)])
def test_coverage_of_large_groups(method: str, least: float) -> None:
    found = recovered(
        lambda seed: bootstrap_difference(
            costs(seed, people=1_000), **GIVEN, method=method, seed=seed
        ),
        -60.0, replications=2_000, log=False,
    )  # fmt: skip
    assert least <= found.coverage <= 0.96
