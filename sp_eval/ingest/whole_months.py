"""Which months a table of dated rows holds whole, told by how many rows there are of each."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta

import polars as pl

__all__ = ["first_whole_day", "last_whole_day"]

_DAYS = 30.4  # of a month
_QUIET = 3  # days without a row that are nothing unusual: a week-end and a holiday
_EXPECTED = 7.0  # rows; that so many are expected and none came has a chance below 1 in 1,000


def first_whole_day(days: pl.Series) -> date | None:
    """The first day of the first month that is at least half as full as the middle one."""
    months = _months(days)
    full = months.filter(pl.col("rows") * 2 >= pl.col("rows").median())
    first: date | None = full["month"][0] if full.height else None
    return first


def last_whole_day(days: pl.Series, until: date) -> date:
    """The last day of the last month that seems whole, of those that end before `until`.

    `days`: one date a row. A month is not whole if it holds fewer rows than half of the middle
    month, and fewer than chance explains; or if its last days hold none where several are to be
    expected. `until`: the first of a month, or a day within one whose days before it are taken for
    a month. Without rows, the day before `until`.
    """
    held = days.filter(days < until)
    months = _months(held)
    last = until - timedelta(days=1)
    if months.is_empty():
        return last
    usual = float(months["rows"].median() or 0.0)  # type: ignore[arg-type]
    counts = dict(months.iter_rows())
    while last >= months["month"][0]:
        start = last.replace(day=1)
        share = last.day / monthrange(last.year, last.month)[1]
        if not _is_thin(counts.get(start, 0), usual * share) and not _ends_sooner(
            held, start, last, usual
        ):
            return last
        last = start - timedelta(days=1)
    return last


def _is_thin(rows: int, usual: float) -> bool:
    return rows * 2 < usual and rows < usual - 4 * usual**0.5


def _ends_sooner(days: pl.Series, start: date, last: date, usual: float) -> bool:
    seen = days.filter((days >= start) & (days <= last)).max()
    quiet = (last - seen).days if isinstance(seen, date) else 0
    return (quiet - _QUIET) * usual / _DAYS > _EXPECTED


def _months(days: pl.Series) -> pl.DataFrame:
    months = days.drop_nulls().dt.truncate("1mo").alias("month")
    return months.value_counts(name="rows").sort("month")
