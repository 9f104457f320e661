"""Workbooks: every cell as text, rows numbered as Excel numbers them."""

from __future__ import annotations

import zipfile
from io import BytesIO

import fastexcel
import polars as pl

from sp_eval.ingest.refusal import FileRefusedError

__all__ = ["Workbook", "is_workbook", "open_workbook"]

_ERROR_TEXT = "#ERROR"


def is_workbook(name: str, data: bytes) -> bool:
    """Tell a workbook from a text file by its name, or by what it holds."""
    return name.lower().endswith((".xlsx", ".xlsm", ".xls", ".xlsb", ".ods")) or data.startswith(
        (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
    )


class Workbook:
    """An opened workbook; `sheets` are its sheet names in order."""

    def __init__(self, reader: fastexcel.ExcelReader) -> None:
        self._reader = reader
        self.sheets: tuple[str, ...] = tuple(reader.sheet_names)

    def cells(self, sheet: str) -> pl.DataFrame:
        """Return the sheet as text columns `c0`, `c1`, ...; its n-th row is row n in Excel.

        True dates read `YYYY-MM-DD HH:MM:SS`, numbers as their digits. A cell with an error
        (`#N/A`) holds the text `#ERROR`, so that a rule speaks of it instead of nobody.
        """
        try:
            # skip_rows: without it, empty rows at the top are left out and all numbers shift
            loaded = self._reader.load_sheet(sheet, header_row=None, dtypes="string", skip_rows=0)
            batch, errors = loaded.to_arrow_with_errors()
        except Exception:  # noqa: BLE001  (fastexcel's errors may quote a cell: none gets out)
            detail = f"The sheet '{sheet}' cannot be read: the workbook is damaged."
            raise FileRefusedError("unreadable", detail) from None
        frame = pl.from_arrow(batch)
        assert isinstance(frame, pl.DataFrame)  # noqa: S101  (a record batch makes a frame)
        frame.columns = [f"c{number}" for number in range(frame.width)]
        for error in errors.errors if errors else ():
            row, column = error.position
            frame[row, column] = _ERROR_TEXT
        return frame


def open_workbook(data: bytes) -> Workbook:
    """Open a workbook, or raise `FileRefusedError`: `cut_short` or `unreadable`."""
    try:
        return Workbook(fastexcel.read_excel(data))
    except Exception:  # noqa: BLE001  (fastexcel's errors may quote a cell: none gets out)
        if data.startswith(b"PK") and not zipfile.is_zipfile(BytesIO(data)):
            raise FileRefusedError(
                "cut_short", "The workbook is not whole: its end is missing."
            ) from None
        detail = "The file is not a workbook that can be opened (a password, an old format?)."
        raise FileRefusedError("unreadable", detail) from None
