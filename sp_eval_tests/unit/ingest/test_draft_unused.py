"""What a draft of a delivery does not use: never silently, and begun by hand where it is needed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from sp_eval.contracts.open_questions import OPEN
from sp_eval.contracts.scheme_mapping import read_mapping
from sp_eval.ingest.draft import draft_mapping
from sp_eval.ingest.examination import examine
from sp_eval.ingest.taken import TakenIn
from sp_eval_tests.support.runs import Ended, run_line

Write = Callable[..., Path]
ODD = ["Wibble", "Nhs", "Wobble", "Whatnot"]  # no heading that anybody is known to use but one


@pytest.fixture
def month(csv_file: Write, workbook: Write, number: Callable[[int], str], tmp_path: Path) -> Path:
    """Referrals, a sheet that explains them, and two files that nothing is known of."""
    head = ["Case ref", "NHS", "Date of referral", "Colour"]
    rows = [[f"C{n}", number(n), f"{13 + n % 15}/06/2018", "blue"] for n in range(30)]
    key = [["What we put", "What it means"], ["blue", "as it says"]]
    (tmp_path / "month").mkdir()
    workbook("month/log.xlsx", Log=[head, *rows], Key=key)
    stays = [[f"H{n}", number(n), f"2018-06-{10 + n % 20}", "Came in a hurry"] for n in range(30)]
    csv_file("month/stays.csv", [ODD, *stays], encoding="utf-8-sig")
    csv_file("month/notes.csv", [["some"], ["text"]])
    return tmp_path / "month"


def new(month: Path, *more: str) -> tuple[Ended, Path]:
    file = month.parent / "draft.yaml"
    return run_line(
        "scheme", "new", "testshire", "--from", str(month), "--out", str(file), *more
    ), file


def test_headings_nobody_knows_are_told_by_the_figures_below_them(
    csv_file: Write, number: Callable[[int], str], tmp_path: Path
) -> None:
    rows = [[f"H{n}", number(n), f"2018-06-{10 + n % 20}", "Came in"] for n in range(30)]
    csv_file(
        "month/referrals.csv", [["Case ref", "NHS", "Date of referral"], *(r[:3] for r in rows)]
    )
    csv_file("month/a.csv", [["Wibble", "Wobble", "Warble", "Whatnot"], *rows])
    csv_file("month/b.csv", rows)  # no headings at all
    csv_file("month/c.csv", [["Ann", "n/k", "Came in", "n/a"], *rows])  # nor here
    csv_file("month/d.csv", [["Our stays", "by Ann"], *rows])  # a title is not one either
    draft = draft_mapping("testshire", tmp_path / "month")
    assert [shown for shown, _ in draft.tables] == ["a.csv", "referrals.csv"]
    assert {one.shown for one in draft.unread} == {"b.csv", "c.csv", "d.csv"}


def test_every_file_and_sheet_that_is_not_used_is_a_question_and_is_said(month: Path) -> None:
    ended, file = new(month)
    assert ended.status == 1
    found = yaml.safe_load(file.read_text(encoding="utf-8"))
    names = {"stays.csv", "notes.csv", "log.xlsx, sheet Key"}
    assert found["drop"] == dict.fromkeys(names, OPEN)
    for name in names:
        assert f"{name}: NOT USED." in ended.sentences()
    assert "log.xlsx, sheet Log: left out as a guess, so look: Colour" in ended.sentences()


def answered(file: Path, **changes: str) -> dict[str, Any]:
    text = file.read_text(encoding="utf-8").replace(f"title: '{OPEN}'", "title: Test")
    for old, to in changes.items():
        text = text.replace(old, to)
    file.write_text(text.replace(f"'{OPEN}'", "not sent"), encoding="utf-8")
    found: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    return found


def test_a_sheet_the_mapping_does_not_speak_of_is_told_until_it_says_why(month: Path) -> None:
    _, file = new(month)
    answered(file)
    told = [one for one in examine(month, read_mapping(file), month="2018-07") if one.refused]
    assert [one.shown for one in told] == []
    silent = file.read_text(encoding="utf-8").replace("log.xlsx, sheet Key", "other.csv")
    file.write_text(silent, encoding="utf-8")
    told = [one for one in examine(month, read_mapping(file), month="2018-07") if one.refused]
    assert [one.shown for one in told] == ["log.xlsx, sheet Key"]


def test_a_table_is_begun_for_the_contract_that_is_said_and_the_rest_stays(month: Path) -> None:
    _, file = new(month)
    before = file.read_text(encoding="utf-8").replace(
        "Colour: no column", "Colour: ours, no column"
    )
    file.write_text(before, encoding="utf-8")
    ended, _ = new(month, "--as", "stays.csv=hospital_activity")
    assert ended.status == 0, ended.err
    after = file.read_text(encoding="utf-8")
    found = yaml.safe_load(after)
    assert "hospital_activity" not in found["absent"]
    assert set(found["drop"]) == {"notes.csv", "log.xlsx, sheet Key"}
    table = found["datasets"]["stays"]
    assert (table["contract"], table["identifier"]) == ("hospital_activity", "Nhs")
    assert table["columns"]["start_date"] == {"from": "Wobble", "parse": "date"}
    assert table["columns"]["activity"] == {"const": OPEN}
    gone = [line for line in before.splitlines() if line not in after.splitlines()]
    assert len(gone) == 2
    answered(file, **{f"activity: {{const: '{OPEN}'}}": "activity: {const: ae}"})
    seen = [one for one in examine(month, read_mapping(file), month="2018-07") if one.table]
    assert [(one.rows, one.refused) for one in seen] == [(30, None), (30, None)]


def test_a_table_taken_for_the_wrong_thing_is_replaced_and_other_answers_stay(month: Path) -> None:
    _, file = new(month, "--as", "stays.csv=contact")
    text = file.read_text(encoding="utf-8")
    text = text.replace("Colour: no column", "Colour: ours, no column")
    file.write_text(text.replace(f"title: '{OPEN}'", "title: Test"), encoding="utf-8")
    before = yaml.safe_load(file.read_text(encoding="utf-8"))
    assert "contact" not in before["absent"]
    ended, _ = new(month, "--as", "stays.csv=hospital_activity")
    assert ended.status == 0, ended.err
    after = yaml.safe_load(file.read_text(encoding="utf-8"))
    assert after["datasets"]["stays"]["contract"] == "hospital_activity"
    assert list(after["datasets"]) == list(before["datasets"])
    assert after["datasets"]["log"] == before["datasets"]["log"]
    assert (after["title"], after["drop"]) == ("Test", before["drop"])
    absent = {**before["absent"], "contact": OPEN}
    assert after["absent"] == {k: v for k, v in absent.items() if k != "hospital_activity"}
    told_twice = ("--as", "stays.csv=gp_contact", "--as", "stays.csv=hospital_activity")
    assert new(month, *told_twice)[0].status == 0
    tables = yaml.safe_load(file.read_text(encoding="utf-8"))["datasets"].values()
    contracts = ["referral", "gp_contact", "hospital_activity"]
    assert [table["contract"] for table in tables] == contracts


def test_three_question_marks_are_replaced_without_harm_to_the_rest(month: Path) -> None:
    _, file = new(month)
    before = file.read_text(encoding="utf-8").splitlines()
    head = [line for line in before if line.startswith("#")]
    assert not any(OPEN in line for line in head)


def test_a_column_of_the_referrals_references_is_known_by_its_cells(
    csv_file: Write, number: Callable[[int], str], tmp_path: Path
) -> None:
    head = ["Ledger key", "NHS", "Date of referral"]
    cases = [[f"C{n}", number(n), f"{13 + n % 15}/06/2018"] for n in range(30)]
    csv_file("month/referrals.csv", [head, *cases])
    talks = [[f"C{n % 30}", f"{13 + n % 15}/07/2018", "Phone"] for n in range(90)]
    csv_file("month/contacts.csv", [["Whom", "Date", "Mode"], *talks])
    found = yaml.safe_load(draft_mapping("testshire", tmp_path / "month").text)["datasets"]
    assert (found["contacts"]["contract"], found["contacts"]["reference"]) == ("contact", "Whom")


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("stays.csv", "write FILE=CONTRACT"),
        ("stays.csv=hospital", "There is no contract 'hospital'; there are: activity,"),
        ("elsewhere.csv=contact", "There is no table 'elsewhere.csv' here; there are: log.xlsx"),
        ("notes.csv=contact", "one line of headings above its rows"),
    ],
)
def test_what_cannot_be_begun_is_said(month: Path, asked: str, told: str) -> None:
    ended, file = new(month, "--as", asked)
    assert ended.status == 2
    assert told in ended.sentences()
    assert not file.exists()


def test_one_score_a_row_is_taken_for_the_questionnaire_its_heading_names(
    csv_file: Write, tmp_path: Path
) -> None:
    rows = [[f"C{n}", ("first", "last")[n % 2], f"{13 + n % 15}.06.18", str(8 + n % 20)]
            for n in range(40)]  # fmt: skip
    csv_file("month/scores.csv", [["our ref", "when", "asked on", "SWEMWBS raw"], *rows])
    found = yaml.safe_load(draft_mapping("testshire", tmp_path / "month").text)
    columns = found["datasets"]["scores"]["columns"]
    assert columns["instrument"] == {"const": "swemwbs"}
    assert columns["item"] == {"const": "total"}
    assert columns["score"] == {"from": "SWEMWBS raw", "parse": "integer"}
    assert found["datasets"]["scores"]["dates"] == "%d.%m.%y"


def test_an_intake_notes_a_sheet_only_while_the_mapping_says_nothing_of_it(
    month: Path, take: Callable[..., TakenIn]
) -> None:
    _, file = new(month)
    answered(file)
    said = read_mapping(file)
    silent = said.model_copy(update={"drop": {"stays.csv": "not ours", "notes.csv": "not ours"}})
    noted = [
        [n for n in take(one, folder=month, month="2018-07").notices if "'Key'" in n]
        for one in (said, silent)
    ]
    assert [len(one) for one in noted] == [0, 1]


def test_the_other_sheets_of_a_template_ask_nothing(
    tmp_path: Path, workbook: Callable[..., Path]
) -> None:
    rows = [["column", "must be filled"], ["score", "no"]]
    head = ["referral_id", "instrument", "item", "stage", "response_date", "score"]
    filled = [[f"R{n}", "swemwbs", "q1", "baseline", "2019-04-01", "3"] for n in range(9)]
    ours = {"What to fill in": rows, "Lists": [["gp"], ["nurse"]]}
    (tmp_path / "d").mkdir()
    workbook("d/scores.xlsx", outcome_response=[head, *filled], **ours)
    workbook("d/other.xlsx", Lists=[["gp"], ["nurse"]])
    dropped = yaml.safe_load(draft_mapping("testshire", tmp_path / "d").text)["drop"]
    template = "a sheet of the template, which nobody fills in"
    assert dropped == {
        "scores.xlsx, sheet What to fill in": template,
        "scores.xlsx, sheet Lists": template,
        "other.xlsx, sheet Lists": OPEN,
    }
