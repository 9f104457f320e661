"""E-values as printed by those who proposed them, and what a cause of known strength can do."""

from __future__ import annotations

import numpy as np
import pytest

from sp_eval.models.sensitivity import benchmark, e_value, measured_strength


@pytest.mark.parametrize(
    ("point", "low", "high", "of_point", "of_interval"),
    [
        # VanderWeele and Ding 2017: breastfeeding and deaths from respiratory infection
        (3.9, 1.8, 8.7, 7.26, 3.00),
        # the same: breastfeeding and childhood leukaemia, a ratio below 1
        (0.80, 0.71, 0.91, 1.81, 1.43),
        # the same: maternal breastfeeding and ovarian cancer
        (0.5, 0.3, 0.8, 3.41, 1.81),
    ],
)
def test_to_the_printed_digit(
    point: float, low: float, high: float, of_point: float, of_interval: float
) -> None:
    found = e_value(point, low, high)
    assert found.interval is not None
    assert (round(found.point, 2), round(found.interval, 2)) == (of_point, of_interval)
    mirrored = e_value(1 / point, 1 / high, 1 / low)
    assert mirrored.point == pytest.approx(found.point)
    assert mirrored.interval == pytest.approx(found.interval)


def test_an_interval_that_holds_one_needs_no_hidden_cause() -> None:
    assert e_value(0.9, 0.7, 1.1).interval == 1
    assert e_value(1.1, 0.9, 1.4).interval == 1
    assert e_value(1.2, 1.0, 1.4).interval == 1
    assert e_value(1.0, 0.9, 1.1).to_dict() == {"point": 1.0, "interval": 1.0}


def test_without_an_interval() -> None:
    assert e_value(2.0).interval is None
    assert e_value(2.0).point == pytest.approx(2 + 2**0.5)


@pytest.mark.parametrize("given", [(0.0, None, None), (0.9, -0.1, 1.0), (0.9, 0.95, 1.0)])
def test_what_is_no_ratio_is_refused(given: tuple[float, float | None, float | None]) -> None:
    with pytest.raises(ValueError, match="interval"):
        e_value(*given)


@pytest.mark.parametrize(
    ("point", "low", "high", "of_point", "of_interval"),
    [
        # R's EValue vignette, to its last digit: smoking and lung cancer, Hammond and Horn 1958
        (10.73, 8.02, 14.36, 20.94777, 15.52336),
    ],
)
def test_to_rs_last_digit(
    point: float, low: float, high: float, of_point: float, of_interval: float
) -> None:
    found = e_value(point, low, high)
    assert found.point == pytest.approx(of_point, abs=5e-6)
    assert found.interval == pytest.approx(of_interval, abs=5e-6)


def test_a_cause_of_strengths_two_and_four_moves_a_ratio_by_eight_fifths() -> None:
    """2 x 4 / (2 + 4 - 1) = 1.6: of 3.9 (1.8 to 8.7), breastfeeding, 2.44 (1.1 to 5.4) is left."""
    found = benchmark(3.9, 1.8, 8.7, with_exposure=2, with_outcome=4, name="smoking")
    assert found.bounding_factor == pytest.approx(1.6)
    left = (found.point, found.ci_low, found.ci_high)
    assert left == pytest.approx((2.4375, 1.125, 5.4375))
    assert (found.explains_point, found.explains_interval) == (False, False)
    assert found.sentence() == (
        "A hidden cause as strong as smoking (ratios 2.00 with the exposure and 4.00 with the"
        " outcome) could not explain the whole estimate: at worst 2.44 would be left."
    )
    assert found.to_dict()["name"] == "smoking"


def test_below_one_and_turned_over_it_is_the_same() -> None:
    above = benchmark(3.9, 1.8, 8.7, with_exposure=2, with_outcome=4)
    below = benchmark(1 / 3.9, 1 / 8.7, 1 / 1.8, with_exposure=0.5, with_outcome=0.25)
    assert below.point == pytest.approx(1 / above.point)
    assert below.ci_high == pytest.approx(1 / 1.125)
    assert (below.with_exposure, below.with_outcome) == (2, 4)


@pytest.mark.parametrize("point", [0.7, 0.95, 1.3, 3.9])
def test_a_cause_as_strong_as_the_e_value_explains_just_all(point: float) -> None:
    strength = e_value(point).point
    just = benchmark(point, with_exposure=strength * 1.0000001, with_outcome=strength)
    short = benchmark(point, with_exposure=strength * 0.9999999, with_outcome=strength)
    assert just.point == pytest.approx(1)
    assert (just.explains_point, short.explains_point) == (True, False)
    assert just.explains_interval is None
    assert "could explain the whole estimate." in just.sentence()


def test_the_interval_may_fall_where_the_point_stands() -> None:
    found = benchmark(0.85, 0.75, 0.96, with_exposure=1.3, with_outcome=1.6, name="age")
    assert (found.explains_point, found.explains_interval) == (False, True)
    assert found.sentence().endswith("at worst 0.93 would be left, its interval holding 1.")
    one = benchmark(0.85, 0.75, 0.96, with_exposure=1, with_outcome=7)
    assert one.bounding_factor == 1  # what goes with one alone confounds nothing


def test_the_bound_holds_in_every_world_and_is_met_in_one() -> None:
    """Ding and VanderWeele: no split of a population by such a cause moves the ratio further."""
    rng = np.random.default_rng(9)
    for _ in range(300):
        share = rng.uniform(0.02, 0.98, 2)  # who has the cause, of the exposed and of the others
        strength = rng.uniform(1, 6)
        moved = (1 + share[0] * (strength - 1)) / (1 + share[1] * (strength - 1))
        found = benchmark(2.0, with_exposure=share[0] / share[1], with_outcome=strength)
        assert max(moved, 1 / moved) <= found.bounding_factor * (1 + 1e-12)
    all_exposed = (1 + 1 * 3) / (1 + 0.5 * 3)  # everybody exposed has it, half of the others
    met = benchmark(2.0, with_exposure=2, with_outcome=4)
    assert met.bounding_factor == pytest.approx(all_exposed)


def test_measured_strength_by_hand() -> None:
    exposed = [True] * 4 + [False] * 10
    covariate = [True] * 3 + [False] + [True] * 3 + [False] * 7
    events = [9, 9, 9, 9] + [4, 5, 6] + [1] * 7
    days = [365] * 4 + [300, 300, 400] + [500] * 7
    with_exposure, with_outcome = measured_strength(exposed, covariate, events, days)
    assert with_exposure == pytest.approx(0.75 / 0.3)
    assert with_outcome == pytest.approx((15 / 1000) / (7 / 3500))


def test_what_cannot_be_held_against_a_benchmark_is_refused() -> None:
    with pytest.raises(ValueError, match="strengths"):
        benchmark(0.8, with_exposure=0, with_outcome=2)
    with pytest.raises(ValueError, match="leaves the point out"):
        benchmark(0.8, 0.9, 1.0, with_exposure=2, with_outcome=2)
    with pytest.raises(ValueError, match="one length"):
        measured_strength([True, False], [True], [1, 1], [1, 1])
    with pytest.raises(ValueError, match="both kinds"):
        measured_strength([True, False], [True, True], [1, 1], [1, 1])
