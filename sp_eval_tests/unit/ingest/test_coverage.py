"""Declared coverage, and practices whose own file is not there."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from sp_eval.contracts.scheme_mapping import SchemeMapping
from sp_eval.ingest.taken import TakenIn

Make = Callable[..., SchemeMapping]
Take = Callable[..., TakenIn]
Write = Callable[..., Path]
Number = Callable[[int], str]
HEAD = ["NHS", "Date", "Who", "How", "Came"]
COVERS = {"sources": ["gp_contact"], "from": "2016-04-01"}
BY_PRACTICE: dict[str, Any] = {
    "file": "{practice}.csv",
    "covers": COVERS,
    "columns": {"practice_code": {"from_path": "practice"}},
}
COLUMNS = ["source", "practice_code", "covered_from", "covered_to"]
SPAN = (date(2016, 4, 1), date(2019, 4, 1))


def test_a_file_of_all_practices(
    gp_book: Make, take: Take, csv_file: Write, number: Number
) -> None:
    csv_file("gp.csv", [HEAD, [number(0), "01/03/2019", "GP", "Phone", "Y"]])
    covered = take(gp_book(covers=COVERS)).declared_coverage
    assert covered.select(COLUMNS).rows() == [("gp_contact", None, *SPAN)]


def test_one_file_a_practice_covers_that_practice_alone(
    gp_book: Make, take: Take, csv_file: Write, number: Number
) -> None:
    csv_file("L84001.csv", [HEAD, [number(0), "01/03/2019", "GP", "Phone", "Y"]])
    csv_file("L84002.csv", [HEAD[:4], [number(0), "01/03/2019", "GP", "Phone"]])
    covered = take(gp_book(**BY_PRACTICE)).declared_coverage
    assert covered.select(COLUMNS).rows() == [("gp_contact", "L84001", *SPAN)]


def test_one_file_may_cover_several_sources(
    gp_book: Make, take: Take, csv_file: Write, number: Number
) -> None:
    csv_file("gp.csv", [HEAD, [number(0), "01/03/2019", "GP", "Phone", "Y"]])
    covers = {"sources": ["ae", "inpatient"], "from": "2016-04-01"}
    covered = take(gp_book(covers=covers)).declared_coverage
    assert covered["source"].to_list() == ["ae", "inpatient"]


@pytest.mark.parametrize(
    ("more", "end"),
    [
        ({"to": "2019-02-14"}, date(2019, 2, 15)),
        ({"to": "2019-03-31"}, date(2019, 4, 1)),
        ({"to": "2020-01-31"}, date(2019, 4, 1)),  # never beyond the delivery
        ({"months_behind": 2}, date(2019, 2, 1)),
        ({"months_behind": 2, "to": "2018-12-31"}, date(2019, 1, 1)),
    ],
)
def test_what_ends_before_the_month_of_the_delivery(
    gp_book: Make, take: Take, csv_file: Write, number: Number, more: dict[str, Any], end: date
) -> None:
    csv_file("gp.csv", [HEAD, [number(0), "01/03/2019", "GP", "Phone", "Y"]])
    covered = take(gp_book(covers={**COVERS, **more})).declared_coverage
    assert covered["covered_to"].to_list() == [end]


def test_what_is_wholly_behind_covers_nothing(
    gp_book: Make, take: Take, csv_file: Write, number: Number
) -> None:
    csv_file("gp.csv", [HEAD, [number(0), "01/03/2019", "GP", "Phone", "Y"]])
    covers = {**COVERS, "from": "2019-01-01", "months_behind": 3}
    assert take(gp_book(covers=covers)).declared_coverage.height == 0


def test_a_practice_of_the_register_without_a_file_is_missed(
    mapping: Make, gp_book: Make, take: Take, csv_file: Write, number: Number
) -> None:
    absent = {"absent": "not supplied"}
    people = {
        "contract": "person",
        "file": "people.csv",
        "identifier": "NHS",
        "columns": {
            "person_key": {"from": "NHS"},
            "practice_code": {"from": "Practice"},
            "registered_from": {"from": "From", "parse": "date"},
            "birth_year": {"const": 1950},
            **dict.fromkeys(
                [
                    "registered_to",
                    "sex",
                    "ethnic_category",
                    "lsoa_code",
                    "imd_quintile",
                    "imd_decile",
                    "ltc_count",
                    "death_date",
                ],
                absent,
            ),
        },
    }
    book = gp_book(**BY_PRACTICE).model_dump(by_alias=True, exclude_none=True)["datasets"]["gp"]
    book["file"] = "books/{practice}.csv"
    codes = ["L84001"] * 50 + ["L84002"] * 50 + ["L84999"]
    rows = [[number(n), code, "01/01/2010"] for n, code in enumerate(codes)]
    csv_file("people.csv", [["NHS", "Practice", "From"], *rows])
    first = csv_file("books/L84001.csv", [HEAD, [number(0), "01/03/2019", "GP", "Phone", "Y"]])
    taken = take(mapping(people=people, gp=book))
    # L84999 has one person: a slip of the pen, not a practice
    assert taken.rejection.select("file", "rule").rows() == [("books/L84002.csv", "missing")]
    book["columns"]["practice_code"] = {
        "from_path": "practice", "recode": {"Elm": "L84001", "Oak": "L84002"},
    }  # fmt: skip
    first.rename(first.with_name("Elm.csv"))
    named = take(mapping(people=people, gp=book))
    assert named.rejection.select("file", "rule").rows() == [("books/Oak.csv", "missing")]
    assert set(named.declared_coverage["practice_code"]) == {"L84001"}
