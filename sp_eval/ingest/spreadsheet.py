"""Workbooks that we write: plain text and numbers, readable by their owner alone."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from io import BytesIO
from math import ceil
from pathlib import Path
from typing import Any

import xlsxwriter

from sp_eval.machine import write_private

__all__ = ["CELL_LIMIT", "NAME_LIMIT", "Row", "write_sheets"]

CELL_LIMIT = 32_767
NAME_LIMIT = 31
Row = Sequence[object]


_MADE = datetime(2000, 1, 1, tzinfo=UTC)  # the same rows are the same bytes, whenever written
_MOST_ROWS = 1_048_576
_WIDTH = 18  # characters of a column that nobody gave a width
_LINE, _MOST_LINES = 15, 20  # points; of a longer text the rest is seen in the cell
_WIDTHS_TO_FILL = (7, 60)  # the row's number, and what is wrong with it


def write_sheets(
    path: Path,
    sheets: Mapping[str, Sequence[Row]],
    *,
    widths: Mapping[str, Sequence[int]] | None = None,
    listed: Collection[str] = (),
    hidden: Collection[str] = (),
    to_fill: Mapping[str, Collection[tuple[int, int]]] | None = None,
) -> None:
    """Write the workbook in one piece (mode 600); text is never taken for a formula or link.

    `widths`: sheet -> width of its columns, in characters. `listed`: sheets whose first row is a
    heading that stays in sight and can be filtered by. `hidden`: sheets that are not shown.
    `to_fill`: sheets whose cells are of the kind text, so that what is typed into them stays as it
    is typed; the cells named (row, column, from 0) stand out. The same rows make the same bytes.
    """
    memory = BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(memory, options) as book:
        book.set_properties({"created": _MADE.replace(tzinfo=None)})
        wrap = book.add_format({"text_wrap": True, "valign": "top"})
        bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
        text = book.add_format({"num_format": "@", "text_wrap": True, "valign": "top"})
        wrong = book.add_format(
            {"num_format": "@", "text_wrap": True, "valign": "top", "bg_color": "#FFE699"}
        )
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name[:NAME_LIMIT])
            if name in hidden:
                sheet.hide()
            if name in (to_fill or {}):
                marked = set((to_fill or {})[name])
                sheet.set_column(0, max(map(len, rows), default=1) - 1, _WIDTH, text)
                for column, width in enumerate(_WIDTHS_TO_FILL):
                    sheet.set_column(column, column, width, text)
                _fill(sheet, rows[:1], bold)
                _fill(sheet, rows[:_MOST_ROWS], text, marked, wrong, start=1)
                _stretch(sheet, rows[:_MOST_ROWS], _WIDTHS_TO_FILL)
                sheet.freeze_panes(1, 2)
                continue
            own = (widths or {}).get(name, ())
            sheet.set_column(0, 12, _WIDTH, wrap)
            for column, width in enumerate(own):
                sheet.set_column(column, column, width, wrap)
            if name in listed and rows:
                sheet.freeze_panes(1, 0)
                sheet.autofilter(0, 0, len(rows) - 1, len(rows[0]) - 1)
            _fill(sheet, rows[:_MOST_ROWS])
            if name in listed and rows:
                sheet.set_row(0, None, bold)
            if own:
                _stretch(sheet, rows[:_MOST_ROWS], own)
    write_private(path, memory.getvalue())


def _stretch(
    sheet: Any,  # noqa: ANN401
    rows: Sequence[Row],
    widths: Sequence[int],
) -> None:
    """Make each row as high as its longest text; not every spreadsheet program does so itself."""
    given = (*widths, *[_WIDTH] * max(map(len, rows), default=0))
    known: dict[tuple[str, int], int] = {}  # what is told comes in many rows
    for at, row in enumerate(rows):
        lines = 1
        for cell, width in zip(row, given, strict=False):
            text = cell if isinstance(cell, str) else str(cell)
            if len(text) > width or "\n" in text:
                if (text, width) not in known:
                    known[text, width] = _lines(text, width)
                lines = max(lines, known[text, width])
        if lines > 1:
            sheet.set_row(at, _LINE * min(lines, _MOST_LINES))


def _lines(text: str, width: int) -> int:
    return sum(max(1, ceil(len(part) / width)) for part in text.split("\n"))


def _fill(
    sheet: Any,  # noqa: ANN401
    rows: Sequence[Row],
    plain: Any = None,  # noqa: ANN401
    marked: Collection[tuple[int, int]] = (),
    wrong: Any = None,  # noqa: ANN401
    *,
    start: int = 0,
) -> None:
    write_string, write_number = sheet.write_string, sheet.write_number
    for at, row in enumerate(rows[start:], start):
        for column, cell in enumerate(row):
            style = wrong if marked and (at, column) in marked else plain
            if isinstance(cell, int):
                write_number(at, column, cell)
            elif cell is not None and (plain is None or cell != ""):
                write_string(at, column, str(cell)[:CELL_LIMIT], style)
            elif style is not plain:
                sheet.write_blank(at, column, None, style)
