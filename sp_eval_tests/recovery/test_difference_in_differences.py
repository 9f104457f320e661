"""Two groups on parallel paths, and on paths that are not."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from sp_eval.models.difference_in_differences import did, matched_did
from sp_eval.models.estimate import Estimate
from sp_eval.models.matched_variants import (
    entropy_balanced_rate_ratio,
    matched_negative_binomial,
)
from sp_eval_tests.recovery.rates import recovered
from sp_eval_tests.support.matched_frames import matched_rows

GIVEN = {"outcome": "y", "exposed": "exposed", "after": "after", "unit": "person"}
DAYS = {"person_days": "days"}


def two_groups(
    seed: int, *, ratio: float = 0.8, people: int = 300, of_ratio: bool = True,
    own_path: float = 1.0,
) -> pl.DataFrame:  # fmt: skip
    """The exposed are twice as busy; everybody's rate falls by a tenth, or by one a year."""
    rng = np.random.default_rng(seed)
    exposed = np.arange(people) % 2 == 0
    own = rng.gamma(2, 0.5, people) * np.where(exposed, 8.0, 4.0)
    frames = []
    for after in (False, True):
        rate = own * (0.9 if of_ratio and after else 1.0) - (0.5 if not of_ratio and after else 0)
        rate = np.maximum(rate, 0.01)
        if after:
            rate = np.where(exposed, rate * ratio * own_path, rate)
        days = rng.uniform(200, 365, people)
        frames.append(
            pl.DataFrame(
                {
                    "person": np.arange(people), "exposed": exposed, "after": after, "days": days,
                    "y": rng.poisson(rate * days / 365.25),
                }
            )
        )  # fmt: skip
    return pl.concat(frames)


def test_on_paths_parallel_in_ratio_the_ratio_comes_out() -> None:
    found = recovered(
        lambda seed: did(two_groups(seed), **GIVEN, **DAYS), 0.8, replications=300, log=True
    )
    assert abs(found.bias) < 3.5 * found.bias_error
    assert 0.91 <= found.coverage <= 0.98
    assert 0.9 <= found.error_over_sd <= 1.1


def test_parallel_in_ratio_is_not_parallel_in_difference() -> None:
    """No effect: both fall by a tenth, which is more events among the busier."""
    ratio = recovered(
        lambda seed: did(two_groups(seed, ratio=1.0), **GIVEN, **DAYS),
        1.0, replications=150, log=True,
    )  # fmt: skip
    difference = recovered(
        lambda seed: did(two_groups(seed, ratio=1.0), **GIVEN, **DAYS, scale="difference"),
        0.0, replications=150, log=False,
    )  # fmt: skip
    assert abs(ratio.bias) < 3.5 * ratio.bias_error
    assert difference.bias < -300  # per 1,000 person-years
    assert difference.coverage < ratio.coverage


def test_on_paths_parallel_in_difference_the_difference_comes_out() -> None:
    found = recovered(
        lambda seed: did(
            two_groups(seed, ratio=1.0, of_ratio=False), **GIVEN, **DAYS, scale="difference"
        ),
        0.0, replications=300, log=False,
    )  # fmt: skip
    assert abs(found.bias) < 4 * found.bias_error + 15  # rates cut off at nought
    assert 0.91 <= found.coverage <= 0.98


def test_rows_taken_for_independent_are_not_right() -> None:
    given = GIVEN | {"unit": None}
    found = recovered(
        lambda seed: did(two_groups(seed), **given, **DAYS), 0.8, replications=150, log=True
    )
    assert found.error_over_sd > 1.2  # people are like themselves: too wide


def test_a_path_of_the_exposed_alone_is_taken_for_the_effect() -> None:
    found = recovered(
        lambda seed: did(two_groups(seed, own_path=0.85), **GIVEN, **DAYS),
        0.8, replications=100, log=True,
    )  # fmt: skip
    assert found.bias == pytest.approx(np.log(0.85), abs=0.03)


def test_the_busiest_against_the_rest_fall_by_themselves() -> None:
    """Nothing is done to anybody; a tenth is picked for having been busiest before."""

    def picked(seed: int, people: int = 3_000) -> pl.DataFrame:
        rng = np.random.default_rng(seed)
        own = rng.gamma(1.5, 4 / 1.5, people)
        before, after = rng.poisson(own), rng.poisson(own)
        busiest = np.argsort(np.argsort(-before - rng.random(people))) < people // 10
        return pl.concat(
            [
                pl.DataFrame(
                    {"person": np.arange(people), "exposed": busiest, "after": later, "y": y}
                )
                for later, y in ((False, before), (True, after))
            ]
        )

    found = recovered(lambda seed: did(picked(seed), **GIVEN), 1.0, replications=30, log=True)
    assert np.exp(found.bias) == pytest.approx(0.75, abs=0.02)
    assert found.coverage == 0


def with_past(seed: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Matched sets whose members were alike before, by the same frailty."""
    rows = matched_rows(seed, sets=200, practices=40).with_columns(
        candidate_id=pl.int_range(pl.len())
    )
    rng = np.random.default_rng(10**6 + seed)
    rate = 0.02 * 365 * np.exp(0.3 * rows["x"].to_numpy())
    pre = rows.select("candidate_id", events=pl.Series(rng.poisson(rate)), days=pl.lit(365))
    return rows, pre


@pytest.mark.parametrize("way", ["did", "negative_binomial", "balanced"])
def test_the_matched_contrast_in_other_ways_finds_the_same_truth(way: str) -> None:
    def estimate(seed: int) -> Estimate:
        rows, pre = with_past(seed)
        if way == "did":
            return matched_did(rows, pre).ratio
        if way == "negative_binomial":
            return matched_negative_binomial(rows, adjustment=("x",)).ratio
        return entropy_balanced_rate_ratio(rows, weights="weight", adjustment=("x",)).ratio

    found = recovered(estimate, 0.85, replications=120, log=True)
    assert abs(found.bias) < 4 * found.bias_error
    assert found.coverage >= 0.88
    assert 0.85 <= found.error_over_sd <= 1.3  # sets share people: a little wide, as the primary is
