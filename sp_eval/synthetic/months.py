"""Calendar months as ranges of day numbers, and day numbers as dates."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

__all__ = ["NEVER", "Days", "Month", "as_dates", "months_between"]

Days = npt.NDArray[np.int32]
NEVER = np.int32(2**30)  # a day number that no window reaches: "did not happen"
_EPOCH = date(1970, 1, 1)


class Month(NamedTuple):
    """A calendar month as day numbers `[start, end)` counted from the first observed day."""

    year: int
    month: int
    start: int
    end: int


def months_between(first: date, end: date, *, origin: date) -> list[Month]:
    """Return the months from the one holding `first` up to `end` (exclusive)."""
    found: list[Month] = []
    year, month = first.year, first.month
    while date(year, month, 1) < end:
        following = (year + month // 12, month % 12 + 1)
        found.append(
            Month(
                year,
                month,
                (date(year, month, 1) - origin).days,
                (date(*following, 1) - origin).days,
            )
        )
        year, month = following
    return found


def as_dates(days: npt.NDArray[np.integer], origin: date) -> pl.Series:
    """Turn day numbers into a Date series; `NEVER` and beyond become null."""
    shifted = days.astype(np.int64) + (origin - _EPOCH).days
    series = pl.Series(np.where(days >= NEVER, 0, shifted).astype(np.int32)).cast(pl.Date)
    return series.to_frame("d").select(
        pl.when(pl.Series(days < NEVER)).then(pl.col("d")).alias("d")
    )["d"]
