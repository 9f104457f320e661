"""Rows of care that a scheme counted before and after itself: described, never an effect."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import polars as pl

from sp_eval.framework.rows import RowMaker
from sp_eval.models.before_after import before_after
from sp_eval.models.estimate import Estimate, TooFewEventsError
from sp_eval.study.design import OutcomeChoice

__all__ = ["HELD_AS_COUNTS", "with_use_counts"]

HELD_AS_COUNTS = (
    "this scheme holds counts before and after for the people referred, no dates and nobody to"
    " compare with"
)
_NOBODY = (
    "nobody first referred in the index period has counts both before and after, of days that were"
    " over when they were counted"
)
_FEW = "fewer than three people have counts both before and after"
_FEWEST = 3
_NOTE = (
    "Counts as the scheme made them. Who has only one of the two is left out: a blank is not"
    " nought. Deaths and moves are not known, and count as days without care."
)
_HALF_YEARS = "The days before and after lie in different seasons."
_WHOLE_YEAR = (365, 366)
Row = dict[str, Any]


def with_use_counts(
    maker: RowMaker,
    rows: list[Row],
    counts: pl.DataFrame,
    counted: frozenset[str],
    held: frozenset[str],
) -> list[Row]:
    """Put a scheme's own counts where its files hold no dated use.

    Parameters
    ----------
    rows : the scheme's rows so far; those of care that dated files hold stay as they are.
    counts : `outcome.use_count`.
    counted : outcomes of which the scheme sent counts, usable or not.
    held : clocks whose files cover enough.

    Returns
    -------
    The same rows in the same order: of such care `before_after` is made of the counts, over the
    scheme's own days, and all else is withheld as `HELD_AS_COUNTS`.
    """
    made = {
        choice.name: _counted(maker, choice, counts.filter(pl.col("outcome") == outcome.name))
        for choice, outcome in maker.study.counted
        if outcome.name in counted and outcome.clock not in held
    }

    def instead(row: Row) -> Row:
        if row["outcome"] not in made:
            return row
        if row["method"] == "before_after":
            return made[row["outcome"]]
        return row | {"withheld_reason": HELD_AS_COUNTS}

    return [instead(row) for row in rows]


def _counted(maker: RowMaker, choice: OutcomeChoice, counts: pl.DataFrame) -> Row:
    days = _most_used(counts)
    own = replace(maker, counted_days=days)
    try:
        found = _change(counts.filter(pl.col("period_days").eq_missing(days)))
    except TooFewEventsError as error:
        return own.withheld(
            choice, method="before_after", scale="rate_ratio", role="descriptive", reason=str(error)
        )
    note = _NOTE if days in _WHOLE_YEAR else f"{_NOTE} {_HALF_YEARS}"
    return own.released(choice, found, role="descriptive", note=note)


def _most_used(counts: pl.DataFrame) -> int | None:
    """The length of time most people were counted over; of several the longest."""
    if counts.is_empty():
        return None
    lengths = counts.group_by("period_days").len().sort("len", "period_days")
    return int(lengths["period_days"][-1])


def _change(counts: pl.DataFrame) -> Estimate:
    if counts.is_empty():
        raise TooFewEventsError(_NOBODY)
    if counts.height < _FEWEST:
        raise TooFewEventsError(_FEW)
    days = pl.col("period_days")
    return before_after(counts.with_columns(days.alias("days_pre"), days.alias("days")))
