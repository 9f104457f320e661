"""What turns red in a template: the formulas as the workbook holds them, reckoned cell by cell.

The small reckoner below knows the functions these formulas use, as spreadsheets define them. The
same cells were looked at once in LibreOffice Calc.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from sp_eval.contracts.odcs import contract_names, load_contract
from sp_eval.contracts.template import write_template

TODAY = (datetime.now().astimezone().date() - date(1899, 12, 30)).days
Cell = str | float | bool | None


class NoValueError(Exception):
    """What a spreadsheet shows as #VALUE!."""


def _digits(text: Cell) -> str:
    return "" if text is None else str(text).upper() if isinstance(text, bool) else str(text)


def _number(text: Cell) -> float:
    try:
        return float(_digits(text))
    except ValueError:
        raise NoValueError from None


class _Text(str):
    """Text that becomes a number where one is reckoned with."""

    def __mul__(self, other: Any) -> Any:
        return _number(self) * other


def _if_error(value: Any, instead: Any) -> Any:
    try:
        return value()
    except NoValueError:
        return instead


FUNCTIONS: dict[str, Any] = {
    "AND": lambda *x: all(x),
    "OR": lambda *x: any(x),
    "NOT": lambda x: not x,
    "LEN": lambda x: len(_digits(x)),
    "TRIM": lambda x: " ".join(_digits(x).split()),
    "MID": lambda x, at, n: _Text(_digits(x)[at - 1 : at - 1 + n]),
    "LEFT": lambda x, n: _digits(x)[:n],
    "RIGHT": lambda x, n: _digits(x)[-n:],
    "REPT": lambda x, n: x * n,
    "SUBSTITUTE": lambda x, a, b: _digits(x).replace(a, b),
    "VALUE": _number,
    "MOD": lambda a, b: a % b,
    "INT": lambda x: x // 1,
    "ISNUMBER": lambda x: isinstance(x, int | float) and not isinstance(x, bool),
    "COUNTA": lambda row: sum(cell is not None for cell in row),
    "TODAY": lambda: TODAY,
    "IFERROR": _if_error,
    "ONE_OF": lambda listed, x: x.casefold() in [value.casefold() for value in listed],
    "TRUE": True,
    "FALSE": False,
}


def is_red(formula: str, cell: Cell, row: list[Cell], listed: list[str]) -> bool:
    """Reckon one formula for a cell, its row and the values of its list."""
    python = formula.removeprefix("=")
    python = re.sub(
        r"SUMPRODUCT\(--\(Lists![^=]+=(TRIM\([A-Z]+2&\"\"\))\)\)=0",
        r"NOT(ONE_OF(LISTED,\1))", python,
    ).replace('&""', "")  # fmt: skip
    python = re.sub(r"\$A2:\$[A-Z]+2", "ROW", python)
    python = re.sub(r"\b[A-Z]{1,2}2\b", "CELL", python)
    python = python.replace("<>", "!=").replace("IFERROR(", "IFERROR(lambda: ")
    python = re.sub(r"(?<![<>!=])=(?!=)", "==", python)
    python = re.sub(r"\bIF\((ISNUMBER\(CELL\)),(.+),TRUE\)", r"((\2) if \1 else TRUE)", python)
    known = {**FUNCTIONS, "CELL": cell, "ROW": row, "LISTED": listed, "__builtins__": {}}
    return bool(eval(python, known))  # our own formulas


def formulas(name: str, column: str, folder: Path) -> list[str]:
    """The conditional formats of one column, read from the workbook."""
    path = folder / f"{name}.xlsx"
    if not path.exists():
        write_template(load_contract(name), path)
    with ZipFile(path) as parts:
        sheet = parts.read("xl/worksheets/sheet1.xml").decode()
        assert "FFFFC7CE" in parts.read("xl/styles.xml").decode()
    at = load_contract(name).names.index(column)
    letter = chr(ord("A") + at)
    found = re.findall(
        rf'<conditionalFormatting sqref="{letter}2:{letter}10001">(.*?)</conditionalFormatting>',
        sheet,
    )
    told = re.findall(r"<formula>(.*?)</formula>", "".join(found))
    plain = [t.replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">") for t in told]
    assert not [t for t in plain if "{" in t]  # no array constants: programs refuse them here
    return [t.replace("&quot;", '"') for t in plain]


def red(name: str, column: str, cell: Cell, folder: Path, row: list[Cell] | None = None) -> bool:
    values = load_contract(name).column(column)
    listed = ["TRUE", "FALSE"] if values.logical_type == "boolean" else list(values.allowed or ())
    found = formulas(name, column, folder)
    return any(is_red(f, cell, row or [cell, "something"], listed) for f in found)


NUMBERS: list[tuple[Cell, bool]] = [
    ("9990000018", False), ("999 000 0018", False), ("999-000-0018", False),
    ("9990000019", True), ("999000001", True), ("99900000188", True), ("9999999999", True),
    ("0000000000", True), ("not known", True), ("999000001X", True),
]  # fmt: skip


@pytest.mark.parametrize(("cell", "wrong"), NUMBERS)
def test_a_number_whose_check_digit_does_not_fit(cell: Cell, wrong: bool, tmp_path: Path) -> None:
    assert red("referral", "person_key", cell, tmp_path) is wrong


@pytest.mark.parametrize(
    ("cell", "wrong"),
    [(43556.0, False), (float(TODAY), False), (float(TODAY + 1), True), ("31/02/2019", True),
     ("03.04.2019", True), (0.5, True), ("soon", True)],
)  # fmt: skip
def test_a_date_that_is_none_or_is_to_come(cell: Cell, wrong: bool, tmp_path: Path) -> None:
    assert red("referral", "referral_date", cell, tmp_path) is wrong


@pytest.mark.parametrize(
    ("column", "cell", "wrong"),
    [("route", "gp", False), ("route", "GP", False), ("route", "g*", True),
     ("route", "doctor", True), ("is_carer", "TRUE", False), ("is_carer", True, False),
     ("is_carer", "yes", True)],
)  # fmt: skip
def test_a_value_that_is_not_of_the_list(
    column: str,
    cell: Cell,
    wrong: bool,
    tmp_path: Path,
) -> None:
    assert red("referral", column, cell, tmp_path) is wrong


@pytest.mark.parametrize(
    ("cell", "wrong"), [(3.0, False), (0.0, False), (-1.0, True), (2.5, True), ("three", True)]
)
def test_a_number_off_its_scale(cell: Cell, wrong: bool, tmp_path: Path) -> None:
    assert red("activity", "sessions_offered", cell, tmp_path) is wrong


def test_what_must_be_filled_is_red_once_its_row_is_begun(tmp_path: Path) -> None:
    assert red("referral", "referral_date", None, tmp_path, row=[None, "R1", None])
    assert red("referral", "referral_date", "  ", tmp_path, row=["  ", "R1", None])
    assert not red("referral", "referral_date", None, tmp_path, row=[None, None, None])
    assert not red("referral", "closed_date", None, tmp_path, row=[None, "R1", None])


@pytest.mark.parametrize("name", contract_names())
def test_every_column_that_must_be_filled_says_so(name: str, tmp_path: Path) -> None:
    for column in load_contract(name).columns:
        found = formulas(name, column.name, tmp_path)
        assert bool([f for f in found if "COUNTA" in f]) is column.required, column.name
