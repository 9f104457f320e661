"""One sheet of a workbook as a raw table."""

from __future__ import annotations

import difflib
from datetime import date

import polars as pl

from sp_eval.contracts.scheme_mapping import Dataset
from sp_eval.ingest.header import find_header
from sp_eval.ingest.parse import Dating
from sp_eval.ingest.raw_table import RawTable, footer_rows, require_all_columns, unread
from sp_eval.ingest.refusal import FileRefusedError
from sp_eval.ingest.workbook import Workbook

__all__ = ["read_sheet", "sheet_named"]

_TOP_ROWS = 60


def read_sheet(workbook: Workbook, dataset: Dataset, *, last_day: date) -> RawTable:
    """Read one sheet of a workbook; raise `FileRefusedError` if it cannot be this dataset's."""
    at = sheet_named(workbook, dataset.sheet)
    if at is None:
        raise FileRefusedError("sheet_missing", _sheet_hint(workbook, dataset.sheet or ""))
    cells = workbook.cells(workbook.sheets[at])
    if cells.height == 0:
        raise FileRefusedError("empty_file", f"The sheet '{dataset.sheet}' is empty.")
    top = cells.head(_TOP_ROWS).rows()
    found = [(layout, find_header(top, layout)) for layout in dataset.headings().values()]
    heads = [(layout, header) for layout, header in found if header is not None]
    if not heads:
        raise FileRefusedError("header_missing")
    layout, header = min(heads, key=lambda head: len(head[1].missing))
    numbered = cells.with_row_index("row", offset=1).slice(header.index + 1)
    is_empty = pl.exclude("row").fill_null("").str.strip_chars() == ""
    data = numbered.filter(~pl.all_horizontal(is_empty))
    data = data.head(data.height - footer_rows(data, header, dataset))
    filled = data.select((~is_empty).any()).row(0) if data.height else ()
    table = RawTable(
        cells=data.drop("row"),
        row=data["row"],
        wrong_width=pl.Series("wrong_width", [False] * data.height, dtype=pl.Boolean),
        header=header,
        dates=layout.dates or dataset.dates,
        from_workbook=True,
        from_1904=workbook.from_1904,
        notices=tuple(unread(header, {at for at, any_ in enumerate(filled) if any_})),
    )
    dating = Dating(table.dates, last_day, table.from_workbook, table.from_1904)
    require_all_columns(header, table.cells, dataset, dating, rows_in=table.cells.height)
    return table


def sheet_named(workbook: Workbook, wanted: str | None) -> int | None:
    """The place of the sheet of this name: letter by letter, else but for case and spaces."""
    names = [name.strip().casefold() for name in workbook.sheets]
    alike = (wanted or "").strip().casefold()
    exact = next((at for at, name in enumerate(workbook.sheets) if name == wanted), None)
    return exact if exact is not None or alike not in names else names.index(alike)


def _sheet_hint(workbook: Workbook, wanted: str) -> str:
    close = difflib.get_close_matches(wanted, workbook.sheets, n=1)
    hint = f" The sheet '{close[0]}' may be it under another name." if close else ""
    return f"There is no sheet '{wanted}'.{hint}"
