"""A mapping drafted from a delivery: what it guesses, what it asks, and what it never writes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from sp_eval.contracts.open_questions import OPEN, open_questions
from sp_eval.contracts.scheme_mapping import SchemeMapping, read_mapping
from sp_eval.ingest.draft import draft_mapping
from sp_eval.ingest.examination import examine
from sp_eval_tests.support.runs import run_line

Write = Callable[..., Path]
GIVEN = ("Doreen", "Ahmed", "Susan", "Peter", "Margaret")
CASES = ["Case ref", "NHS no", "Client", "DOB", "Postcode", "Referral date", "Referred by",
         "Main need", "Notes", "Status"]  # fmt: skip


def drafted(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(draft_mapping("testshire", folder).text)
    return found


def case(number: str, n: int, **changes: str) -> list[str]:
    cells = {
        "Case ref": f"C-{n:04d}", "NHS no": number, "Client": f"{GIVEN[n % 5]} Fictional",
        "DOB": f"{1 + n % 28:02d}/07/1951", "Postcode": f"ZZ9{n % 9} 9ZZ",
        "Referral date": f"{13 + n % 15}/06/2018", "Referred by": ("GP", "Nurse")[n % 2],
        "Main need": ("Housing", "Debt", "Pigeons")[n % 3],
        "Notes": f"She told {GIVEN[n % 5]} at length that the boiler has not worked since May {n}",
        "Status": ("Engaged", "Declined")[n % 2],
    } | changes  # fmt: skip
    return list(cells.values())


@pytest.fixture
def cases(csv_file: Write, number: Callable[[int], str], tmp_path: Path) -> Callable[..., Path]:
    """A folder with one table of sixty cases; keywords change the cells of the 58th."""

    def make(head: Sequence[str] = CASES, **changes: str) -> Path:
        rows = [case(number(n), n, **(changes if n == 57 else {})) for n in range(60)]
        csv_file("month/Referrals 2018-07.csv", [head, *rows], delimiter=";", encoding="cp1252")
        return tmp_path / "month"

    return make


def test_what_it_makes_of_a_table(cases: Callable[..., Path]) -> None:
    found = drafted(cases())
    assert found["identifier"] == "nhs_number"
    (table,) = found["datasets"].values()
    assert (table["contract"], table["file"]) == ("referral", "Referrals *.csv")
    assert (table["delimiter"], table["dates"]) == (";", "%d/%m/%Y")
    assert (table["identifier"], table["reference"]) == ("NHS no", "Case ref")
    columns = table["columns"]
    assert columns["referral_date"] == {"from": "Referral date", "parse": "date"}
    assert columns["route"]["recode"] == {"GP": "gp", "Nurse": "nurse"}
    needs = columns["primary_need"]["recode"]
    assert needs == {"Debt": "debt", "Housing": "housing", "Pigeons": OPEN}
    assert columns["closed_date"] == {"absent": OPEN}
    assert table["drop"] == {
        "Client": "its cells may tell who somebody is", "DOB": "identifies the person",
        "Postcode": "tells where the person lives", "Notes": "free text may tell who somebody is",
    }  # fmt: skip
    assert set(found["absent"]) >= {"person", "gp_contact"}


def test_each_line_says_how_sure_it_is_and_why(cases: Callable[..., Path]) -> None:
    lines = [line.strip() for line in draft_mapping("testshire", cases()).text.splitlines()]
    assert "identifier: NHS no  # sure: by its cells: check digits" in lines
    assert (
        "referral_date: {from: Referral date, parse: date}  # sure: by its heading and cells"
        in lines
    )
    assert "DOB: identifies the person  # likely: by its heading" in lines
    assert any(line.startswith("file: ") and "guess" in line for line in lines)


def test_it_is_the_same_for_the_same_delivery(cases: Callable[..., Path]) -> None:
    folder = cases()
    assert draft_mapping("testshire", folder) == draft_mapping("testshire", folder)


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        ("Main need", "999 000 0018"), ("Main need", "Margaret Fictional"),
        ("Main need", "lives with her sister at the mill"), ("Status", "ZZ99 9ZZ"),
        ("Referred by", "Dr Imaginary"), ("Status", "ring 0700 0900 123 about it"),
    ],
)  # fmt: skip
def test_no_cell_that_may_tell_somebody_is_written(
    cases: Callable[..., Path], column: str, cell: str
) -> None:
    text = draft_mapping("testshire", cases(**{column: cell})).text
    assert cell not in text
    for private in (*GIVEN, "9990", "1951", "ZZ9", "boiler"):
        assert private not in text, private
    assert "Housing: housing" in text


def test_names_under_any_heading_are_held_back(
    csv_file: Write, number: Callable[[int], str], tmp_path: Path
) -> None:
    head = ["Case ref", "NHS no", "Date of referral", "Source of referral", "Outcome"]
    names = ("Imaginary", "Invented", "Madeup")  # of nobody's list
    rows = [
        [f"C{n}", number(n), f"{13 + n % 15}/06/2018", names[n % 3], "Declined"] for n in range(60)
    ]
    csv_file("month/referrals.csv", [head, *rows])
    text = draft_mapping("testshire", tmp_path / "month").text
    assert not any(name in text for name in names)
    assert f"'{OPEN}': '{OPEN}'" in text


def test_a_heading_that_may_be_data_is_not_written(cases: Callable[..., Path]) -> None:
    text = draft_mapping("testshire", cases([*CASES[:-1], "Born 19510703"])).text
    assert "1951" not in text
    assert "column 10 is not named here" in text


def test_dates_that_could_be_read_both_ways_are_a_guess(
    csv_file: Write, number: Callable[[int], str], tmp_path: Path
) -> None:
    rows = [[f"C{n}", number(n), f"0{1 + n % 9}/0{1 + n % 7}/2018"] for n in range(30)]
    csv_file("month/referrals.csv", [["Case ref", "NHS", "Date referred"], *rows])
    text = draft_mapping("testshire", tmp_path / "month").text
    assert "dates: '%d/%m/%Y'  # guess: every date could be read both ways" in text


def test_files_a_practice_are_one_table_whatever_their_headings(
    csv_file: Write, number: Callable[[int], str], tmp_path: Path
) -> None:
    first = [["NHS", "Date", "Staff", "Type", "Status"]]
    other = [["Seen on", "NHS number", "HCP", "Mode", "Attendance"]]
    for n in range(20):
        first.append([number(n), f"{13 + n % 15}/06/2018", "GP", "Telephone", "Attended"])
        other.append([f"2018-06-{13 + n % 15}", number(n), "Nurse", "Video", "DNA"])
    csv_file("month/books/A00001.csv", first)
    csv_file("month/books/A00002.csv", first)
    csv_file("month/books/A00003.csv", other, delimiter=";")
    (table,) = drafted(tmp_path / "month")["datasets"].values()
    assert table["file"] == "books/{practice}.csv"
    assert table["columns"]["practice_code"] == {"from_path": "practice"}
    ways = {one["delimiter"]: (one["dates"], one["columns"]) for one in table["layouts"].values()}
    assert ways[";"][0] == "%Y-%m-%d"
    assert ways[";"][1]["contact_date"] == "Seen on"
    assert table["columns"]["staff"]["recode"] == {"GP": "gp", "Nurse": "nurse"}


def test_a_workbook_with_titles_true_dates_answers_and_a_last_row(
    workbook: Write, tmp_path: Path
) -> None:
    items = [f"q{n}" for n in range(1, 8)]
    answers = [
        [f"C{n}", ("Baseline", "Follow up")[n % 2], datetime(2018, 6, 1 + n % 28), *[3] * 7, 21, 21]
        for n in range(20)
    ]
    costs = [["Apr-18", "Staff", 1000], ["May-18", "Rent", 10], ["Total", None, 1010]]
    workbook(
        "month.xlsx",
        SWEMWBS=[
            ["Our answers"],
            [],
            ["Case ref", "Stage", "Date", *items, "Total", "Metric"],
            *answers,
        ],
        Costs=[["Month", "Category", "Amount"], *costs],
    )
    found = drafted(tmp_path / "month.xlsx")["datasets"]
    asked = found["swemwbs"]
    assert asked["columns"]["instrument"] == {"const": "swemwbs"}
    assert asked["columns"]["response_date"] == {"from": "Date", "parse": "excel"}
    assert asked["unpivot"]["columns"] == {item: item for item in items}
    assert asked["check"]["Metric"] == {"metric_of": items, "metric_table": "swemwbs_metric"}
    assert "are they raw totals" in draft_mapping("testshire", tmp_path / "month.xlsx").text
    assert found["costs"]["footer"] == {"Month": "Total"}


def test_visits_to_practices_and_hospitals_are_two_tables_of_one_file(
    csv_file: Write, tmp_path: Path
) -> None:
    kinds = ("ambulatory", "emergency", "inpatient", "outpatient", "wellness")
    rows = [
        [f"v{n}", f"p{n % 30}", f"2018-06-{13 + n % 15}T09:30:00Z", kinds[n % 5]] for n in range(90)
    ]
    csv_file("month/encounters.csv", [["Id", "PATIENT", "START", "ENCOUNTERCLASS"], *rows])
    people = [[f"p{n}", "F", f"19{50 + n}-07-05"] for n in range(30)]
    csv_file("month/patients.csv", [["Id", "GENDER", "BIRTHDATE"], *people])
    found = drafted(tmp_path / "month")
    assert found["identifier"] == "pseudonym"
    one, other = (t for t in found["datasets"].values() if t["file"] == "encounters.csv")
    assert (one["contract"], other["contract"]) == ("gp_contact", "hospital_activity")
    assert one["keep_when"]["when"] == {"ENCOUNTERCLASS": ["ambulatory", "wellness"]}
    assert one["dates"] == "%Y-%m-%dT%H:%M:%SZ"
    assert other["columns"]["activity"]["recode"]["emergency"] == "ae"
    person = found["datasets"]["patients"]
    assert person["identifier"] == "Id"
    assert person["columns"]["birth_year"]["split"] == {"by": "-", "take": "first"}


def test_people_in_one_file_and_their_practices_and_dates_in_another(
    csv_file: Write, tmp_path: Path
) -> None:
    practices = ["6c40a97a-d345-44d3", "2d387ab9-8437-45f5", "f1584b99-5a47-4098"]
    people = [[f"p{n}", "F", f"19{50 + n}-07-05", "nonhispanic"] for n in range(30)]
    csv_file("month/patients.csv", [["Id", "GENDER", "BIRTHDATE", "ETHNICITY"], *people])
    stays = [[f"p{n}", practices[n % 3], "2015-04-01", "2018-03-31"] for n in range(30)]
    csv_file("month/registrations.csv", [["PATIENT", "ORGANIZATION", "START", "STOP"], *stays])
    kinds = ("ambulatory", "emergency", "inpatient")
    visits = [
        [f"p{n % 30}", f"2018-06-{13 + n % 15}", practices[n % 3], kinds[n % 3]] for n in range(90)
    ]
    head = ["PATIENT", "START", "ORGANIZATION", "ENCOUNTERCLASS"]
    csv_file("month/encounters.csv", [head, *visits])
    found = drafted(tmp_path / "month")["datasets"]
    patients, stays_table = found["patients"], found["registrations"]
    assert (patients["contract"], stays_table["contract"]) == ("patient", "person")
    assert patients["columns"]["ethnic_category"]["absent"]
    assert stays_table["columns"]["registered_from"] == {"from": "START", "parse": "date"}
    assert stays_table["columns"]["registered_to"]["from"] == "STOP"
    codes = stays_table["columns"]["practice_code"]["recode"]
    assert sorted(codes.values()) == ["Z00001", "Z00002", "Z00003"]
    gp, hospital = (table for table in found.values() if table["file"] == "encounters.csv")
    assert gp["columns"]["practice_code"]["recode"] == codes
    # a stay may be an emergency or planned: no word of the column tells
    assert hospital["columns"]["activity"]["recode"]["inpatient"] == OPEN


def answered(text: str) -> str:
    """What somebody makes of a draft who answers everything with what is always right."""
    named = text.replace(f"title: '{OPEN}'", "title: Test")
    known = named.replace(f"Pigeons: '{OPEN}'", "Pigeons: other")
    return known.replace(f"'{OPEN}'", "not sent")


def test_a_draft_once_answered_takes_every_row(cases: Callable[..., Path], tmp_path: Path) -> None:
    folder = cases()
    file = tmp_path / "mapping.yaml"
    file.write_text(draft_mapping("testshire", folder).text, encoding="utf-8")
    text = file.read_text(encoding="utf-8").splitlines()
    asked = open_questions(file)
    assert asked
    assert all(OPEN in text[one.line - 1] for one in asked)
    assert any("'Pigeons'" in one.sentence and "housing" in one.sentence for one in asked)
    file.write_text(answered(file.read_text(encoding="utf-8")), encoding="utf-8")
    mapping = read_mapping(file)
    assert isinstance(mapping, SchemeMapping)
    (table,) = [one for one in examine(folder, mapping, month="2018-07") if one.table]
    assert (table.rows, table.refused, table.doubts) == (60, None, ())


def test_by_the_commands(cases: Callable[..., Path], tmp_path: Path) -> None:
    folder, file = cases(), tmp_path / "draft.yaml"
    written = run_line("scheme", "new", "testshire", "--from", str(folder), "--out", str(file))
    assert (written.status, "Referrals *.csv: referral" in written.sentences()) == (0, True)
    check = ("scheme", "check", "testshire", str(folder), "--mapping", str(file))
    asked = run_line(*check)
    assert asked.status == 1
    assert "lines ask something" in asked.sentences()
    assert (
        "primary_need: What is 'Pigeons' in the shared words? One of: social" in asked.sentences()
    )
    file.write_text(answered(file.read_text(encoding="utf-8")), encoding="utf-8")
    done = run_line(*check)
    assert (done.status, "Nothing to look at." in done.sentences()) == (0, True), done.out
    spoilt = file.read_text(encoding="utf-8").replace("parse: date", "parse: dote", 1)
    file.write_text(spoilt, encoding="utf-8")
    told = run_line(*check)
    assert told.status == 2
    assert "(line " in told.sentences()
    assert run_line("scheme", "check", "elsewhere", str(folder), "--mapping", str(file)).status == 2


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("Test Shire", "--from", "month"), "cannot be the code of a scheme"),
        (("testshire", "--from", "nowhere"), "There is no file or folder"),
        (("rotherham", "--from", "month"), "exists already"),
        (("testshire", "--from", "empty", "--out", "x.yaml"), "was recognised"),
    ],
)
def test_what_cannot_be_drafted_is_said_and_nothing_written(
    cases: Callable[..., Path], tmp_path: Path, arguments: tuple[str, ...], told: str
) -> None:
    cases()
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "rows.csv").write_text("1,2,3\n4,5,6\n", encoding="utf-8")
    places = {"month", "nowhere", "empty", "x.yaml"}
    ended = run_line("scheme", "new", *(str(tmp_path / a) if a in places else a for a in arguments))
    assert ended.status == 2
    assert told in ended.sentences()
    assert not (tmp_path / "x.yaml").exists()
