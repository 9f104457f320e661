"""Questionnaires of which start and end stand on one row: two tables, whatever the headings."""

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

Write = Callable[..., Path]


def draft_of(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(draft_mapping("testshire", folder).text)["datasets"]
    return found


def answers(n: int, *scores: str) -> list[str]:
    """A row whose every third person has not been asked again yet."""
    later = ["", *[""] * len(scores)] if n % 3 == 0 else [f"{13 + n % 15}/09/2018", *scores]
    return [f"C{n}", f"{13 + n % 15}/06/2018", *scores, *later]


@pytest.mark.parametrize(
    "heads",
    [
        ("Date start", "Total start", "Date end", "Total end"),
        ("First date", "WEMWBS (first)", "Last date", "WEMWBS (last)"),
        ("Pre-date", "Pre score", "Post-date", "Post score"),
        ("Date of initial form", "Initial result", "Date of final form", "Final result"),
        ("T1 date", "T1 total", "T2 date", "T2 total"),
        ("Date at baseline", "Baseline", "Date at follow-up", "Follow-up"),
        ("Done 1", "Score 1", "Done 2", "Score 2"),
        ("Asked before", "Score before", "Asked again after", "Score after"),
    ],
)
def test_start_and_end_on_a_row_are_two_tables(
    csv_file: Write, tmp_path: Path, heads: tuple[str, ...]
) -> None:
    rows = [answers(n, str(20 + n % 40)) for n in range(60)]
    csv_file("month/WEMWBS.csv", [["Case ref", *heads], *rows])
    one, other = draft_of(tmp_path / "month").values()
    for table, stage, date, score in (
        (one, "baseline", *heads[:2]),
        (other, "follow_up", *heads[2:]),
    ):
        columns = table["columns"]
        assert (table["contract"], columns["stage"]) == ("outcome_response", {"const": stage})
        assert columns["instrument"] == {"const": "wemwbs"}
        assert columns["score"] == {"from": score, "parse": "integer"}
        assert columns["response_date"] == {"from": date, "parse": "date"}
        assert table["keep_when"]["filled"] == [score, date]
    assert other["check"] == {heads[2]: {"parse": "date", "not_before": heads[0]}}


def test_people_not_asked_again_yet_are_no_fault(csv_file: Write, tmp_path: Path) -> None:
    items = ["Satisfied", "Worthwhile", "Happy", "Anxious"]
    heads = ["Case ref", "Start date", *(f"{i} (start)" for i in items), "End date"]
    heads += [f"{i} (end)" for i in items]
    rows = [answers(n, *"4567") for n in range(60)]
    csv_file("month/ons4.csv", [heads, *rows])
    file = tmp_path / "draft.yaml"
    file.write_text(draft_mapping("testshire", tmp_path / "month").text.replace(OPEN, "not sent"))
    mapping = read_mapping(file)
    one, other = mapping.datasets.values()
    assert one.unpivot is not None
    assert one.unpivot.columns["Happy (start)"] == "happy"
    assert other.unpivot is not None
    assert other.unpivot.columns["Happy (end)"] == "happy"
    seen = list(examine(tmp_path / "month", mapping, month="2018-10"))
    assert [(e.rows, e.rows_refused, e.doubts) for e in seen] == [(60, 0, ())] * 2
    assert [e.folded for e in seen] == [None, ("no score at the end yet", 20, 0)]


def test_referrals_that_hold_scores_too_are_three_tables(
    csv_file: Write, number: Callable[[int], str], tmp_path: Path
) -> None:
    head = ["Case ref", "NHS", "Referral date", "Referred by", "Scored on (in)", "PAM score in",
            "PAM level in", "Scored on (out)", "PAM score out", "PAM level out"]  # fmt: skip
    rows = []
    for n in range(60):
        ref, *cells = answers(n, f"{40 + n % 30}.5", "2")
        rows.append([ref, number(n), f"{1 + n % 12:02d}/06/2018", ("GP", "Self")[n % 2], *cells])
    csv_file("month/clients.csv", [head, *rows])
    found = draft_of(tmp_path / "month")
    assert [t["contract"] for t in found.values()] == ["referral", *["outcome_response"] * 2]
    assert list(found) == ["clients", "pam_baseline", "pam_follow_up"]
    referral, first, last = found.values()
    assert referral["columns"]["referral_date"] == {"from": "Referral date", "parse": "date"}
    assert referral["drop"]["PAM score in"] == "another table of the same rows has it"
    assert (first["columns"]["item"], last["columns"]["item"]) == ({"const": "score"},) * 2
    assert last["columns"]["score"] == {"from": "PAM score out", "parse": "money"}


def test_dates_and_numbered_items_alone_are_no_times(
    csv_file: Write, number: Callable[[int], str], tmp_path: Path
) -> None:
    pam = [[f"C{n}", f"{13 + n % 15}/06/2018", "50.5", "54.5"] for n in range(30)]
    csv_file("month/pam.csv", [["Case ref", "Date", "Score 1", "Score 2"], *pam])
    head = ["Case ref", "Date", "Concern 1", "Concern 2", "Wellbeing"]
    rows = [[f"C{n}", f"{13 + n % 15}/06/2018", "5", "4", "3"] for n in range(30)]
    csv_file("month/mycaw.csv", [head, *rows])
    stays = [
        [number(n), f"{13 + n % 15}/06/2018", f"{14 + n % 14}/06/2018", "3"] for n in range(30)
    ]
    csv_file("month/hospital stays.csv", [["NHS", "Start", "End", "Bed days"], *stays])
    found = draft_of(tmp_path / "month")
    assert list(found) == ["hospital_stays", "mycaw"]
    assert found["mycaw"]["unpivot"]["columns"]["Concern 2"] == "concern2"


def test_three_times_are_three_tables_and_questions_in_full_are_known(
    csv_file: Write, tmp_path: Path
) -> None:
    asked = ["How satisfied are you with your life?", "Happiness", "Anxiety", "Is it worthwhile?"]
    heads = ["Case ref"]
    for time in ("T1", "T2", "T3"):
        heads += [*(f"{time} {question}" for question in asked), f"{time} filled in"]
    rows = []
    for n in range(40):
        days = [f"{1 + n % 28}/{month:02d}/2018" for month in (6, 9, 12)]
        rows.append([f"C{n}", *(cell for day in days for cell in (*"5678", day))])
    csv_file("month/forms.csv", [heads, *rows])
    found = draft_of(tmp_path / "month")
    assert list(found) == ["ons4_baseline", "ons4_follow_up", "ons4_follow_up_2"]
    last = found["ons4_follow_up_2"]
    items = [last["unpivot"]["columns"][f"T3 {question}"] for question in asked]
    assert items == ["satisfied", "happy", "anxious", "worthwhile"]
    assert last["check"] == {"T3 filled in": {"parse": "date", "not_before": "T1 filled in"}}
