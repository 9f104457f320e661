"""The national layouts: their traps in small files, and the known counts of the public ones."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl

from sp_eval.contracts.scheme_mapping import (
    SchemeMapping,
    known_layouts,
    load_mapping,
    mapped_schemes,
)
from sp_eval.ingest.delivery import TakenIn, take_in
from sp_eval.operation.intake import record_of
from sp_eval.warehouse.connection import open_memory
from sp_eval.warehouse.ledger import (
    ensure_ledger,
    read_known_deaths,
    replace_month,
)
from sp_eval_tests.support.runs import run_line
from sp_eval_tests.support.shared_files import shared_file

LAYOUTS = Path(__file__).parents[3] / "data_contracts" / "layouts"
EMERGENCY = {"21", "22", "23", "24", "25", "28"}
Cells = Mapping[str, str]


def taken(folder: Path, layout: str, month: str) -> TakenIn:
    found = take_in(
        folder,
        mapping=load_mapping(layout),
        month=month,
        key=b"secret",
        received_at=datetime(2026, 1, 1, tzinfo=UTC),
    )
    ledger = found.delivery
    parts = ledger.select("rows_accepted", "rows_quarantined", "rows_duplicate").sum_horizontal()
    assert ledger["rows_in"].to_list() == parts.to_list()
    return found


def written(folder: Path, layout: str, table: str, name: str, rows: Sequence[Cells]) -> None:
    """Write a file with every column of the layout; what a row does not give is blank."""
    columns = sorted(load_mapping(layout).datasets[table].source_columns)
    with (folder / name).open("w", encoding="utf-8", newline="") as file:
        out = csv.DictWriter(file, columns, restval="")
        out.writeheader()
        out.writerows(rows)


def reasons(found: TakenIn) -> set[tuple[int, str, str]]:
    told = found.rejection.select("row_number", "column_name", "rule").drop_nulls("row_number")
    return set(told.iter_rows())


APC = {
    "PSEUDO_HESID": "ONE", "FYEAR": "0102", "PROCODE3": "RXF", "ADMIDATE": "2001-09-27",
    "DISDATE": "2001-10-02", "EPIORDER": "1", "EPISTAT": "3", "EPISTART": "2001-09-27",
    "EPIEND": "2001-10-02", "ELECDATE": "1801-01-01", "ADMIMETH": "21", "CLASSPAT": "1",
    "STARTAGE": "34", "SEX": "2",
}  # fmt: skip


def admissions(folder: Path, *changes: Cells) -> TakenIn:
    # a row of its own key each, so that none is an exact duplicate of another
    rows = [{**APC, "EPIKEY": str(n), **change} for n, change in enumerate(changes)]
    written(folder, "hes", "admitted_patient_care", "small_hes_apc_0102.csv", rows)
    return taken(folder, "hes", "2002-04")


def test_layouts_are_no_schemes_and_are_explained() -> None:
    assert known_layouts() == ("hes", "tpp")
    assert not set(known_layouts()) & set(mapped_schemes())
    for layout in known_layouts():
        text = (LAYOUTS / layout / "SOURCE.md").read_text(encoding="utf-8")
        for dataset in load_mapping(layout).datasets.values():
            assert dataset.file.strip("*") in text


def test_admission_methods_are_text(tmp_path: Path) -> None:
    methods = ["21", "28", "2A", "2C", "11", "31", "82", "99"]
    found = admissions(tmp_path, *({"ADMIMETH": method} for method in methods))
    assert found.accepted["hospital_activity"]["activity"].to_list() == [
        "emergency", "emergency", "emergency", "other", "elective", "maternity", "other", "other"
    ]  # fmt: skip


def test_a_number_for_a_method_is_no_method(tmp_path: Path) -> None:
    found = admissions(tmp_path, *[{}] * 9, {"ADMIMETH": "2"})
    assert reasons(found) == {(11, "ADMIMETH", "unknown_code")}


def test_sentinel_dates_are_not_dates(tmp_path: Path) -> None:
    found = admissions(
        tmp_path,
        *[{}] * 9,
        {"DISDATE": "1800-01-01", "EPIEND": "1801-01-01"},
        {"ADMIDATE": "1801-01-01"},
        {"DISDATE": "1582-10-15"},
        {"DISDATE": "1799-01-01"},
    )
    assert reasons(found) == {
        (12, "ADMIDATE", "mandatory_missing"),
        (14, "DISDATE", "date_impossible"),
    }
    ends = found.accepted["hospital_activity"]["end_date"].to_list()
    assert ends == [date(2001, 10, 2)] * 9 + [None, None]


def test_an_infants_age_is_not_seven_thousand_years(tmp_path: Path) -> None:
    ages = ["0", "120", "7001", "7007", "7004.0", "52.0"]
    found = admissions(
        tmp_path, *[{}] * 9, *({"STARTAGE": age} for age in ages), {"STARTAGE": "7008"}
    )
    assert reasons(found) == {(17, "STARTAGE", "out_of_range")}


def test_one_admission_is_one_spell(tmp_path: Path) -> None:
    later = [{"EPIORDER": "2"}, {"EPIORDER": "3", "ADMIDATE": "1801-01-01"}]
    found = admissions(tmp_path, *[{}] * 9, *later)
    assert found.accepted["hospital_activity"].height == 9
    assert found.folded.rows() == [
        (found.delivery["delivery_id"][0], "later episode of a spell", 1)
    ]
    # folded rows are checked all the same
    assert reasons(found) == {(12, "ADMIDATE", "mandatory_missing")}


def test_a_lost_leading_zero_is_seen(tmp_path: Path) -> None:
    found = admissions(tmp_path, *[{}] * 9, {"FYEAR": "102"})
    assert reasons(found) == {(11, "FYEAR", "out_of_range")}


def test_seen_or_not_seen_with_or_without_a_leading_zero(tmp_path: Path) -> None:
    codes = ["5", "05", "6", "7", "2", "03", "4"]
    rows = [
        {
            "PSEUDO_HESID": "ONE", "FYEAR": "0304", "PROCODE3": "RXF", "APPTDATE": "2003-05-06",
            "ATTENDED": code, "FIRSTATT": "1", "APPTAGE": "7001.0", "SEX": "0", "ATTENDKEY": str(n),
        }
        for n, code in enumerate(codes)
    ]  # fmt: skip
    written(tmp_path, "hes", "outpatients", "small_hes_op_0304.csv", rows)
    found = taken(tmp_path, "hes", "2004-04")
    assert found.accepted["hospital_activity"]["attended"].to_list() == [
        True, True, True, False, False, False, False
    ]  # fmt: skip


def general_practice(folder: Path) -> TakenIn:
    written(
        folder, "tpp", "people", "patients.csv",
        [
            {"patient_id": "1", "date_of_birth": "1953-08-01", "sex": "intersex"},
            {"patient_id": "2", "date_of_birth": "1990-01-01", "date_of_death": "9999-12-31"},
        ],
    )  # fmt: skip
    written(
        folder, "tpp", "registrations", "practice_registrations.csv",
        [{"patient_id": "1", "practice_pseudo_id": "42", "start_date": "1989-08-27"}],
    )  # fmt: skip
    statuses = [
        "Finished",
        "Did Not Attend",
        "Blocked",
        "Cancelled Due To Death",
        "No Access Visit",
    ]
    rows = [{"patient_id": "1", "seen_date": "2023-08-19", "status": one} for one in statuses]
    written(folder, "tpp", "appointments", "appointments.csv", [*rows, rows[0]])
    written(
        folder, "tpp", "addresses", "addresses.csv",
        [{"patient_id": "1", "imd_rounded": "26600", "start_date": "2022-12-25"}],
    )  # fmt: skip
    written(
        folder, "tpp", "clinical_events", "clinical_events.csv",
        [{"patient_id": "1", "date": "2020-03-31", "snomedct_code": "73007006"}],
    )  # fmt: skip
    return taken(folder, "tpp", "2024-01")


def test_the_practice_layout_and_its_traps(tmp_path: Path) -> None:
    found = general_practice(tmp_path)
    assert found.rejection.height == 0
    people = found.accepted["patient"]
    assert people.select("birth_year", "sex", "death_date").rows() == [
        (1953, "other", None), (1990, None, None)
    ]  # fmt: skip
    assert found.accepted["person"]["practice_code"].to_list() == ["X00042"]
    contacts = found.accepted["gp_contact"].select("status", "mode", "staff").rows()
    assert contacts == [
        ("attended", "face_to_face", "other"),
        ("dna", "face_to_face", "other"),
        ("cancelled", "face_to_face", "other"),
        ("dna", "home_visit", "other"),
    ]
    folded = dict(found.folded.select("folded_as", "rows").iter_rows())
    assert folded == {"slot blocked, booked or requested": 1, "clinical code": 1}
    homes = found.accepted["residence"].select("resident_from", "imd_quintile", "imd_decile")
    assert homes.rows() == [(date(2022, 12, 25), 5, 9)]
    assert found.delivery["rows_duplicate"].sum() == 1


def test_a_death_in_the_table_of_people_is_held_against_referrals(tmp_path: Path) -> None:
    layout = load_mapping("tpp")
    referrals = {
        "contract": "referral", "file": "referrals.csv", "identifier": "who", "reference": "ref",
        "columns": {
            "referral_id": {"from": "ref"}, "person_key": {"from": "who"},
            "referral_date": {"from": "day", "parse": {"date": "%Y-%m-%d"}},
            "route": {"const": "gp"}, "outcome": {"const": "accepted"},
            **{
                name: {"absent": "not supplied"}
                for name in (
                    "practice_code", "primary_need", "secondary_needs", "first_contact_date",
                    "closed_date", "closure_reason", "is_carer", "has_consent",
                )
            },
        },
    }  # fmt: skip
    mapping = SchemeMapping.model_validate(
        {
            "scheme_code": "testshire", "title": "Testshire", "identifier": "pseudonym",
            "brake": {"refused_share": 1.0},
            "datasets": {"people": layout.datasets["people"], "referrals": referrals},
        }
    )  # fmt: skip
    person = {"patient_id": "1", "date_of_birth": "1953-08-01", "date_of_death": "2020-01-02"}
    written(tmp_path, "tpp", "people", "patients.csv", [person])
    (tmp_path / "referrals.csv").write_text("ref,who,day\nA,1,2020-01-02\nB,1,2020-01-03\n")
    found = take_in(
        tmp_path, mapping=mapping, month="2024-01", key=b"k", received_at=datetime.now(UTC)
    )
    assert reasons(found) == {(3, "day", "referral_after_death")}


def test_a_death_in_the_table_of_people_is_remembered(tmp_path: Path) -> None:
    person = {"patient_id": "1", "date_of_birth": "1953-08-01", "date_of_death": "2020-01-02"}
    written(tmp_path, "tpp", "people", "patients.csv", [person])
    found = taken(tmp_path, "tpp", "2024-01")
    conn = open_memory()
    ensure_ledger(conn)
    replace_month(conn, record_of(found))
    assert read_known_deaths(conn, "tpp")["death_date"].to_list() == [date(2020, 1, 2)]
    conn.close()


def test_a_layout_is_checked_at_the_command_line(tmp_path: Path) -> None:
    month = tmp_path / "2024-01"
    month.mkdir()
    general_practice(month)
    told = run_line("check", str(month), "--scheme", "tpp")
    assert told.status == 0
    assert "10 of 11 rows would be used" in told.out
    told = run_line("scheme", "check", "tpp", str(month))
    assert "data_contracts/layouts/tpp/mapping.yaml" in told.out


def raw(*parts: str) -> list[dict[str, str]]:
    with shared_file("data", *parts).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_public_hospital_files_give_their_known_counts() -> None:
    folder = shared_file("data", "artificial-hes")
    found = taken(folder, "hes", "2008-04")
    rows = dict(found.delivery.filter(pl.col("rows_in") > 0).select("file", "rows_in").iter_rows())
    assert rows == {
        "artificial_hes_ae_0708_truncated.csv": 1000,
        "artificial_hes_apc_0102_truncated.csv": 2075,
        "artificial_hes_op_0304_truncated.csv": 1000,
    }
    # the one admission whose date is 1801-01-01 is all that is refused
    refused = found.rejection.filter(pl.col("row_number").is_not_null())
    assert refused.select("column_name", "rule").rows() == [("ADMIDATE", "mandatory_missing")]
    activity = found.accepted["hospital_activity"]
    keys = activity.group_by("source_file").agg(pl.col("person_key").n_unique()).rows()
    assert dict(keys)["artificial_hes_ae_0708_truncated.csv"] == 672
    assert dict(keys)["artificial_hes_op_0304_truncated.csv"] == 269
    seen = Counter(activity.filter(activity["activity"] == "outpatient")["attended"].to_list())
    assert seen == {True: 806 + 12, False: 40 + 91 + 51}
    assert Counter(activity["activity"].to_list())["ae"] == 928
    _emergencies_add_up(activity, found)


def _emergencies_add_up(activity: pl.DataFrame, found: TakenIn) -> None:
    """Of 817 episodes by emergency methods the first of each spell count, but for attenders."""
    apc = raw("artificial-hes", "artificial_hes_apc_0102_truncated.csv")
    emergency = [row for row in apc if row["ADMIMETH"] in EMERGENCY]
    assert len(emergency) == 817
    first = [
        row
        for row in emergency
        if row["EPIORDER"] == "1" and row["CLASSPAT"] not in {"3", "4"}
        and row["ADMIDATE"] != "1801-01-01"
    ]  # fmt: skip
    assert activity.filter(activity["activity"] == "emergency").height == len(first) == 705
    folded = dict(found.folded.select("folded_as", "rows").iter_rows())
    assert folded == {"later episode of a spell": sum(row["EPIORDER"] != "1" for row in apc)}
    assert sum(row["STARTAGE"].startswith("700") for row in apc) == 236


def test_the_public_practice_files_give_their_known_counts(tmp_path: Path) -> None:
    for table in load_mapping("tpp").datasets.values():
        public = shared_file("data", "opensafely-dummy-tables", table.file)
        (tmp_path / table.file).write_bytes(public.read_bytes())
    found = taken(tmp_path, "tpp", "2024-01")
    rows = dict(found.delivery.select("file", "rows_in").iter_rows())
    assert rows == {
        "addresses.csv": 40_175, "appointments.csv": 39_874, "clinical_events.csv": 39_677,
        "patients.csv": 5_000, "practice_registrations.csv": 5_000,
    }  # fmt: skip
    assert found.rejection.height == 0
    repeated = dict(found.delivery.select("file", "rows_duplicate").iter_rows())
    assert repeated["appointments.csv"] == 85
    sex = Counter(found.accepted["patient"]["sex"].to_list())
    assert sex == {"male": 1239, "female": 1207, "other": 1294, "unknown": 1260}
    assert found.accepted["patient"]["death_date"].drop_nulls().len() == 3374
    assert found.accepted["person"]["practice_code"].n_unique() == 100
    assert found.accepted["residence"].height == 40_171
    _appointments_add_up(found)


def _appointments_add_up(found: TakenIn) -> None:
    apart = raw("opensafely-dummy-tables", "appointments.csv")
    statuses = Counter(row["status"] for row in apart)
    assert (statuses["Finished"], statuses["Did Not Attend"]) == (2779, 2678)
    once = Counter(status for _, _, status in {tuple(row.values()) for row in apart})
    contacts = found.accepted["gp_contact"]
    kept = Counter(contacts["status"].to_list())
    met = ("Finished", "Visit", "Arrived", "Waiting", "In Progress")
    missed = ("Did Not Attend", "No Access Visit", "Patient Walked Out")
    assert kept["attended"] == sum(once[status] for status in met)
    assert kept["dna"] == sum(once[status] for status in missed)
    folded = dict(found.folded.select("folded_as", "rows").iter_rows())
    slots = ("Booked", "Blocked", "Requested")
    assert folded["slot blocked, booked or requested"] == sum(once[status] for status in slots)
