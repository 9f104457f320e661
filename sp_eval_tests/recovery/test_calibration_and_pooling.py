"""Known systematic error, and sites that differ by a known spread: what the intervals hold."""

from __future__ import annotations

import numpy as np
import pytest

from sp_eval.models.falsification import calibrate, negative_control_moved
from sp_eval.models.synthesis import random_effects


def calibrated(controls: int, studies: int, *, seed: int, mean: float = 0.08, sd: float = 0.06):
    """Shares of studies without any effect that find one: as reported, and calibrated.

    Estimate and controls suffer errors from one normal distribution; controls' own errors vary.
    """
    rng = np.random.default_rng(seed)
    naive = kept = 0
    for _ in range(studies):
        errors = rng.uniform(0.03, 0.12, controls + 1)
        found = rng.normal(mean, sd, controls + 1) + rng.normal(0, errors)
        rows = np.column_stack([found, errors])
        naive += bool(abs(found[0]) > 1.959964 * errors[0])
        kept += bool(calibrate(rows[:1], rows[1:]).estimates[0].p_value < 0.05)
    return naive / studies, kept / studies


def pooled(sites: int, studies: int, *, seed: int, spread: float = 0.12, mean: float = -0.15):
    """Shares of studies whose intervals hold the truth, and the mean of the estimates.

    (Normal interval, Knapp and Hartung's, the same at least as wide as chance, Q-profile's of the
    spread, prediction of a further site, mean estimate.) Sites are of unequal size.
    """
    rng = np.random.default_rng(seed)
    held = np.zeros(6)
    for _ in range(studies):
        errors = rng.uniform(0.04, 0.2, sites)
        found = rng.normal(mean, spread, sites) + rng.normal(0, errors)
        rows = np.column_stack([found, errors])
        one = random_effects(rows)
        others = [
            random_effects(rows, knapp_hartung=False),
            one,
            random_effects(rows, at_least_chance=True),
        ]
        held += [
            *(other.ci_low < mean < other.ci_high for other in others),
            one.tau2_low <= spread**2 <= one.tau2_high,
            one.prediction_low < rng.normal(mean, spread) < one.prediction_high,
            one.point,
        ]
    return held / studies


def test_calibration_keeps_false_alarms_near_what_is_asked() -> None:
    naive, kept = calibrated(40, 400, seed=11)
    assert naive > 0.25
    assert kept == pytest.approx(0.05, abs=3 * 0.011 + 0.01)


def test_of_few_controls_it_keeps_less_and_says_so() -> None:
    _, kept = calibrated(4, 400, seed=12)
    assert 0.05 < kept < 0.3


def test_a_control_shows_a_bias_as_often_as_it_says() -> None:
    rng = np.random.default_rng(13)
    found = rng.normal(np.log(0.9), 0.05, 2_000)
    promised = negative_control_moved([(0.0, 0.05)], bias=0.9).chance_to_show
    moved = np.mean([negative_control_moved([(b, 0.05)]).moved for b in found])
    assert moved == pytest.approx(promised, abs=3 * 0.011)


def test_intervals_of_six_sites() -> None:
    """Sites so few and unequal: the plain rules hold too little, the ad hoc one what is asked."""
    normal, hartung, at_least, profile, prediction, mean = pooled(6, 400, seed=14)
    assert normal < hartung < at_least
    assert normal < 0.93
    assert at_least > 0.95 - 3 * 0.011
    assert profile > 0.95 - 3 * 0.011
    assert prediction > 0.8
    assert mean == pytest.approx(-0.15, abs=3 * 0.17 / np.sqrt(6 * 400))


@pytest.mark.recovery
@pytest.mark.parametrize(("sites", "least"), [(5, 0.90), (10, 0.92), (30, 0.94)])
def test_pooling_many_times(sites: int, least: float) -> None:
    normal, hartung, at_least, profile, prediction, mean = pooled(sites, 2_000, seed=15)
    assert normal < hartung <= at_least
    assert hartung > least
    assert at_least > 0.94
    assert profile == pytest.approx(0.95, abs=0.015)
    assert prediction > 0.84
    assert mean == pytest.approx(-0.15, abs=0.01)


@pytest.mark.recovery
@pytest.mark.parametrize(("controls", "most"), [(10, 0.12), (20, 0.09), (50, 0.07)])
def test_calibration_many_times(controls: int, most: float) -> None:
    naive, kept = calibrated(controls, 3_000, seed=16)
    assert kept < most < naive
