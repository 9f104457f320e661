"""Accepted, quarantined, duplicate: all reasons of a row, and none twice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
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
Counts = Callable[[TakenIn], dict[str, tuple[int, int, int, int]]]
Number = Callable[[int], str]

HEAD = ["NHS", "Date", "Who", "How", "Came"]


def test_all_reasons_of_a_row_are_told(
    gp_book: Make, take: Take, csv_file: Write, told: Told, counts: Counts
) -> None:
    csv_file("gp.csv", [HEAD, ["9999999999", "31/02/2019", "Vet", "", "Y"]])
    taken = take(gp_book())
    assert told(taken) == {
        (2, "nhs_repdigit", "NHS"),
        (2, "date_impossible", "Date"),
        (2, "unknown_code", "Who"),
        (2, "mandatory_missing", "How"),
    }
    assert counts(taken) == {"gp.csv": (1, 0, 1, 0)}


@pytest.mark.parametrize(
    ("cell", "rule"),
    [("", "nhs_missing"), ("9990000019", "nhs_bad_check_digit"), ("5" * 10, "nhs_repdigit")],
)
def test_an_identifier_is_refused_by_one_rule(
    gp_book: Make, take: Take, csv_file: Write, told: Told, cell: str, rule: str
) -> None:
    csv_file("gp.csv", [HEAD, [cell, "01/04/2019", "GP", "Phone", "Y"]])
    assert told(take(gp_book())) == {(2, rule, "NHS")}


def test_somebody_elses_pseudonym_is_not_held_to_a_check_digit(
    gp_book: Make, take: Take, csv_file: Write, counts: Counts
) -> None:
    csv_file("gp.csv", [HEAD, ["ab-12", "01/04/2019", "GP", "Phone", "Y"]])
    assert counts(take(gp_book(identifier="pseudonym"))) == {"gp.csv": (1, 1, 0, 0)}


def test_duplicates_are_counted_before_any_other_rule(
    gp_book: Make, take: Take, csv_file: Write, told: Told, counts: Counts, number: Number
) -> None:
    good = [number(0), "01/04/2019", "GP", "Phone", "Y"]
    bad = [number(0), "31/02/2019", "GP", "Phone", "Y"]
    csv_file("gp.csv", [HEAD, good, bad, good, bad, bad])
    taken = take(gp_book())
    assert told(taken) == {(3, "date_impossible", "Date")}
    assert counts(taken) == {"gp.csv": (5, 1, 1, 3)}
    assert taken.accepted["gp_contact"]["source_row"].to_list() == [2]


def test_a_dropped_column_tells_rows_apart_and_goes_no_further(
    gp_book: Make, take: Take, csv_file: Write, counts: Counts, number: Number
) -> None:
    row = [number(0), "01/04/2019", "GP", "Phone", "Y"]
    csv_file("gp.csv", [[*HEAD, "Name"], [*row, "Ann Other"], [*row, "Bob Other"]])
    taken = take(gp_book(drop={"Name": "identifies the person"}))
    assert counts(taken) == {"gp.csv": (2, 2, 0, 0)}
    assert "Other" not in str(taken.accepted["gp_contact"].to_dicts())


def test_a_true_date_repeats_the_same_date_typed_as_text(
    gp_book: Make, take: Take, workbook: Write, counts: Counts, number: Number
) -> None:
    from datetime import datetime

    made = gp_book(
        file="b.xlsx",
        sheet="Book",
        columns={"contact_date": {"from": "Date", "parse": "excel"}},
    )
    tail = ["GP", "Phone", "Y"]
    rows = [[number(0), datetime(2019, 4, 1), *tail], [number(0), "01/04/2019", *tail]]
    workbook("b.xlsx", Book=[HEAD, *rows])
    assert counts(take(made)) == {"b.xlsx#Book": (2, 1, 0, 1)}


@pytest.mark.parametrize("cells", [3, 6])
def test_a_row_of_the_wrong_width_is_refused_for_that_alone(
    gp_book: Make, take: Take, csv_file: Write, told: Told, counts: Counts, cells: int
) -> None:
    row = ["31/02/2019", "9999999999", "Vet", "", "Y", "stray"][:cells]
    csv_file("gp.csv", [HEAD, row, ["", "", "", "", ""]])
    taken = take(gp_book())
    assert told(taken) == {(2, "field_count", None)}
    assert counts(taken) == {"gp.csv": (1, 0, 1, 0)}


def test_a_row_of_the_wrong_width_can_be_a_duplicate(
    gp_book: Make, take: Take, csv_file: Write, told: Told, counts: Counts
) -> None:
    csv_file("gp.csv", [HEAD, ["a", "b"], ["a", "b"]])
    taken = take(gp_book())
    assert told(taken) == {(2, "field_count", None)}
    assert counts(taken) == {"gp.csv": (2, 0, 1, 1)}


def test_cells_of_a_row_of_the_wrong_width_go_no_further(
    gp_book: Make, tmp_path: Path, number: Number
) -> None:
    from sp_eval.ingest.identity import Pseudonymiser
    from sp_eval.ingest.raw import read_text
    from sp_eval.ingest.source import pseudonymise

    dataset = gp_book().datasets["gp"]
    text = f"{','.join(HEAD)}\nstray,{number(0)},01/04/2019,GP,Phone,Y\n"
    people = Pseudonymiser(b"key", scheme_code="s", identifier="nhs_number")
    table = read_text(text.encode(), dataset, last_day=date(2019, 4, 30))
    frame = pseudonymise(table, dataset, people).frame
    assert frame.select(sorted(dataset.read_columns)).row(0) == (None,) * 5


def test_rows_keep_their_place_in_the_file(
    gp_book: Make, take: Take, tmp_path: Path, told: Told, number: Number
) -> None:
    bad = f"{number(0)},31/02/2019,GP,Phone,Y"
    text = f'A title\n\nNHS,Date,Who,How,Came,Note\n{bad},"two\nlines"\n\n,,,,,\n{bad},x\n'
    (tmp_path / "gp.csv").write_text(text)
    taken = take(gp_book(drop={"Note": "free text"}))
    assert told(taken) == {(4, "date_impossible", "Date"), (8, "date_impossible", "Date")}
    assert taken.delivery["rows_in"].to_list() == [2]


PERSON: dict[str, Any] = {
    "contract": "person",
    "file": "people.csv",
    "identifier": "NHS",
    "columns": {
        "person_key": {"from": "NHS"},
        "practice_code": {"const": "L84002"},
        "registered_from": {"from": "From", "parse": "date"},
        "registered_to": {"from": "To", "parse": "last_day"},
        "birth_year": {"const": 1950},
        "sex": {"absent": "not supplied"},
        "ethnic_category": {"absent": "not supplied"},
        "lsoa_code": {"absent": "not supplied"},
        "imd_quintile": {
            "from": "Decile",
            "parse": "integer",
            "recode": {n: (n + 1) // 2 for n in range(1, 11)},
        },
        "imd_decile": {"from": "Decile", "parse": "integer"},
        "ltc_count": {"absent": "not supplied"},
        "death_date": {"from": "Died", "parse": "date"},
    },
}
PERSON_HEAD = ["NHS", "From", "To", "Died", "Decile"]
ABSENT = {"absent": "not supplied"}
REFERRAL: dict[str, Any] = {
    "contract": "referral",
    "file": "referrals.csv",
    "identifier": "NHS",
    "reference": "Ref",
    "columns": {
        "referral_id": {"from": "Ref"},
        "person_key": {"from": "NHS"},
        "referral_date": {"from": "Date", "parse": "date"},
        **dict.fromkeys(
            [
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
            ],
            ABSENT,
        ),
    },
}


def test_what_one_bad_cell_breaks_twice_is_told_once(
    mapping: Make, take: Take, csv_file: Write, told: Told, number: Number
) -> None:
    csv_file("people.csv", [PERSON_HEAD, [number(0), "01/01/2010", "", "", "11"]])
    assert told(take(mapping(people=PERSON))) == {(2, "out_of_range", "Decile")}


def test_deciles_become_fifths(mapping: Make, take: Take, csv_file: Write, number: Number) -> None:
    rows = [[number(n), "01/01/2010", "", "", str(n)] for n in range(1, 11)]
    csv_file("people.csv", [PERSON_HEAD, *rows])
    fifths = take(mapping(people=PERSON)).accepted["person"]["imd_quintile"].to_list()
    assert fifths == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]


def test_leaving_before_coming_is_out_of_order(
    mapping: Make, take: Take, csv_file: Write, told: Told, number: Number
) -> None:
    rows = [
        [number(0), "02/01/2010", "01/01/2010", "", ""],
        [number(1), "02/01/2010", "02/01/2010", "", ""],
    ]
    csv_file("people.csv", [PERSON_HEAD, *rows])
    taken = take(mapping(people=PERSON))
    assert told(taken) == {(2, "date_order", "To")}
    assert taken.accepted["person"]["registered_to"].to_list() == [date(2010, 1, 3)]


@pytest.fixture
def referred_after_death(
    mapping: Make, take: Take, csv_file: Write, number: Number
) -> Callable[..., TakenIn]:
    def run(*, register: bool, **settings: Any) -> TakenIn:
        if register:
            person = [number(0), "01/01/2010", "01/02/2018", "01/02/2018", ""]
            csv_file("people.csv", [PERSON_HEAD, person])
        rows = [
            ["R1", number(0), "01/02/2018"],
            ["R2", number(0), "02/02/2018"],
            ["R3", number(1), "02/02/2018"],
        ]
        csv_file("referrals.csv", [["Ref", "NHS", "Date"], *rows])
        datasets = {"people": PERSON} if register else {}
        return take(mapping(referrals=REFERRAL, **datasets), **settings)

    return run


def test_a_referral_after_death_is_refused_without_telling_why(
    referred_after_death: Callable[..., TakenIn], told: Told
) -> None:
    taken = referred_after_death(register=True)
    assert told(taken) == {(3, "referral_after_death", "Date")}
    (reason,) = taken.rejection["reason"].to_list()
    assert not {"death", "dead", "died", "deceased"} & set(reason.lower().split())
    assert "number" in reason
    assert "date" in reason


def test_without_a_register_known_deaths_are_used(
    referred_after_death: Callable[..., TakenIn], told: Told, number: Number
) -> None:
    key = referred_after_death(register=False).accepted["referral"]["person_key"][0]
    deaths = pl.DataFrame({"person_key": [key], "death_date": [date(2018, 2, 1)]})
    taken = referred_after_death(register=False, known_deaths=deaths)
    assert told(taken) == {(3, "referral_after_death", "Date")}


def test_somebody_on_no_register_is_accepted(
    referred_after_death: Callable[..., TakenIn],
) -> None:
    taken = referred_after_death(register=True)
    assert taken.accepted["referral"]["source_row"].to_list() == [2, 4]


def test_no_reason_quotes_a_cell(gp_book: Make, take: Take, csv_file: Write) -> None:
    cells = ["1234567890", "31/02/2099", "Zebra", "Giraffe", "Okapi"]
    csv_file("gp.csv", [HEAD, cells])
    told = str(take(gp_book()).rejection.to_dicts())
    assert [cell for cell in cells if cell in told] == []
