"""A text file as a table: its heading recognised, then its data rows piece by piece."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

import polars as pl

from sp_eval.contracts.mapping_verbs import Layout
from sp_eval.contracts.scheme_mapping import Dataset
from sp_eval.ingest.header import Header, find_header
from sp_eval.ingest.parse import Dating
from sp_eval.ingest.raw_table import RawTable, footer_rows, require_all_columns, unread
from sp_eval.ingest.refusal import FileRefusedError
from sp_eval.ingest.rows import Rows, RowsOfText, joined
from sp_eval.ingest.text import DELIMITERS, Encoding, records
from sp_eval.ingest.text_file import TextFile

__all__ = ["TextTable", "fits_text", "read_text"]

_TOP_CHARACTERS = 65_536
_TOP_ROWS = 60
_SAMPLE_ROWS = 2_000


@dataclass(frozen=True, slots=True)
class _Recognised:
    """`endless`: the header row does not end within what is looked at of a file."""

    layout: Layout
    encoding: Encoding
    delimiter: str
    header: Header
    endless: bool = False


class TextTable:
    """A delimited text file of a dataset; its rows can be read as often as asked.

    `rows_in`, `open_end` and `notices` are complete once `pieces` has ended, and `require_sound`
    can be asked then.
    """

    def __init__(self, file: TextFile, dataset: Dataset) -> None:
        """Raise `FileRefusedError` (`header_missing`, `unreadable`) if it cannot be this one's."""
        found = _recognise(file, dataset)
        if found is None:
            raise _no_header(dataset)
        if found.endless:
            detail = f"Its headings run to over {_TOP_CHARACTERS:,} characters, as no table's do."
            raise FileRefusedError("unreadable", detail)
        self._file, self._dataset, self._found = file, dataset, found
        self.header = found.header
        self.dates = found.layout.dates or dataset.dates
        self.rows_in = 0
        self._filled: set[int] = set()
        self._first: list[Rows] = []
        self._text = RowsOfText(iter(()), found.delimiter, self.header.width, 0)

    @property
    def open_end(self) -> bool:
        """Whether no line end follows the last row."""
        return self._text.open_end

    @property
    def notices(self) -> tuple[str, ...]:
        """What was read otherwise than declared, or not at all."""
        return (*_departures(self._found, self._dataset), *unread(self.header, self._filled))

    def pieces(self) -> Iterator[Rows]:
        """Yield the data rows: below the header, not blank, no footer."""
        blocks = self._file.blocks(self._found.encoding)
        header = self.header
        self._text = RowsOfText(blocks, self._found.delimiter, header.width, header.index + 1)
        self.rows_in, self._first = 0, []
        held: list[Rows] = []
        for rows in self._text.pieces():
            height = rows.cells.height
            kept = height - footer_rows(rows.cells, header, self._dataset)
            if kept:
                # what looked like a footer was none: rows follow it
                for piece in (*held, rows.slice(0, kept)):
                    self._note(piece)
                    yield piece
                held.clear()
            if kept < height:
                held.append(rows.slice(kept))

    def picked(self, numbers: pl.Series) -> RawTable:
        """Return the data rows that start on these physical lines, as a table of their own."""
        blocks = self._file.blocks(self._found.encoding)
        header = self.header
        text = RowsOfText(blocks, self._found.delimiter, header.width, header.index + 1)
        wanted = numbers.unique().sort().cast(pl.UInt32).to_numpy()
        return self._as_table(joined(list(text.picked(wanted)), width=header.width))

    def whole(self, *, last_day: date) -> RawTable:
        """Return all data rows; raise as `require_sound` does."""
        rows = joined(list(self.pieces()), width=self.header.width)
        self.require_sound(last_day)
        return replace(self._as_table(rows), open_end=self.open_end, notices=self.notices)

    def _as_table(self, rows: Rows) -> RawTable:
        return RawTable(
            cells=rows.cells,
            row=rows.row,
            wrong_width=rows.wrong_width,
            header=self.header,
            dates=self.dates,
            from_workbook=False,
        )

    def _note(self, rows: Rows) -> None:
        if (self.header.missing or self.header.repeated) and self.rows_in < _SAMPLE_ROWS:
            self._first.append(rows)
        self.rows_in += rows.cells.height
        unheaded = set(range(self.header.width)) - set(self.header.positions.values())
        for at in unheaded - self._filled:
            if (rows.cells[f"c{at}"].str.strip_chars() != "").any():
                self._filled.add(at)

    def require_sound(self, last_day: date) -> None:
        """Raise `FileRefusedError`: `cut_short` if it ends in mid-row, else `column_missing`.

        A last row with all its fields but no line end may be whole: many programs write no last
        line end. Whether its last cell is, its own rules decide.
        """
        text = self._text
        if text.open_quote:
            detail = (
                f"A cell of row {text.last} is longer than any table's: a quotation mark that is"
                " opened there and never closed, or text that belongs elsewhere."
                if text.overlong
                else f"A quotation mark opened in row {text.last} is never closed."
            )
            raise FileRefusedError("cut_short", detail, rows_in=self.rows_in)
        is_short = bool(text.last) and text.last_width < self.header.width
        if self._found.encoding.left_over or (text.open_end and is_short):
            detail = f"The file ends in the middle of row {text.last or self.header.index + 1}."
            raise FileRefusedError("cut_short", detail, rows_in=self.rows_in)
        first = joined(self._first, width=self.header.width).cells
        dating = Dating(self.dates, last_day, from_workbook=False)
        require_all_columns(self.header, first, self._dataset, dating, rows_in=self.rows_in)


def read_text(file: TextFile | bytes, dataset: Dataset, *, last_day: date) -> RawTable:
    """Read a delimited text file whole; raise `FileRefusedError` if it cannot be this dataset's."""
    table = TextTable(TextFile(file) if isinstance(file, bytes) else file, dataset)
    return table.whole(last_day=last_day)


def _no_header(dataset: Dataset) -> FileRefusedError:
    """Return the refusal of a file without its header, or without so many fields as agreed."""
    agreed = [layout.numbered for layout in dataset.layouts.values() if layout.numbered]
    if not agreed:
        return FileRefusedError("header_missing")
    detail = (
        f"Its first row has not the {agreed[0]} fields agreed for this file, which has no header"
        " row."
    )
    return FileRefusedError("unreadable", detail)


def fits_text(file: TextFile, dataset: Dataset) -> bool:
    """Tell whether a text file has a complete header of this dataset."""
    try:
        found = _recognise(file, dataset)
    except FileRefusedError:
        return False
    return found is not None and not found.header.missing


def _recognise(file: TextFile, dataset: Dataset) -> _Recognised | None:
    """Return the layout whose header fits best; the declared delimiter is tried first."""
    best: _Recognised | None = None
    for layout in dataset.headings().values():
        encoding = layout.encoding or dataset.encoding
        top = file.top(encoding, _TOP_CHARACTERS)
        declared = layout.delimiter or dataset.delimiter
        for delimiter in dict.fromkeys((declared, *DELIMITERS)):
            rows = records(top, delimiter=delimiter, limit=_TOP_ROWS).rows
            header = find_header(rows, layout)
            if header and (best is None or len(header.missing) < len(best.header.missing)):
                endless = len(top) == _TOP_CHARACTERS and header.index == len(rows) - 1
                best = _Recognised(layout, file.encoding(encoding), delimiter, header, endless)
            if header and not header.missing:
                return best
    return best


def _departures(found: _Recognised, dataset: Dataset) -> Iterator[str]:
    """Say where the file departs from what the mapping declares, and was read all the same."""
    declared = (found.layout.encoding or dataset.encoding).lower().removesuffix("-sig")
    if found.delimiter != (found.layout.delimiter or dataset.delimiter):
        yield "its fields are separated by another character than declared"
    if found.encoding.name.removesuffix("-sig") != declared:
        yield f"it is encoded in {found.encoding.name}, not in {declared} as declared"
