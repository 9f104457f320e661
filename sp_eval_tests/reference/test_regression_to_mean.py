"""The fall of itself: figures in print, the posterior mean by integration, and people drawn."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate, stats

from sp_eval.models.regression_to_mean import expected_after, spurious_difference


def test_ten_visits_where_four_are_usual_fall_by_a_fifth_of_themselves() -> None:
    assert expected_after(10, population_mean=4, shape=2) == 8
    assert 1 - expected_after(10, population_mean=4, shape=2) / 10 == pytest.approx(0.2)


def test_city_and_hackney_needs_no_effect() -> None:
    """10.0 to 8.6 visits in the study's table; its comparison people had 3.9 and 4.3."""
    shapes = np.linspace(1.2, 1.4, 21)
    found = [expected_after(10, population_mean=4.1, shape=k) for k in shapes]
    assert min(abs(v - 8.6) for v in found) < 0.02


def test_matching_two_unlike_populations_makes_a_difference() -> None:
    """Means 8 and 4, shape 2, matched at ten visits: 9.6 against 8.0."""
    found = spurious_difference(
        10, mean_exposed_population=8, mean_comparison_population=4, shape=2
    )
    assert found == pytest.approx(1.6)
    assert spurious_difference(
        10, mean_exposed_population=4, mean_comparison_population=8, shape=2
    ) == pytest.approx(-1.6)
    assert (
        spurious_difference(7, mean_exposed_population=4, mean_comparison_population=4, shape=2)
        == 0
    )


@pytest.mark.parametrize("count", [0, 3, 10, 40])
@pytest.mark.parametrize(("mean", "shape"), [(4.0, 2.0), (0.4, 0.7), (8.0, 1.3)])
def test_it_is_the_mean_rate_of_people_seen_to_have_that_count(
    count: int, mean: float, shape: float
) -> None:
    own = stats.gamma(shape, scale=mean / shape)

    def seen(rate: float) -> float:
        return float(stats.poisson.pmf(count, rate) * own.pdf(rate))

    top = 40 * mean + 10 * count
    points = [mean, max(count, 0.1)]
    chance = integrate.quad(seen, 0, top, points=points, epsabs=0, limit=400)[0]
    total = integrate.quad(lambda r: r * seen(r), 0, top, points=points, epsabs=0, limit=400)[0]
    found = expected_after(count, population_mean=mean, shape=shape)
    assert found == pytest.approx(total / chance, rel=1e-7)


def test_people_drawn_picked_and_counted_again_come_within_a_hundredth() -> None:
    """People picked for ten visits or more; the whole year's count decides, and nothing is done."""
    rng = np.random.default_rng(20160701)
    rate = rng.gamma(1.3, 4.1 / 1.3, 2_000_000)
    before, after = rng.poisson(rate), rng.poisson(rate)
    picked = before >= 10
    formula = expected_after(float(before[picked].mean()), population_mean=4.1, shape=1.3)
    assert float(after[picked].mean()) == pytest.approx(formula, rel=0.01)
    assert formula < 0.85 * before[picked].mean()


def test_picked_on_the_last_months_the_true_fall_is_larger() -> None:
    """Why the formula says "at least": use comes in spells, and people are picked in one."""
    rng = np.random.default_rng(7)
    people = 200_000
    own = rng.gamma(1.3, 1 / 1.3, people)
    swing = np.exp(rng.normal(-0.5, 1.0, (people, 8)))  # quarters; mean one
    quarters = rng.poisson(own[:, None] * swing)
    last_three_months, year = quarters[:, 3], quarters[:, :4].sum(axis=1)
    picked = last_three_months >= 5
    after = quarters[:, 4:].sum(axis=1)
    mean = float(year.mean())
    shape = mean**2 / (float(year.var()) - mean)
    formula = expected_after(float(year[picked].mean()), population_mean=mean, shape=shape)
    assert float(after[picked].mean()) < 0.9 * formula


def test_people_all_alike_go_back_to_the_mean_and_people_who_differ_stay() -> None:
    assert expected_after(10, population_mean=4, shape=1e9) == pytest.approx(4)
    assert expected_after(10, population_mean=4, shape=1e-9) == pytest.approx(10)
    assert expected_after(4, population_mean=4, shape=2) == 4
    assert expected_after(0, population_mean=4, shape=2) > 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"selected_mean": -1.0},
        {"selected_mean": np.inf},
        {"population_mean": 0.0},
        {"shape": 0.0},
        {"shape": np.nan},
    ],
)
def test_what_cannot_be_is_refused(wrong: dict[str, float]) -> None:
    given = {"selected_mean": 10.0, "population_mean": 4.0, "shape": 2.0} | wrong
    with pytest.raises(ValueError, match="must be"):
        expected_after(given.pop("selected_mean"), **given)
    with pytest.raises(ValueError, match="must be"):
        spurious_difference(10, mean_exposed_population=-8, mean_comparison_population=4, shape=2)
