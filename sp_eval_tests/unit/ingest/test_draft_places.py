"""Files of visits to practices and hospitals alike, practices by name, broad ethnic groups."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from sp_eval.contracts.mapping_gaps import gaps_of
from sp_eval.contracts.open_questions import OPEN, open_questions
from sp_eval.contracts.scheme_mapping import read_mapping
from sp_eval.ingest.draft import draft_mapping
from sp_eval.ingest.examination import examine
from sp_eval_tests.support.runs import run_line

Write = Callable[..., Path]
Number = Callable[[int], str]
ROWS = 240


def drafted(folder: Path) -> tuple[dict[str, Any], str]:
    text = draft_mapping("testshire", folder).text
    found: dict[str, Any] = yaml.safe_load(text)
    return found, text


def visits(number: Number, words: tuple[str, ...], *, months: int = 6) -> list[list[str]]:
    head = ["NHS", "Date", "Type of visit"]
    rows = [
        [number(n % 40), f"{1 + n % 28:02d}/{1 + n % months:02d}/2018", words[n % len(words)]]
        for n in range(ROWS)
    ]
    return [head, *rows]


@pytest.mark.parametrize(
    ("gp", "hospital"),
    [
        (("GP phone call", "Practice nurse"), ("A&E attendance", "Outpatient clinic")),
        (("581477", "5083"), ("9203", "9202")),
    ],
)
def test_each_table_keeps_its_own_words_and_what_is_folded_is_told(
    csv_file: Write, number: Number, tmp_path: Path, gp: tuple[str, ...], hospital: tuple[str, ...]
) -> None:
    csv_file("s/2018-07/all visits.csv", visits(number, (*gp, *hospital)))
    folder = tmp_path / "s" / "2018-07"
    found, text = drafted(folder)
    one, other = found["datasets"].values()
    assert set(one["keep_when"]["when"]["Type of visit"]) == set(gp)
    assert set(other["keep_when"]["when"]["Type of visit"]) == set(hospital)
    recode = other["columns"]["activity"]["recode"]
    assert {recode[word] for word in hospital} == {"ae", "outpatient"}
    assert {recode[word] for word in gp} == {"other"}
    assert text.count("# folded above, so never counted") >= len(gp)
    file = tmp_path / "draft.yaml"
    for column, value in (("staff", "gp"), ("mode", "telephone"), ("status", "attended")):
        text = text.replace(f"{column}: {{const: '{OPEN}'}}", f"{column}: {{const: {value}}}")
    assert f"attended: {{const: '{OPEN}'}}  # outpatients need it" in text
    text = text.replace(f"attended: {{const: '{OPEN}'}}", "attended: {const: true}")
    text = text.replace(f"practice_code: {{absent: '{OPEN}'}}", "practice_code: {const: Z00001}")
    file.write_text(text.replace(OPEN, "not sent"), encoding="utf-8")
    seen = list(examine(folder, read_mapping(file), month="2018-07"))
    assert [e.rows_refused for e in seen] == [0, 0]
    half = ROWS // 2
    assert [e.folded for e in seen] == [
        ("visit elsewhere", half, 0), ("visit to a practice", half, 0),
    ]  # fmt: skip
    check = run_line("scheme", "check", "testshire", str(folder), "--mapping", str(file))
    assert f"{half} rows are folded as 'visit to a practice'" in check.sentences()


def test_words_of_no_known_place_are_asked_about_and_not_lost(
    csv_file: Write, number: Number, tmp_path: Path
) -> None:
    csv_file("month/visits.csv", visits(number, ("GP", "A&E", "Hovercraft")))
    found, text = drafted(tmp_path / "month")
    _, other = found["datasets"].values()
    assert set(other["keep_when"]["when"]["Type of visit"]) == {"A&E", "Hovercraft"}
    assert other["columns"]["activity"]["recode"]["Hovercraft"] == OPEN
    assert "# nobody here knows where these were: Hovercraft" in text


def test_who_sent_somebody_does_not_part_a_file(
    csv_file: Write, number: Number, tmp_path: Path
) -> None:
    rows = [[number(n), f"{13 + n % 15}/06/2018", ("GP", "A&E")[n % 2], "OP"] for n in range(60)]
    csv_file("month/outpatients.csv", [["NHS", "Date", "Referral source", "POD"], *rows])
    found, _ = drafted(tmp_path / "month")
    (table,) = found["datasets"].values()
    assert (table["contract"], "keep_when" in table) == ("hospital_activity", False)


@pytest.mark.parametrize(
    ("words", "sources"),
    [
        (("A&E", "Emergency admission"), ["ae", "emergency_inpatient"]),
        (("Elective", "Day case"), ["planned_inpatient"]),
        (("Elective", "Emergency admission", "OP"), ["inpatient", "outpatient"]),
        (("A&E", "Hovercraft"), ["ae", "inpatient", "outpatient"]),
    ],
)
def test_what_a_file_covers_is_the_care_that_its_words_show(
    csv_file: Write, number: Number, tmp_path: Path, words: tuple[str, ...], sources: list[str]
) -> None:
    csv_file("month/hospital.csv", visits(number, words))
    found, _ = drafted(tmp_path / "month")
    (table,) = found["datasets"].values()
    assert table["covers"]["sources"] == sources


@pytest.mark.parametrize(
    ("folder", "to"), [("2018-07", None), ("2018-09", "2018-06-30"), ("month", None)]
)
def test_a_file_that_ends_before_its_delivery_says_so(
    csv_file: Write, number: Number, tmp_path: Path, folder: str, to: str | None
) -> None:
    csv_file(f"s/{folder}/hospital.csv", visits(number, ("A&E", "OP")))
    found, text = drafted(tmp_path / "s" / folder)
    covers = found["datasets"]["hospital"]["covers"]
    assert str(covers.get("to")) == str(to)
    assert ("months_behind: 2 in place of to" in text) == (to is not None)


def test_broad_ethnic_groups_get_no_letter(csv_file: Write, number: Number, tmp_path: Path) -> None:
    groups = ("White", "Asian", "Black", "Other", "Unknown")
    head = ["NHS", "Practice", "Date registered", "Ethnic group"]
    rows = [[number(n), "A00001", f"{13 + n % 15}/06/2015", groups[n % 5]] for n in range(60)]
    csv_file("month/patients.csv", [head, *rows])
    table = drafted(tmp_path / "month")[0]["datasets"]["patients"]
    assert table["columns"]["ethnic_category"] == {"absent": "only broad groups are sent"}
    assert "Ethnic group" in table["drop"]
    rows[0][3] = rows[7][3] = "White: Irish"
    rows[1][3] = rows[2][3] = rows[3][3] = "Black or Black British"
    csv_file("month/patients.csv", [head, *rows])
    found, text = drafted(tmp_path / "month")
    recode = found["datasets"]["patients"]["columns"]["ethnic_category"]["recode"]
    assert (recode["White: Irish"], recode["White"], recode["Asian"]) == ("B", OPEN, OPEN)
    assert recode["Black or Black British"] == OPEN
    file = tmp_path / "draft.yaml"
    file.write_text(text, encoding="utf-8")
    asked = [one for one in open_questions(file) if one.where == "ethnic_category"]
    assert asked
    assert all("write '99' (not known)" in one.sentence for one in asked)


@pytest.mark.parametrize(("code", "made_up"), [("Elm Surgery", True), ("A00002", False)])
def test_practices_told_by_name_have_the_same_code_everywhere(
    csv_file: Write, number: Number, tmp_path: Path, code: str, made_up: bool
) -> None:
    names = ("Elm Surgery", "Town Practice")
    people = [[number(n), names[n % 2], f"{13 + n % 15}/06/2015"] for n in range(60)]
    csv_file("month/patients.csv", [["NHS", "Surgery", "Date registered"], *people])
    cases = [[f"C{n}", number(n), f"{13 + n % 15}/06/2018", code] for n in range(60)]
    csv_file("month/referrals.csv", [["Case ref", "NHS", "Date of referral", "Practice"], *cases])
    found, _ = drafted(tmp_path / "month")
    register = found["datasets"]["patients"]["columns"]["practice_code"]
    codes = ("Z00001", "Z00002") if made_up else (OPEN, OPEN)
    assert register == {"from": "Surgery", "recode": dict(zip(names, codes, strict=True))}
    referral = found["datasets"]["referrals"]["columns"]["practice_code"]
    assert referral.get("recode") == ({"Elm Surgery": "Z00001"} if made_up else None)


def test_a_list_of_practices_says_which_number_is_which_name(
    csv_file: Write, number: Number, tmp_path: Path
) -> None:
    names = {"31": "Town Practice", "32": "Elm Surgery", "33": "Mill Surgery"}
    listed = [[key, name, "High Street"] for key, name in names.items()]
    csv_file("month/sites.csv", [["Site", "Called", "Road"], *listed, ["90", "Infirmary", "Lane"]])
    keys = list(names)
    people = [[number(n), keys[n % 3], f"{13 + n % 15}/06/2015"] for n in range(60)]
    csv_file("month/patients.csv", [["NHS", "Surgery", "Date registered"], *people])
    cases = [[f"C{n}", number(n), f"{13 + n % 15}/06/2018", names[keys[n % 3]]] for n in range(60)]
    csv_file("month/referrals.csv", [["Case ref", "NHS", "Date of referral", "Practice"], *cases])
    found = drafted(tmp_path / "month")[0]["datasets"]
    register = found["patients"]["columns"]["practice_code"]["recode"]
    referral = found["referrals"]["columns"]["practice_code"]["recode"]
    assert {names[key]: code for key, code in register.items()} == referral
    assert sorted(referral.values()) == ["Z00001", "Z00002", "Z00003"]


def test_a_word_that_is_two_things_names_the_column_that_tells_which(
    csv_file: Write, number: Number, tmp_path: Path
) -> None:
    kinds = (("emergency", "seen in A&E"), ("inpatient", "Elective admission"),
             ("inpatient", "Emergency admission (procedure)"))  # fmt: skip
    rows = [[number(n), f"{13 + n % 15}/06/2018", *kinds[n % 3]] for n in range(60)]
    csv_file("month/hospital.csv", [["NHS", "Date", "Class", "Description"], *rows])
    found, text = drafted(tmp_path / "month")
    (table,) = found["datasets"].values()
    assert table["columns"]["activity"]["recode"]["inpatient"] == OPEN
    told = "# Description tells which: write decide in place of recode"
    assert f"inpatient: '{OPEN}'  {told}" in text


@pytest.fixture
def omop(csv_file: Write, tmp_path: Path) -> Path:
    """People, their registrations and deaths in three files, and a charity's list of some."""
    people = [[f"{n}", "F", "12", "1951"] for n in range(200)]
    head = ["person_id", "gender", "care_site_id", "year_of_birth"]
    csv_file("month/person.csv", [head, *people])
    spans = [[f"{n}", f"{n}", f"2015-06-{13 + n % 15}", ""] for n in range(200)]
    head = ["observation_period_id", "person_id", "observation_period_start_date",
            "observation_period_end_date"]  # fmt: skip
    csv_file("month/observation_period.csv", [head, *spans])
    deaths = [[f"{n}", f"2018-06-{13 + n % 15}"] for n in range(0, 200, 9)]
    csv_file("month/death.csv", [["person_id", "death_date"], *deaths])
    cases = [[f"{n}", f"TN{n}", f"{3 * n}", f"{13 + n % 15}/06/2018"] for n in range(60)]
    csv_file("month/seen.csv", [["Row", "Our number", "OMOP person", "In touch since"], *cases])
    return tmp_path / "month"


def test_a_register_in_three_files_is_none_of_referrals_and_asks_for_nothing_twice(
    omop: Path,
) -> None:
    found, text = drafted(omop)
    contracts = {name: table["contract"] for name, table in found["datasets"].items()}
    assert contracts == {
        "death": "patient", "observation_period": "person", "person": "patient",
        "seen": "referral",
    }  # fmt: skip
    assert found["datasets"]["seen"]["identifier"] == "OMOP person"
    period = found["datasets"]["observation_period"]["columns"]
    assert period["birth_year"] == {"absent": "it stands in person.csv"}
    assert period["death_date"] == {"absent": "it stands in death.csv"}
    assert "# files are not joined, and it stands in person.csv (care_site_id)" in text


@pytest.mark.parametrize(("code", "gaps"), [("from: Site", 1), ("const: Z00001", 0)])
def test_a_register_of_one_practice_wants_contacts_of_the_same(
    tmp_path: Path, code: str, gaps: int
) -> None:
    file = tmp_path / "mapping.yaml"
    file.write_text(
        "scheme_code: testshire\ntitle: Testshire\nidentifier: pseudonym\n"
        "absent: {referral: not sent}\ndatasets:\n"
        "  people:\n    contract: person\n    file: people.csv\n    identifier: Id\n"
        "    columns:\n      person_key: {from: Id}\n      practice_code: {const: Z00001}\n"
        "      registered_from: {const: '2016-01-01'}\n"
        + "".join(
            f"      {name}: {{absent: not sent}}\n"
            for name in ("registered_to", "birth_year", "sex", "ethnic_category", "lsoa_code",
                         "imd_quintile", "imd_decile", "ltc_count", "death_date")
        )
        + "  gp:\n    contract: gp_contact\n    file: gp.csv\n    identifier: Id\n"
        "    covers: {sources: [gp_contact], from: 2016-01-01}\n"
        f"    columns:\n      person_key: {{from: Id}}\n      practice_code: {{{code}}}\n"
        "      contact_date: {from: Date, parse: date}\n      staff: {const: gp}\n"
        "      mode: {const: telephone}\n      status: {const: attended}\n",
        encoding="utf-8",
    )  # fmt: skip
    told = [(gap.table, gap.place) for gap in gaps_of(read_mapping(file))]
    assert told == [("gp", "practice_code")] * gaps


def test_files_named_as_practices_are_one_table_with_the_codes_of_their_names(
    csv_file: Write, number: Number, tmp_path: Path
) -> None:
    names = ("Elm House", "The Mill", "Fen View")
    head = ["NHS", "Appointment", "Clinician", "Mode", "Status"]
    for name in names:
        rows = [[number(n), f"{13 + n % 15}-Jun-2018 09:10", "GP", "Telephone", "DNA"]
                for n in range(20)]  # fmt: skip
        csv_file(f"month/books/{name}.csv", [head, *rows])
    people = [[number(n), names[n % 3], f"{13 + n % 15}/06/2015"] for n in range(60)]
    csv_file("month/patients.csv", [["NHS", "Surgery", "Date registered"], *people])
    cases = [[f"C{n}", number(n), "2nd of May", "Elm House (L84002)"] for n in range(60)]
    csv_file("month/referrals.csv", [["Case ref", "NHS", "Date of referral", "Practice"], *cases])
    found, text = drafted(tmp_path / "month")
    book = found["datasets"]["books"]
    assert (book["file"], book["dates"]) == ("books/{practice}.csv", "%d-%b-%Y %H:%M")
    codes = {"Elm House": "L84002", "The Mill": OPEN, "Fen View": OPEN}
    assert book["columns"]["practice_code"] == {"from_path": "practice", "recode": codes}
    assert found["datasets"]["patients"]["columns"]["practice_code"]["recode"] == codes
    referral = found["datasets"]["referrals"]["columns"]
    assert referral["practice_code"]["recode"] == {"Elm House (L84002)": "L84002"}
    assert "# Date of referral holds it in a way that cannot be read: ask for dates" in text
    file = tmp_path / "draft.yaml"
    file.write_text(text, encoding="utf-8")
    asked = {one.sentence for one in open_questions(file) if one.where == "practice_code"}
    assert any(one.startswith("Which code is 'The Mill'? Write a text like L8") for one in asked)


def test_a_sheet_that_its_name_tells_needs_no_column_for_the_kind_of_care(
    workbook: Write, number: Number, tmp_path: Path
) -> None:
    days = [datetime(2018, 1 + n % 6, 1 + n % 28) for n in range(60)]
    (tmp_path / "month").mkdir()
    rows = [[number(n), day] for n, day in enumerate(days)]
    heads = ["NHS", "Arrival", "Adm"]
    workbook("month/trust.xlsx", AE=[heads[:2], *rows], OP=[[heads[0], heads[2]], *rows])
    found, _ = drafted(tmp_path / "month")
    ae, op = found["datasets"]["ae"]["columns"], found["datasets"]["op"]["columns"]
    assert (ae["activity"], ae["attended"]) == ({"const": "ae"}, {"absent": OPEN})
    assert (op["activity"], op["attended"]) == ({"const": "outpatient"}, {"const": OPEN})


def test_names_among_places_and_practices_are_not_written(
    csv_file: Write, number: Number, tmp_path: Path
) -> None:
    seen = ("GP", "A&E", "Imaginary", "Invented", "Madeup", "Feigned", "Assumed", "Nobody")
    _, *rows = visits(number, seen)
    csv_file("month/visits.csv", [["NHS", "Date", "Seen by"], *rows])
    surgeries = ("Elm Surgery", "Town Practice")
    people = [
        [number(n), "Dr Imaginary" if n == 5 else surgeries[n % 2], f"{13 + n % 15}/06/2015"]
        for n in range(60)
    ]
    csv_file("month/patients.csv", [["NHS", "Surgery", "Date registered"], *people])
    found, text = drafted(tmp_path / "month")
    assert not any(name in text for name in seen[2:])
    recode = found["datasets"]["patients"]["columns"]["practice_code"]["recode"]
    assert recode == {"Elm Surgery": "Z00001", "Town Practice": "Z00002", OPEN: OPEN}
