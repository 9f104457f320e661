"""The rows of a text file in pieces: well-behaved blocks of lines at once, the others by `csv`.

A block is well behaved if splitting at every delimiter and line end must give what the `csv`
module would: one kind of line end, as many fields in each line as the header has, and quotation
marks, if any, only around whole cells. Whatever else there is, `csv` reads it, so both give the
same rows; which of them read a block shows nowhere.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.typing import NDArray

from sp_eval.ingest.text import LONGEST_RECORD, quote_is_open

__all__ = ["Rows", "RowsOfText", "joined"]

_LONGEST_LINE = 1 << 16  # half of what csv takes for a cell that never ends
_MOST_EXTRA = 64  # cells beyond the header's: what is more stands together in the last of them
_BLANKS = "".join(chr(n) for n in range(0x3001) if chr(n).isspace())


@dataclass(frozen=True, slots=True)
class Rows:
    """Some rows of a text file, blank ones left out.

    `cells`: one String column per field, `c0` ..., never null; `row`: UInt32, the physical line
    on which each row starts, from 1; `wrong_width`: Boolean, the field count is not the header's.
    """

    cells: pl.DataFrame
    row: pl.Series
    wrong_width: pl.Series

    def slice(self, offset: int, length: int | None = None) -> Rows:
        """Return `length` rows from `offset` on."""
        parts = (part.slice(offset, length) for part in (self.row, self.wrong_width))
        return Rows(self.cells.slice(offset, length), *parts)

    def filter(self, kept: pl.Series) -> Rows:
        """Return the rows for which the Boolean is true."""
        parts = (part.filter(kept) for part in (self.row, self.wrong_width))
        return Rows(self.cells.filter(kept), *parts)


def joined(pieces: list[Rows], *, width: int) -> Rows:
    """Put pieces together, as wide as the widest and at least `width`; cells not there are ''."""
    widest = max([width, *(piece.cells.width for piece in pieces)])
    blank = [pl.lit("").alias(f"c{n}") for n in range(widest)]
    cells = [piece.cells.with_columns(blank[piece.cells.width :]) for piece in pieces]
    none = pl.DataFrame(schema={f"c{n}": pl.String for n in range(widest)})
    return Rows(
        pl.concat([none, *cells]),
        pl.concat([pl.Series("row", [], pl.UInt32), *(piece.row for piece in pieces)]),
        pl.concat([pl.Series("wrong_width", [], pl.Boolean), *(p.wrong_width for p in pieces)]),
    )


@dataclass(slots=True)
class RowsOfText:
    """Reads blocks of UTF-8 text, of which the first `skipped` records are title and header.

    Once `pieces` has ended, the rest tells how the text ended: `last` is the physical line on
    which its last record below the header starts (0 if there is none) and `last_width` that
    record's fields; `open_end` is true if nothing ends it, `open_quote` if not even its quote,
    `overlong` if a cell of it was too long to be read to its end.
    """

    blocks: Iterator[bytes]
    delimiter: str
    width: int
    skipped: int
    last: int = 0
    last_width: int = 0
    open_end: bool = False
    open_quote: bool = False
    overlong: bool = False
    _line: int = field(default=1, init=False)

    def pieces(self) -> Iterator[Rows]:
        """Yield the rows in order."""
        for block in self._below_header():
            if not block:
                continue
            self.open_end = not block.endswith((b"\n", b"\r"))
            quick = _split(block, self.delimiter, self.width)
            yield self._by_csv(block) if quick is None else self._numbered(quick)
            if self.open_quote:
                return

    def picked(self, numbers: NDArray[np.uint32]) -> Iterator[Rows]:
        """Yield only the rows that start on these physical lines (in order, each once)."""
        for block in filter(None, self._below_header()):
            if b'"' in block or not _lines_are_plain(block):
                quick = _split(block, self.delimiter, self.width)
                rows = self._by_csv(block) if quick is None else self._numbered(quick)
                yield rows.filter(rows.row.is_in(pl.Series(numbers).implode()))
                continue
            # every line is a row: the others need not be taken apart
            edges = _line_edges(block)
            first, self._line = self._line, self._line + len(edges) - 1
            here = numbers[(numbers >= first) & (numbers < self._line)]
            lines = zip(edges[here - first], edges[here - first + 1], strict=True)
            text = (block[start:end].decode() for start, end in lines)
            taken_apart = list(csv.reader(text, delimiter=self.delimiter))
            yield _framed(taken_apart, here.tolist(), self.width, self.delimiter)

    def _numbered(self, cells: pl.DataFrame) -> Rows:
        """Return the rows of a block of one line each."""
        start, self._line = self._line, self._line + cells.height
        self.last, self.last_width = self._line - 1, self.width
        numbers = pl.int_range(start, self._line, dtype=pl.UInt32, eager=True).alias("row")
        wrong = pl.Series("wrong_width", np.zeros(cells.height, dtype=bool))
        return _filled(Rows(cells, numbers, wrong))

    def _below_header(self) -> Iterator[bytes]:
        """Yield the blocks from below the header on; a header may be of several lines."""
        feed = _Feed(next(self.blocks, b""), self.blocks)
        reader = csv.reader(feed, delimiter=self.delimiter)
        start = 1
        try:
            for _ in range(self.skipped):
                feed.begin_record()
                start = reader.line_num + 1
                next(reader, None)
        except csv.Error:
            self.last, self.open_quote, self.overlong = start, True, True
            return
        self._line = reader.line_num + 1
        yield feed.rest()
        yield from self.blocks
        if not self.last and quote_is_open(feed.record, self.delimiter):
            self.last, self.open_quote = start, True

    def _by_csv(self, block: bytes) -> Rows:
        """Read a block, and the next ones too as long as a record of it goes on."""
        feed = _Feed(block, self.blocks)
        reader = csv.reader(feed, delimiter=self.delimiter)
        kept: list[list[str]] = []
        numbers: list[int] = []
        start = self._line
        try:
            while not feed.is_at_end:
                feed.begin_record()
                row = next(reader, None)
                if row is None:
                    break
                self.last, self.last_width = start, len(row)
                if any(cell.strip() for cell in row):
                    kept.append(row)
                    numbers.append(start)
                start = self._line + reader.line_num
        except csv.Error:
            # the only error without strict: a cell too long to be one
            self.last, self.last_width, self.open_quote, self.overlong = start, 0, True, True
        self._line = start
        self.open_end = not feed.newest.endswith(("\n", "\r"))
        self.open_quote = self.open_quote or quote_is_open(feed.record, self.delimiter)
        self.open_end = self.open_end or self.open_quote
        return _framed(kept, numbers, self.width, self.delimiter)


class _Feed:
    """Lines of a block, then of the next ones, but only as they are asked for.

    `record`: the lines since it was last cleared; `newest`: the last line.
    """

    def __init__(self, block: bytes, more: Iterator[bytes]) -> None:
        self._more = more
        self.record: list[str] = []
        self._length = 0
        self.newest = ""
        self._begin(block)

    def _begin(self, block: bytes) -> None:
        self._lines = iter(io.StringIO(block.decode(), newline=""))
        self._next = next(self._lines, None)

    def begin_record(self) -> None:
        """Forget the lines given so far."""
        self.record.clear()
        self._length = 0

    @property
    def is_at_end(self) -> bool:
        """Whether every line of the blocks begun was given."""
        return self._next is None

    def rest(self) -> bytes:
        """Return what was not given of the blocks begun."""
        return "".join([self._next or "", *self._lines]).encode()

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        while self._next is None:
            self._begin(next(self._more))
        self.newest = self._next
        self.record.append(self.newest)
        self._length += len(self.newest)
        if self._length > LONGEST_RECORD:
            raise csv.Error("a record that goes on without end")
        self._next = next(self._lines, None)
        return self.newest


def _framed(found: list[list[str]], numbers: list[int], width: int, delimiter: str) -> Rows:
    widths = [len(row) for row in found]
    most = width + _MOST_EXTRA
    rows = [
        row if len(row) <= most else [*row[: most - 1], delimiter.join(row[most - 1 :])]
        for row in found
    ]
    widest = min(max([width, *widths]), most)
    filled = [row + [""] * (widest - len(row)) for row in rows]
    columns = list(zip(*filled, strict=True)) or [()] * widest
    return Rows(
        pl.DataFrame([pl.Series(f"c{n}", c, dtype=pl.String) for n, c in enumerate(columns)]),
        pl.Series("row", numbers, dtype=pl.UInt32),
        pl.Series("wrong_width", [found != width for found in widths], dtype=pl.Boolean),
    )


def _filled(rows: Rows) -> Rows:
    """Leave out the rows without a cell that holds more than what Python calls blank."""
    # cheap to tell: what is blank begins with nothing, a control, a space, or beyond ASCII
    first = rows.cells["c0"]
    if not ((first < "!").any() or (first > "~").any()):
        return rows
    blank = pl.all_horizontal(pl.all().str.strip_chars(_BLANKS) == "")
    is_blank = rows.cells.select(blank).to_series()
    return rows.filter(~is_blank) if is_blank.any() else rows


def _split(block: bytes, delimiter: str, width: int) -> pl.DataFrame | None:
    """Return the cells of a well-behaved block, a row a line; None of any other."""
    mark = delimiter.encode()
    if len(mark) > 1 or mark in b'"\r\n' or not _lines_are_plain(block):
        return None
    whole = block if block.endswith(b"\n") else block + b"\n"
    height = _count(whole, b"\n")
    has_quotes = b'"' in block
    if _count(whole, mark) != (width - 1) * height or (
        has_quotes and not _quotes_whole_cells(whole, mark)
    ):
        return None
    try:
        cells = pl.read_csv(
            whole,
            has_header=False,
            schema={f"c{n}": pl.String for n in range(width)},
            separator=delimiter,
            quote_char='"' if has_quotes else None,
            empty_string_is_null=False,
        )
    except pl.exceptions.PolarsError:
        return None
    if cells.height != height or any(cells.null_count().row(0)):
        return None
    # a line with fields too few has an empty last cell; if none has, none has too many either
    is_even = (cells[f"c{width - 1}"].str.len_bytes() > 0).all() or _lines_are_even(
        whole, mark, width
    )
    return cells if is_even else None


def _count(block: bytes, mark: bytes) -> int:
    # bytes.count goes from mark to mark, which takes long where they stand close
    return int(np.count_nonzero(np.frombuffer(block, dtype=np.uint8) == ord(mark)))


def _line_edges(block: bytes) -> NDArray[np.int64]:
    """Where each line starts, and last where the last one ends."""
    ends = np.flatnonzero(np.frombuffer(block, dtype=np.uint8) == ord("\n")) + 1
    last = [] if block.endswith(b"\n") else [len(block)]
    return np.concatenate(([0], ends, last)).astype(np.int64)


def _marks(text: NDArray[np.uint8], mark: bytes) -> NDArray[np.int64]:
    """Where delimiters and line ends stand."""
    return np.flatnonzero((text == ord(mark)) | (text == ord("\n")))


def _lines_are_even(block: bytes, mark: bytes, width: int) -> bool:
    """Whether every so many marks one is a line end; the sum of all is known to be right."""
    text = np.frombuffer(block, dtype=np.uint8)
    return bool((text[_marks(text, mark)[width - 1 :: width]] == ord("\n")).all())


def _lines_are_plain(block: bytes) -> bool:
    """Whether line ends are of one kind and lines short, and no mark stands there to be dropped."""
    if b"\r" in block:
        breaks = _count(block, b"\n")
        if _count(block, b"\r") != breaks or block.count(b"\r\n") != breaks:
            return False
    if b"\x00" in block or block.startswith(codecs.BOM_UTF8):
        return False
    ends = range(_LONGEST_LINE, len(block), _LONGEST_LINE)
    return all(block.find(b"\n", end - _LONGEST_LINE, end) >= 0 for end in ends)


def _quotes_whole_cells(block: bytes, mark: bytes) -> bool:
    """Whether quotation marks only enclose whole cells, with none and no mark inside."""
    text = np.frombuffer(block, dtype=np.uint8)
    marks = _marks(text, mark)
    at = np.flatnonzero(text == ord('"'))
    if len(at) % 2:
        return False
    opens, closes = at[::2], at[1::2]
    is_edge = np.zeros(256, dtype=bool)
    is_edge[[ord(mark), ord("\n")]] = True
    begins = (opens == 0) | is_edge[text[opens - 1]]
    is_edge[ord("\r")] = True
    ends = is_edge[text[closes + 1]]
    inside = np.searchsorted(marks, opens) != np.searchsorted(marks, closes)
    return bool(begins.all() and ends.all() and not inside.any())
