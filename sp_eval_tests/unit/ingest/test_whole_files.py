"""Files that cannot be used as a whole: one clear sentence, and everything else goes on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sp_eval.contracts.scheme_mapping import SchemeMapping, load_mapping
from sp_eval.ingest import source
from sp_eval.ingest.refusal import rule_names
from sp_eval.ingest.taken import TakenIn

Make = Callable[..., SchemeMapping]
Take = Callable[..., TakenIn]
Write = Callable[..., Path]
Number = Callable[[int], str]
Counts = Callable[[TakenIn], dict[str, tuple[int, int, int, int]]]

HEAD = "NHS,Date,Who,How,Came"


@pytest.fixture
def row(number: Number) -> str:
    return f"{number(0)},01/04/2019,GP,Phone,Y"


@pytest.fixture
def refusal(gp_book: Make, take: Take, tmp_path: Path) -> Callable[..., tuple[str, str]]:
    """Return (rule, reason) of the one refusal of `gp.csv` with these bytes."""

    def run(data: bytes, **changes: Any) -> tuple[str, str]:
        (tmp_path / "gp.csv").write_bytes(data)
        taken = take(gp_book(**changes))
        assert taken.accepted == {}
        assert taken.delivery["status"].to_list() == ["refused"]
        ((number, rule, reason),) = taken.rejection.select("row_number", "rule", "reason").rows()
        assert number is None
        return rule, reason

    return run


@pytest.mark.parametrize("data", [b"", b"\xef\xbb\xbf", b" \r\n\n"])
def test_empty_file(refusal: Callable[..., tuple[str, str]], data: bytes) -> None:
    assert refusal(data)[0] == "empty_file"


def test_unreadable(refusal: Callable[..., tuple[str, str]]) -> None:
    assert refusal(b"\x81\x8d\x8f\x90\x9d" * 9)[0] == "unreadable"


def test_a_workbook_under_the_name_of_a_text_file(
    refusal: Callable[..., tuple[str, str]], workbook: Write
) -> None:
    data = workbook("x.xlsx", Sheet1=[["NHS"]]).read_bytes()
    (workbook("x.xlsx", Sheet1=[["NHS"]])).unlink()
    rule, reason = refusal(data)
    assert rule == "unreadable"
    assert "workbook" in reason


def test_header_missing(refusal: Callable[..., tuple[str, str]], row: str) -> None:
    rule, reason = refusal(f"{row}\n{row}\n".encode())
    assert rule == "header_missing"
    assert not any(character.isdigit() for character in reason)


def test_column_missing_is_named(refusal: Callable[..., tuple[str, str]], row: str) -> None:
    data = "\n".join(line.rpartition(",")[0] for line in (HEAD, row, row))
    rule, reason = refusal(data.encode() + b"\n")
    assert rule == "column_missing"
    assert "'Came'" in reason


def test_a_renamed_column_is_suggested(
    gp_book: Make, take: Take, tmp_path: Path, row: str, number: Number
) -> None:
    head = HEAD.replace("Date", "Date of contact")
    (tmp_path / "gp.csv").write_text(f"{head}\n{row}\n")
    made = gp_book(columns={"contact_date": {"from": "Contact date", "parse": "date"}})
    taken = take(made)
    ((rule, column, reason),) = taken.rejection.select("rule", "column_name", "reason").rows()
    assert (rule, column) == ("column_missing", "Contact date")
    assert "'Date of contact' may be 'Contact date'" in reason
    assert taken.delivery["rows_in"].to_list() == [1]
    assert taken.delivery["rows_quarantined"].to_list() == [1]


def test_a_suggestion_never_quotes_what_may_be_data(
    gp_book: Make, take: Take, csv_file: Write, row: str
) -> None:
    made = gp_book(columns={"contact_date": {"from": "Date of the contact", "parse": "date"}})
    csv_file("gp.csv", [["NHS", "Date of contact 1953", "Who", "How", "Came"], row.split(",")])
    taken = take(made)
    assert taken.rejection["rule"].to_list() == ["column_missing"]
    assert "1953" not in str(taken.rejection.to_dicts()) + str(taken.notices)


@pytest.mark.parametrize("head", ["nhs,DATE, Who ,How,Came", "NHS,Date,Who,\u00a0How,came"])
def test_case_and_spaces_of_a_heading_do_not_matter(
    gp_book: Make, take: Take, tmp_path: Path, counts: Counts, row: str, head: str
) -> None:
    (tmp_path / "gp.csv").write_text(f"{head}\n{row}\n", encoding="utf-8")
    assert counts(take(gp_book())) == {"gp.csv": (1, 1, 0, 0)}


def test_a_column_that_appears_twice(refusal: Callable[..., tuple[str, str]], row: str) -> None:
    rule, reason = refusal(f"{HEAD},Date\n{row},01/04/2018\n".encode())
    assert rule == "column_missing"
    assert "more than once" in reason


@pytest.mark.parametrize(
    "end",
    [
        ",01/04/20",
        ',01/04/2019,"GP',
        ',01/04/2019,GP,Phone,"Y',
    ],
)
def test_cut_short(refusal: Callable[..., tuple[str, str]], row: str, end: str) -> None:
    first = row.partition(",")[0]
    rule, reason = refusal(f"{HEAD}\n{row}\n{first}{end}".encode())
    assert rule == "cut_short"
    assert "row 3" in reason


def test_cut_inside_a_character(refusal: Callable[..., tuple[str, str]], row: str) -> None:
    data = f"{HEAD}\n{row}\n{row}é".encode()[:-1]
    assert refusal(data)[0] == "cut_short"


@pytest.mark.parametrize("end", ["", "\n", "\r\n", "\n\n\n"])
def test_a_file_without_a_last_line_end_is_whole(
    gp_book: Make, take: Take, tmp_path: Path, counts: Counts, row: str, end: str
) -> None:
    other = row.replace("GP", "Nurse")
    (tmp_path / "gp.csv").write_bytes(f"{HEAD}\n{row}\n{other}{end}".encode())
    assert counts(take(gp_book())) == {"gp.csv": (2, 2, 0, 0)}


def test_a_short_last_row_that_is_ended_is_that_rows_fault_alone(
    gp_book: Make, take: Take, tmp_path: Path, counts: Counts, row: str
) -> None:
    (tmp_path / "gp.csv").write_text(f"{HEAD}\n{row}\n{row.rpartition(',')[0]}\n")
    assert counts(take(gp_book())) == {"gp.csv": (2, 1, 1, 0)}


@pytest.mark.parametrize("last", ["", "Ye"])
def test_a_cut_that_leaves_a_full_row_shows_in_its_last_cell(
    refusal: Callable[..., tuple[str, str]], row: str, number: Number, last: str
) -> None:
    rule, reason = refusal(f"{HEAD}\n{row}\n{number(1)},01/04/2019,GP,Phone,{last}".encode())
    assert rule == "cut_short"
    assert "row 3" in reason


@pytest.mark.parametrize(
    "last", ["01/04/2019,GP,Phone,N", "31/02/2019,GP,Phone,N", "01/04/2019,GP,Phone,Ye\n"]
)
def test_otherwise_the_rows_own_rules_decide(
    gp_book: Make, take: Take, tmp_path: Path, row: str, number: Number, last: str
) -> None:
    (tmp_path / "gp.csv").write_text(f"{HEAD}\n{row}\n{number(1)},{last}")
    assert take(gp_book()).delivery["status"].to_list() == ["current"]


def test_a_number_in_a_file_name_is_not_written_down(
    gp_book: Make, take: Take, csv_file: Write, number: Number
) -> None:
    csv_file(f"client {number(0)}.csv", [["a"]])
    csv_file(f"~$client {number(0)}.xlsx", [["a"]])
    taken = take(gp_book())
    assert number(0) not in str(taken.delivery.to_dicts()) + str(taken.rejection.to_dicts())
    assert number(0) not in str(taken.notices)
    assert "client ##########.csv" in taken.delivery["file"].to_list()


@pytest.mark.parametrize("share", [0.2, 0.6, 0.95])
def test_a_workbook_cut_short(
    gp_book: Make, take: Take, workbook: Write, number: Number, share: float
) -> None:
    path = workbook("b.xlsx", Book=[["NHS", "Date", "Who", "How", "Came"]] * 300)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    taken = take(gp_book(file="b.xlsx", sheet="Book"))
    assert taken.rejection["rule"].to_list() == ["cut_short"]


@pytest.mark.parametrize("data", [b"PK is how it starts", b"\xd0\xcf\x11\xe0" * 99, b"NHS,Date\n"])
def test_not_a_workbook(gp_book: Make, take: Take, tmp_path: Path, data: bytes) -> None:
    (tmp_path / "b.xlsx").write_bytes(data)
    (rule,) = take(gp_book(file="b.xlsx", sheet="Book")).rejection["rule"].to_list()
    assert rule in {"unreadable", "cut_short"}


def test_sheet_missing(gp_book: Make, take: Take, workbook: Write) -> None:
    workbook("b.xlsx", **{"Book (2)": [["NHS"]]})
    taken = take(gp_book(file="b.xlsx", sheet="Book"))
    ((sheet, rule, reason),) = taken.rejection.select("sheet", "rule", "reason").rows()
    assert (sheet, rule) == ("Book", "sheet_missing")
    assert "'Book (2)' may be it" in reason


def test_missing(gp_book: Make, take: Take) -> None:
    taken = take(gp_book())
    assert taken.rejection.select("file", "row_number", "rule").rows() == [
        ("gp.csv", None, "missing")
    ]
    ((status, sha256, delivery_id),) = taken.delivery.select(
        "status", "sha256", "delivery_id"
    ).rows()
    assert (status, sha256) == ("missing", None)
    assert delivery_id == "testshire/2019-04/gp.csv@missing"


def test_a_file_nobody_speaks_of_is_told(
    gp_book: Make, take: Take, csv_file: Write, row: str
) -> None:
    csv_file("gp.csv", [HEAD.split(","), row.split(",")])
    csv_file("notes.csv", [["a"], ["b"]])
    taken = take(gp_book())
    assert taken.rejection.select("file", "rule").rows() == [("notes.csv", "unreadable")]
    assert dict(taken.delivery.select("file", "status").iter_rows()) == {
        "gp.csv": "current",
        "notes.csv": "refused",
    }


def test_a_misnamed_file_is_told_by_its_columns(
    gp_book: Make, take: Take, csv_file: Write, row: str
) -> None:
    csv_file("gp_copy.csv", [HEAD.split(","), row.split(",")])
    told = dict(take(gp_book()).rejection.select("file", "reason").iter_rows())
    assert "its columns are those of 'gp.csv'" in told["gp_copy.csv"]


@pytest.mark.parametrize("name", [".DS_Store", "~$VAR.xlsx", "Thumbs.db"])
def test_litter_is_passed_over_with_a_word(
    gp_book: Make, take: Take, csv_file: Write, row: str, name: str
) -> None:
    csv_file("gp.csv", [HEAD.split(","), row.split(",")])
    csv_file(name, [["x"]])
    taken = take(gp_book())
    assert taken.rejection.height == 0
    assert any(name in notice for notice in taken.notices)


def test_a_column_nobody_speaks_of_is_told(
    gp_book: Make, take: Take, csv_file: Write, row: str, counts: Counts
) -> None:
    csv_file("gp.csv", [[*HEAD.split(","), "Room", ""], [*row.split(","), "4", "stray"]])
    taken = take(gp_book())
    assert counts(taken) == {"gp.csv": (1, 1, 0, 0)}
    assert any("'Room' is not in the mapping" in notice for notice in taken.notices)
    assert any("column 7 has no agreed heading" in notice for notice in taken.notices)


def test_another_separator_or_encoding_is_read_and_told(
    gp_book: Make, take: Take, csv_file: Write, row: str, counts: Counts
) -> None:
    head = [*HEAD.split(","), "Café"]
    csv_file("gp.csv", [head, [*row.split(","), "é"]], delimiter=";", encoding="cp1252")
    taken = take(gp_book(drop={"Café": "not needed"}))
    assert counts(taken) == {"gp.csv": (1, 1, 0, 0)}
    assert len(taken.notices) == 2


@pytest.mark.parametrize("held", [1 << 16, 1])
def test_wrong_scheme_by_the_codes_of_most_rows(
    gp_book: Make,
    take: Take,
    csv_file: Write,
    row: str,
    counts: Counts,
    monkeypatch: pytest.MonkeyPatch,
    held: int,
) -> None:
    monkeypatch.setattr(source, "_MOST_TEXTS", held)
    made = gp_book(
        columns={"practice_code": {"from": "Practice"}}, belongs={"Practice": "C87[0-9]{3}"}
    )
    head, cells = [*HEAD.split(","), "Practice"], row.split(",")
    csv_file("gp.csv", [head, [*cells, "C87001"], [*cells, "L84001"], [*cells, "L84002"]])
    taken = take(made)
    assert taken.rejection.select("rule", "row_number").rows() == [("wrong_scheme", None)]
    assert counts(taken) == {"gp.csv": (3, 0, 3, 0)}
    csv_file("gp.csv", [head, [*cells, "C87001"], [*cells, "C87002"], [*cells, "L84002"]])
    assert counts(take(made)) == {"gp.csv": (3, 3, 0, 0)}


GLOUCESTERSHIRE_REGISTER = (
    "NHS Number,Practice,Date registered,Date left,Reason left,Month of birth,Gender,LSOA,"
    "IMD quintile,Number of LTCs,Ethnicity\n"
)


@pytest.mark.parametrize("name", ["GP_REGISTER.csv", "registered_list.csv", "list.csv"])
def test_wrong_scheme_by_name_or_header(take: Take, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(GLOUCESTERSHIRE_REGISTER)
    taken = take(load_mapping("rotherham"))
    ((rule, reason),) = taken.rejection.filter(file=name).select("rule", "reason").rows()
    assert rule == "wrong_scheme"
    assert "another scheme" in reason


def test_wrong_scheme_by_the_practice_in_the_path(take: Take, csv_file: Write, row: str) -> None:
    header = ["NHS number", "Date", "Type", "Clinician", "Attended"]
    csv_file("practice_activity/C87001.csv", [header])
    taken = take(load_mapping("gloucestershire"))
    told = dict(taken.rejection.select("file", "rule").iter_rows())
    assert told["practice_activity/C87001.csv"] == "wrong_scheme"


def test_an_empty_folder_misses_every_file_once(take: Take) -> None:
    taken = take(load_mapping("rotherham"))
    assert sorted(taken.delivery["file"].to_list()) == [
        "GP_EVENTS.csv",
        "GP_REGISTER.csv",
        "SUS_AE.csv",
        "SUS_APC.csv",
        "SUS_OP.csv",
        "VAR_SPS_*.xlsx",
    ]
    assert set(taken.delivery["status"].to_list()) == {"missing"}
    assert taken.accepted == {}
    assert taken.declared_coverage.height == 0


def test_a_file_can_be_checked_by_itself(take: Take, csv_file: Write, number: Number) -> None:
    header = ["NHS number", "Date", "Type", "Clinician", "Attended"]
    path = csv_file("L84003.csv", [header, [number(0), "01/04/2018", "Surgery", "GP", "Y"]])
    taken = take(load_mapping("gloucestershire"), folder=path)
    assert taken.delivery.select("file", "status", "rows_accepted").rows() == [
        ("L84003.csv", "current", 1)
    ]
    assert taken.accepted["gp_contact"]["practice_code"].to_list() == ["L84003"]


def test_every_rule_for_files_is_tested_here() -> None:
    tested = {
        "unreadable",
        "empty_file",
        "header_missing",
        "column_missing",
        "sheet_missing",
        "wrong_scheme",
        "cut_short",
        "missing",
    }
    elsewhere = {
        "brake",
        "reply_unknown",
        "reply_outdated",
        "sent_twice",
    }  # these have their own tests
    assert rule_names("file") == tested | elsewhere
