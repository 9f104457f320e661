"""A reply that comes back corrected: exactly the corrected rows are released, and traced."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from zipfile import ZipFile

import polars as pl
import pytest

from sp_eval.contracts.scheme_mapping import SchemeMapping
from sp_eval.ingest.reply import write_reply
from sp_eval.ingest.taken import TakenIn
from sp_eval_tests.support.reply_edit import (
    PART,
    Sheets,
    correct_two,
    read_sheets,
    send_back,
)

Make = Callable[..., SchemeMapping]
Take = Callable[..., TakenIn]
Write = Callable[..., Path]
Number = Callable[[int], str]
Counts = Callable[[TakenIn], dict[str, tuple[int, int, int, int]]]
HEAD = ["NHS", "Date", "Who", "How", "Came"]
REPLY = f"replies/r1.xlsx#{PART}"


def fates(taken: TakenIn) -> list[tuple[int, int | None, str]]:
    return taken.resubmission.select("reply_row", "row_number", "fate").rows()


def test_what_is_sent_out_holds_the_refused_rows_whole(
    sent: tuple[SchemeMapping, Path], tmp_path: Path, number: Number
) -> None:
    sheets = read_sheets(tmp_path / "reply.xlsx")
    assert sheets[PART][0] == ["Row", "What is wrong, and what to do", *HEAD]
    assert [[row[0], *row[2:]] for row in sheets[PART][1:]] == [
        ["3", number(1), "31/02/2019", "GP", "Phone", "Y"],
        ["4", number(2), "02/04/2019", "Vicar", "Phone", "Y"],
        ["5", number(3), "02/13/2019", "Vicar", "Phone", "Y"],
        ["7", number(4), "03/04/2019", "GP", "", ""],
    ]


def test_exactly_the_corrected_rows_are_released(
    sent: tuple[SchemeMapping, Path], take: Take, counts: Counts, tmp_path: Path
) -> None:
    made, folder = sent
    before = take(made, folder=folder)
    send_back(tmp_path / "reply.xlsx", folder / "replies/r1.xlsx", correct_two)
    taken = take(made, folder=folder)
    assert counts(taken) == {"gp.csv": (6, 1, 4, 1), REPLY: (4, 2, 0, 2)}
    assert fates(taken) == [(2, 3, "released"), (3, 4, "released"),
                            (4, 5, "unchanged"), (5, 7, "unchanged")]  # fmt: skip
    assert set(taken.resubmission["delivery_id"]) == set(
        before.delivery.filter(file="gp.csv")["delivery_id"]
    )
    got = taken.accepted["gp_contact"]
    assert got.select("source_file", "source_row", "staff").rows() == [
        ("gp.csv", 2, "gp"), ("gp.csv", 3, "gp"), ("gp.csv", 4, "nurse"),
    ]  # fmt: skip
    assert got["contact_date"][1].isoformat() == "2019-02-28"
    assert got["delivery_id"].n_unique() == 1
    assert set(got["person_key"]).isdisjoint(set(before.accepted["gp_contact"]["staff"]))
    # what stands: the rows not corrected, told once, where they were told before
    places = taken.rejection.select("file", "row_number").unique().sort("file", "row_number")
    assert places.rows() == [("gp.csv", 5), ("gp.csv", 7)]
    assert [(item.file) for item in taken.quarantine] == ["gp.csv"]


def test_every_row_of_file_and_reply_is_accounted_for_once(
    sent: tuple[SchemeMapping, Path], take: Take, tmp_path: Path
) -> None:
    made, folder = sent
    send_back(tmp_path / "reply.xlsx", folder / "replies/r1.xlsx", correct_two)
    taken = take(made, folder=folder)
    counted = taken.delivery.select(pl.col("^rows_.*$").sum()).row(0)
    assert counted == (10, 3, 4, 3)
    assert taken.accepted["gp_contact"].height == counted[1]
    released = taken.resubmission.filter(fate="released").height
    standing = taken.rejection.filter(file="gp.csv")["row_number"].n_unique()
    assert released + standing == 4  # each refused row of the file: corrected, or refused still


def test_a_row_of_the_wrong_width_can_be_put_right(
    sent: tuple[SchemeMapping, Path], take: Take, tmp_path: Path
) -> None:
    made, folder = sent

    def fill(sheets: Sheets) -> None:
        sheets[PART] = [sheets[PART][0], sheets[PART][4]]
        sheets[PART][1][5:] = ["Phone", "Y"]

    send_back(tmp_path / "reply.xlsx", folder / "replies/r1.xlsx", fill)
    assert fates(take(made, folder=folder)) == [(2, 7, "released")]


def test_rows_sorted_left_out_and_dates_that_excel_made_true(
    sent: tuple[SchemeMapping, Path], take: Take, tmp_path: Path
) -> None:
    made, folder = sent

    def turn(sheets: Sheets) -> None:
        head, three, four, five, _ = sheets[PART]
        three[3] = "2019-02-28 00:00:00"
        five[3:5] = ["03/04/2019", "GP"]
        sheets[PART] = [head, five, ["", "", "", "", "", "", ""], three]
        del four

    send_back(tmp_path / "reply.xlsx", folder / "replies/r1.xlsx", turn)
    taken = take(made, folder=folder)
    assert fates(taken) == [(2, 5, "released"), (4, 3, "released")]
    assert taken.accepted["gp_contact"].sort("source_row")["contact_date"].cast(
        pl.String
    ).to_list() == ["2019-04-01", "2019-02-28", "2019-04-03"]


@pytest.mark.parametrize(
    ("row", "changes", "rule"),
    [
        (2, {0: "2"}, "reply_row_unknown"),  # a row that is in use
        (2, {0: "6"}, "reply_row_unknown"),  # a row that repeats another
        (2, {0: "99"}, "reply_row_unknown"),
        (2, {0: "3.5"}, "reply_row_unknown"),
        (2, {0: ""}, "reply_row_unknown"),
        (2, {2: "9990000131", 3: "28/02/2019"}, "reply_row_altered"),  # another person
        (2, {6: "N", 3: "28/02/2019"}, "reply_row_altered"),
        (2, {3: "29/02/2019"}, "date_impossible"),
        (2, {3: "28/02/2027"}, "date_future"),
    ],
)
def test_what_is_no_correction_is_refused_with_its_reason(
    sent: tuple[SchemeMapping, Path],
    take: Take,
    counts: Counts,
    tmp_path: Path,
    row: int,
    changes: dict[int, str],
    rule: str,
) -> None:
    made, folder = sent

    def spoil(sheets: Sheets) -> None:
        for column, text in changes.items():
            sheets[PART][row - 1][column] = text

    send_back(tmp_path / "reply.xlsx", folder / "replies/r1.xlsx", spoil)
    taken = take(made, folder=folder)
    told = taken.rejection.filter(file="replies/r1.xlsx", row_number=row)
    assert told["rule"].to_list() == [rule]
    assert counts(taken) == {"gp.csv": (6, 1, 4, 1), REPLY: (4, 0, 1, 3)}
    assert taken.accepted["gp_contact"].height == 1


def test_two_rows_that_claim_one_place_are_both_refused(
    sent: tuple[SchemeMapping, Path], take: Take, counts: Counts, tmp_path: Path
) -> None:
    made, folder = sent

    def claim(sheets: Sheets) -> None:
        correct_two(sheets)
        sheets[PART][1][0] = "4"

    send_back(tmp_path / "reply.xlsx", folder / "replies/r1.xlsx", claim)
    taken = take(made, folder=folder)
    told = taken.rejection.filter(file="replies/r1.xlsx")
    assert told["rule"].to_list() == ["reply_row_answered"] * 2
    assert counts(taken)[REPLY] == (4, 0, 2, 2)


def test_a_corrected_row_that_is_there_already_is_repeated(
    sent: tuple[SchemeMapping, Path], take: Take, csv_file: Write, number: Number, tmp_path: Path
) -> None:
    made, folder = sent
    rows = [
        [number(1), "28/02/2019", "GP", "Phone", "Y"],
        [number(1), "31/02/2019", "GP", "Phone", "Y"],
        [number(1), "30/02/2019", "GP", "Phone", "Y"],
    ]
    csv_file("month/gp.csv", [HEAD, *rows])
    write_reply(take(made, folder=folder), tmp_path / "reply.xlsx", with_values=True)

    def same(sheets: Sheets) -> None:
        sheets[PART][1][3] = "28/02/2019"
        sheets[PART][2][3] = "27/02/2019"

    send_back(tmp_path / "reply.xlsx", folder / "replies/r1.xlsx", same)
    taken = take(made, folder=folder)
    assert fates(taken) == [(2, 3, "repeated"), (3, 4, "released")]
    assert taken.accepted["gp_contact"].height == 2


def test_a_second_reply_may_correct_what_the_first_left(
    sent: tuple[SchemeMapping, Path], take: Take, counts: Counts, tmp_path: Path
) -> None:
    made, folder = sent
    send_back(tmp_path / "reply.xlsx", folder / "replies/r1.xlsx", correct_two)

    def again(sheets: Sheets) -> None:
        correct_two(sheets)
        sheets[PART][2][4] = "GP"  # said otherwise than before
        sheets[PART][3][3:5] = ["02/03/2019", "GP"]

    send_back(tmp_path / "reply.xlsx", folder / "replies/r2.xlsx", again)
    taken = take(made, folder=folder)
    assert counts(taken)[f"replies/r2.xlsx#{PART}"] == (4, 1, 1, 2)
    second = taken.resubmission.filter(reply_file="replies/r2.xlsx")
    assert second.select("row_number", "fate").rows() == [
        (3, "repeated"), (4, "refused"), (5, "released"), (7, "unchanged"),
    ]  # fmt: skip
    told = taken.rejection.filter(file="replies/r2.xlsx", row_number=3)
    assert told["rule"].to_list() == ["reply_row_answered"]
    assert taken.accepted["gp_contact"]["source_row"].to_list() == [2, 3, 4, 5]
    assert taken.accepted["gp_contact"].filter(source_row=4)["staff"].to_list() == ["nurse"]


def test_a_second_reply_need_not_repeat_the_first(
    sent: tuple[SchemeMapping, Path], take: Take, counts: Counts, tmp_path: Path
) -> None:
    made, folder = sent
    send_back(tmp_path / "reply.xlsx", folder / "replies/r1.xlsx", correct_two)

    def third(sheets: Sheets) -> None:  # in a fresh copy, where rows 3 and 4 are as wrong as ever
        sheets[PART][3][3:5] = ["02/03/2019", "GP"]

    send_back(tmp_path / "reply.xlsx", folder / "replies/r2.xlsx", third)
    taken = take(made, folder=folder)
    assert counts(taken)[f"replies/r2.xlsx#{PART}"] == (4, 1, 0, 3)
    assert taken.rejection.filter(file="replies/r2.xlsx").is_empty()
    assert taken.accepted["gp_contact"]["source_row"].to_list() == [2, 3, 4, 5]


def test_the_brake_lets_go_when_enough_is_corrected(
    sent: tuple[SchemeMapping, Path], take: Take, tmp_path: Path
) -> None:
    made, folder = sent
    strict = made.model_copy(update={"brake": made.brake.model_copy(update={"refused_share": 0.4})})
    assert take(strict, folder=folder).stopped
    send_back(tmp_path / "reply.xlsx", folder / "replies/r1.xlsx", correct_two)
    assert take(strict, folder=folder).stopped is None


def test_a_workbook_answered_sheet_by_sheet(
    gp_book: Make, take: Take, workbook: Write, number: Number, tmp_path: Path
) -> None:
    made = gp_book(
        file="b.xlsx", sheet="Book", columns={"contact_date": {"from": "Date", "parse": "excel"}}
    )
    day = datetime(2019, 4, 1, tzinfo=UTC).replace(tzinfo=None)
    rows = [HEAD, [number(0), day, "GP", "Phone", "Y"], [number(1), day, "Vicar", "Phone", "Y"],
            [number(2), "31/02/2019", "GP", "Phone", "Y"]]  # fmt: skip
    (tmp_path / "month").mkdir()
    workbook("month/b.xlsx", Book=rows)
    write_reply(take(made, folder=tmp_path / "month"), tmp_path / "reply.xlsx", with_values=True)

    def mend(sheets: Sheets) -> None:
        sheets["1 Book"][1][4] = "Nurse"
        sheets["1 Book"][2][3] = "28/02/2019"

    send_back(tmp_path / "reply.xlsx", tmp_path / "month" / "b2.xlsx", mend)
    taken = take(made, folder=tmp_path / "month")
    assert fates(taken) == [(2, 3, "released"), (3, 4, "released")]
    assert taken.accepted["gp_contact"]["source_row"].to_list() == [2, 3, 4]
    assert taken.rejection.is_empty()


def test_long_sentences_are_seen_whole_in_any_spreadsheet_program(
    sent: tuple[SchemeMapping, Path], tmp_path: Path
) -> None:
    assert sent
    with ZipFile(tmp_path / "reply.xlsx") as parts:
        summary = parts.read("xl/worksheets/sheet1.xml").decode()
        to_correct = parts.read("xl/worksheets/sheet3.xml").decode()
    (high,) = re.findall(r'<row r="1"[^>]* ht="([0-9]+)" customHeight="1"', summary)
    assert int(high) >= 4 * 15  # what to do with the copy that holds values: 230 letters in 60
    assert '<col min="2" max="2" width="60.' in to_correct  # what is wrong, beside the row
