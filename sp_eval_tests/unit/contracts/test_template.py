from pathlib import Path
from zipfile import ZipFile

import polars as pl
import pytest

from sp_eval.contracts.odcs import ContractError, load_contract
from sp_eval.contracts.template import EXPLANATION_HEADER, EXPLANATION_SHEET, write_template

REFERRAL = load_contract("referral")


@pytest.fixture
def workbook(tmp_path: Path) -> Path:
    path = tmp_path / "referral.xlsx"
    write_template(REFERRAL, path)
    return path


def sheet(path: Path, name: str) -> pl.DataFrame:
    options = {"dtypes": "string"}
    return pl.read_excel(path, sheet_name=name, has_header=False, read_options=options)


def test_the_second_sheet_explains_every_column(workbook: Path) -> None:
    header, *rows = sheet(workbook, EXPLANATION_SHEET).rows()
    assert header == EXPLANATION_HEADER
    told = {row[0]: row[1:] for row in rows}
    assert tuple(told) == REFERRAL.names
    assert told["referral_date"][0] == "yes"
    assert told["referral_date"][2] == "a date, dd/mm/yyyy; for example 01/05/2017"
    assert told["route"][1] == "Who referred. Blank = not recorded."
    assert told["closed_date"][0] == "no"
    assert told["is_carer"][2] == "TRUE or FALSE"
    assert told["outcome"][2].startswith("one of: accepted, declined")
    assert "put a semicolon between" in told["secondary_needs"][2]
    # a sender writes what they have; the key is made from it on arrival
    assert told["person_key"][1].startswith("Write the NHS number here")


def test_columns_with_values_have_a_pick_list_and_there_are_no_macros(workbook: Path) -> None:
    with ZipFile(workbook) as parts:
        names = parts.namelist()
        main = parts.read("xl/worksheets/sheet1.xml").decode()
        book = parts.read("xl/workbook.xml").decode()
    assert not [name for name in names if "vba" in name.lower()]
    assert 'name="Lists" sheetId="3" state="hidden"' in book
    assert main.count("<dataValidation ") == 6
    # route is the fifth column, E; its values stand in the same column of the lists
    assert 'sqref="E2:E10001"' in main
    assert "<formula1>Lists!$E$1:$E$7</formula1>" in main
    lists = [tuple(values.drop_nulls()) for values in sheet(workbook, "Lists")]
    assert REFERRAL.column("route").allowed in lists
    assert ("TRUE", "FALSE") in lists


def test_a_csv_opens_in_a_spreadsheet_as_utf8(tmp_path: Path) -> None:
    path = tmp_path / "referral.csv"
    write_template(REFERRAL, path)
    assert path.read_bytes() == b"\xef\xbb\xbf" + ",".join(REFERRAL.names).encode() + b"\r\n"


def test_nothing_is_overwritten_and_other_kinds_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "referral.csv"
    path.write_text("mine", encoding="utf-8")
    with pytest.raises(ContractError, match=r"referral\.csv exists already"):
        write_template(REFERRAL, path)
    assert path.read_text(encoding="utf-8") == "mine"
    with pytest.raises(ContractError, match=r"written as \.xlsx or \.csv"):
        write_template(REFERRAL, tmp_path / "referral.docx")
