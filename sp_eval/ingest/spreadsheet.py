"""Workbooks that we write: plain text and numbers, readable by their owner alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path

import xlsxwriter

from sp_eval.machine import write_private

__all__ = ["Row", "write_sheets"]

_CELL_LIMIT = 32_767
_NAME_LIMIT = 31
Row = Sequence[object]


def write_sheets(path: Path, sheets: Mapping[str, Sequence[Row]]) -> None:
    """Write the workbook in one piece (mode 600); text is never taken for a formula or link."""
    memory = BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(memory, options) as book:
        wrap = book.add_format({"text_wrap": True, "valign": "top"})
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name[:_NAME_LIMIT])
            sheet.set_column(0, 12, 18, wrap)
            for at, row in enumerate(rows):
                for column, cell in enumerate(row):
                    if isinstance(cell, int):
                        sheet.write_number(at, column, cell)
                    elif cell is not None:
                        sheet.write_string(at, column, str(cell)[:_CELL_LIMIT])
    write_private(path, memory.getvalue())
