"""Rate ratios of a known truth: which errors hold, and which do not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from sp_eval.models.estimate import Estimate
from sp_eval.models.rate_ratio import fit_rate_ratio
from sp_eval_tests.recovery.rates import frail_people, recovered

REPLICATIONS = 300
GIVEN = {"outcome": "y", "exposed": "exposed", "person_days": "days"}


@pytest.mark.parametrize("family", ["poisson", "negative_binomial"])
@pytest.mark.parametrize("ratio", [1.0, 0.8])
def test_the_ratio_put_in_comes_out_and_intervals_hold_it(family: str, ratio: float) -> None:
    found = recovered(
        lambda seed: fit_rate_ratio(
            frail_people(seed, ratio=ratio), **GIVEN, covariates="x", cluster="practice",
            family=family,
        ),
        ratio, replications=REPLICATIONS, log=True,
    )  # fmt: skip
    assert abs(found.bias) < 3.5 * found.bias_error
    assert 0.90 <= found.coverage <= 0.98
    assert 0.88 <= found.error_over_sd <= 1.1


def test_practices_of_their_own_level_are_no_trouble_when_levels_are_absorbed() -> None:
    found = recovered(
        lambda seed: fit_rate_ratio(
            frail_people(seed, between=1.0), **GIVEN, covariates="x", fixed_effects="practice",
            cluster="practice",
        ),
        0.8, replications=REPLICATIONS, log=True,
    )  # fmt: skip
    assert abs(found.bias) < 3.5 * found.bias_error
    assert 0.89 <= found.coverage <= 0.98


def test_the_difference_is_the_mean_of_the_exposed_people_s_own() -> None:
    """Truth: what the exposed would have had more, over their time, in a very large world."""
    world = frail_people(10**6, people=400_000)
    exposed = world.filter("exposed")
    rate = (exposed["rate"] * exposed["days"]).sum() / exposed["days"].sum()
    truth = 365250 * rate * (1 - 1 / 0.8)

    def difference(seed: int) -> Estimate:
        found = fit_rate_ratio(
            frail_people(seed), **GIVEN, covariates="x", cluster="practice"
        ).difference
        assert found is not None
        return found

    found = recovered(difference, truth, replications=REPLICATIONS, log=False)
    assert abs(found.bias) < 3.5 * found.bias_error
    assert 0.90 <= found.coverage <= 0.98


def test_poisson_s_own_error_is_far_too_small_and_without_x_the_ratio_is_wrong() -> None:
    def by_poisson(seed: int) -> Estimate:
        found = fit_rate_ratio(frail_people(seed), **GIVEN, covariates="x")
        details = found.details
        error = details["model_standard_error"] / np.sqrt(details["dispersion"])
        reach = stats.norm.ppf(0.975) * error
        ends = (found.point * np.exp(-reach), found.point * np.exp(reach))
        return replace(found, standard_error=error, ci_low=ends[0], ci_high=ends[1])

    assert recovered(by_poisson, 0.8, replications=100, log=True).coverage < 0.75
    confounded = recovered(
        lambda seed: fit_rate_ratio(frail_people(seed), **GIVEN, cluster="practice"),
        0.8, replications=100, log=True,
    )  # fmt: skip
    assert confounded.bias > 0.15
    assert confounded.coverage < 0.8


@pytest.mark.recovery
@pytest.mark.parametrize("family", ["poisson", "negative_binomial"])
def test_coverage_in_many_worlds(family: str) -> None:
    found = recovered(
        lambda seed: fit_rate_ratio(
            frail_people(seed, people=1_000, practices=60), **GIVEN, covariates="x",
            cluster="practice", family=family,
        ),
        0.8, replications=2_000, log=True,
    )  # fmt: skip
    assert 0.93 <= found.coverage <= 0.96
