"""What is found, per 100 people a year: the difference, and the three rates it stands among."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sp_eval.report.figure import Figure, total
from sp_eval.report.release import Release

__all__ = ["Bars", "Difference", "per_hundred"]

_DIFFERENCE = "rate_difference_per_1000_person_years"
_RATE = "rate_per_1000_person_years"
_RATES = ("observed_before", "expected_without_scheme", "observed_after")
_PER_HUNDRED = 0.1  # rates are held per 1,000 person-years


@dataclass(frozen=True, slots=True)
class Bars:
    """The three figures per 100 people a year, and how they add up.

    `without` is `after` with the printed difference taken away again, so that each row adds.
    """

    before: Figure
    without: Figure
    after: Figure
    difference: Figure
    anyway: Figure


@dataclass(frozen=True, slots=True)
class Difference:
    """The difference found, per 100 people a year, and its interval."""

    point: Figure
    low: Figure
    high: Figure


def per_hundred(release: Release, key: dict[str, Any]) -> tuple[Difference | None, Bars | None]:
    """Read the difference and the bars of one outcome of a scheme (`key`).

    The bars are None where a rate is not shown, as it would tell a part that rests on few.
    """
    rates = _rates(release, key)
    decimals = _decimals(release, key, rates)
    found = _difference(release, key, decimals)
    return found, _bars(release, key, found, decimals) if found and rates else None


def _rates(release: Release, key: dict[str, Any]) -> list[float]:
    """The three rates, or none where one of them is not shown."""
    rows = [release.row("estimate", **key, method=method, scale=_RATE) for method in _RATES]
    points = [row["point"] for row in rows if row and row["point"] is not None]
    return points if len(points) == len(rows) else []


def _decimals(release: Release, key: dict[str, Any], rates: list[float]) -> int:
    """Whole numbers where any figure reaches 100 per 100 people, else one decimal."""
    row = release.row("estimate", **key, method="matched_rate_ratio", scale=_DIFFERENCE) or {}
    ends = [abs(row[end]) for end in ("ci_low", "ci_high") if row.get(end) is not None]
    return 0 if max(rates or ends, default=0.0) * _PER_HUNDRED >= 100 else 1


def _shown(
    release: Release, key: dict[str, Any], method: str, column: str, scale: str, decimals: int
) -> Figure:
    return release.number(
        "estimate", column, scale=_PER_HUNDRED, decimals=decimals,
        **key, method=method, scale_of=scale,
    )  # fmt: skip


def _difference(release: Release, key: dict[str, Any], decimals: int) -> Difference | None:
    of = ("matched_rate_ratio", _DIFFERENCE)
    point, low, high = (
        _shown(release, key, of[0], column, of[1], decimals)
        for column in ("point", "ci_low", "ci_high")
    )
    return None if point.value is None else Difference(point, low, high)


def _bars(release: Release, key: dict[str, Any], found: Difference, decimals: int) -> Bars:
    before, stands_for, after = (
        _shown(release, key, method, "point", _RATE, decimals) for method in _RATES
    )
    return Bars(
        before=before,
        without=total((1, after), (-1, found.point), source=stands_for.source),
        after=after,
        difference=found.point,
        anyway=total((1, after), (-1, found.point), (-1, before)),
    )
