"""What the quality page of one scheme's month is made from: figures already fit to be shown."""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import polars as pl

from sp_eval.contracts.figures import Figures
from sp_eval.framework.linkage import Division

__all__ = ["Linked", "QualityFacts", "Section", "Shown", "in_months_words", "share"]


@dataclass(frozen=True, slots=True)
class Linked:
    """People named in a dataset's files, rounded (null: hidden), and how many may not link."""

    dataset: str
    people: int | None
    most_not: float


@dataclass(frozen=True, slots=True)
class QualityFacts:
    """Facts of one scheme's month.

    `quality`: rows of `published.quality` of the scheme, every month. `checks`: rows of
    `published.delivery_check` of this month. `figures`: dataset -> deliveries up to this month,
    oldest first. `absent`: dataset -> columns the scheme does not hold, by agreement. `refused`:
    `dataset, column_name, rule, rows` (null `column_name`: the row as a whole), `whole`: `file,
    reason` of files not used. `received`, `due`: days. `has_register`: whether people could link
    to anything. `effects`: what refused rows do to the main estimate, by study, if that was made.
    """

    scheme: str
    title: str
    month: str
    quality: pl.DataFrame
    checks: pl.DataFrame
    figures: Mapping[str, list[Figures]]
    absent: Mapping[str, list[str]]
    refused: pl.DataFrame
    whole: pl.DataFrame
    received: date | None
    due: date
    has_register: bool
    linked: tuple[Linked, ...]
    divisions: tuple[Division, ...]
    effects: tuple[Mapping[str, Any], ...] = ()

    @property
    def own(self) -> pl.DataFrame:
        """Rows of this month's quality."""
        return self.quality.filter(month=self.month)


@dataclass(frozen=True, slots=True)
class Shown:
    """A table: caption, heads, rows of texts; `marks` holds a row's class, for its first cells."""

    caption: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    marks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """One heading of the page: sentences first, warnings boxed, tables after."""

    name: str
    title: str
    said: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    tables: tuple[Shown, ...] = ()
    folded: tuple[Shown, ...] = field(default=())


def share(value: float) -> str:
    """Return a share as people read it; a small one is not none."""
    if value == 0:
        return "none"
    return f"up to {value:.0%}" if value >= 0.01 else "less than 1%"


def in_months_words(month: str) -> str:
    """Return `April 2019`."""
    return f"{calendar.month_name[int(month[5:])]} {month[:4]}"
