"""A reply as a sender's own program saves it again: cells corrected, rows sorted or left out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import fastexcel
import xlsxwriter

__all__ = ["PART", "Sheets", "correct_two", "read_sheets", "save_sheets", "send_back"]

Sheets = dict[str, list[list[str]]]
PART = "1 gp.csv"  # the sheet of the refused rows of gp.csv


def read_sheets(path: Path) -> Sheets:
    """Every sheet as rows of text, hidden ones too."""
    book = fastexcel.read_excel(path)
    return {
        name: [
            [cell or "" for cell in row]
            for row in book.load_sheet(name, header_row=None, dtypes="string", skip_rows=0)
            .to_polars()
            .rows()
        ]
        for name in book.sheet_names
    }


def save_sheets(path: Path, sheets: Sheets) -> None:
    """Write rows of text; a cell of digits in the first column is a number, as Excel keeps it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with xlsxwriter.Workbook(path, {"strings_to_formulas": False}) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for at, row in enumerate(rows):
                for column, cell in enumerate(row):
                    if column == 0 and cell.isdigit():
                        sheet.write_number(at, column, int(cell))
                    else:
                        sheet.write_string(at, column, cell)


def send_back(reply: Path, out: Path, correct: Callable[[Sheets], None]) -> Path:
    """Save a reply under another name, corrected."""
    sheets = read_sheets(reply)
    correct(sheets)
    save_sheets(out, sheets)
    return out


def correct_two(sheets: Sheets) -> None:
    """Put right the date of the first refused row of gp.csv, and the code of the second."""
    rows = sheets[PART]
    rows[1][3] = "28/02/2019"
    rows[2][4] = "Nurse"
