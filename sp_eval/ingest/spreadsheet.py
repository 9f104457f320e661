"""Workbooks that we write: plain text and numbers, readable by their owner alone."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path

import xlsxwriter

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
    part = path.with_name(f".{path.name}.part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
        file.write(memory.getvalue())
    part.replace(path)
