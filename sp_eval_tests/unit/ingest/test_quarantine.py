"""The restricted workbook, and the reply that holds no value."""

from __future__ import annotations

import stat
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import fastexcel
import pytest

from sp_eval.contracts.scheme_mapping import SchemeMapping
from sp_eval.ingest.quarantine import write_quarantine
from sp_eval.ingest.reply import replace_reply, write_reply
from sp_eval.ingest.taken import TakenIn

Make = Callable[..., SchemeMapping]
Write = Callable[..., Path]
Number = Callable[[int], str]
ABSENT = {"absent": "not supplied"}


def text_of(path: Path) -> dict[str, list[tuple[str | None, ...]]]:
    book = fastexcel.read_excel(path)
    return {
        name: book.load_sheet(name, header_row=None, dtypes="string").to_polars().rows()
        for name in book.sheet_names
    }


@pytest.fixture
def taken(mapping: Make, take: Callable[..., TakenIn], csv_file: Write, number: Number) -> TakenIn:
    optional = [
        "practice_code",
        "route",
        "primary_need",
        "secondary_needs",
        "outcome",
        "first_contact_date",
        "closed_date",
        "closure_reason",
        "is_carer",
        "has_consent",
    ]
    made = mapping(
        referrals={
            "contract": "referral",
            "file": "r.csv",
            "identifier": "NHS",
            "reference": "Ref",
            "columns": {
                "referral_id": {"from": "Ref"},
                "person_key": {"from": "NHS"},
                "referral_date": {"from": "Date", "parse": "date"},
                **dict.fromkeys(optional, ABSENT),
            },
            "drop": {"Name": "identifies the person"},
        }
    )
    rows = [
        ["R1", "Ann Other", number(0), "01/06/2017"],
        ["R2", "Bob Other", number(1), "31/02/2017"],
        [number(2), "Cy Other", number(2), "=cmd()"],
    ]
    csv_file("r.csv", [["Ref", "Name", "NHS", "Date"], *rows])
    return take(made)


def test_refused_rows_with_their_raw_cells(taken: TakenIn, tmp_path: Path, number: Number) -> None:
    path = write_quarantine(taken, tmp_path / "quarantine")
    assert path is not None
    (name, rows), *others = text_of(path).items()
    assert (name, others) == ("referrals", [])
    assert [(row[0], row[2], *row[4:]) for row in rows[1:]] == [
        ("r.csv", "3", "R2", "Bob Other", number(1), "31/02/2017"),
        ("r.csv", "4", number(2), "Cy Other", number(2), "=cmd()"),
    ]
    assert "Date: The date does not exist" in str(rows[1][3])


def test_only_its_owner_may_read_it(taken: TakenIn, tmp_path: Path) -> None:
    folder = tmp_path / "quarantine"
    folder.mkdir(mode=0o755)
    path = write_quarantine(taken, folder)
    assert path is not None
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert [file.name for file in folder.iterdir()] == [path.name]


def test_when_nothing_is_refused_any_more_the_old_workbook_goes(
    taken: TakenIn, gp_book: Make, take: Callable[..., TakenIn], tmp_path: Path
) -> None:
    folder = tmp_path / "quarantine"
    old = write_quarantine(taken, folder)
    assert old is not None
    empty = tmp_path / "empty"
    empty.mkdir()
    assert write_quarantine(take(gp_book(), folder=empty), folder) is None
    assert list(folder.iterdir()) == []


def test_a_file_that_has_changed_since_is_not_shown(taken: TakenIn, tmp_path: Path) -> None:
    (tmp_path / "r.csv").write_text("Ref,Name,NHS,Date\nX,Y,Z,W\nX,Y,Z,V\n")
    path = write_quarantine(taken, tmp_path / "quarantine")
    assert path is not None
    ((row,),) = text_of(path).values()
    assert "has changed" in str(row)


def test_the_reply_holds_no_value_and_no_rule_name(
    taken: TakenIn, tmp_path: Path, number: Number
) -> None:
    write_reply(taken, tmp_path / "reply.xlsx")
    sheets = text_of(tmp_path / "reply.xlsx")
    rows = [tuple(cell or "" for cell in row[:5]) for row in sheets["Rows"][1:]]
    # where somebody typed the NHS number as the reference, none is given back
    assert rows == [
        ("R2", "r.csv", "", "3", "Date"),
        ("", "r.csv", "", "4", "Date"),
    ]
    everything = str(sheets)
    for cell in ("Other", number(1), number(2), "31/02/2017", "=cmd()", "date_impossible"):
        assert cell not in everything


def test_a_copy_with_values_says_so(taken: TakenIn, tmp_path: Path) -> None:
    write_reply(taken, tmp_path / "reply.xlsx", with_values=True)
    sheets = text_of(tmp_path / "reply.xlsx")
    assert "HOLDS VALUES" in str(sheets["Summary"][0])
    assert [row[-1] for row in sheets["Rows"]] == ["Value", "31/02/2017", "=cmd()"]


def test_the_summary_counts_and_groups(taken: TakenIn, tmp_path: Path) -> None:
    write_reply(taken, tmp_path / "reply.xlsx")
    summary: list[Any] = text_of(tmp_path / "reply.xlsx")["Summary"]
    assert "No value of your files is in this workbook." in summary[0][0]
    assert summary[3][1:5] == ("2", "Date", "r.csv", "3, 4")
    assert summary[-1][:5] == (
        "r.csv", "3", "", "1 used, 2 not used, 0 repeated", "in use",
    )  # fmt: skip


def test_the_same_refusals_are_the_same_bytes(taken: TakenIn, tmp_path: Path) -> None:
    first, again = tmp_path / "first.xlsx", tmp_path / "again.xlsx"
    write_reply(taken, first)
    time.sleep(1.1)  # a workbook names the second it was made in
    write_reply(taken, again)
    assert first.read_bytes() == again.read_bytes()


def test_a_reply_goes_when_nothing_is_left_to_mend(taken: TakenIn, tmp_path: Path) -> None:
    path = replace_reply(taken, tmp_path / "receipts")
    assert path is not None
    assert path.exists()
    mended = replace(taken, rejection=taken.rejection.clear())
    assert replace_reply(mended, tmp_path / "receipts") is None
    assert not path.exists()
