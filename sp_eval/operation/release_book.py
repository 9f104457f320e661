"""The release as one workbook: a page to read first, a sheet a table, a sheet of all columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from sp_eval.contracts.ddl import column_comment
from sp_eval.contracts.odcs import Column, Contract

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

__all__ = ["COLUMNS_SHEET", "FIRST_SHEET", "how_to_cite", "write_release_book"]

FIRST_SHEET: Final = "Read me"
COLUMNS_SHEET: Final = "Columns"
_LONGEST = 32_767  # characters Excel holds in a cell
_FORMATS: Final = {
    "date": "yyyy-mm-dd",
    "timestamp": "yyyy-mm-dd hh:mm:ss",
    "integer": "#,##0",
    "number": "#,##0.000",
}
_HIDDEN = (
    "Numbers of people or events from 1 to {most} are hidden: their cell is empty, and so is any"
    " rate that rests on them. 0 is shown. Other numbers are rounded to a multiple of {base}, and"
    " rates per 1,000 person-years are those of the rounded numbers. So figures need not add up"
    " to the last digit; that is meant. Rows of files are counted exactly: they are no people."
)


def write_release_book(
    path: Path, tables: Sequence[tuple[Contract, pl.DataFrame]], run: Mapping[str, Any]
) -> None:
    """Write the workbook; the same release gives the same bytes.

    Parameters
    ----------
    tables : contract and rows of each released table, in the order of the sheets.
    run : the row of `published.run` that made the release.
    """
    from xlsxwriter import Workbook

    options = {"strings_to_formulas": False, "strings_to_urls": False, "nan_inf_to_errors": False}
    with Workbook(str(path), options) as book:
        book.set_properties(
            {"title": "sp_eval release", "comments": run["run_id"], "created": run["finished_at"]}
        )
        head = book.add_format({"bold": True, "bottom": 1, "bg_color": "#E8EEF4"})
        _first_page(book, tables, run)
        for contract, frame in tables:
            _table_sheet(book, contract, frame, head)
        _columns_sheet(book, [contract for contract, _ in tables], head)


def how_to_cite(run: Mapping[str, Any]) -> str:
    """Return the line by which this release is named in a paper."""
    made = run["finished_at"]
    return (
        f"sp_eval release {run['run_id']} (sp_eval {run['software_version']}),"
        f" {made.day} {made:%B %Y}."
        f" Schemes: {run['schemes'] or 'none'}. Studies: {run['studies'] or 'none'}."
    )


def _first_page(
    book: Workbook, tables: Sequence[tuple[Contract, pl.DataFrame]], run: Mapping[str, Any]
) -> None:
    sheet = book.add_worksheet(FIRST_SHEET)
    title = book.add_format({"bold": True, "font_size": 16})
    bold = book.add_format({"bold": True, "valign": "top"})
    wrap = book.add_format({"text_wrap": True, "valign": "top"})
    link = book.add_format({"font_color": "#1F4E79", "underline": 1, "valign": "top"})
    sheet.set_column(0, 0, 24)
    sheet.set_column(1, 1, 100)
    sheet.write_string(0, 0, "Social prescribing: published results", title)
    lines = [
        ("What this is", "The results of sp_eval for everyone, one sheet a table. Nobody can be"
         " recognised in it. Each heading has a note that says what the column holds."),
        ("Release", str(run["run_id"])),
        ("Made", f"{run['finished_at']:%Y-%m-%d %H:%M} UTC"),
        ("How to cite", how_to_cite(run)),
        ("Hidden and rounded", _HIDDEN.format(**_policy(tables))),
        ("Before you quote", "A row is an estimate of one outcome by one method. Rows with role"
         " 'primary' answer the question that was asked beforehand; rows with role 'descriptive'"
         " are no effect of the scheme. 'cannot_tell' is not 'no effect'."),
    ]  # fmt: skip
    for at, (name, text) in enumerate(lines, start=2):
        sheet.write_string(at, 0, name, bold)
        sheet.write_string(at, 1, text, wrap)
        sheet.set_row(at, 15 * (1 + len(text) // 105))
    at = len(lines) + 3
    sheet.write_string(at, 0, "Sheet", bold)
    sheet.write_string(at, 1, "What it holds", bold)
    listed = [(contract.name, contract.grain) for contract, _ in tables]
    for row, (name, text) in enumerate([*listed, (COLUMNS_SHEET, "Every column, described.")], 1):
        sheet.write_url(at + row, 0, f"internal:'{name}'!A1", link, name)
        sheet.write_string(at + row, 1, text, wrap)


def _policy(tables: Sequence[tuple[Contract, pl.DataFrame]]) -> dict[str, int]:
    """The strictest rule of the studies in the release; the usual one where none says."""
    for contract, frame in tables:
        if contract.name == "study" and frame.height:
            return {
                "most": max(frame["suppress_to"].to_list()),
                "base": max(frame["round_to"].to_list()),
            }
    return {"most": 7, "base": 5}


def _table_sheet(book: Workbook, contract: Contract, frame: pl.DataFrame, head: Format) -> None:
    sheet = book.add_worksheet(contract.name)
    sheet.freeze_panes(1, 0)
    for at, column in enumerate(contract.columns):
        sheet.write_string(0, at, column.name, head)
        sheet.write_comment(0, at, column_comment(column), {"x_scale": 2.5, "y_scale": 1.5})
        width = min(44, max(len(column.name) + 4, _widest(frame[column.name])))
        style = book.add_format({"num_format": _number_format(column)})
        sheet.set_column(at, at, width, style)
        for row, value in enumerate(frame[column.name].to_list(), start=1):
            _cell(sheet, row, at, value, style)
    sheet.autofilter(0, 0, max(1, frame.height), len(contract.columns) - 1)


def _number_format(column: Column) -> str:
    if column.name.endswith(("_number", "seed")):
        return "0"  # a number that names, not counts
    return _FORMATS.get(column.logical_type, "@")


def _widest(values: pl.Series) -> int:
    longest = values.cast(pl.String).str.len_chars().max()
    return int(str(longest)) + 2 if longest is not None else 0


def _cell(sheet: Worksheet, row: int, at: int, value: Any, style: Format) -> None:  # noqa: ANN401
    if value is None:
        return
    if isinstance(value, bool):
        sheet.write_boolean(row, at, value, style)
    elif isinstance(value, int | float):
        if isfinite(value):
            sheet.write_number(row, at, value, style)
    elif isinstance(value, str):
        sheet.write_string(row, at, value[:_LONGEST], style)
    else:
        sheet.write_datetime(row, at, value, style)


def _columns_sheet(book: Workbook, contracts: Sequence[Contract], head: Format) -> None:
    sheet = book.add_worksheet(COLUMNS_SHEET)
    wrap = book.add_format({"text_wrap": True, "valign": "top"})
    names = ("table", "column", "type", "unit", "what it holds", "may be empty", "in the release")
    for at, (name, width) in enumerate(zip(names, (22, 26, 12, 24, 90, 12, 34), strict=True)):
        sheet.write_string(0, at, name, head)
        sheet.set_column(at, at, width, wrap)
    rows = [
        (contract.name, column.name, column.logical_type, column.unit or "",
         column_comment(column), "no" if column.required else "yes", _in_release(column))
        for contract in contracts
        for column in contract.columns
    ]  # fmt: skip
    for row, texts in enumerate(rows, start=1):
        for at, text in enumerate(texts):
            sheet.write_string(row, at, text, wrap)
    sheet.freeze_panes(1, 2)
    sheet.autofilter(0, 0, len(rows), len(names) - 1)


def _in_release(column: Column) -> str:
    return {
        "count": "small numbers hidden, others rounded",
        "rate": "empty where it rests on small numbers",
        "words": "without numbers of people",
        "research": "empty: in the research file only",
    }.get(str(column.disclosure), "as it is")
