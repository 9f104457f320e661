"""Columns that a draft tells by cells and abbreviated headings, and how sure it says it is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

from sp_eval.contracts.mapping_verbs import Parse
from sp_eval.contracts.open_questions import OPEN, open_questions
from sp_eval.ingest.draft import draft_mapping
from sp_eval.ingest.parse import Dating, parsed

Write = Callable[..., Path]
Number = Callable[[int], str]


def register(number: Number, head: list[str], *cells: Callable[[int], str]) -> list[list[str]]:
    rows = [[number(n), f"{13 + n % 15}/06/2015", *(cell(n) for cell in cells)] for n in range(80)]
    return [["NHS", "Date registered", *head], *rows]


def columns_of(folder: Path) -> tuple[dict[str, Any], str]:
    text = draft_mapping("testshire", folder).text
    (table,) = yaml.safe_load(text)["datasets"].values()
    return table["columns"], text


def test_a_register_with_short_headings(csv_file: Write, number: Number, tmp_path: Path) -> None:
    def practice(n: int) -> str:
        return "slip" if n == 5 else f"Z0000{n % 3}"

    rows = register(
        number,
        ["Prac", "Gender (1/2/9)", "Born (mm/yyyy)", "Dep. rank (1=worst)"],
        practice,
        lambda n: ("1", "2", "9")[n % 3],
        lambda n: f"{1 + n % 12:02d}/19{40 + n % 50}",
        lambda n: "n/k" if n % 20 == 0 else str(1 + n % 10),
    )
    csv_file("month/patients.csv", rows)
    columns, text = columns_of(tmp_path / "month")
    assert columns["practice_code"] == {"from": "Prac"}
    assert columns["sex"]["recode"] == {"1": "male", "2": "female", "9": "unknown"}
    assert "'1': male  # guess" in text
    born = {"from": "Born (mm/yyyy)", "split": {"by": "/", "take": "last"}, "parse": "integer"}
    assert columns["birth_year"] == born
    assert columns["imd_decile"] == {"from": "Dep. rank (1=worst)", "parse": "integer"}
    assert "# guess: by its heading and numbers; 1 is taken for the most deprived" in text
    assert columns["imd_quintile"]["recode"][10] == 5


@pytest.mark.parametrize(
    ("heading", "most", "name"),
    [("Deprivation", 5, "imd_quintile"), ("Deprivation", 10, "imd_decile"),
     ("Deprivation", 30, None), ("Shoe size", 10, None)],
)  # fmt: skip
def test_parts_of_deprivation_are_told_by_how_many_there_are(
    csv_file: Write, number: Number, tmp_path: Path, heading: str, most: int, name: str | None
) -> None:
    csv_file("month/patients.csv", register(number, [heading], lambda n: str(1 + n % most)))
    columns, _ = columns_of(tmp_path / "month")
    taken = [of for of in ("imd_decile", "imd_quintile") if columns[of].get("from") == heading]
    assert taken[:1] == ([name] if name else [])


def test_a_practice_code_is_told_by_the_rows_not_by_the_texts(
    csv_file: Write, number: Number, tmp_path: Path
) -> None:
    def code(n: int) -> str:
        return "none" if n == 7 else "Z00001"  # one text in two, one row in eighty

    csv_file("month/patients.csv", register(number, ["Whose"], code))
    assert columns_of(tmp_path / "month")[0]["practice_code"] == {"from": "Whose"}


def test_whether_somebody_came(csv_file: Write, number: Number, tmp_path: Path) -> None:
    came = ("Y", "DNA", "Canc pt", "N")
    rows = [[number(n), f"{13 + n % 15}/06/2018", "GP", "Tel", came[n % 4]] for n in range(60)]
    csv_file("month/appts.csv", [["NHS", "Date", "Clinician", "Mode", "ARRIVED?"], *rows])
    columns, text = columns_of(tmp_path / "month")
    recode = {"Y": "attended", "DNA": "dna", "Canc pt": "cancelled", "N": "dna"}
    assert columns["status"] == {"from": "ARRIVED?", "recode": recode}
    assert "'Y': attended  # guess" in text


def test_the_words_of_an_outcome_are_questions_though_one_is_seldom(
    csv_file: Write, number: Number, tmp_path: Path
) -> None:
    words = ["Came to the hall"] * 200 + ["Was not at home"] * 100 + ["Margit wrote to us"]
    head = ["Case ref", "NHS", "Referral date", "Outcome"]
    rows = [[f"C{n}", number(n), f"{13 + n % 15}/06/2018", word] for n, word in enumerate(words)]
    csv_file("month/referrals.csv", [head, *rows])
    columns, text = columns_of(tmp_path / "month")
    recode = columns["outcome"]["recode"]
    assert recode == dict.fromkeys(["Came to the hall", "Was not at home", OPEN], OPEN)
    assert "Margit" not in text
    assert "1 word that is seldom" in text


def test_the_end_of_a_registration_is_asked_for(
    csv_file: Write, number: Number, tmp_path: Path
) -> None:
    rows = register(number, ["Date left"], lambda n: f"{13 + n % 15}/07/2019" if n % 3 else "")
    csv_file("month/patients.csv", rows)
    columns, text = columns_of(tmp_path / "month")
    assert columns["registered_to"] == {"from": "Date left", "parse": OPEN}
    assert "last day inside: last_day; first day outside: date" in text
    file = tmp_path / "draft.yaml"
    file.write_text(text, encoding="utf-8")
    (asked,) = [one for one in open_questions(file) if one.where == "registered_to"]
    assert asked.sentence.startswith("Is the day in it the last one inside, or the first")


def test_a_last_day_may_be_a_true_date_of_a_workbook() -> None:
    cells = pl.DataFrame({"text": [str(datetime(2019, 7, 31)), "31/07/2019"]})
    for is_workbook, days in ((True, [date(2019, 8, 1)] * 2), (False, [None, date(2019, 8, 1)])):
        dating = Dating("%d/%m/%Y", date(2020, 1, 31), from_workbook=is_workbook)
        value = parsed(pl.col("text"), Parse(kind="last_day"), dating).value
        assert cells.select(value).to_series().to_list() == days


def test_a_template_that_was_filled_in_keeps_totals_and_lists_whole(
    csv_file: Write, number: Number, tmp_path: Path
) -> None:
    head = ["referral_id", "instrument", "item", "stage", "response_date", "score"]
    rows = [[f"R{n}", "swemwbs", "total", "baseline", f"{n + 1:02d}/04/2019", "21"]
            for n in range(9)]  # fmt: skip
    csv_file("d/outcome_response.csv", [head, *rows])
    head = ["referral_id", "person_key", "referral_date", "route", "primary_need",
            "secondary_needs"]  # fmt: skip
    rows = [[f"R{n}", number(n), f"{n + 1:02d}/03/2019", "gp", "debt", "housing;food"]
            for n in range(9)]  # fmt: skip
    csv_file("d/referral.csv", [head, *rows])
    found = yaml.safe_load(draft_mapping("testshire", tmp_path / "d").text)["datasets"]
    assert "footer" not in found["outcome_response"]
    needs = found["referral"]["columns"]["secondary_needs"]
    assert needs["split"] == {"by": ";", "take": "all"}


def test_scores_whose_questionnaire_and_time_stand_in_a_cell(
    csv_file: Write, tmp_path: Path
) -> None:
    """One measurement a row, as electronic records hold them."""
    people = [[f"p{n}", "F", f"19{50 + n}-07-05"] for n in range(40)]
    csv_file("month/patients.csv", [["Id", "GENDER", "BIRTHDATE"], *people])
    cases = [[f"c{n}", f"p{n}", f"2018-06-{13 + n % 15}", "GP"] for n in range(40)]
    csv_file("month/careplans.csv", [["Id", "PATIENT", "START", "SOURCE"], *cases])
    rows = [
        [f"2018-07-{13 + n % 15}", f"c{n // 2}", "SWEMWBS total " + ("first", "last")[n % 2],
         str(20 + n % 9)]
        for n in range(80)
    ]  # fmt: skip
    csv_file("month/observations.csv", [["DATE", "CAREPLAN", "DESCRIPTION", "VALUE"], *rows])
    draft = yaml.safe_load(draft_mapping("testshire", tmp_path / "month").text)
    table = draft["datasets"]["observations"]
    columns = table["columns"]
    assert (table["contract"], table["reference"]) == ("outcome_response", "CAREPLAN")
    assert (columns["instrument"], columns["item"]) == ({"const": "swemwbs"}, {"const": "total"})
    assert columns["score"] == {"from": "VALUE", "parse": "integer"}
    assert columns["stage"]["recode"] == {
        "SWEMWBS total first": "baseline",
        "SWEMWBS total last": "follow_up",
    }
