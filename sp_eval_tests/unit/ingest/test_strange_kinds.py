"""Files of another kind than agreed, and workbooks whose cells are not all there: told as such."""

from __future__ import annotations

import gzip
import zipfile
from collections.abc import Callable
from datetime import date, datetime
from io import BytesIO
from pathlib import Path

import pytest
import xlsxwriter

from sp_eval.contracts.scheme_mapping import SchemeMapping
from sp_eval.ingest.taken import TakenIn

Make = Callable[..., SchemeMapping]
Take = Callable[..., TakenIn]
Number = Callable[[int], str]
HEAD = "NHS,Date,Who,How,Came"


def archive(**parts: bytes) -> bytes:
    whole = BytesIO()
    with zipfile.ZipFile(whole, "w") as zipped:
        for name, data in parts.items():
            zipped.writestr(name, data)
    return whole.getvalue()


KINDS = {
    "gzip": gzip.compress(HEAD.encode()),
    "zip archive": archive(gp=b"a,b\n"),
    "OpenDocument": archive(mimetype=b"application/vnd.oasis.opendocument.spreadsheet"),
    "PDF": b"%PDF-1.4\n" + bytes(range(256)),
    "web page": b"\n<HTML><table><tr><td>NHS",
    "UTF-16 without its mark": f"{HEAD}\n".encode("utf-16-be"),
    "old workbook": b"\xd0\xcf\x11\xe0" + bytes(600),
    "password": b"\xd0\xcf\x11\xe0" + bytes(600) + "EncryptedPackage".encode("utf-16-le"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_of_another_kind_is_refused_by_its_kind(
    kind: str, gp_book: Make, take: Take, tmp_path: Path
) -> None:
    (tmp_path / "gp.csv").write_bytes(KINDS[kind])
    (reason,) = take(gp_book()).rejection["reason"]
    assert kind in reason, reason


@pytest.mark.parametrize("kind", ["zip archive", "OpenDocument", "PDF", "old workbook", "password"])
def test_and_where_a_workbook_was_agreed(
    kind: str, gp_book: Make, take: Take, tmp_path: Path
) -> None:
    (tmp_path / "gp.xlsx").write_bytes(KINDS[kind])
    (reason,) = take(gp_book(file="gp.xlsx", sheet="GP")).rejection["reason"]
    assert kind in reason, reason


def test_a_workbook_for_a_text_file_is_called_one(
    gp_book: Make, take: Take, workbook: Callable[..., Path], tmp_path: Path
) -> None:
    workbook("gp.csv", GP=[HEAD.split(",")])
    (reason,) = take(gp_book()).rejection["reason"]
    assert "is a workbook where a text file" in reason


def test_a_formula_nobody_worked_out_is_no_blank(
    gp_book: Make, take: Take, workbook: Callable[..., Path], tmp_path: Path, number: Number
) -> None:
    rows = [[number(n), "01/04/2019", "GP", "Phone", "Y"] for n in range(3)]
    path = workbook("gp.xlsx", GP=[HEAD.split(","), *rows])
    with zipfile.ZipFile(path) as sound:
        parts = {name: sound.read(name) for name in sound.namelist()}
    sheet = "xl/worksheets/sheet1.xml"
    came = [f'<c r="E{n}" t="s">'.encode() for n in (2, 3, 4)]
    text = parts[sheet]
    assert all(cell in text for cell in came)
    before, _, after = text.partition(came[0])
    # row 2 holds a formula without value; row 3 one that Excel has worked out, to nothing
    text = before + b'<c r="E2"><f>IF(A2&gt;1,"Y","N")</f><v></v></c>' + after.partition(b"</c>")[2]
    before, _, after = text.partition(came[1])
    text = before + b'<c r="E3" t="str"><f>""</f><v></v></c>' + after.partition(b"</c>")[2]
    parts[sheet] = text
    with zipfile.ZipFile(path, "w") as written:
        for name, data in parts.items():
            written.writestr(name, data)
    taken = take(gp_book(file="gp.xlsx", sheet="GP"))
    told = taken.rejection.select("row_number", "rule").rows()
    assert told == [(2, "unknown_code"), (3, "mandatory_missing")]
    assert any("1 of its formulas have no value in the file" in note for note in taken.notices)


def test_a_second_sheet_of_a_name_is_told(
    gp_book: Make, take: Take, workbook: Callable[..., Path], number: Callable[[int], str]
) -> None:
    row = ["01/04/2019", "GP", "Phone", "Y"]
    sheets = {
        "GP ": [HEAD.split(","), [number(0), *row], [number(1), *row]],
        "GP": [HEAD.split(","), [number(2), *row]],
    }
    workbook("gp.xlsx", **sheets)
    taken = take(gp_book(file="gp.xlsx", sheet="GP"))
    assert taken.delivery["rows_accepted"].to_list() == [1]
    assert any("'GP ' is another of that name and was not read" in n for n in taken.notices)


def test_headings_without_a_row_are_told(gp_book: Make, take: Take, tmp_path: Path) -> None:
    (tmp_path / "gp.csv").write_text(f"{HEAD}\n")
    taken = take(gp_book())
    assert taken.rejection.is_empty()
    assert taken.notices == ("gp.csv: it holds headings and no row.",)


def test_a_heading_that_stands_twice_is_not_to_be_added(
    gp_book: Make, take: Take, tmp_path: Path
) -> None:
    (tmp_path / "gp.csv").write_text(f"{HEAD},Came\n")
    (reason,) = take(gp_book()).rejection["reason"]
    assert "Take out the one that is too many" in reason
    assert "Add the column" not in reason


def test_headings_without_end_are_called_so(
    gp_book: Make, take: Take, tmp_path: Path, number: Number
) -> None:
    row = f"{number(0)},01/04/2019,GP,Phone,Y"
    (tmp_path / "gp.csv").write_text(f"{HEAD}{',' * 70_000}\n{row}{',' * 70_000}\n")
    taken = take(gp_book())
    assert taken.rejection["reason"][0].startswith("Its headings run to over 65,536 characters")
    (tmp_path / "gp.csv").write_text(f"{HEAD}{',' * 2_000}\n{row}{',' * 2_000}\n")
    assert take(gp_book()).delivery["rows_accepted"].to_list() == [1]


def test_a_cell_too_long_is_not_called_an_open_quote(
    gp_book: Make, take: Take, tmp_path: Path, number: Callable[[int], str]
) -> None:
    (tmp_path / "gp.csv").write_text(f"{HEAD}\n{number(0)},01/04/2019,{'G' * 200_000},Phone,Y\n")
    (reason,) = take(gp_book()).rejection["reason"]
    assert reason.startswith("A cell of row 2 is longer than any table's")


@pytest.mark.parametrize(("from_1904", "days"), [(False, 43558), (True, 42096)])
def test_a_bare_number_is_a_day_counted_as_its_workbook_counts(
    from_1904: bool, days: int, gp_book: Make, take: Take, tmp_path: Path, number: Number
) -> None:
    with xlsxwriter.Workbook(tmp_path / "gp.xlsx", {"date_1904": from_1904}) as book:
        sheet = book.add_worksheet("GP")
        sheet.write_row(0, 0, HEAD.split(","))
        sheet.write_row(1, 0, [number(0), days, "GP", "Phone", "Y"])
        true = book.add_format({"num_format": "dd/mm/yyyy"})
        sheet.write_row(2, 0, [number(1), "", "GP", "Phone", "Y"])
        sheet.write_datetime(2, 1, datetime(2019, 4, 3), true)
    dated = {"contact_date": {"from": "Date", "parse": "excel"}}
    taken = take(gp_book(file="gp.xlsx", sheet="GP", columns=dated))
    assert taken.accepted["gp_contact"]["contact_date"].to_list() == [date(2019, 4, 3)] * 2
