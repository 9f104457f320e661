"""Which months a table holds whole: by its rows, and only where chance does not explain it."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl
import pytest

from sp_eval.ingest.whole_months import first_whole_day, last_whole_day

START = date(2018, 1, 1)


def daily(rows_a_day: int, until: date) -> pl.Series:
    days = [START + timedelta(days=n) for n in range((until - START).days)]
    return pl.Series(days * rows_a_day, dtype=pl.Date)


@pytest.mark.parametrize(
    ("rows_a_day", "until", "last"),
    [
        (4, date(2018, 10, 1), date(2018, 9, 30)),
        (4, date(2018, 9, 28), date(2018, 9, 30)),  # a quiet week-end is nothing
        (4, date(2018, 9, 20), date(2018, 8, 31)),
        (4, date(2018, 9, 5), date(2018, 8, 31)),
        (4, date(2018, 7, 1), date(2018, 6, 30)),
    ],
)
def test_the_last_whole_day(rows_a_day: int, until: date, last: date) -> None:
    assert last_whole_day(daily(rows_a_day, until), date(2018, 10, 1)) == last


def test_few_rows_tell_nothing() -> None:
    days = pl.Series([date(2018, month, 3) for month in range(1, 8)] * 5)
    assert last_whole_day(days, date(2018, 9, 1)) == date(2018, 8, 31)
    assert last_whole_day(days.clear(), date(2018, 9, 1)) == date(2018, 8, 31)


def test_the_first_whole_day_passes_a_month_that_only_begins() -> None:
    early = pl.Series([date(2017, 12, 30)] * 3)
    assert first_whole_day(pl.concat([early, daily(4, date(2018, 6, 1))])) == START
    assert first_whole_day(early.clear()) is None
