"""The data rows of one file or sheet as raw text, and what is asked of any such table.

Data rows are the non-blank rows below the header but those the mapping declares as footer;
they keep the number they have in the file.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from sp_eval.contracts.scheme_mapping import Dataset
from sp_eval.ingest.header import Header, looks_like_data, require_columns
from sp_eval.ingest.parse import Dating
from sp_eval.ingest.renamed import likely_names

__all__ = ["RawTable", "footer_rows", "require_all_columns", "unread"]


@dataclass(frozen=True, slots=True)
class RawTable:
    """Raw cells with their place in the file.

    `cells`: one String column per field of the file, `c0` ...; `row`: UInt32, physical, from 1;
    `wrong_width`: Boolean, the row's field count differs from the header's. All of one height.
    `open_end`: no line end follows the last row of a text file; `from_1904`: the numbers that stand
    for days in a workbook are counted from there.
    """

    cells: pl.DataFrame
    row: pl.Series
    wrong_width: pl.Series
    header: Header
    dates: str
    from_workbook: bool
    open_end: bool = False
    from_1904: bool = False
    notices: tuple[str, ...] = ()


def require_all_columns(
    header: Header, cells: pl.DataFrame, dataset: Dataset, dating: Dating, *, rows_in: int
) -> None:
    """Raise `column_missing` unless each column is there, once; `cells`: the first data rows."""
    if header.missing or header.repeated:
        likely = likely_names(cells, header, dataset, dating)
        require_columns(header, rows_in=rows_in, likely=likely)


def unread(header: Header, filled: set[int]) -> Iterator[str]:
    """Say which filled columns are not read: a heading is named unless it could be data.

    `filled`: positions of columns in which any cell holds something.
    """
    read = set(header.positions.values())
    for position, heading in enumerate(header.cells):
        if position in read:
            continue
        if heading and not looks_like_data(heading):
            yield f"the column '{heading}' is not in the mapping and was not read"
        elif position in filled:
            yield f"column {position + 1} has no agreed heading and was not read"


def footer_rows(cells: pl.DataFrame, header: Header, dataset: Dataset) -> int:
    """Count the rows at the very end that hold what the mapping says a footer holds."""
    if not dataset.footer or cells.height == 0:
        return 0
    tests = [
        pl.col(f"c{header.positions[name]}").str.strip_chars().is_in(list(texts))
        for name, texts in dataset.footer.items()
        if name in header.positions
    ]
    if len(tests) < len(dataset.footer):
        return 0
    is_footer = cells.select(pl.all_horizontal(tests).fill_null(value=False)).to_series()
    others = (~is_footer).arg_true()
    return cells.height - (int(others[-1]) + 1 if others.len() else 0)
