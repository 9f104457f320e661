"""Blank templates of extract contracts, for senders who have no layout of their own."""

from __future__ import annotations

import csv
import re
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

from sp_eval.contracts.codes import code_table
from sp_eval.contracts.odcs import Column, Contract, ContractError
from sp_eval.contracts.template_marks import no_such_pair, wrong_order, wrong_when

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

__all__ = [
    "BESIDE_THE_ROWS",
    "EXPLANATION_HEADER",
    "EXPLANATION_SHEET",
    "explanation",
    "write_template",
]

EXPLANATION_SHEET: Final = "What to fill in"
EXPLANATION_HEADER: Final = ("column", "must be filled", "what it means", "how to write it")
_CODES_SHEET: Final = "Lists"
_SCALES_SHEET: Final = "Questionnaires"
BESIDE_THE_ROWS: Final = (EXPLANATION_SHEET, _CODES_SHEET, _SCALES_SHEET)
"""The sheets of a template that nobody fills in."""
_REGISTRY: Final = "codes/instrument.csv"
_ROWS: Final = 10_000  # rows that get formats and lists; more may be typed without them
# bold and underlined besides, for whom red is a shade of grey
_WRONG: Final = {"bg_color": "#FFC7CE", "font_color": "#9C0006", "bold": True, "underline": 1}
_BOOLEAN: Final = ("TRUE", "FALSE")
_FORMATS: Final = {"date": "dd/mm/yyyy", "integer": "0", "number": "0.00"}
_HOW: Final = {
    "string": "text",
    "date": "a date, dd/mm/yyyy",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "TRUE or FALSE",
    "timestamp": "a date and time",
}


def write_template(contract: Contract, path: Path) -> None:
    """Write a blank template to `path`: a workbook (.xlsx) or a header line (.csv).

    The workbook holds the header, a sheet that explains each column, pick lists, and formulas
    that turn a wrong cell red; it has no macros. An existing file is not overwritten; that
    and another suffix raise `ContractError`.
    """
    if path.exists():
        raise ContractError(f"{path.name} exists already; choose another name")
    if path.suffix == ".csv":
        with path.open("x", encoding="utf-8-sig", newline="") as lines:
            csv.writer(lines).writerow(contract.names)
    elif path.suffix == ".xlsx":
        with path.open("xb") as file:
            _write_workbook(contract, file)
    else:
        raise ContractError("a template is written as .xlsx or .csv")


def explanation(column: Column) -> tuple[str, str, str, str]:
    """Return one row of the explaining sheet, in the order of `EXPLANATION_HEADER`."""
    return (
        column.name,
        "yes" if column.required else "no",
        # a sheet has blank cells, where a database has nulls
        re.sub(r"\b([Nn])ull\b", _blank, column.template_note or column.description).replace(
            _REGISTRY, f"the sheet {_SCALES_SHEET}"
        ),
        _how(column),
    )


def _blank(null: re.Match[str]) -> str:
    return "Blank" if null[1] == "N" else "blank"


def _how(column: Column) -> str:
    if column.template_note is not None:
        return "text"
    if column.allowed is not None:
        several = " (several: put a semicolon between)" if column.separator else ""
        return f"one of: {', '.join(column.allowed)}{several}"
    how = _HOW[column.logical_type]
    if column.minimum is not None and column.maximum is not None:
        how += f" from {column.minimum:g} to {column.maximum:g}"
    elif column.minimum is not None:
        how += f", {column.minimum:g} or more"
    if column.unit is not None:
        how += f"; unit: {column.unit}"
    if column.examples:
        how += f"; for example {_written(column)}"
    return how


def _written(column: Column) -> str:
    """The first example, as a sender writes it."""
    example = str(column.examples[0])
    if column.logical_type == "date":
        return date.fromisoformat(example).strftime("%d/%m/%Y")
    return example


def _write_workbook(contract: Contract, file: BinaryIO) -> None:
    from xlsxwriter import Workbook

    with Workbook(file) as book:
        bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
        red = book.add_format(_WRONG)
        sheet = book.add_worksheet(contract.name[:31])
        sheet.write_row(0, 0, contract.names, bold)
        sheet.freeze_panes(1, 0)
        _explain(book, contract, bold)
        lists = book.add_worksheet(_CODES_SHEET)
        for position, column in enumerate(contract.columns):
            width = max(12, len(column.name) + 2)
            sheet.set_column(position, position, width, book.add_format(_cell_format(column)))
            listed = _add_pick_list(sheet, lists, position, column)
            _mark_wrong(sheet, red, contract, position, listed)
        _mark_order(sheet, red, contract)
        if {"instrument", "item"} <= set(contract.names):
            _list_scales(book, lists, sheet, contract, red)
        lists.hide()


def _cell_format(column: Column) -> dict[str, str]:
    # "@" is text: a spreadsheet would else drop leading zeros and round long numbers
    return {"num_format": _FORMATS.get(column.logical_type, "@")}


def _explain(book: Workbook, contract: Contract, bold: Format) -> None:
    wrap = book.add_format({"text_wrap": True, "valign": "top"})
    sheet = book.add_worksheet(EXPLANATION_SHEET)
    sheet.write_row(0, 0, EXPLANATION_HEADER, bold)
    for position, column in enumerate(contract.columns, start=1):
        sheet.write_row(position, 0, explanation(column), wrap)
    for position, width in enumerate((22, 10, 70, 50)):
        sheet.set_column(position, position, width)
    sheet.freeze_panes(1, 0)


def _mark_wrong(
    sheet: Worksheet, red: Format, contract: Contract, position: int, listed: str | None
) -> None:
    cell, last = f"{_letter(position)}2", _letter(len(contract.columns) - 1)
    for formula in wrong_when(
        contract.columns[position], cell=cell, row=f"$A2:${last}2", listed=listed
    ):
        _turn_red(sheet, red, position, formula)


def _turn_red(sheet: Worksheet, red: Format, position: int, formula: str) -> None:
    asked = {"type": "formula", "criteria": f"={formula}", "format": red}
    sheet.conditional_format(1, position, _ROWS, position, asked)


def _mark_order(sheet: Worksheet, red: Format, contract: Contract) -> None:
    """Mark dates that precede one of their row which they must follow."""
    dates = {
        column.name: f"${_letter(position)}2"
        for position, column in enumerate(contract.columns)
        if column.logical_type == "date"
    }
    for rule in contract.rules:
        if (formula := wrong_order(rule, dates)) is not None:
            _turn_red(sheet, red, contract.names.index(rule.columns[0]), formula)


def _list_scales(
    book: Workbook, lists: Worksheet, sheet: Worksheet, contract: Contract, red: Format
) -> None:
    """Add a sheet of all questionnaires with their items, and mark items that are of none."""
    rows = code_table("instrument")
    scales = book.add_worksheet(_SCALES_SHEET)
    scales.write_row(0, 0, ("instrument", "item", "lowest", "highest", "what it is"))
    for at, row in enumerate(rows, start=1):
        told = (row["instrument"], row["item"], row["minimum"], row["maximum"], row["label"])
        scales.write_row(at, 0, told)
    for position, width in enumerate((20, 26, 8, 8, 70)):
        scales.set_column(position, position, width)
    scales.freeze_panes(1, 0)
    beyond = len(contract.columns)
    lists.write_column(0, beyond, [f"{row['instrument']}|{row['item']}" for row in rows])
    letter = _letter(beyond)
    pairs = f"{_CODES_SHEET}!${letter}$1:${letter}${len(rows)}"
    first, second = (contract.names.index(name) for name in ("instrument", "item"))
    formula = no_such_pair(f"${_letter(first)}2", f"${_letter(second)}2", pairs)
    _turn_red(sheet, red, second, formula)


def _add_pick_list(sheet: Worksheet, lists: Worksheet, position: int, column: Column) -> str | None:
    """Let a column's values be picked; return where they stand, None where there are none."""
    values = _BOOLEAN if column.logical_type == "boolean" else column.allowed
    if values is None:
        return None
    # a list in a sheet has no limit of length, one inside the cell's own rule ends at 255
    lists.write_column(0, position, values)
    letter = _letter(position)
    listed = f"{_CODES_SHEET}!${letter}$1:${letter}${len(values)}"
    if column.separator is not None:
        return listed  # several may stand in a cell, and a pick list gives one
    sheet.data_validation(
        1,
        position,
        _ROWS,
        position,
        {
            "validate": "list",
            "source": f"={listed}",
            "ignore_blank": True,
            "error_title": "Not in the list",
            "error_message": f"Choose a value from the list of {column.name}.",
        },
    )
    return listed


def _letter(position: int) -> str:
    from xlsxwriter.utility import xl_col_to_name

    return str(xl_col_to_name(position))
