"""A table that lacks what it is said to be for: told when the mapping is written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sp_eval.contracts.scheme_mapping import SchemeMapping
from sp_eval.ingest.examination import examine

Make = Callable[..., SchemeMapping]
Write = Callable[..., Path]


@pytest.mark.parametrize(
    ("instrument", "items", "told"),
    [
        ("swemwbs", ["q1", "q2", "q3"], [
            "Of SWEMWBS only q1, q2, q3 came, of which no score is made.",
            "or item 'total' alone, or item 'metric' alone",
        ]),
        ("eq5d5l", ["pain"], ["Of EQ5D5L only pain came", "made of item 'vas'."]),
        ("swemwbs", ["total"], []),
        ("phq9", [f"q{n}" for n in range(1, 8)], []),
        ("ons4", ["happy"], []),
    ],
)  # fmt: skip
def test_answers_that_make_no_score(
    mapping: Make, csv_file: Write, tmp_path: Path, instrument: str, items: list[str],
    told: list[str],
) -> None:  # fmt: skip
    dataset: dict[str, Any] = {
        "contract": "outcome_response",
        "file": "a.csv",
        "reference": "Ref",
        "columns": {
            "referral_id": {"from": "Ref"},
            "instrument": {"const": instrument},
            "item": {"from": "Item"},
            "stage": {"from": "Stage"},
            "response_date": {"from": "Date", "parse": "date"},
            "score": {"from": "Score", "parse": "integer"},
        },
    }
    # a low answer lies on every scale but that of totals
    rows = [["R1", item, "baseline", "25/04/2019", "14" if item == "total" else "1"]
            for item in items]  # fmt: skip
    csv_file("a.csv", [["Ref", "Item", "Stage", "Date", "Score"], *rows])
    (found,) = examine(tmp_path, mapping(answers=dataset), month="2019-04")
    doubts = [doubt.sentence for doubt in found.doubts]
    assert len(doubts) == bool(told), doubts
    for words in told:
        assert words in doubts[0]


@pytest.mark.parametrize(
    ("covers", "kinds", "told"),
    [
        ("inpatient", ["ae", "emergency"], [
            "It says inpatient, and none of 2 rows is of planned admissions (elective, day_case).",
            "say emergency_inpatient in place of inpatient",
        ]),
        ("inpatient", ["day_case"], ["say planned_inpatient in place of inpatient"]),
        ("outpatient", ["emergency"], ["of outpatient visits (outpatient)", "take it out"]),
        ("emergency_inpatient", ["emergency"], []),
        ("inpatient", ["emergency", "elective"], []),
    ],
)  # fmt: skip
def test_care_that_a_table_is_said_to_hold_all_of_and_has_none_of(
    mapping: Make, csv_file: Write, tmp_path: Path, number: Callable[[int], str], covers: str,
    kinds: list[str], told: list[str],
) -> None:  # fmt: skip
    absent = {"absent": "not sent"}
    columns = dict.fromkeys(
        ("provider_code", "end_date", "attended", "bed_days", "cost_gbp"), absent
    ) | {
        "person_key": {"from": "NHS"},
        "start_date": {"from": "Date", "parse": "date"},
        "activity": {"from": "Kind"},
    }
    dataset = {
        "contract": "hospital_activity", "file": "h.csv", "identifier": "NHS", "columns": columns,
        "covers": {"sources": [covers], "from": "2016-04-01"},
    }  # fmt: skip
    rows = [[number(n), "25/04/2019", kind] for n, kind in enumerate(kinds)]
    csv_file("h.csv", [["NHS", "Date", "Kind"], *rows])
    (found,) = examine(tmp_path, mapping(hospital=dataset), month="2019-04")
    assert [doubt.kind for doubt in found.doubts] == ["covers"] * bool(told)
    for words in told:
        assert words in found.doubts[0].sentence
