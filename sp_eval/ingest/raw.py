"""The data rows of one file or sheet as raw text: nothing outside the reader sees them.

Data rows are the non-blank rows below the header but those the mapping declares as footer;
they keep the number they have in the file.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

import polars as pl

from sp_eval.contracts.mapping_verbs import Layout
from sp_eval.contracts.scheme_mapping import Dataset
from sp_eval.ingest.header import (
    Header,
    find_header,
    looks_like_data,
    require_columns,
)
from sp_eval.ingest.parse import Dating
from sp_eval.ingest.refusal import FileRefusedError
from sp_eval.ingest.renamed import likely_names
from sp_eval.ingest.rows import RowsOfText, joined
from sp_eval.ingest.text import DELIMITERS, Decoded, decode, records
from sp_eval.ingest.workbook import Workbook

__all__ = ["RawTable", "fits_text", "read_sheet", "read_text"]

_TOP_CHARACTERS = 65_536
_TOP_ROWS = 60
_BLOCK_BYTES = 16 << 20


@dataclass(frozen=True, slots=True)
class RawTable:
    """Raw cells with their place in the file.

    `cells`: one String column per field of the file, `c0` ...; `row`: UInt32, physical, from 1;
    `wrong_width`: Boolean, the row's field count differs from the header's. All of one height.
    `open_end`: no line end follows the last row of a text file.
    """

    cells: pl.DataFrame
    row: pl.Series
    wrong_width: pl.Series
    header: Header
    dates: str
    from_workbook: bool
    open_end: bool = False
    notices: tuple[str, ...] = ()


def read_text(data: bytes, dataset: Dataset, *, last_day: date) -> RawTable:
    """Read a delimited text file; raise `FileRefusedError` if it cannot be this dataset's."""
    found = _recognise(data, dataset)
    if found is None:
        raise _no_header(dataset)
    layout, decoded, delimiter, header = found
    text = RowsOfText(_blocks(decoded.text), delimiter, header.width, header.index + 1)
    rows = joined(list(text.pieces()), width=header.width)
    table = _finished(
        RawTable(
            cells=rows.cells,
            row=rows.row,
            wrong_width=rows.wrong_width,
            header=header,
            dates=layout.dates or dataset.dates,
            from_workbook=False,
            open_end=text.open_end,
            notices=_departures(layout, dataset, decoded, delimiter),
        ),
        dataset,
    )
    _require_whole(text, decoded, header, rows_in=table.cells.height)
    _require_columns(table, dataset, last_day)
    return table


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


def fits_text(data: bytes, dataset: Dataset) -> bool:
    """Tell whether a text file has a complete header of this dataset."""
    try:
        found = _recognise(data, dataset)
    except FileRefusedError:
        return False
    return found is not None and not found[3].missing


def _recognise(data: bytes, dataset: Dataset) -> tuple[Layout, Decoded, str, Header] | None:
    """Return the layout whose header fits best; the declared delimiter is tried first."""
    best: tuple[Layout, Decoded, str, Header] | None = None
    for layout in dataset.headings().values():
        decoded = decode(data, declared=layout.encoding or dataset.encoding)
        declared = layout.delimiter or dataset.delimiter
        top = decoded.text[:_TOP_CHARACTERS]
        for delimiter in dict.fromkeys((declared, *DELIMITERS)):
            rows = records(top, delimiter=delimiter, limit=_TOP_ROWS).rows
            header = find_header(rows, layout)
            if header and (best is None or len(header.missing) < len(best[3].missing)):
                best = (layout, decoded, delimiter, header)
            if header and not header.missing:
                return best
    return best


def _departures(
    layout: Layout, dataset: Dataset, decoded: Decoded, delimiter: str
) -> tuple[str, ...]:
    """Say where the file departs from what the mapping declares, and was read all the same."""
    declared = (layout.encoding or dataset.encoding).lower().removesuffix("-sig")
    notices = []
    if delimiter != (layout.delimiter or dataset.delimiter):
        notices.append("its fields are separated by another character than declared")
    if decoded.encoding.removesuffix("-sig") != declared:
        notices.append(f"it is encoded in {decoded.encoding}, not in {declared} as declared")
    return tuple(notices)


def _blocks(text: str) -> Iterator[bytes]:
    """Yield the text as UTF-8 in blocks of whole lines, so that an odd line spoils only one."""
    data, start = text.encode(), 0
    while start < len(data):
        end = data.find(b"\n", start + _BLOCK_BYTES) + 1 or len(data)
        yield data[start:end]
        start = end


def _require_whole(text: RowsOfText, decoded: Decoded, header: Header, *, rows_in: int) -> None:
    """Raise `cut_short` if the file ends in mid-row.

    A last row with all its fields but no line end may be whole: many programs write no last
    line end. Whether its last cell is, its own rules decide.
    """
    if text.open_quote:
        detail = f"A quotation mark opened in row {text.last} is never closed."
        raise FileRefusedError("cut_short", detail, rows_in=rows_in)
    is_short = bool(text.last) and text.last_width < header.width
    if decoded.cut or (text.open_end and is_short):
        detail = f"The file ends in the middle of row {text.last or header.index + 1}."
        raise FileRefusedError("cut_short", detail, rows_in=rows_in)


def read_sheet(workbook: Workbook, dataset: Dataset, *, last_day: date) -> RawTable:
    """Read one sheet of a workbook; raise `FileRefusedError` if it cannot be this dataset's."""
    wanted = (dataset.sheet or "").strip().casefold()
    sheet = next((name for name in workbook.sheets if name.strip().casefold() == wanted), None)
    if sheet is None:
        raise FileRefusedError("sheet_missing", _sheet_hint(workbook, dataset.sheet or ""))
    cells = workbook.cells(sheet)
    if cells.height == 0:
        raise FileRefusedError("empty_file", f"The sheet '{dataset.sheet}' is empty.")
    top = cells.head(_TOP_ROWS).rows()
    found = [(layout, find_header(top, layout)) for layout in dataset.headings().values()]
    heads = [(layout, header) for layout, header in found if header is not None]
    if not heads:
        raise FileRefusedError("header_missing")
    layout, header = min(heads, key=lambda head: len(head[1].missing))
    numbered = cells.with_row_index("row", offset=1).slice(header.index + 1)
    empty = pl.exclude("row").fill_null("").str.strip_chars() == ""
    data = numbered.filter(~pl.all_horizontal(empty))
    table = _finished(
        RawTable(
            cells=data.drop("row"),
            row=data["row"],
            wrong_width=pl.Series("wrong_width", [False] * data.height, dtype=pl.Boolean),
            header=header,
            dates=layout.dates or dataset.dates,
            from_workbook=True,
        ),
        dataset,
    )
    _require_columns(table, dataset, last_day)
    return table


def _require_columns(table: RawTable, dataset: Dataset, last_day: date) -> None:
    header, height = table.header, table.cells.height
    if not header.missing and not header.repeated:
        return
    dating = Dating(table.dates, last_day, table.from_workbook)
    likely = likely_names(table.cells, header, dataset, dating)
    require_columns(header, rows_in=height, likely=likely)


def _sheet_hint(workbook: Workbook, wanted: str) -> str:
    close = difflib.get_close_matches(wanted, workbook.sheets, n=1)
    hint = f" The sheet '{close[0]}' may be it under another name." if close else ""
    return f"There is no sheet '{wanted}'.{hint}"


def _finished(table: RawTable, dataset: Dataset) -> RawTable:
    """Take off the footer, and note columns that nothing in the mapping speaks of."""
    kept = table.cells.height - _footer_rows(table, dataset)
    table = replace(
        table,
        cells=table.cells.head(kept),
        row=table.row.head(kept),
        wrong_width=table.wrong_width.head(kept),
    )
    return replace(table, notices=(*table.notices, *_unread(table)))


def _unread(table: RawTable) -> Iterator[str]:
    """Say which filled columns are not read: a heading is named unless it could be data."""
    read = set(table.header.positions.values())
    for position, heading in enumerate(table.header.cells):
        if position in read:
            continue
        cells = table.cells[f"c{position}"]
        if heading and not looks_like_data(heading):
            yield f"the column '{heading}' is not in the mapping and was not read"
        elif (cells.fill_null("").str.strip_chars() != "").any():
            yield f"column {position + 1} has no agreed heading and was not read"


def _footer_rows(table: RawTable, dataset: Dataset) -> int:
    """Count the rows at the very end that hold what the mapping says a footer holds."""
    if not dataset.footer or table.cells.height == 0:
        return 0
    tests = [
        pl.col(f"c{table.header.positions[name]}").str.strip_chars().is_in(list(texts))
        for name, texts in dataset.footer.items()
        if name in table.header.positions
    ]
    if len(tests) < len(dataset.footer):
        return 0
    is_footer = table.cells.select(pl.all_horizontal(tests).fill_null(value=False)).to_series()
    others = (~is_footer).arg_true()
    return table.cells.height - (int(others[-1]) + 1 if others.len() else 0)
