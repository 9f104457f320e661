"""Texts that mean not known: blank in every kind of cell, however the file is read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from sp_eval.contracts.mapping_verbs import ColumnRule
from sp_eval.contracts.open_questions import OPEN
from sp_eval.contracts.scheme_mapping import SchemeMapping
from sp_eval.ingest.draft import draft_mapping
from sp_eval.ingest.taken import TakenIn

Make = Callable[..., SchemeMapping]
Take = Callable[..., TakenIn]
Write = Callable[..., Path]
Number = Callable[[int], str]

HEAD = ["NHS", "Practice", "Start", "End", "Kind", "Came", "Nights", "Cost"]
COLUMNS: dict[str, Any] = {
    "person_key": {"from": "NHS"},
    "provider_code": {"from": "Practice"},
    "start_date": {"from": "Start", "parse": "date"},
    "end_date": {"from": "End", "parse": "date"},
    "activity": {"from": "Kind", "recode": {"A": "ae", "E": "emergency"}},
    "attended": {"from": "Came", "recode": {"Y": True, "N": False, "n/k": True}},
    "bed_days": {"from": "Nights", "parse": "integer"},
    "cost_gbp": {"from": "Cost", "parse": "money"},
}
SAID = {"not_known": ["n/k", "-"]}


def stays(number: Number) -> list[list[str]]:
    whole = [number(1), "RXX01", "01/06/2018", "02/06/2018", "E", "Y", "1", "£10"]
    rows = [whole]
    for at in range(len(HEAD)):
        rows.append(["N/K" if n == at else cell for n, cell in enumerate(whole)])
        rows[-1][0] = number(at + 2) if at else "N/K"
    return [HEAD, *rows]


def table(columns: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    return {
        "contract": "hospital_activity", "file": "s.csv", "identifier": "NHS",
        "columns": {**COLUMNS, **(columns or {})}, **changes,
    }  # fmt: skip


# the required ones are missing, neither mistyped nor unknown; the last is in its column's own list,
# written otherwise: nobody agreed what it means
TOLD = {(3, "nhs_missing"), (5, "mandatory_missing"), (7, "mandatory_missing"), (8, "unknown_code")}


@pytest.mark.parametrize("by", ["text", "sheet"])
@pytest.mark.parametrize("where", ["top", "table"])
def test_a_cell_of_any_kind_counts_as_blank(
    mapping: Make, take: Take, csv_file: Write, workbook: Write, number: Number, by: str, where: str
) -> None:
    one = table()
    if by == "text":
        csv_file("s.csv", stays(number))
    else:
        workbook("s.xlsx", Stays=stays(number))
        one |= {"file": "s.xlsx", "sheet": "Stays"}
    made = mapping(stays=one | (SAID if where == "table" else {}))
    if where == "top":
        plain = made.model_dump(by_alias=True, exclude_unset=True)
        made = SchemeMapping.model_validate({**plain, **SAID})
    taken = take(made)
    told = set(taken.rejection.select("row_number", "rule").iter_rows())
    assert told == TOLD
    kept = taken.accepted["hospital_activity"].sort("source_row")
    assert kept["source_row"].to_list() == [2, 4, 6, 9, 10]
    blank = {"provider_code": 4, "end_date": 6, "bed_days": 9, "cost_gbp": 10}
    for name, row in blank.items():
        assert kept.filter(kept[name].is_null())["source_row"].to_list() == [row], name


def test_a_word_of_the_columns_own_list_keeps_its_meaning(
    mapping: Make, take: Take, csv_file: Write, number: Number
) -> None:
    rows = [[cell.replace("N/K", "n/k") for cell in row] for row in stays(number)]
    csv_file("s.csv", rows)
    kept = take(mapping(stays=table(**SAID))).accepted["hospital_activity"]
    assert kept.filter(source_row=8)["attended"].to_list() == [True]


def test_one_column_may_say_it_alone(
    mapping: Make, take: Take, csv_file: Write, number: Number
) -> None:
    csv_file("s.csv", stays(number))
    known = ["n/k"]
    own = {
        "person_key": {"from": "NHS", "not_known": known},
        "bed_days": {"from": "Nights", "parse": "integer", "not_known": known},
        "cost_gbp": {"from": "Cost", "parse": {"kind": "money", "not_known": ["N/K"]}},
    }
    told = take(mapping(stays=table(own))).rejection.select("row_number", "rule")
    rows = set(told.iter_rows())
    assert (3, "nhs_missing") in rows
    assert {row for row, _ in rows} == {3, 4, 5, 6, 7, 8}


def test_what_one_rule_says_leaves_another_of_the_same_column_alone(
    mapping: Make, take: Take, csv_file: Write, number: Number
) -> None:
    csv_file("s.csv", stays(number)[:2])
    own = {"provider_code": {"from": "Kind", "not_known": ["e"]}}
    kept = take(mapping(stays=table(own, drop={"Practice": "for the test"}))).accepted
    assert kept["hospital_activity"].select("activity", "provider_code").rows() == [
        ("emergency", None)
    ]


@pytest.mark.parametrize("to", [None, ""])
def test_a_word_recoded_to_nothing_is_told_how_it_is_said(to: object) -> None:
    with pytest.raises(ValidationError, match=r"not_known: \['n/k'\]"):
        ColumnRule.model_validate({"from": "Kind", "recode": {"A": "ae", "n/k": to}})


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ({"from": "Kind", "not_known": ["n/k"], "recode": {"N/K": "ae"}}, "under recode and under"),
        ({"const": "ae", "not_known": ["n/k"]}, "refine from"),
        ({"from": "Kind", "not_known": [None]}, "in quotation marks"),
    ],
)
def test_what_cannot_be_meant_is_refused(rule: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        ColumnRule.model_validate(rule)


def test_a_draft_proposes_what_stands_in_several_columns_and_asks_of_it_no_more(
    csv_file: Write, number: Number, tmp_path: Path
) -> None:
    cases, rows = [["Case ref", "NHS", "Date of referral", "Main need"]], []
    for n in range(60):
        need = ("Housing", "Debt", "n/k")[n % 3]
        cases.append([f"C{n}", number(n), f"{13 + n % 15}/06/2018", need])
        day = "n/k" if n % 4 == 0 else f"{13 + n % 15}/06/2018"
        seen = ("GP", "Nurse", "n/k")[n % 3]
        who = ("unknown", "Y", "DNA")[n % 3]
        rows.append([number(n), day, f"{13 + n % 15}/05/2018", seen, "Telephone", who])
    head = ["NHS", "Appointment date", "Booked on", "Staff", "Mode", "Status"]
    csv_file("month/appointments.csv", [head, *rows])
    csv_file("month/referrals.csv", cases)
    text = draft_mapping("testshire", tmp_path / "month").text
    assert "not_known: [n/k]  # likely: in 3 columns" in text
    tables = yaml.safe_load(text)["datasets"]
    needs = tables["referrals"]["columns"]["primary_need"]["recode"]
    assert needs == {"Housing": "housing", "Debt": "debt"}
    columns = tables["appointments"]["columns"]
    assert columns["contact_date"] == {"from": "Appointment date", "parse": "date"}
    # a row is refused for a blank here: whether n/k is `other` is asked
    assert columns["staff"]["recode"] == {"GP": "gp", "Nurse": "nurse", "n/k": OPEN}
    assert columns["status"]["recode"]["unknown"] == OPEN  # in one column alone: it may be a word
