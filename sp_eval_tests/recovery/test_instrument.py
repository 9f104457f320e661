"""An offer by lot that the sicker take up: the truth of the offer, and of those who take it up."""

from __future__ import annotations

import numpy as np
import polars as pl

from sp_eval.models.instrument import late
from sp_eval_tests.recovery.rates import recovered

GIVEN = {"outcome": "y", "offered": "offered", "taken_up": "taken"}


def offered(
    seed: int, *, people: int = 400, strength: float = 1.5, counts: bool = False,
    offer_itself: float = 0.0,
) -> pl.DataFrame:  # fmt: skip
    """Taking it up lowers the outcome of all by 1 (counts: by a fifth); the sicker take it up."""
    rng = np.random.default_rng(seed)
    sick = rng.normal(size=people)
    lot = rng.random(people) < 0.5
    taken = sick + rng.normal(size=people) < np.where(lot, strength - 0.7, -0.7)
    days = rng.uniform(200, 365, people)
    if counts:
        rate = 6 * np.exp(-0.5 * sick) * np.where(taken, 0.8, 1.0) / 365.25
        y = rng.poisson(rate * days).astype(float)
    else:
        y = 10 - 2 * sick - taken + offer_itself * lot + rng.normal(0, 1, people)
    return pl.DataFrame({"y": y, "offered": lot, "taken": taken, "days": days})


def test_late_is_that_of_taking_it_up_and_comparing_takers_is_not() -> None:
    found = recovered(lambda s: late(offered(s), **GIVEN).late, -1.0, replications=300, log=False)
    assert abs(found.bias) < 3.5 * found.bias_error
    assert 0.92 <= found.coverage <= 0.98
    as_treated = [
        rows.filter("taken")["y"].mean() - rows.filter(~pl.col("taken"))["y"].mean()
        for rows in map(offered, range(50))
    ]
    assert np.mean(as_treated) > 0.5  # takers look worse off, though it helps them


def test_the_offer_s_effect_is_diluted_and_sure() -> None:
    world = offered(10**6, people=400_000)
    shares = dict(world.group_by("offered").agg(pl.col("taken").mean()).iter_rows())
    truth = -(shares[True] - shares[False])
    found = recovered(lambda s: late(offered(s), **GIVEN).itt, truth, replications=300, log=False)
    assert abs(found.bias) < 3.5 * found.bias_error
    assert 0.92 <= found.coverage <= 0.98


def test_anderson_and_rubin_hold_the_truth_where_the_offer_is_weak() -> None:
    """With two-stage intervals beside: they are wrong where the first stage is."""
    held, wald = [], []
    for seed in range(400):
        rows = offered(seed, strength=0.15, people=300)
        shares = dict(rows.group_by("offered").agg(pl.col("taken").mean()).iter_rows())
        if shares[True] == shares[False]:
            continue  # nothing can be told, and it is refused
        found = late(rows, **GIVEN)
        wald.append(found.late.ci_low <= -1 <= found.late.ci_high)
        interval = found.anderson_rubin
        if interval.kind == "everything":
            held.append(True)
        else:
            inside = interval.low <= -1 <= interval.high
            held.append(inside if interval.kind == "inside" else not inside)
    assert 0.92 <= np.mean(held) <= 0.98
    assert np.mean(wald) > 0.97  # endlessly wide where weak: it says nothing


def test_an_offer_that_helps_by_itself_leaves_the_itt_right_and_late_wrong() -> None:
    world = offered(10**6, people=400_000, offer_itself=-0.5)
    means = dict(world.group_by("offered").agg(pl.col("y").mean()).iter_rows())
    truth = means[True] - means[False]
    itt = recovered(
        lambda s: late(offered(s, offer_itself=-0.5), **GIVEN).itt,
        truth, replications=100, log=False,
    )  # fmt: skip
    wrong = recovered(
        lambda s: late(offered(s, offer_itself=-0.5), **GIVEN).late,
        -1.0, replications=100, log=False,
    )  # fmt: skip
    assert abs(itt.bias) < 3.5 * itt.bias_error
    assert wrong.bias < -0.5


def test_rates_of_compliers() -> None:
    """Counts: taking it up lowers everybody's rate by a fifth, and compliers' too."""
    found = recovered(
        lambda s: late(offered(s, counts=True, people=600), **GIVEN, person_days="days").late_ratio,
        0.8, replications=200, log=True,
    )  # fmt: skip
    assert abs(found.bias) < 4 * found.bias_error
    assert 0.91 <= found.coverage <= 0.985
