"""One file that holds several tables: one fate for each row, one entry in the ledger."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sp_eval.contracts.scheme_mapping import SchemeMapping
from sp_eval.ingest.reply import write_reply
from sp_eval.ingest.taken import TakenIn
from sp_eval_tests.support.reply_edit import Sheets, read_sheets, send_back

Counts = Callable[[TakenIn], dict[str, tuple[int, int, int, int]]]


@pytest.fixture
def visits(mapping: Callable[..., SchemeMapping]) -> SchemeMapping:
    """One file of visits: those at the practice for one contract, all for the other."""
    gp: dict[str, Any] = {
        "contract": "gp_contact", "file": "visits.csv", "identifier": "Who",
        "dates": "%Y-%m-%dT%H:%M:%SZ",
        "keep_when": {"when": {"Where": ["office"]}, "folded_as": "visit elsewhere"},
        "columns": {
            "person_key": {"from": "Who"}, "practice_code": {"const": "A00001"},
            "contact_date": {"from": "From", "parse": "date"}, "staff": {"const": "gp"},
            "mode": {"const": "face_to_face"}, "status": {"const": "attended"},
        },
    }  # fmt: skip
    ward: dict[str, Any] = {
        "contract": "hospital_activity", "file": "visits.csv", "identifier": "Who",
        "dates": "%Y-%m-%dT%H:%M:%SZ",
        "columns": {
            "person_key": {"from": "Who"}, "provider_code": {"absent": "not sent"},
            "start_date": {"from": "From", "parse": "date"},
            "end_date": {"from": "To", "parse": "date"},
            "activity": {"from": "Where", "recode": {"office": "other", "ward": "emergency"}},
            "attended": {"const": True}, "bed_days": {"absent": "not sent"},
            "cost_gbp": {"absent": "not sent"},
        },
    }  # fmt: skip
    return mapping(identifier="pseudonym", gp=gp, ward=ward)


def test_each_row_has_one_fate_whatever_is_made_of_it(
    visits: SchemeMapping, csv_file: Callable[..., Path], take: Callable[..., TakenIn],
    counts: Counts, told: Callable[[TakenIn], set[tuple[int | None, str, str | None]]],
) -> None:  # fmt: skip
    rows = [
        ["a", "2019-01-02T23:59:59Z", "", "office"],
        ["b", "2019-01-03T08:00:00.250Z", "2019-01-05T08:00:00Z", "ward"],
        ["c", "2019-01-03T08:00:00Z", "2019-01-01T08:00:00Z", "ward"],  # out before in
        ["d", "2019-01-04T08:00:00Z", "x", "office"],  # only the ward's table reads To
        ["a", "2019-01-02T23:59:59Z", "", "office"],
        ["e", "soon", "", "office"],  # both tables refuse it, for the same reason
    ]
    csv_file("visits.csv", [["Who", "From", "To", "Where", "Why"], *([*r, "x"] for r in rows)])
    taken = take(visits)
    # To is read by one of them, Why by none
    assert [n for n in taken.notices if "not read" in n] == [
        "visits.csv: the column 'Why' is not in the mapping and was not read."
    ]
    assert counts(taken) == {"visits.csv": (6, 2, 3, 1)}
    refused = {
        (4, "date_order", "To"),
        (5, "date_impossible", "To"),
        (7, "date_impossible", "From"),
    }
    assert told(taken) == refused
    assert taken.rejection.height == len(refused)
    assert taken.accepted["gp_contact"]["source_row"].to_list() == [2]
    assert taken.accepted["gp_contact"]["contact_date"].to_list()[0].isoformat() == "2019-01-02"
    assert taken.accepted["hospital_activity"]["source_row"].to_list() == [2, 3]
    assert taken.tables.rows() == [(taken.delivery["delivery_id"][0], "gp and ward", "snapshot")]
    assert len(taken.quarantine) == 1


def test_what_one_of_them_cannot_read_none_of_them_takes(
    visits: SchemeMapping, csv_file: Callable[..., Path], take: Callable[..., TakenIn],
    counts: Counts,
) -> None:  # fmt: skip
    csv_file("visits.csv", [["Who", "From", "Where"], ["a", "2019-01-02T23:59:59Z", "office"]])
    taken = take(visits)
    assert taken.delivery["status"].to_list() == ["refused"]
    assert counts(taken) == {"visits.csv": (1, 0, 1, 0)}
    assert taken.accepted == {}


def test_a_reply_corrects_a_row_for_all_of_them(
    visits: SchemeMapping, csv_file: Callable[..., Path], take: Callable[..., TakenIn],
    counts: Counts, tmp_path: Path,
) -> None:  # fmt: skip
    rows = [
        ["a", "2019-01-02T08:00:00Z", "", "office"],
        ["b", "soon", "", "office"],  # wrong for both
        ["c", "2019-01-04T08:00:00Z", "x", "office"],  # wrong for the ward's table alone
        ["d", "later", "x", "office"],
        ["e", "2019-01-05T08:00:00Z", "y", "ward"],
    ]
    csv_file("month/visits.csv", [["Who", "From", "To", "Where"], *rows])
    folder, sheet = tmp_path / "month", "1 visits.csv"
    before = take(visits, folder=folder)
    assert counts(before) == {"visits.csv": (5, 1, 4, 0)}
    write_reply(before, tmp_path / "reply.xlsx", with_values=True)
    assert [row[0] for row in read_sheets(tmp_path / "reply.xlsx")[sheet]] == [
        "Row", "3", "4", "5", "6",
    ]  # fmt: skip

    def mend(sheets: Sheets) -> None:
        sheets[sheet][1][3] = "2019-01-03T08:00:00Z"
        sheets[sheet][2][4] = ""
        sheets[sheet][3][3] = "2019-01-06T08:00:00Z"  # the ward's table refuses it still

    send_back(tmp_path / "reply.xlsx", folder / "replies/r1.xlsx", mend)
    taken = take(visits, folder=folder)
    assert taken.resubmission.select("row_number", "fate").rows() == [
        (3, "released"), (4, "released"), (5, "refused"), (6, "unchanged"),
    ]  # fmt: skip
    assert counts(taken) == {
        "visits.csv": (5, 1, 4, 0), f"replies/r1.xlsx#{sheet}": (4, 2, 1, 1),
    }  # fmt: skip
    assert taken.accepted["gp_contact"]["source_row"].to_list() == [2, 3, 4]
    assert taken.accepted["hospital_activity"]["source_row"].to_list() == [2, 3, 4]
    told = taken.rejection.select("file", "row_number", "column_name").rows()
    assert told == [("visits.csv", 5, "From"), ("visits.csv", 5, "To"), ("visits.csv", 6, "To"),
                    ("replies/r1.xlsx", 4, "To")]  # fmt: skip
