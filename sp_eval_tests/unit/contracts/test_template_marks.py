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

import polars as pl
import pytest

from sp_eval.contracts.codes import code_table
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


class _Blank(float):
    """An empty cell: no number, and 0 where it is compared with one."""


def _at(row: list[Cell], letter: str) -> Cell:
    at = ord(letter) - ord("A")
    found = row[at] if at < len(row) else None
    return _Blank() if found is None else found


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
    "LOWER": lambda x: _digits(x).lower(),
    "FIND": lambda x, inside: inside.find(x) + 1 if x and x in inside else "#VALUE!",
    "VALUE": _number,
    "MOD": lambda a, b: a % b,
    "INT": lambda x: x // 1,
    "ISNUMBER": lambda x: isinstance(x, int | float) and not isinstance(x, bool | _Blank),
    "AT": _at,
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
    python = re.sub(  # of a sum over the list: for each of its values
        r"SUMPRODUCT\((LEN\(.*)\)<>(LEN\(.*\))\)$", r"sum((\1) for VALUE_ in LISTED)!=\2)", python
    )
    python = re.sub(r"Lists![A-Z$0-9:]+", "VALUE_", python).replace("&", "+")
    python = re.sub(r"\$A2:\$[A-Z]+2", "ROW", python)
    python = re.sub(r"\$([A-Z])2\b", r"AT(ROW, '\1')", python)
    python = re.sub(r"\b[A-Z]{1,2}2\b", "CELL", python)
    python = python.replace("<>", "!=").replace("IFERROR(", "IFERROR(lambda: ")
    python = re.sub(r"(?<![<>!=])=(?!=)", "==", python)
    python = re.sub(r"\bIF\((ISNUMBER\(CELL\)),(.+),TRUE\)", r"((\2) if \1 else TRUE)", python)
    known = {**FUNCTIONS, "CELL": cell, "ROW": row, "LISTED": listed}
    known["__builtins__"] = {"sum": sum}
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
    ("cell", "wrong"),
    [("housing", False), ("housing;debt", False), ("housing; Debt", False), ("debt;debt", False),
     ("housing;hous", True), ("housing;", True), ("housing,debt", True), ("vicar;debt", True)],
)  # fmt: skip
def test_several_values_of_which_one_is_not_of_the_list(
    cell: Cell, wrong: bool, tmp_path: Path
) -> None:
    assert red("referral", "secondary_needs", cell, tmp_path) is wrong


@pytest.mark.parametrize(
    ("name", "column", "cell", "wrong"),
    [("referral", "practice_code", "C87932", False), ("referral", "practice_code", "C8793", True),
     ("referral", "practice_code", "C879322", True), ("referral", "practice_code", "887932", True),
     ("person", "lsoa_code", "W01007879", False), ("person", "lsoa_code", "E02007879", True),
     ("code_count", "pcn_code", "U12345", False), ("code_count", "pcn_code", "V12345", True),
     ("code_count", "snomed_code", "871731000000106", False),
     ("code_count", "snomed_code", "8.71731E+14", True),
     ("hospital_activity", "provider_code", "RFR", False),
     ("hospital_activity", "provider_code", "RF", True),
     ("hospital_activity", "provider_code", "RFR0123456", True)],
)  # fmt: skip
def test_a_code_that_is_written_as_none(
    name: str, column: str, cell: Cell, wrong: bool, tmp_path: Path
) -> None:
    assert red(name, column, cell, tmp_path) is wrong


@pytest.mark.parametrize(
    ("closed", "wrong"), [(43556.0, False), (43557.0, False), (43555.0, True), (None, False)]
)
def test_a_date_before_the_one_it_must_follow(closed: Cell, wrong: bool, tmp_path: Path) -> None:
    row: list[Cell] = [None] * len(load_contract("referral").columns)
    for name, cell in (("referral_date", 43556.0), ("closed_date", closed)):
        row[load_contract("referral").names.index(name)] = cell
    assert red("referral", "closed_date", closed, tmp_path, row=row) is wrong


def test_an_item_of_another_questionnaire(tmp_path: Path) -> None:
    (formula,) = (f for f in formulas("outcome_response", "item", tmp_path) if '"|"' in f)
    pairs = f"Lists!$G$1:$G${len(code_table('instrument'))}"
    said = 'TRIM($B2&"")&"|"&TRIM($C2&"")'
    filled = "LEN(TRIM($B2))>0,LEN(TRIM($C2))>0"
    assert formula == f"AND({filled},SUMPRODUCT(--({pairs}={said}))=0)"
    options = {"dtypes": "string"}
    path = tmp_path / "outcome_response.xlsx"
    for sheet, told in (("Lists", "phq9|total"), ("Questionnaires", "phq9")):
        cells = pl.read_excel(path, sheet_name=sheet, has_header=False, read_options=options)
        assert any(told in row for row in cells.rows())


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
