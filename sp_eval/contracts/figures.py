"""What one delivery of a dataset was like, in figures that can be kept and set side by side."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta

__all__ = ["FEW_ROWS", "Figures", "known_share", "month_count", "month_end"]

FEW_ROWS = 100
"""With fewer rows than this a mix of values or a median moves by chance, and could tell a cell."""
_HIDDEN = 7
_BASE = 5


@dataclass(frozen=True, slots=True)
class Figures:
    """What a delivery of a dataset was like.

    `rows`; `nulls` column -> rows without a value; `quartiles` column -> lower and upper, absent
    where no row has a value; `shares` column -> value -> share of the rows with one; `newest` the
    newest date of the dataset's events; `a_day` rows a day in the year up to it.
    """

    month: str
    rows: int
    nulls: Mapping[str, int] = field(default_factory=dict)
    quartiles: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    shares: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    newest: date | None = None
    a_day: float | None = None

    def has_many(self, column: str) -> bool:
        """Tell whether enough rows have a value that a mix or a median of them says something."""
        return self.rows - self.nulls.get(column, self.rows) >= FEW_ROWS

    def as_text(self) -> str:
        """Return the figures as JSON, to be kept."""
        return json.dumps(asdict(self) | {"newest": self.newest and self.newest.isoformat()})

    @classmethod
    def from_text(cls, text: str) -> Figures:
        """Return the figures kept by `as_text`."""
        held = json.loads(text)
        held["quartiles"] = {name: tuple(pair) for name, pair in held["quartiles"].items()}
        held["newest"] = held["newest"] and date.fromisoformat(held["newest"])
        return cls(**held)


def known_share(count: int, rows: int) -> float:
    """Return the share of `count` in `rows` as it may be told: 1 to 7 as 7, others to the next 5.

    Bounds made from it, and shares told by it, give back no number of people under eight.
    """
    if not rows or not count:
        return 0.0
    told = _HIDDEN if count <= _HIDDEN else -(-count // _BASE) * _BASE
    return min(told / rows, 1.0)


def month_end(month: str) -> date:
    """Return the last day of a month written YYYY-MM."""
    first = date.fromisoformat(f"{month}-01")
    return (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def month_count(month: str) -> int:
    """Return the months since year 0 of a month written YYYY-MM, so that they can be subtracted."""
    return int(month[:4]) * 12 + int(month[5:]) - 1
