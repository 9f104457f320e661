"""The hidden sheet by which a reply is known again when it comes back corrected.

It is a claim and no more: what a reply may change is decided by the file it names, as that file
lies in the month's folder now.
"""

from __future__ import annotations

from dataclasses import dataclass

from sp_eval.ingest.refusal import FileRefusedError
from sp_eval.ingest.spreadsheet import Row
from sp_eval.ingest.workbook import Workbook

__all__ = [
    "FIRST_COLUMNS",
    "MARK_SHEET",
    "Answers",
    "Mark",
    "holds_rows",
    "mark_rows",
    "read_mark",
]

MARK_SHEET = "sp_eval"
FIRST_COLUMNS = ("Row", "What is wrong, and what to do")
"""What stands before the sender's own columns on a sheet of rows to correct."""

_TITLE = ("sp_eval reply", "1")


@dataclass(frozen=True, slots=True)
class Answers:
    """A sheet of a reply, and the file and sheet whose refused rows it holds."""

    title: str
    file: str
    sheet: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Mark:
    """What a reply says of itself; `parts` is empty where it holds no values to correct."""

    scheme_code: str
    month: str
    parts: tuple[Answers, ...]


def mark_rows(mark: Mark) -> list[Row]:
    """Return the rows of the hidden sheet."""
    parts = [("rows", part.title, part.file, part.sheet, part.sha256) for part in mark.parts]
    return [_TITLE, ("delivery", mark.scheme_code, mark.month), *parts]


def holds_rows(book: Workbook, sheet: str) -> bool:
    """Whether a sheet begins as those do on which rows are corrected."""
    try:
        first = next(iter(book.cells(sheet).head(1).rows()), ())
    except FileRefusedError:
        return False
    return tuple(cell or "" for cell in first[: len(FIRST_COLUMNS)]) == FIRST_COLUMNS


def read_mark(book: Workbook) -> Mark | None:
    """Return what a workbook says of itself as a reply; None if it is none."""
    if MARK_SHEET not in book.sheets:
        return None
    try:
        cells = book.cells(MARK_SHEET)
    except FileRefusedError:
        return None
    rows = [tuple(cell or "" for cell in row) + ("",) * 5 for row in cells.rows()]
    if not rows or rows[0][:2] != _TITLE:
        return None
    said = next((row for row in rows if row[0] == "delivery"), ("",) * 5)
    parts = tuple(Answers(*row[1:5]) for row in rows if row[0] == "rows")
    return Mark(said[1], said[2], parts)
