"""A reply that is not what was sent out, or lies where it does not belong: told, never used."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl

from sp_eval.contracts.scheme_mapping import SchemeMapping
from sp_eval.ingest.reply import write_reply
from sp_eval.ingest.taken import TakenIn
from sp_eval_tests.support.reply_edit import (
    PART,
    Sheets,
    correct_two,
    read_sheets,
    save_sheets,
    send_back,
)

Make = Callable[..., SchemeMapping]
Take = Callable[..., TakenIn]
Write = Callable[..., Path]
Number = Callable[[int], str]
Counts = Callable[[TakenIn], dict[str, tuple[int, int, int, int]]]
HEAD = ["NHS", "Date", "Who", "How", "Came"]
REPLY = f"replies/r1.xlsx#{PART}"


def test_a_sheet_that_was_given_another_name_is_told(
    sent: tuple[SchemeMapping, Path], take: Take, counts: Counts, tmp_path: Path, number: Number
) -> None:
    made, folder = sent

    def rename(sheets: Sheets) -> None:
        correct_two(sheets)
        sheets[f"my rows {number(0)}"] = sheets.pop(PART)
        sheets["Notes"] = [["Row", "mine"], ["1", "2"]]

    send_back(tmp_path / "reply.xlsx", folder / "replies/r1.xlsx", rename)
    taken = take(made, folder=folder)
    told = taken.rejection.filter(file="replies/r1.xlsx")
    assert told["rule"].to_list() == ["reply_unknown"]
    assert "Name it as it was" in told["reason"][0]
    assert taken.delivery.filter(file="replies/r1.xlsx")["rows_in"].to_list() == [4]
    assert number(0) not in str(taken.delivery.rows()) + str(taken.rejection.rows())


def test_a_reply_that_lost_its_mark_is_told_as_one(
    sent: tuple[SchemeMapping, Path], take: Take, tmp_path: Path
) -> None:
    made, folder = sent
    send_back(tmp_path / "reply.xlsx", folder / "replies/r1.xlsx", lambda s: s.pop("sp_eval"))
    told = take(made, folder=folder).rejection.filter(file="replies/r1.xlsx")
    assert told["rule"].to_list() == ["reply_unknown"]
    assert "not known again as a reply" in told["reason"][0]


def test_a_reply_to_a_file_that_came_again_is_told_and_not_used(
    sent: tuple[SchemeMapping, Path], take: Take, tmp_path: Path
) -> None:
    made, folder = sent
    send_back(tmp_path / "reply.xlsx", folder / "replies/r1.xlsx", correct_two)
    path = folder / "gp.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("31/02/2019", "27/02/2019"))
    taken = take(made, folder=folder)
    row = taken.delivery.filter(file="replies/r1.xlsx").row(0, named=True)
    new = taken.delivery.filter(file="gp.csv").row(0, named=True)
    assert (row["status"], row["superseded_by"]) == ("superseded", new["delivery_id"])
    assert (row["rows_in"], row["rows_quarantined"]) == (4, 4)
    assert taken.rejection.filter(rule="reply_outdated")["row_number"].to_list() == [None]
    assert any("has been sent again since" in notice for notice in taken.notices)
    assert taken.accepted["gp_contact"]["contact_date"].cast(pl.String).to_list() == [
        "2019-04-01", "2019-02-27",
    ]  # fmt: skip


def test_replies_that_lie_in_the_wrong_place(
    sent: tuple[SchemeMapping, Path], take: Take, tmp_path: Path
) -> None:
    made, folder = sent
    send_back(tmp_path / "reply.xlsx", folder / "replies/r1.xlsx", correct_two)
    other = take(made, folder=folder, month="2019-05")
    assert other.rejection.filter(file="replies/r1.xlsx")["rule"].to_list() == ["reply_unknown"]
    assert "another month" in other.rejection.filter(file="replies/r1.xlsx")["reason"][0]
    strange = made.model_copy(update={"scheme_code": "othershire"})
    taken = take(strange, folder=folder)
    assert taken.rejection.filter(file="replies/r1.xlsx")["rule"].to_list() == ["wrong_scheme"]
    (folder / "gp.csv").unlink()
    gone = take(made, folder=folder)
    assert gone.rejection.filter(file="replies/r1.xlsx")["rule"].to_list() == ["reply_unknown"]
    assert gone.delivery.filter(file="replies/r1.xlsx")["rows_in"].to_list() == [4]


def test_a_reply_without_values_cannot_be_corrected(
    sent: tuple[SchemeMapping, Path], take: Take, tmp_path: Path
) -> None:
    made, folder = sent
    (folder / "replies").mkdir()
    write_reply(take(made, folder=folder), folder / "replies" / "plain.xlsx")
    taken = take(made, folder=folder)
    (reason,) = taken.rejection.filter(file="replies/plain.xlsx")["reason"]
    assert "holds no values" in reason
    assert "send the whole file again" in reason


def test_a_reply_whose_columns_were_changed_is_refused_whole(
    sent: tuple[SchemeMapping, Path], take: Take, counts: Counts, tmp_path: Path
) -> None:
    made, folder = sent

    def spoil(sheets: Sheets) -> None:
        for row in sheets[PART]:
            del row[3]

    send_back(tmp_path / "reply.xlsx", folder / "replies/r1.xlsx", spoil)
    taken = take(made, folder=folder)
    assert taken.rejection.filter(file="replies/r1.xlsx")["rule"].to_list() == ["column_missing"]
    assert counts(taken)[REPLY] == (4, 0, 4, 0)


def test_what_a_mark_claims_is_not_believed(
    sent: tuple[SchemeMapping, Path], take: Take, tmp_path: Path, number: Number
) -> None:
    made, folder = sent
    sheets = read_sheets(tmp_path / "reply.xlsx")
    mark = sheets["sp_eval"]
    mark[2][2] = f"../{number(0)}.csv"
    mark.append(["rows", "no such sheet", "gp.csv", "", mark[2][4]])
    mark.append(["rows", "Summary", "gp.csv", "", mark[2][4]])
    save_sheets(folder / "replies/r1.xlsx", sheets)
    taken = take(made, folder=folder)
    assert taken.resubmission.is_empty()
    assert taken.rejection.filter(file="replies/r1.xlsx")["rule"].to_list() == [
        "reply_unknown", "column_missing",
    ]  # fmt: skip
    assert number(0) not in str(taken.rejection.rows()) + str(taken.notices)
