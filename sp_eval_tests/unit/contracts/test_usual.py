"""Bounds from all earlier deliveries: odd months do not move them, sound ones keep them."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from sp_eval.contracts.figures import Figures, month_end
from sp_eval.contracts.usual import FEW_DELIVERIES, blanks, middle_half, mix, oldest_newest, volume

MONTHS = [f"{year}-{month:02d}" for year in (2018, 2019) for month in range(1, 13)]
SEASON = [1.08, 1.0, 1.05, 0.95, 1.0, 1.0, 0.98, 0.88, 1.02, 1.06, 1.04, 0.84]
SHARES = np.array([0.5, 0.3, 0.2])


def held(month: str, rows: int, **more: object) -> Figures:
    return Figures(month, rows, **more)  # type: ignore[arg-type]


def of_rows(*rows: int) -> list[Figures]:
    return [held(month, n) for month, n in zip(MONTHS, rows, strict=False)]


def sound(rng: np.random.Generator, *, monthly: int, supply: str) -> list[Figures]:
    """Two years: seasons, chance, a tenth more a year, a mix that wanders a little."""
    found, rows = [], monthly * 12 if supply == "snapshot" else 0
    for at, month in enumerate(MONTHS):
        new = int(rng.poisson(monthly * SEASON[at % 12] * 1.008**at * rng.lognormal(0, 0.05)))
        rows = rows + new if supply == "snapshot" else new
        shares = rng.multinomial(rows, SHARES) / max(rows, 1)
        wait = min(int(rng.exponential(30 / max(new, 1))), 29)
        found.append(
            held(
                month,
                rows,
                nulls={"x": int(rng.binomial(rows, 0.06)), "code": 0},
                shares={"code": dict(zip("abc", shares, strict=True))},
                newest=month_end(month) - timedelta(days=wait),
                a_day=new / 30,
            )
        )
    return found


def alarms(before: list[Figures], this: Figures, supply: str) -> int:
    low, high = volume(before, this.month, supply=supply)
    lag, _ = oldest_newest(before, this, of_events=True)
    most = blanks(before, "x", this.rows)
    moved = mix(before, this, "code", "abc") if this.has_many("code") else None
    assert this.newest is not None
    assert most is not None
    return sum(
        (
            not low <= this.rows <= high,
            this.newest < month_end(this.month) - lag,
            this.nulls["x"] / this.rows > most,
            any(abs(this.shares["code"][v] - p) > room for v, (p, room) in (moved or {}).items()),
        )
    )


@pytest.mark.parametrize("supply", ["snapshot", "increment"])
@pytest.mark.parametrize("monthly", [20, 400])
def test_sound_months_are_seldom_unusual(supply: str, monthly: int) -> None:
    rng = np.random.default_rng(8)
    looks = told = 0
    for _ in range(8):
        months = sound(rng, monthly=monthly, supply=supply)
        for at in range(1, len(months)):
            looks += 4
            told += alarms(months[:at], months[at], supply)
    assert looks == 8 * 23 * 4
    assert told / looks < 0.01


def test_a_month_of_half_the_rows_is_unusual_and_the_one_after_is_not() -> None:
    usual = of_rows(1000, 1040, 980, 1010, 1030, 990)
    low, _ = volume(usual, "2018-07", supply="increment")
    assert 500 < low < 900
    low, high = volume([*usual, held("2018-07", 500)], "2018-08", supply="increment")
    assert low < 1000 < high
    assert low > 500


def test_a_growing_snapshot_is_held_against_its_line() -> None:
    growing = of_rows(100, 200, 300, 400, 500, 600)
    low, high = volume(growing, "2018-07", supply="snapshot")
    assert low < 700 < high
    assert low > 450  # half of what the line leads to, and less than is held already
    assert high == 700 + 350 + 20  # half as much again as the line leads to, and a few
    low, high = volume([*growing, held("2018-07", 350)], "2018-08", supply="snapshot")
    assert low < 800 < high


def test_three_deliveries_are_few_and_bound_widely() -> None:
    few, many = of_rows(100, 100, 100), of_rows(*[100] * 8)
    assert len(few) == FEW_DELIVERIES - 1
    wide, narrow = (volume(b, "2019-01", supply="increment") for b in (few, many))
    assert wide == (30, 220)
    assert narrow[0] > wide[0]
    assert narrow[1] < wide[1]


def test_blanks_of_one_odd_month_do_not_excuse_the_next() -> None:
    before = [held(m, 1000, nulls={"x": 1000 if m == "2018-03" else 50}) for m in MONTHS[:6]]
    assert blanks(before, "x", 1000) == pytest.approx(0.15)
    never = [held(m, 1000, nulls={"x": 1000}) for m in MONTHS[:6]]
    assert blanks(never, "x", 1000) is None


def test_a_rare_event_may_be_silent_for_long_and_a_frequent_one_may_not() -> None:
    def lag(a_day: float) -> int:
        before = [
            held(m, 5000, newest=month_end(m) - timedelta(days=1), a_day=a_day) for m in MONTHS[:6]
        ]
        return oldest_newest(before, held("2018-07", 5000), of_events=True)[0].days

    assert lag(100.0) == 1 + 21
    assert lag(0.1) == 1 + 70


def test_the_middle_half_is_that_of_the_middle_delivery() -> None:
    pairs = [(1.0, 3.0), (1.0, 3.0), (9.0, 11.0)]
    before = [
        held(m, 500, nulls={"n": 0}, quartiles={"n": pair})
        for m, pair in zip(MONTHS, pairs, strict=False)
    ]
    assert middle_half(before, "n") == (1.0, 3.0)
    assert middle_half([held("2018-01", 50, nulls={"n": 0})], "n") is None


def test_figures_are_kept_as_they_are() -> None:
    this = sound(np.random.default_rng(1), monthly=50, supply="increment")[3]
    assert Figures.from_text(this.as_text()) == this
