"""Each verb of a mapping, from the sender's cells to the contract's columns."""

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
Told = Callable[[TakenIn], set[tuple[int | None, str, str | None]]]

REFERRAL: dict[str, Any] = {
    "referral_id": {"from": "Ref"},
    "person_key": {"from": "NHS"},
    "practice_code": {"absent": "not supplied"},
    "referral_date": {"from": "Date", "parse": "date"},
    "route": {"absent": "not supplied"},
    "primary_need": {"absent": "not supplied"},
    "secondary_needs": {"absent": "not supplied"},
    "outcome": {"absent": "not supplied"},
    "first_contact_date": {"absent": "not supplied"},
    "closed_date": {"absent": "not supplied"},
    "closure_reason": {"absent": "not supplied"},
    "is_carer": {"absent": "not supplied"},
    "has_consent": {"absent": "not supplied"},
}


@pytest.fixture
def one_referral(
    mapping: Make, take: Take, csv_file: Write, number: Callable[[int], str]
) -> Callable[..., TakenIn]:
    """Take in one referral with further columns and rules."""

    def run(cells: dict[str, str], checks: dict[str, Any] | None = None, **rules: Any) -> TakenIn:
        made = mapping(
            referrals={
                "contract": "referral",
                "file": "r.csv",
                "identifier": "NHS",
                "reference": "Ref",
                "columns": {**REFERRAL, **rules},
                "check": checks or {},
            }
        )
        whole = {"Ref": "R1", "NHS": number(0), "Date": "01/06/2017", **cells}
        csv_file("r.csv", [list(whole), list(whole.values())])
        return take(made)

    return run


def only(taken: TakenIn, contract: str, column: str) -> object:
    (value,) = taken.accepted[contract][column].to_list()
    return value


def test_from_const_and_absent(one_referral: Callable[..., TakenIn]) -> None:
    taken = one_referral(
        {"Practice": " L84002 "},
        practice_code={"from": "Practice"},
        route={"const": "gp"},
    )
    assert only(taken, "referral", "practice_code") == "L84002"
    assert only(taken, "referral", "route") == "gp"
    assert only(taken, "referral", "is_carer") is None


def test_from_path(
    gp_book: Make, take: Take, csv_file: Write, number: Callable[[int], str]
) -> None:
    made = gp_book(
        file="books/{practice}.csv", columns={"practice_code": {"from_path": "practice"}}
    )
    csv_file(
        "books/L84002.csv",
        [["NHS", "Date", "Who", "How", "Came"], [number(0), "01/04/2019", "GP", "Phone", "Y"]],
    )
    assert only(take(made), "gp_contact", "practice_code") == "L84002"


def test_from_path_by_a_name_that_stands_for_a_code(
    gp_book: Make, take: Take, csv_file: Write, number: Callable[[int], str]
) -> None:
    rule = {"from_path": "practice", "recode": {"Elm House": "L84002"}}
    made = gp_book(file="books/{practice}.csv", columns={"practice_code": rule})
    head = ["NHS", "Date", "Who", "How", "Came"]
    csv_file("books/Elm House.csv", [head, [number(0), "01/04/2019", "GP", "Phone", "Y"]])
    csv_file("books/Oak House.csv", [head, [number(1), "01/04/2019", "GP", "Phone", "Y"]])
    taken = take(made)
    assert only(taken, "gp_contact", "practice_code") == "L84002"
    states = dict(taken.delivery.select("file", "status").iter_rows())
    assert states == {"books/Elm House.csv": "current", "books/Oak House.csv": "refused"}


@pytest.mark.parametrize(("cell", "value"), [("Y", True), ("N", False), ("", None)])
def test_recode(one_referral: Callable[..., TakenIn], cell: str, value: bool | None) -> None:
    rule = {"from": "Carer", "recode": {"Y": True, "N": False}}
    assert only(one_referral({"Carer": cell}, is_carer=rule), "referral", "is_carer") is value


def test_recode_refuses_what_nobody_agreed(
    one_referral: Callable[..., TakenIn], told: Told
) -> None:
    taken = one_referral(
        {"Carer": "Perhaps"}, is_carer={"from": "Carer", "recode": {"Y": True, "N": False}}
    )
    assert told(taken) == {(2, "unknown_code", "Carer")}
    (reason,) = taken.rejection["reason"].to_list()
    assert "(Y, N)" in reason
    assert "Perhaps" not in reason


@pytest.mark.parametrize(
    ("accepted", "closed", "outcome"),
    [
        ("Y", "", "accepted"),
        ("N", "No answer", "uncontactable"),
        ("N", "", "declined"),
        ("", "", "pending"),
    ],
)
def test_decide(
    one_referral: Callable[..., TakenIn], accepted: str, closed: str, outcome: str
) -> None:
    rule = {
        "decide": [
            {"when": {"Accepted": "Y"}, "then": "accepted"},
            {"when": {"Accepted": "N", "Closed": ["No answer"]}, "then": "uncontactable"},
            {"when": {"Accepted": "N"}, "then": "declined"},
            {"when": {"Accepted": None}, "then": "pending"},
        ]
    }
    taken = one_referral({"Accepted": accepted, "Closed": closed}, outcome=rule)
    assert only(taken, "referral", "outcome") == outcome


def test_decide_without_a_fitting_row_is_an_unknown_code(
    one_referral: Callable[..., TakenIn], told: Told
) -> None:
    rule = {"decide": [{"when": {"Accepted": "Y"}, "then": "accepted"}]}
    assert told(one_referral({"Accepted": "Q"}, outcome=rule)) == {(2, "unknown_code", "Accepted")}


def test_decide_does_not_repeat_what_a_check_has_told(
    one_referral: Callable[..., TakenIn], told: Told
) -> None:
    rule = {"decide": [{"when": {"A": "Y", "B": "1"}, "then": "accepted"}]}
    taken = one_referral({"A": "Y", "B": "9"}, {"B": {"one_of": ["1", "2"]}}, outcome=rule)
    assert told(taken) == {(2, "unknown_code", "B")}


@pytest.mark.parametrize(("left", "value"), [("Deceased", date(2018, 2, 1)), ("Moved", None)])
def test_when_take(one_referral: Callable[..., TakenIn], left: str, value: date | None) -> None:
    rule = {"when": {"Why": "Deceased"}, "take": {"from": "Left", "parse": "date"}}
    taken = one_referral({"Why": left, "Left": "01/02/2018"}, closed_date=rule)
    assert only(taken, "referral", "closed_date") == value


def test_when_take_looks_at_its_cell_only_when_it_applies(
    one_referral: Callable[..., TakenIn], told: Told
) -> None:
    rule = {"when": {"Why": "Deceased"}, "take": {"from": "Left", "parse": "date"}}
    assert told(one_referral({"Why": "Moved", "Left": "soon"}, closed_date=rule)) == set()
    taken = one_referral({"Why": "Deceased", "Left": "soon"}, closed_date=rule)
    assert told(taken) == {(2, "date_impossible", "Left")}


NEEDS = {"Lonely": "social_isolation", "Housing": "housing", "Grief": "bereavement"}


@pytest.mark.parametrize(
    ("cell", "first", "rest"),
    [
        ("Lonely", "social_isolation", None),
        ("Lonely; Housing;Grief", "social_isolation", "housing;bereavement"),
        ("", None, None),
    ],
)
def test_split(
    one_referral: Callable[..., TakenIn], cell: str, first: str | None, rest: str | None
) -> None:
    taken = one_referral(
        {"Why": cell},
        primary_need={"from": "Why", "split": {"by": ";", "take": "first"}, "recode": NEEDS},
        secondary_needs={"from": "Why", "split": {"by": ";", "take": "rest"}, "recode": NEEDS},
    )
    assert only(taken, "referral", "primary_need") == first
    assert only(taken, "referral", "secondary_needs") == rest


def test_split_takes_all_where_the_first_is_not_another_columns(
    one_referral: Callable[..., TakenIn],
) -> None:
    taken = one_referral(
        {"Why": "Lonely; Housing"},
        secondary_needs={"from": "Why", "split": {"by": ";", "take": "all"}, "recode": NEEDS},
    )
    assert only(taken, "referral", "secondary_needs") == "social_isolation;housing"


@pytest.mark.parametrize("cell", ["Lonely;Weather", "Weather;Lonely"])
def test_split_refuses_an_unknown_piece(
    one_referral: Callable[..., TakenIn], told: Told, cell: str
) -> None:
    taken = one_referral(
        {"Why": cell},
        primary_need={"from": "Why", "split": {"by": ";", "take": "first"}, "recode": NEEDS},
        secondary_needs={"from": "Why", "split": {"by": ";", "take": "rest"}, "recode": NEEDS},
    )
    assert told(taken) == {(2, "unknown_code", "Why")}


COST: dict[str, Any] = {
    "period_start": {"from": ["Year", "Quarter"], "parse": "quarter"},
    "period_end": {"from": ["Year", "Quarter"], "parse": {"kind": "quarter", "edge": "end"}},
    "line": {"from": "Line"},
    "funder": {"absent": "not supplied"},
    "recipient": {"absent": "not supplied"},
    "amount_gbp": {"from": "Amount", "parse": "money"},
}
COST_HEADER = ["Year", "Quarter", "Line", "Amount"]


def test_two_columns_make_one_value(mapping: Make, take: Take, csv_file: Write) -> None:
    made = mapping(costs={"contract": "programme_cost", "file": "c.csv", "columns": COST})
    csv_file("c.csv", [COST_HEADER, ["2017/18", "Q3", "Staff", '"£1,200.00"']])
    taken = take(made).accepted["programme_cost"]
    assert taken.select("period_start", "period_end", "amount_gbp").row(0) == (
        date(2017, 10, 1),
        date(2018, 1, 1),
        1200.0,
    )


def test_a_number_about_somebody_in_a_text_is_refused(
    mapping: Make, take: Take, csv_file: Write, told: Told, number: Callable[[int], str]
) -> None:
    made = mapping(costs={"contract": "programme_cost", "file": "c.csv", "columns": COST})
    line = f"taxi for {number(3)}"
    csv_file("c.csv", [COST_HEADER, ["2017/18", "Q3", line, "1"], ["2017/18", "Q3", "Staff", "2"]])
    taken = take(made)
    assert told(taken) == {(2, "identifier_in_text", "Line")}
    assert number(3) not in str(taken.rejection.to_dicts())
