"""Which month's delivery is expected of a scheme, and by when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import polars as pl

__all__ = ["Expected", "due_of", "expected_deliveries", "in_words", "month_in_words"]

# A scheme that sent nothing for so long has ended, or its files are of the past on purpose.
_SILENT_MONTHS = 12
_JANUARY_IS_ZERO = 12


@dataclass(frozen=True, slots=True, order=True)
class Expected:
    """The first month of a scheme that has not come, after the newest that has."""

    scheme: str
    newest: str
    month: str
    due: date
    is_late: bool


def expected_deliveries(
    deliveries: pl.DataFrame, due_days: Mapping[str, int], *, today: date
) -> tuple[Expected, ...]:
    """What each scheme that delivers is expected to send next.

    Nothing is expected of a scheme that never delivered, nor of one whose newest delivery is
    more than twelve months old.

    Parameters
    ----------
    deliveries : rows of `published.delivery`.
    due_days : scheme -> the day of the following month on which a month's delivery is due.
    """
    came = deliveries.filter(pl.col("sha256").is_not_null(), pl.col("status") != "withdrawn")
    newest = came.group_by("scheme_code").agg(pl.col("month").max()).sort("scheme_code")
    found = []
    for scheme, month in newest.iter_rows():
        if scheme not in due_days or _count(f"{today:%Y-%m}") - _count(month) > _SILENT_MONTHS:
            continue
        following = _named(_count(month) + 1)
        due = due_of(following, due_days[scheme])
        found.append(Expected(scheme, month, following, due, today > due))
    return tuple(found)


def due_of(month: str, day: int) -> date:
    """The day by which a month's delivery is due: that day of the month after it."""
    return date.fromisoformat(f"{_named(_count(month) + 1)}-{day:02d}")


def _count(month: str) -> int:
    """Months since year 0, so that they can be subtracted."""
    return int(month[:4]) * _JANUARY_IS_ZERO + int(month[5:]) - 1


def _named(count: int) -> str:
    return f"{count // _JANUARY_IS_ZERO:04d}-{count % _JANUARY_IS_ZERO + 1:02d}"


def month_in_words(month: str, *, today: date) -> str:
    """`October`; with its year where that is not plain."""
    ago = _count(f"{today:%Y-%m}") - _count(month)
    first = date.fromisoformat(f"{month}-01")
    return f"{first:%B}" if 0 <= ago < _JANUARY_IS_ZERO else f"{first:%B %Y}"


def in_words(day: date, *, today: date) -> str:
    """`15 November`; with its year where that is another than this."""
    return f"{day.day} {day:%B}" + ("" if day.year == today.year else f" {day.year}")
