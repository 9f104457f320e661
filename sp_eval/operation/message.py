"""The month in one sentence a scheme, and whether a release is out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import polars as pl

from sp_eval.operation.deadline import (
    Expected,
    expected_deliveries,
    in_words,
    month_in_words,
)
from sp_eval.report import words

__all__ = ["Month", "MonthMessage", "message_of_the_month"]

_FILES = ("file", "sheet")


@dataclass(frozen=True, slots=True)
class MonthMessage:
    """What became of one scheme's month.

    `has_come` tells a delivery from a word about its absence, which is news only when it is late.
    """

    scheme: str
    month: str
    sentence: str
    has_come: bool


@dataclass(frozen=True, slots=True)
class Month:
    """What is told of a month: a message a scheme, and which release is out."""

    messages: tuple[MonthMessage, ...] = ()
    release: str = ""

    @property
    def text(self) -> str:
        """All of it, as one paragraph; empty where nothing was ever received."""
        return " ".join([*(one.sentence for one in self.messages), self.release]).strip()


def message_of_the_month(
    deliveries: pl.DataFrame, due_days: Mapping[str, int], *, today: date
) -> Month:
    """Each scheme's newest month, or the month that is due and has not come; and the release.

    Pure: what it says depends on what it is given alone.

    Parameters
    ----------
    deliveries : rows of `published.delivery`.
    due_days : scheme -> the day of the following month on which a month's delivery is due.
    """
    waited_for = {one.scheme: one for one in expected_deliveries(deliveries, due_days, today=today)}
    came = deliveries.filter(pl.col("sha256").is_not_null(), pl.col("status") != "withdrawn")
    messages = []
    for (code,), rows in came.sort("scheme_code").group_by("scheme_code", maintain_order=True):
        scheme, awaited = str(code), waited_for.get(str(code))
        # a month is waited for once it has ended
        if awaited is not None and awaited.month < f"{today:%Y-%m}":
            messages.append(_absent(awaited, today))
        else:
            month = str(rows["month"].max())
            messages.append(_received(scheme, month, rows.filter(month=month), today))
    return Month(tuple(messages), _release(deliveries))


def _absent(awaited: Expected, today: date) -> MonthMessage:
    is_due = "was due" if awaited.is_late else "due"
    sentence = (
        f"{words.short(awaited.scheme)} {month_in_words(awaited.month, today=today)}:"
        f" not received ({is_due} {in_words(awaited.due, today=today)}),"
        f" {_standing(awaited, today)}."
    )
    return MonthMessage(awaited.scheme, awaited.month, sentence, has_come=False)


def _standing(awaited: Expected, today: date) -> str:
    if f"{awaited.due:%Y-%m}" == f"{today:%Y-%m}":
        return "last month's figures stand"
    return f"the figures of {month_in_words(awaited.newest, today=today)} stand"


def _received(scheme: str, month: str, rows: pl.DataFrame, today: date) -> MonthMessage:
    head = f"{words.short(scheme)} {month_in_words(month, today=today)}:"
    standing = rows.filter(pl.col("status").is_in(["current", "refused"]))
    used = rows.filter(pl.col("status") == "current")
    came = int(standing["rows_in"].sum())
    refused = standing.filter(pl.col("status") == "refused").unique(_FILES).height
    if used.is_empty():
        sentence = f"{head} received but not used, the figures of before stand."
    else:
        sentence = f"{head} used {int(used['rows_accepted'].sum()):,} of {came:,} rows."
        if refused:
            files = "1 file or sheet" if refused == 1 else f"{refused} files or sheets"
            sentence = f"{sentence[:-1]}; {files} could not be used."
    return MonthMessage(scheme, month, sentence, has_come=True)


def _release(deliveries: pl.DataFrame) -> str:
    """The release is named by the newest month any of whose files is used."""
    months = deliveries.filter(pl.col("status") == "current")["month"]
    return f"Release {max(months)} is out." if months.len() else ""
