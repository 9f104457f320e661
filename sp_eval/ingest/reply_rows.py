"""The sheets of a reply on which a sender corrects refused rows, the wrong cells marked.

Only in the copy that holds values, which must be asked for by name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import polars as pl

from sp_eval.ingest.header import Header
from sp_eval.ingest.quarantine import read_again, refused_rows
from sp_eval.ingest.reply_mark import FIRST_COLUMNS, Answers
from sp_eval.ingest.spreadsheet import CELL_LIMIT, NAME_LIMIT, Row
from sp_eval.ingest.taken import Quarantined, TakenIn

__all__ = ["ToCorrect", "headings_of", "places_of", "rows_to_correct"]

_NOT_IN_A_TITLE = re.compile(r"[\[\]:*?/\\']")


@dataclass(slots=True)
class ToCorrect:
    """`sheets`: title -> rows, a heading first. `wrong`: title -> (row, column) from 0 to mark."""

    sheets: dict[str, list[Row]] = field(default_factory=dict)
    wrong: dict[str, set[tuple[int, int]]] = field(default_factory=dict)
    parts: list[Answers] = field(default_factory=list)


def rows_to_correct(taken: TakenIn) -> ToCorrect:
    """Return one sheet for each file or sheet with refused rows, in their order."""
    made = ToCorrect()
    for item in taken.quarantine:
        found = _sheet(taken, item)
        if found is None:
            continue
        rows, wrong = found
        name = _NOT_IN_A_TITLE.sub(" ", item.sheet or item.file.rpartition("/")[2])
        title = f"{len(made.sheets) + 1} {name}"[:NAME_LIMIT].strip()
        made.sheets[title], made.wrong[title] = rows, wrong
        made.parts.append(Answers(title, item.file, item.sheet, item.sha256))
    return made


def headings_of(cells: tuple[str, ...], width: int) -> list[str]:
    """The sender's own headings, one for each column that any row has."""
    return [*cells, *[""] * (width - len(cells))][:width]


def places_of(header: Header) -> dict[str, int]:
    """The position of each heading, also of those that another table of the same sheet reads."""
    read = {text: header.positions[name] for name, text in header.written.items()}
    return {text: at for at, text in reversed(list(enumerate(header.cells)))} | read


def _sheet(taken: TakenIn, item: Quarantined) -> tuple[list[Row], set[tuple[int, int]]] | None:
    rejections = refused_rows(taken, item)
    table = read_again(item, rejections["row_number"])
    if table is None:
        return None
    places = places_of(table.header)
    column = pl.col("column_name")
    told = pl.when(column.is_null()).then("reason").otherwise(column + ": " + pl.col("reason"))
    wrong = rejections.group_by("row_number", maintain_order=True).agg(
        told.str.join(" | ").alias("wrong"), column
    )
    wrong = wrong.sort("row_number")  # where several tables read a sheet, each tells its own rows
    numbered = table.cells.with_columns(table.row.cast(pl.Int32).alias("__row"))
    shown = wrong.join(numbered, left_on="row_number", right_on="__row", maintain_order="left")
    fits = pl.all_horizontal(pl.col(table.cells.columns).fill_null("").str.len_chars() < CELL_LIMIT)
    rows: list[Row] = [[*FIRST_COLUMNS, *headings_of(table.header.cells, table.cells.width)]]
    marked = set()
    for number, reasons, columns, *cells in shown.filter(fits).iter_rows():
        marked |= {(len(rows), 2 + places[name]) for name in columns if name in places}
        rows.append([number, reasons, *cells])
    return rows, marked
