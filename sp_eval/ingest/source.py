"""One file or sheet with its identifiers replaced: all that later steps ever see."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import polars as pl

from sp_eval.contracts.not_known import blanks_of
from sp_eval.contracts.scheme_mapping import Dataset
from sp_eval.ingest.header import Header
from sp_eval.ingest.identity import Pseudonymiser
from sp_eval.ingest.raw_table import RawTable
from sp_eval.ingest.refusal import FileRefusedError
from sp_eval.ingest.text_numbers import TextCounts
from sp_eval.ingest.verbs import meets

__all__ = ["Belonging", "SourceRows", "pseudonymise"]

_MOST_TEXTS = 1 << 16  # held at a time: practices are few, references as many as rows
_TRUE_DATE = r"^(\d{4})-(\d{2})-(\d{2}) 00:00:00$"


@dataclass(frozen=True, slots=True)
class SourceRows:
    """Data rows without a single identifier.

    `frame`: `__row` (UInt32, physical, from 1), `__duplicate` and `__wrong_width` (Boolean),
    then one String column per source column that is mapped or checked: trimmed, blank as null,
    and all null in a row of the wrong width, whose cells stand in nobody knows which column.
    The identifier's column holds the person_key, the reference's the referral_id.
    `identifier_fault`: the rule that each row's identifier breaks, or null; same height.
    `written`: our name of a column -> the sender's own header.
    """

    frame: pl.DataFrame
    identifier_fault: pl.Series
    written: Mapping[str, str]
    dates: str
    from_workbook: bool
    from_1904: bool = False


class Belonging:
    """Counts, piece by piece, the codes and references that another scheme would write."""

    def __init__(self, dataset: Dataset, header: Header, path_values: Mapping[str, str]) -> None:
        self._patterns = dict(dataset.belongs)
        self._header = header
        self._path_values = path_values
        self._met = {name: TextCounts() for name in self._patterns}
        self._given = dict.fromkeys(self._patterns, 0)
        self._strange = dict.fromkeys(self._patterns, 0)

    def add(self, cells: pl.DataFrame, wrong_width: pl.Series) -> None:
        """Look at some rows; `cells` and `wrong_width` as in `RawTable`."""
        for name, met in self._met.items():
            if name not in self._path_values:
                cells_of = cells[f"c{self._header.positions[name]}"]
                met.add(cells_of.filter(~wrong_width).drop_nulls())
                if len(met) > _MOST_TEXTS:
                    self._judge(name)

    def _judge(self, name: str) -> None:
        """Hold the texts met against the pattern, and forget them."""
        texts = self._met[name].counted().with_columns(pl.col("text").str.strip_chars())
        given = texts.filter(pl.col("text") != "")
        strange = given.filter(~pl.col("text").str.contains(f"^(?:{self._patterns[name]})$"))
        self._given[name] += int(given["count"].sum())
        self._strange[name] += int(strange["count"].sum())
        self._met[name] = TextCounts()

    def require(self, *, rows_in: int) -> None:
        """Raise `wrong_scheme` if the path or most rows bear another's codes or references."""
        for name, pattern in self._patterns.items():
            self._judge(name)
            if name in self._path_values:
                if not re.fullmatch(pattern, self._path_values[name]):
                    detail = "The file is named with another scheme's code."
                    raise FileRefusedError("wrong_scheme", detail, rows_in=rows_in)
            elif self._strange[name] * 2 > self._given[name]:
                detail = f"Most entries under '{self._header.written[name]}' are another scheme's."
                raise FileRefusedError("wrong_scheme", detail, rows_in=rows_in)


def pseudonymise(
    table: RawTable, dataset: Dataset, pseudonymiser: Pseudonymiser, *, is_distinct: bool = False
) -> SourceRows:
    """Tell exact duplicates on the raw cells, then keep only what the mapping reads.

    A row equal in all cells, as they appear, to an earlier row is a duplicate; `is_distinct`: it
    is known that there is none.
    """
    wrong = table.wrong_width
    kept = {
        name: pl.when(~wrong).then(pl.col(f"c{table.header.positions[name]}").str.strip_chars())
        for name in sorted(dataset.read_columns)
    }
    frame = table.cells.select(
        table.row.alias("__row"),
        (pl.lit(value=False) if is_distinct else _duplicates(table)).alias("__duplicate"),
        wrong.alias("__wrong_width"),
        *(
            pl.when(_is_filled(cell, blanks_of(dataset, name))).then(cell).alias(name)
            for name, cell in kept.items()
        ),
    )
    fault = pl.Series("identifier_fault", [None] * frame.height, dtype=pl.String)
    if dataset.reference:
        frame = frame.with_columns(
            pseudonymiser.referrals(frame[dataset.reference]).alias(dataset.reference)
        )
    if dataset.identifier:
        keys, fault = pseudonymiser.people(frame[dataset.identifier])
        if dataset.unlinked_when and dataset.reference:
            alone = frame.select(meets(dataset.unlinked_when)).to_series()
            alone &= (fault == "nhs_missing").fill_null(value=False)
            own = pseudonymiser.strangers(frame[dataset.reference])
            keys = own.zip_with(alone, keys)
            fault = fault.zip_with(~alone, pl.Series([None], dtype=pl.String))
        frame = frame.with_columns(keys.alias(dataset.identifier))
    return SourceRows(
        frame=frame,
        identifier_fault=fault,
        written=table.header.written,
        dates=table.dates,
        from_workbook=table.from_workbook,
        from_1904=table.from_1904,
    )


def _is_filled(cell: pl.Expr, not_known: Collection[str]) -> pl.Expr:
    """Whether a trimmed cell says something: it is neither empty nor a text for not known."""
    is_filled = cell.str.len_bytes() > 0
    if not not_known:
        return is_filled
    return is_filled & ~cell.str.to_lowercase().is_in(sorted(not_known))


def _duplicates(table: RawTable) -> pl.Series:
    if table.cells.height == 0:
        return pl.Series("__duplicate", [], dtype=pl.Boolean)
    cells = pl.all()
    if table.from_workbook and table.dates == "%d/%m/%Y":
        # a true date appears in the sheet just as the same date typed as text does
        cells = pl.all().str.replace(_TRUE_DATE, "${3}/${2}/${1}")
    seen = pl.struct(cells, table.wrong_width.alias("__wrong_width")).is_first_distinct()
    return table.cells.select(~seen).to_series()
