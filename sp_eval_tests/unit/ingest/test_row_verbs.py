"""Verbs that make, fold or tell apart whole rows: unpivot, keep_when, footer, layouts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from sp_eval.contracts.scheme_mapping import SchemeMapping
from sp_eval.ingest.taken import TakenIn

Make = Callable[..., SchemeMapping]
Take = Callable[..., TakenIn]
Write = Callable[..., Path]
Told = Callable[[TakenIn], set[tuple[int | None, str, str | None]]]


WELLBEING: dict[str, Any] = {
    "contract": "outcome_response",
    "file": "w.csv",
    "reference": "Ref",
    "columns": {
        "referral_id": {"from": "Ref"},
        "instrument": {"const": "swemwbs"},
        "stage": {"from": "Stage", "recode": {"B": "baseline", "F": "follow_up"}},
        "response_date": {"from": "Date", "parse": "date"},
    },
    "unpivot": {
        "name": "item",
        "value": "score",
        "parse": "integer",
        "columns": {f"q{n}": f"q{n}" for n in range(1, 8)},
    },
}
WELLBEING_HEADER = ["Ref", "Stage", "Date", *(f"q{n}" for n in range(1, 8))]


def test_unpivot_makes_a_row_of_every_answer(mapping: Make, take: Take, csv_file: Write) -> None:
    csv_file("w.csv", [WELLBEING_HEADER, ["R1", "B", "01/06/2017", *"12345", "", "1"]])
    answers = take(mapping(wellbeing=WELLBEING)).accepted["outcome_response"]
    assert answers["item"].to_list() == [f"q{n}" for n in range(1, 8)]
    assert answers["score"].to_list() == [1, 2, 3, 4, 5, None, 1]
    assert answers["source_row"].to_list() == [2] * 7


def test_one_bad_answer_refuses_its_whole_row(
    mapping: Make, take: Take, csv_file: Write, told: Told
) -> None:
    rows = [["R1", "B", "01/06/2017", *"1234561"], ["R2", "B", "01/06/2017", *"1234511"]]
    csv_file("w.csv", [WELLBEING_HEADER, *rows])
    taken = take(mapping(wellbeing=WELLBEING))
    assert told(taken) == {(2, "out_of_range", "q6")}
    assert taken.accepted["outcome_response"]["source_row"].unique().to_list() == [3]


def test_a_fault_of_the_whole_questionnaire_is_told_once(
    mapping: Make, take: Take, csv_file: Write
) -> None:
    csv_file("w.csv", [WELLBEING_HEADER, ["R1", "", "01/06/2017", *"1234511"]])
    taken = take(mapping(wellbeing=WELLBEING))
    assert taken.rejection.select("row_number", "rule", "column_name").rows() == [
        (2, "mandatory_missing", "Stage")
    ]


def test_follow_up_before_baseline(mapping: Make, take: Take, csv_file: Write, told: Told) -> None:
    rows = [
        ["R1", "B", "01/06/2017", *"1234511"],
        ["R1", "F", "31/05/2017", *"1234511"],
        ["R2", "F", "31/05/2017", *"1234511"],
        ["R3", "B", "31/02/2018", *"1234511"],
        ["R3", "F", "31/05/2017", *"1234511"],
    ]
    csv_file("w.csv", [WELLBEING_HEADER, *rows])
    assert told(take(mapping(wellbeing=WELLBEING))) == {
        (3, "date_order", "Date"),
        (5, "date_impossible", "Date"),
    }


def test_keep_when_folds_and_counts_and_still_checks(
    gp_book: Make, take: Take, csv_file: Write, told: Told, number: Callable[[int], str]
) -> None:
    made = gp_book(
        keep_when={"when": {"Part": "1"}, "folded_as": "later part"},
        check={"Part": {"required": True, "minimum": 1}},
    )
    head = ["NHS", "Date", "Who", "How", "Came", "Part"]
    entry = [number(0), "01/04/2019", "GP", "Phone", "Y"]
    bad = [number(0), "31/02/2019", "GP", "Phone", "Y"]
    csv_file("gp.csv", [head, [*entry, "1"], [*entry, "2"], [*bad, "3"]])
    taken = take(made)
    assert taken.accepted["gp_contact"]["source_row"].to_list() == [2]
    assert taken.folded.select("folded_as", "rows").rows() == [("later part", 1)]
    assert told(taken) == {(4, "date_impossible", "Date")}
    assert taken.delivery["rows_accepted"].to_list() == [2]


def _one_end(stage: str, end: str, **more: Any) -> dict[str, Any]:
    """The table of one end of a row that holds the score at the start and that at the end."""
    return {
        "contract": "outcome_response",
        "file": "w.csv",
        "reference": "Ref",
        "columns": {
            "referral_id": {"from": "Ref"},
            "instrument": {"const": "wemwbs"},
            "item": {"const": "total"},
            "stage": {"const": stage},
            "response_date": {"from": f"Date {end}", "parse": "date"},
            "score": {"from": f"Total {end}", "parse": "integer"},
        },
        **more,
    }


def test_a_start_without_an_end_is_taken_and_its_empty_end_is_folded(
    mapping: Make, take: Take, csv_file: Write, told: Told
) -> None:
    start = _one_end("baseline", "start", drop={"Date end": "its table", "Total end": "its table"})
    end = _one_end(
        "follow_up",
        "end",
        not_known=["n/k"],
        keep_when={"filled": ["Date end", "Total end"], "folded_as": "no score at the end yet"},
        check={"Date end": {"not_before": "Date start"}},
        drop={"Total start": "its table"},
    )
    rows = [
        ["R1", "01/06/2017", "40", "01/09/2017", "45"],
        ["R2", "01/06/2017", "41", "", ""],
        ["R3", "01/06/2017", "42", "N/K", "n/k"],
        ["R4", "01/06/2017", "43", "01/09/2017", ""],
        ["R5", "01/06/2017", "44", "", "51"],
        ["R6", "01/06/2017", "45", "01/05/2017", "51"],
        ["R7", "", "46", "", ""],
    ]
    csv_file("w.csv", [["Ref", "Date start", "Total start", "Date end", "Total end"], *rows])
    taken = take(mapping(start=start, end=end))
    assert told(taken) == {
        (6, "mandatory_missing", "Date end"),
        (7, "date_order", "Date end"),
        (8, "mandatory_missing", "Date start"),
    }
    answers = taken.accepted["outcome_response"].sort("source_row", "stage")
    assert answers.select("source_row", "stage", "score").rows() == [
        (2, "baseline", 40),
        (2, "follow_up", 45),
        (3, "baseline", 41),
        (4, "baseline", 42),
        (5, "baseline", 43),
        (5, "follow_up", None),
    ]
    assert taken.folded.select("folded_as", "rows").rows() == [("no score at the end yet", 2)]
    assert taken.delivery["rows_accepted"].to_list() == [4]


def test_a_row_that_says_nothing_keeps_its_identifier_and_its_checks(
    gp_book: Make, take: Take, csv_file: Write, told: Told, number: Callable[[int], str]
) -> None:
    made = gp_book(
        keep_when={"when": {"Part": "1"}, "filled": ["Date", "Who"], "folded_as": "no visit"},
        check={"Room": {"required": True}},
    )
    head = ["NHS", "Date", "Who", "How", "Came", "Part", "Room"]
    rows = [
        [number(0), "01/04/2019", "GP", "Phone", "Y", "1", "a"],
        [number(1), "01/04/2019", "GP", "Phone", "Y", "2", "a"],
        [number(2), "", "", "by pigeon", "Y", "1", "a"],
        [number(3), "", "", "", "", "2", ""],
        ["1234567890", "", "", "", "", "1", "a"],
        [number(4), "", "GP", "Phone", "Y", "1", "a"],
    ]
    csv_file("gp.csv", [head, *rows])
    taken = take(made)
    assert told(taken) == {
        (5, "mandatory_missing", "Room"),
        (6, "nhs_bad_check_digit", "NHS"),
        (7, "mandatory_missing", "Date"),
    }
    assert taken.accepted["gp_contact"]["source_row"].to_list() == [2]
    assert taken.folded.select("folded_as", "rows").rows() == [("no visit", 2)]


def test_footer_rows_are_no_data_rows(
    gp_book: Make, take: Take, csv_file: Write, number: Callable[[int], str]
) -> None:
    made = gp_book(footer={"NHS": ["Total", "End"]})
    entry = [number(0), "01/04/2019", "GP", "Phone", "Y"]
    head = ["NHS", "Date", "Who", "How", "Came"]
    tail = [["", "", "", "", ""], ["Total", "1", "", "", ""], ["End", "", "", "", ""]]
    csv_file("gp.csv", [head, entry, *tail])
    assert take(made).delivery["rows_in"].to_list() == [1]


def test_a_footer_word_among_the_data_is_a_data_row(
    gp_book: Make, take: Take, csv_file: Write, told: Told, number: Callable[[int], str]
) -> None:
    made = gp_book(footer={"NHS": "Total"})
    entry = [number(0), "01/04/2019", "GP", "Phone", "Y"]
    csv_file(
        "gp.csv",
        [["NHS", "Date", "Who", "How", "Came"], ["Total", *entry[1:]], entry],
    )
    taken = take(made)
    assert told(taken) == {(2, "nhs_bad_check_digit", "NHS")}
    assert taken.delivery["rows_in"].to_list() == [2]


LAYOUTS: dict[str, Any] = {
    "layouts": {
        "A": {
            "columns": {"NHS": "NHS no", "Date": "Day", "Who": "Staff", "How": "Mode", "Came": "?"}
        },
        "B": {
            "delimiter": ";",
            "encoding": "cp1252",
            "dates": "%d-%b-%y",
            "columns": {
                "Date": "Datum",
                "NHS": "NHS N°",
                "Who": "Role – staff",
                "How": "Type",
                "Came": "Seen",
            },
        },
    }
}


@pytest.mark.parametrize(
    ("head", "row", "delimiter", "encoding"),
    [
        (
            ["Day", "NHS no", "Staff", "Mode", "?"],
            ["01/04/2019", "", "GP", "Phone", "Y"],
            ",",
            "utf-8",
        ),
        (
            ["Type", "NHS N°", "Datum", "Seen", "Role – staff"],
            ["Phone", "", "01-Apr-19", "Y", "GP"],
            ";",
            "cp1252",
        ),
    ],
)
def test_layouts_are_told_by_their_headers(
    gp_book: Make,
    take: Take,
    csv_file: Write,
    number: Callable[[int], str],
    head: list[str],
    row: list[str],
    delimiter: str,
    encoding: str,
) -> None:
    row = [cell or number(0) for cell in row]
    csv_file("gp.csv", [head, row], delimiter=delimiter, encoding=encoding)
    taken = take(gp_book(**LAYOUTS))
    accepted = taken.accepted["gp_contact"].select("contact_date", "staff", "mode", "status")
    assert accepted.rows() == [(date(2019, 4, 1), "gp", "telephone", "attended")]
    assert taken.notices == ()


def test_a_reason_names_the_senders_own_header(
    gp_book: Make, take: Take, csv_file: Write, told: Told, number: Callable[[int], str]
) -> None:
    head = ["Datum", "NHS N°", "Role – staff", "Type", "Seen"]
    csv_file("gp.csv", [head, ["01-Apr-19", number(0), "Vet", "Phone", "Y"]], delimiter=";")
    assert told(take(gp_book(**LAYOUTS))) == {(2, "unknown_code", "Role – staff")}


def test_workbook_cells_of_every_kind(
    gp_book: Make, take: Take, workbook: Write, number: Callable[[int], str], told: Told
) -> None:
    made = gp_book(
        file="*.xlsx",
        sheet="Book",
        columns={"contact_date": {"from": "Date", "parse": "excel"}},
    )
    head = ["NHS", "Date", "Who", "How", "Came"]
    tail = ["GP", "Phone", "Y"]
    digits = number(0)
    spaced = f"{digits[:3]} {digits[3:6]} {digits[6:]}"
    workbook(
        "b.xlsx",
        Book=[
            [],
            ["Appointments of the month"],
            head,
            [spaced, datetime(2019, 4, 1), *tail],
            [int(digits), "02/04/2019", *tail],
            [],
            [digits, 43558, *tail],
            [digits, "=#N/A", *tail],
        ],
    )
    taken = take(made)
    accepted = taken.accepted["gp_contact"]
    assert accepted["person_key"].n_unique() == 1
    assert accepted["contact_date"].to_list() == [date(2019, 4, day) for day in (1, 2, 3)]
    assert accepted["source_row"].to_list() == [4, 5, 7]
    assert told(taken) == {(8, "date_impossible", "Date")}


def test_accepted_rows_bear_their_origin(
    gp_book: Make, take: Take, csv_file: Write, number: Callable[[int], str]
) -> None:
    csv_file(
        "gp.csv",
        [["NHS", "Date", "Who", "How", "Came"], [number(0), "01/04/2019", "GP", "Phone", "Y"]],
    )
    taken = take(gp_book())
    row = taken.accepted["gp_contact"].row(0, named=True)
    assert row["scheme_code"] == "testshire"
    assert row["source_file"] == "gp.csv"
    assert row["delivery_id"] == taken.delivery["delivery_id"][0]
    assert row["delivery_id"].startswith("testshire/2019-04/gp.csv@")
    assert taken.accepted["gp_contact"].schema["source_row"] == pl.Int32
