"""What the deliveries before lead to expect: bounds that no single odd month moves.

Middle values (medians) of all earlier deliveries, with room for as much as they varied (median
absolute deviation), for chance, and for a floor below which nobody would want to be told. Of
three deliveries or fewer nobody can say how much they vary: then the floors are wider.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from itertools import combinations
from math import sqrt
from statistics import median

from sp_eval.contracts.figures import Figures, known_share, month_count, month_end

__all__ = ["FEW_DELIVERIES", "blanks", "middle_half", "mix", "oldest_newest", "volume"]

FEW_DELIVERIES = 4
"""With fewer earlier deliveries than this nobody can say how much they vary."""
_TIMES = 4.0
"""So many times what is usual to vary is unusual."""
_TO_SD = 1.4826  # of a normal distribution, from its median absolute deviation

_SHRINK, _GROWTH = 0.95, 1.5
"""A snapshot holds what the last ones held, and more."""
_HALF, _TWICE, _FEW_MORE = 0.5, 2.0, 20
"""A month's additions may be half or twice the last months'; some rows are nobody's alarm."""
_ADDED_VARIES = 0.3
"""A month's additions may rise or fall by this much."""
_LAST = 3
"""So many last deliveries tell what a snapshot held: one odd one among them is outvoted."""

_MORE_BLANKS = 0.10
"""A share of blanks may rise by this much."""
_MIX_MOVED, _MIX_MOVED_MANY = 0.15, 0.10
"""The share of one value may move by this much after few deliveries, and after many."""

_LATE_DAYS = 21
"""The newest date may lag so many days more than it did."""
_MANY_ROWS = 1_000
"""With fewer rows than this a month may well bring nothing newer."""
_WAITS = 7.0
"""A silence of so many times the usual wait between rows comes once in a thousand."""


def volume(before: Sequence[Figures], month: str, *, supply: str) -> tuple[int, int]:
    """Return the fewest and the most rows that are usual.

    Of `FEW_DELIVERIES` or more, a line through all of them (Theil and Sen) leads to this month.
    A snapshot that holds clearly less than the last ones held is unusual whatever the line says.
    """
    last = sorted(figures.rows for figures in before[-_LAST:])
    held = last[(len(last) - 1) // 2]
    if len(before) < FEW_DELIVERIES:
        if supply == "increment":
            return _at_least_one(held * _HALF - _FEW_MORE), int(last[-1] * _TWICE) + _FEW_MORE
        return _at_least_one(held * _SHRINK), int(last[-1] * _GROWTH) + _FEW_MORE
    expected, spread = _line([(month_count(f.month), float(f.rows)) for f in before], month)
    wider = 1 + FEW_DELIVERIES / len(before)  # a line through few reaches further than it knows
    chance = _TIMES * max(wider * spread, sqrt(expected))
    if supply == "increment":
        room = max(chance, _ADDED_VARIES * expected)
        return _at_least_one(expected - room), int(expected + room)
    low = max(held * _SHRINK, expected - max(chance, (1 - _SHRINK) * 2 * expected))
    return _at_least_one(low), int(expected + max(chance, (_GROWTH - 1) * expected)) + _FEW_MORE


def blanks(before: Sequence[Figures], column: str, rows: int) -> float | None:
    """Return the largest usual share of blanks in a column; None where it was never supplied."""
    shares = [known_share(f.nulls.get(column, f.rows), f.rows) for f in before]
    usual = median(shares)
    if usual >= 1:
        return None
    spread = _spread(shares) if len(before) >= FEW_DELIVERIES else 0.0
    room = max(_MORE_BLANKS, _TIMES * spread, 10 / rows)
    return round(min(usual + room, 1.0), 3)


def oldest_newest(
    before: Sequence[Figures], this: Figures, *, of_events: bool
) -> tuple[timedelta, int]:
    """Return how long before the end of its month the newest date may lie, and by how many told.

    `of_events`: of people's events; what is not may rightly stay as it is for a year. By 0 where
    no earlier delivery had a date.
    """
    dated = [(f, f.newest) for f in before if f.newest is not None]
    if not dated:
        return timedelta(0), 0
    lags = [(month_end(f.month) - newest).days for f, newest in dated]
    if len(dated) >= FEW_DELIVERIES:
        paces = [f.a_day for f, _ in dated if f.a_day]
        wait = _WAITS / median(paces) if paces else 0.0
        room = max(_LATE_DAYS, 2 * _TIMES * _spread(lags), wait)
        return timedelta(days=round(median(lags) + room)), len(dated)
    last, newest = dated[-1]
    gap = (month_end(this.month) - month_end(last.month)).days
    moves = of_events and min(this.rows, last.rows) >= _MANY_ROWS
    oldest = newest + timedelta(days=max(gap - _LATE_DAYS, 0) if moves else 0)
    return month_end(this.month) - oldest, len(dated)


def middle_half(before: Sequence[Figures], column: str) -> tuple[float, float] | None:
    """Return the middle lower and upper quartile of the deliveries with many values of a column."""
    pairs = [f.quartiles[column] for f in before if f.has_many(column)]
    if not pairs:
        return None
    lower, upper = zip(*pairs, strict=True)
    return round(median(lower), 2), round(median(upper), 2)


def mix(
    before: Sequence[Figures], this: Figures, column: str, allowed: Sequence[str]
) -> dict[str, tuple[float, float]] | None:
    """Return value -> usual share, and how far it may move; None where too few rows say."""
    many = [f.shares[column] for f in before if f.has_many(column)]
    if not many:
        return None
    known = this.rows - this.nulls.get(column, 0)
    floor = _MIX_MOVED if len(many) < FEW_DELIVERIES else _MIX_MOVED_MANY
    found = {}
    for value in allowed:
        shares = [share.get(value, 0.0) for share in many]
        usual = median(shares)
        spread = _spread(shares) if len(many) >= FEW_DELIVERIES else 0.0
        chance = sqrt(usual * (1 - usual) / max(known, 1))
        found[value] = (usual, max(floor, _TIMES * spread, _TIMES * chance))
    return found


def _at_least_one(rows: float) -> int:
    return max(1, int(rows))


def _line(points: Sequence[tuple[int, float]], month: str) -> tuple[float, float]:
    """Return what a line of Theil and Sen leads to in a month, and the spread around it.

    Source: Sen 1968, Journal of the American Statistical Association 63:1379.
    """
    slope = median((b - a) / (at_b - at_a) for (at_a, a), (at_b, b) in combinations(points, 2))
    level = median(rows - slope * at for at, rows in points)
    expected = level + slope * month_count(month)
    spread = _spread([rows - slope * at for at, rows in points])
    return (expected if expected > 0 else median(rows for _, rows in points)), spread


def _spread(values: Sequence[float]) -> float:
    """Return a standard deviation that a minority of odd values does not move."""
    middle = median(values)
    return _TO_SD * median(abs(value - middle) for value in values)
