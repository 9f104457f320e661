"""One file under two names, in two months, or not yet whole: told, and never counted twice."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import pytest

from sp_eval.contracts.scheme_mapping import SchemeMapping
from sp_eval.ingest import text_file
from sp_eval.ingest.taken import TakenIn

Make = Callable[..., SchemeMapping]
Take = Callable[..., TakenIn]
Write = Callable[..., Path]
Number = Callable[[int], str]
HEAD = ["NHS", "Date", "Who", "How", "Came"]
BY_PRACTICE = {"practice_code": {"from_path": "practice"}}


@pytest.fixture
def rows(number: Number) -> list[list[str]]:
    return [HEAD, *([number(n), f"0{n + 1}/04/2019", "GP", "Phone", "Y"] for n in range(3))]


def test_the_same_bytes_under_two_names_count_once(
    gp_book: Make, take: Take, csv_file: Write, rows: list[list[str]]
) -> None:
    for name in ("gp/C00001.csv", "gp/C00002.csv"):
        csv_file(name, rows)
    taken = take(gp_book(file="gp/{practice}.csv", columns=BY_PRACTICE))
    assert taken.accepted["gp_contact"]["practice_code"].to_list() == ["C00001"] * 3
    (told,) = taken.rejection.rows(named=True)
    assert (told["file"], told["rule"]) == ("gp/C00002.csv", "sent_twice")
    assert "same rows as gp/C00001.csv" in told["reason"]
    assert taken.delivery["rows_quarantined"].to_list() == [0, 3]


def test_so_do_the_same_rows_saved_otherwise(
    gp_book: Make, take: Take, csv_file: Write, rows: list[list[str]]
) -> None:
    csv_file("gp_a.csv", rows)
    csv_file("gp_b.csv", [rows[0], *reversed(rows[1:])], end="\r\n")
    taken = take(gp_book(file="gp_*.csv"))
    assert taken.stopped is None  # not rivals: there is nothing to choose between
    assert taken.accepted["gp_contact"].height == 3
    csv_file("gp_b.csv", rows[:3])
    assert take(gp_book(file="gp_*.csv")).stopped


def test_a_copy_under_a_name_nobody_agreed_on_is_told_as_a_copy(
    gp_book: Make, take: Take, csv_file: Write, rows: list[list[str]]
) -> None:
    for name in ("gp.csv", "gp copy.csv"):
        csv_file(name, rows)
    csv_file("gp old.csv", rows[:3])
    taken = take(gp_book(file="gp.csv"))
    told = {row["file"]: (row["rule"], row["reason"]) for row in taken.rejection.rows(named=True)}
    assert told["gp copy.csv"][0] == "sent_twice"
    assert "It is the same file as gp.csv" in told["gp copy.csv"][1]
    assert told["gp old.csv"][0] == "unreadable"
    assert taken.delivery.filter(file="gp copy.csv")["rows_quarantined"].to_list() == [3]


def test_files_that_differ_or_are_empty_are_left_alone(
    gp_book: Make, take: Take, csv_file: Write, rows: list[list[str]]
) -> None:
    csv_file("gp/C00001.csv", rows[:1])
    csv_file("gp/C00002.csv", rows[:1])
    csv_file("gp/C00003.csv", rows[:3])
    csv_file("gp/C00004.csv", rows[1:] and [rows[0], *rows[2:]])
    taken = take(gp_book(file="gp/{practice}.csv", columns=BY_PRACTICE))
    assert taken.rejection.is_empty()


@pytest.mark.parametrize(("supply", "used"), [("increment", 0), ("snapshot", 3)])
def test_the_same_file_in_an_earlier_month(
    gp_book: Make, take: Take, csv_file: Write, rows: list[list[str]], supply: str, used: int
) -> None:
    csv_file("gp.csv", rows)
    made = gp_book(supply=supply)
    (digest,) = take(made).delivery["sha256"]
    taken = take(made, sent_before={digest: "2019-03 as gp.csv"})
    frame = taken.accepted.get("gp_contact")
    assert (0 if frame is None else frame.height) == used
    told = " ".join([*taken.notices, *taken.rejection["reason"]])
    assert "came in 2019-03 as gp.csv" in told


def test_a_file_that_is_still_written_is_refused(
    gp_book: Make,
    take: Take,
    csv_file: Write,
    rows: list[list[str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = csv_file("gp.csv", rows)
    survey = text_file._survey

    def grows(file: BinaryIO) -> object:
        told = survey(file)
        with path.open("ab") as more:
            more.write(b"9")
        return told

    monkeypatch.setattr(text_file, "_survey", grows)
    taken = take(gp_book())
    assert taken.rejection["rule"].to_list() == ["cut_short"]
    assert "still being written" in taken.rejection["reason"][0]
    monkeypatch.undo()
    path.rename(path.with_name("gp.csv.part"))
    assert "still being copied" in " ".join(take(gp_book()).rejection["reason"])
