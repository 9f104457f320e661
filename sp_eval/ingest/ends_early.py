"""Rows that end before the days do of which a table is said to hold everything."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import polars as pl

from sp_eval.contracts.scheme_mapping import Dataset
from sp_eval.ingest.coverage import covered_to
from sp_eval.ingest.doubt import Doubt
from sp_eval.ingest.gate import Gated
from sp_eval.ingest.whole_months import last_whole_day

__all__ = ["ends_early"]

_DATES = {"gp_contact": "contact_date", "hospital_activity": "start_date"}


def ends_early(gated: Gated, dataset: Dataset, month: str) -> Iterator[Doubt]:
    """Yield that the rows stop sooner, or become few, than `covers` says; `month` of delivery."""
    by = _DATES.get(dataset.contract)
    if by is None or dataset.covers is None:
        return
    until = covered_to(dataset.covers, month)
    days: pl.Series = gated.rows.select(by)[by].drop_nulls()
    last = last_whole_day(days, until)
    if last < until - timedelta(days=1):
        yield Doubt(
            "covers", "covers",
            f"It is taken to hold everything until {until - timedelta(days=1)}, and after {last}"
            " there are far fewer rows than before, or none. If the file ends sooner than its"
            f" month, say so: to: {last}; if it is always late, months_behind: 1, or however many."
            " Else days on which nothing was recorded count as days without care.",
        )  # fmt: skip
