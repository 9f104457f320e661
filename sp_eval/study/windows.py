"""Half-open windows of days around an index date: `[start, end)`, day 0 the index date."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["HISTORY_BANDS", "LOOKBACK_COLUMNS", "Window"]


class Window(NamedTuple):
    """Days from the index date: `start` inside, `end` outside."""

    start: int
    end: int

    @property
    def days(self) -> int:
        return self.end - self.start


# The lag columns on which groups must agree, whatever a study names (the evidence is ADR 0004).
HISTORY_BANDS: tuple[Window, ...] = (
    Window(-30, 0),
    Window(-60, -30),
    Window(-90, -60),
    Window(-180, -90),
    Window(-365, -180),
)
LOOKBACK_COLUMNS: tuple[str, ...] = tuple(f"d{-w.start}_{-w.end}" for w in HISTORY_BANDS)
