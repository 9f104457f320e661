"""People picked at their busiest: the paired change holds the change, which is no effect."""

from __future__ import annotations

import numpy as np
import polars as pl

from sp_eval.models.before_after import paired_change
from sp_eval_tests.recovery.rates import recovered

RATES = {"before": "before", "after": "after", "days_before": "days", "days_after": "days"}


def picked(seed: int, *, people: int = 300, at_their_busiest: bool) -> pl.DataFrame:
    """Nothing is done to anybody; the busiest tenth of the year before, or anybody."""
    rng = np.random.default_rng(seed)
    many = people * 10
    own = rng.gamma(1.5, 4 / 1.5, many)
    before, after = rng.poisson(own), rng.poisson(own)
    chosen = np.argsort(-before - rng.random(many))[:people] if at_their_busiest else slice(people)
    return pl.DataFrame({"before": before[chosen], "after": after[chosen], "days": 365}).cast(
        {"days": pl.Float64}
    )


def test_of_people_picked_at_random_the_interval_holds_no_change() -> None:
    found = recovered(
        lambda seed: paired_change(picked(seed, at_their_busiest=False), **RATES),
        1.0, replications=400, log=True,
    )  # fmt: skip
    assert abs(found.bias) < 3.5 * found.bias_error
    assert 0.92 <= found.coverage <= 0.98


def test_of_people_picked_at_their_busiest_it_shows_a_fall_that_nobody_made() -> None:
    world = picked(10**6, people=20_000, at_their_busiest=True)
    fall = world["after"].sum() / world["before"].sum()
    assert fall < 0.85
    found = recovered(
        lambda seed: paired_change(picked(seed, at_their_busiest=True), **RATES),
        fall, replications=200, log=True,
    )  # fmt: skip
    assert abs(found.bias) < 0.01
    as_effect = recovered(
        lambda seed: paired_change(picked(seed, at_their_busiest=True), **RATES),
        1.0, replications=50, log=True,
    )  # fmt: skip
    assert as_effect.coverage == 0


def test_mean_change_of_a_measure() -> None:
    def scores(seed: int) -> pl.DataFrame:
        rng = np.random.default_rng(seed)
        own = rng.normal(22, 4, 40)
        return pl.DataFrame(
            {"before": own + rng.normal(0, 2, 40), "after": own + 1.5 + rng.normal(0, 2, 40)}
        )

    found = recovered(
        lambda seed: paired_change(scores(seed), before="before", after="after"),
        1.5, replications=600, log=False,
    )  # fmt: skip
    assert abs(found.bias) < 3.5 * found.bias_error
    assert 0.92 <= found.coverage <= 0.98
