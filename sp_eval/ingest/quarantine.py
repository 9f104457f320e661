"""The restricted workbook of refused rows with their raw cells, read again from the files.

It is for the eyes of those who may see the landing folder, and lies in a folder of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import polars as pl

from sp_eval.ingest.raw import TextTable, read_text
from sp_eval.ingest.raw_table import RawTable
from sp_eval.ingest.refusal import FileRefusedError
from sp_eval.ingest.sheet import read_sheet
from sp_eval.ingest.spreadsheet import Row, write_sheets
from sp_eval.ingest.taken import Quarantined, TakenIn
from sp_eval.ingest.text_file import TextFile
from sp_eval.ingest.workbook import open_workbook
from sp_eval.machine import make_private_folder

__all__ = ["forget_quarantine", "read_again", "refused_rows", "write_quarantine"]


def write_quarantine(taken: TakenIn, folder: Path) -> Path | None:
    """Write `<scheme>_<month>.xlsx` (mode 600) into the folder (mode 700).

    One worksheet a table: where each refused row stands, what is wrong, its raw cells. Returns
    None, and leaves no older workbook of that month, if no row was refused.
    """
    make_private_folder(folder)
    path = _place(taken.scheme_code, taken.month, folder)
    sheets: dict[str, list[Row]] = {}
    for item in taken.quarantine:
        rows = sheets.setdefault(item.name, [])
        rows.extend(_raw_rows(taken, item, with_header=not rows or bool(item.dataset.layouts)))
    if not sheets:
        path.unlink(missing_ok=True)
        return None
    write_sheets(path, sheets)
    return path


def _place(scheme: str, month: str, folder: Path) -> Path:
    return folder / f"{scheme}_{month}.xlsx"


def forget_quarantine(scheme: str, month: str, folder: Path) -> None:
    """Take away the workbook of a month that is withdrawn."""
    _place(scheme, month, folder).unlink(missing_ok=True)


def read_again(item: Quarantined, rows: pl.Series | None = None) -> RawTable | None:
    """Read the raw table once more; None if the file has changed or gone since.

    `rows`: the numbers in the file of those wanted, if not all.
    """
    try:
        file = TextFile(item.path)
        if file.sha256 != item.sha256:
            return None
        if item.dataset.sheet is not None:
            sheet = read_sheet(open_workbook(file.read()), item.dataset, last_day=date.max)
            return sheet if rows is None else _some(sheet, rows)
        if rows is None:
            return read_text(file, item.dataset, last_day=date.max)
        return TextTable(file, item.dataset).picked(rows)
    except (OSError, FileRefusedError):
        return None


def _some(sheet: RawTable, numbers: pl.Series) -> RawTable:
    kept = sheet.row.is_in(numbers.unique().implode())
    return replace(
        sheet,
        cells=sheet.cells.filter(kept),
        row=sheet.row.filter(kept),
        wrong_width=sheet.wrong_width.filter(kept),
    )


def refused_rows(taken: TakenIn, item: Quarantined) -> pl.DataFrame:
    """Return the rejections (published.rejection) of single rows of one file or sheet."""
    here = (pl.col("file") == item.file) & (pl.col("sheet") == item.sheet)
    return taken.rejection.filter(here).drop_nulls("row_number")


def _raw_rows(taken: TakenIn, item: Quarantined, *, with_header: bool) -> Iterator[Row]:
    rejections = refused_rows(taken, item)
    table = read_again(item, rejections["row_number"])
    if table is None:
        yield [item.file, item.sheet, None, "The file has changed since; its rows are not shown."]
        return
    header = table.header
    column = pl.col("column_name")
    told = pl.when(column.is_null()).then("reason").otherwise(column + ": " + pl.col("reason"))
    wrong = rejections.group_by("row_number", maintain_order=True).agg(
        told.str.join(" | ").alias("wrong")
    )
    numbered = table.cells.with_columns(table.row.cast(pl.Int32).alias("__row"))
    if with_header:
        heads = {position: name for name, position in header.positions.items()}
        written = [header.written.get(heads.get(at, ""), "") for at in range(table.cells.width)]
        yield ["File", "Sheet", "Row", "What is wrong, and what to do", *written]
    shown = wrong.join(numbered, left_on="row_number", right_on="__row", maintain_order="left")
    for number, reasons, *cells in shown.iter_rows():
        yield [item.file, item.sheet or None, number, reasons, *cells]
