"""Reference data: loaded whole or not at all, looked up on a day; the known counts given back."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from sp_eval.contracts.reference_mapping import reference_sources
from sp_eval.operation.reference import load_references
from sp_eval.settings import Settings, project_root
from sp_eval.warehouse.connection import Connection, open_file
from sp_eval.warehouse.frames import read_frame
from sp_eval.warehouse.reference import ReferenceAbsentError, deprivation_of, networks_on
from sp_eval_tests.support.documents import texts_of
from sp_eval_tests.support.reference_files import write_references
from sp_eval_tests.support.runs import run_line
from sp_eval_tests.support.shared_files import shared_file

PAGE = project_root() / "docs" / "how_to" / "reference-data.md"
PUBLIC = {
    "gp_appointments/2021-08": [
        ("gp-appointments-2021", f"Regional_CSV_{area}.csv")
        for area in ("Devon", "Dorset", "Somerset")
    ],
    "list_size/2021-01": [("gp-registered-patients", "gp-reg-pat-prac-all.csv")],
    "imd_2019/2019": [("imd2019-lsoa", "IMD2019_lsoa.csv")],
    "practice_imd_2019/2022-07": [("gp-registered-patients", "indicator-data.csv")],
    "qof/2020-21": [("qof-prevalence-2021", "PREVALENCE_2021_v2.csv")],
    "ods/2022-08": [("ods-epcn-epraccur", "ePCN.xlsx"), ("ods-epcn-epraccur", "epraccur.csv")],
}
END = date(2021, 3, 31)


def settings_of(home: Path) -> Settings:
    return Settings.from_environment(home=home)


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the small editions loaded; only looked at."""
    home = tmp_path_factory.mktemp("small") / "home"
    write_references(home / "reference")
    assert load_references(settings_of(home)).problems == ()
    return home


@pytest.fixture
def home(loaded: Path, tmp_path: Path) -> Path:
    """The same, to be changed."""
    return shutil.copytree(loaded, tmp_path / "home")


@pytest.fixture
def small(loaded: Path) -> Iterator[Connection]:
    with open_file(settings_of(loaded).warehouse, read_only=True) as conn:
        yield conn


@pytest.fixture(scope="module")
def public(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    """The public files themselves, loaded; skipped where they are not here."""
    home = tmp_path_factory.mktemp("public")
    for place, files in PUBLIC.items():
        (home / "reference" / place).mkdir(parents=True)
        for folder, name in files:
            shutil.copyfile(shared_file("data", folder, name), home / "reference" / place / name)
    loaded = load_references(settings_of(home))
    assert loaded.problems == ()
    assert [e.rejection.height for e in loaded.editions] == [0] * 6
    with open_file(settings_of(home).warehouse, read_only=True) as conn:
        yield conn


def rows(conn: Connection, query: str) -> list[tuple[Any, ...]]:
    return read_frame(conn, query).rows()


def test_each_row_bears_its_edition(small: Connection) -> None:
    found = rows(
        small,
        """select source, vintage, source_file, source_row, month, wait, appointments
        from reference.gp_appointments order by source_row""",
    )
    assert found[0] == (
        "gp_appointments", "2020-04", "Regional_CSV_Anyshire.csv", 2, date(2019, 3, 1),
        "15_to_21_days", 120,
    )  # fmt: skip
    assert [row[5] for row in found[1:]] == ["15_to_21_days", "unknown"]


def test_parts_of_a_total_are_not_added_to_it(small: Connection) -> None:
    found = "select practice_code, as_at, registered_list from reference.list_size order by all"
    assert rows(small, found) == [
        ("A99001", date(2021, 1, 1), 5903), ("A99002", date(2021, 1, 1), 8000)
    ]  # fmt: skip
    counted = rows(
        small, "select rows_in, rows_accepted from reference.edition where source = 'list_size'"
    )
    assert counted == [(3, 3)]


def test_a_practices_score_is_not_englands(small: Connection) -> None:
    found = "select area_code, imd_year, imd_score, vintage from reference.practice_deprivation"
    assert rows(small, found) == [("A99001", 2019, 32.5, "2022-07")]


def test_a_list_has_the_network_of_its_day(small: Connection) -> None:
    found = "select practice_code, pcn_code, registered_list from reference.population order by all"
    assert rows(small, found) == [("A99001", "U99002", 5903), ("A99002", "U99002", 8000)]


@pytest.mark.parametrize(
    ("day", "practice", "state", "pcn", "networks"),
    [
        (date(2019, 9, 30), "A99001", "open", None, 0),
        (date(2019, 10, 1), "A99001", "open", "U99001", 1),
        (date(2020, 9, 30), "A99001", "open", "U99001", 1),
        (date(2020, 10, 1), "A99001", "open", "U99002", 1),
        (date(2020, 3, 31), "A99002", "open", "U99001", 1),
        (date(2020, 4, 1), "A99002", "open", "U99002", 2),
        (date(2020, 12, 31), "A99002", "open", "U99002", 2),
        (date(2021, 1, 1), "A99002", "closed", "U99002", 2),
        (date(2022, 3, 31), "A99003", "not_yet_open", None, 0),
        (date(2021, 1, 1), "Z00000", None, None, 0),
    ],
)
def test_the_network_of_a_practice_is_that_of_the_day(
    small: Connection, day: date, practice: str, state: str | None, pcn: str | None, networks: int
) -> None:
    found, vintage = networks_on(small, day, [practice])
    assert vintage == "2022-08"
    assert found.select("practice_code", "state", "pcn_code", "networks").rows() == [
        (practice, state, pcn, networks)
    ]


def test_areas_of_another_census_are_refused(small: Connection) -> None:
    answer = deprivation_of(small, ["E01000002", "E01999999", "E01000001"], lsoa_year=2011)
    assert (answer.imd_year, answer.lsoa_year) == (2019, 2011)
    assert answer.found.rows() == [
        ("E01000002", 10, 5), ("E01999999", None, None), ("E01000001", 9, 5)
    ]  # fmt: skip
    with pytest.raises(ReferenceAbsentError, match="No index that is held is of the areas of 2021"):
        deprivation_of(small, ["E01000001"], lsoa_year=2021)
    with pytest.raises(ReferenceAbsentError, match="held 2019, of the areas of 2011"):
        deprivation_of(small, ["E01000001"], lsoa_year=2011, imd_year=2015)


def test_what_is_unchanged_is_not_read_again_and_a_changed_edition_replaces(home: Path) -> None:
    again = load_references(settings_of(home))
    assert again.editions == ()
    assert len(again.unchanged) == 6
    path = home / "reference/imd_2019/2019/IMD2019_lsoa.csv"
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:2]))
    (edition,) = load_references(settings_of(home)).editions
    assert edition.source == "imd_2019"
    with open_file(settings_of(home).warehouse, read_only=True) as conn:
        assert rows(conn, "select lsoa_code from reference.deprivation") == [("E01000001",)]
        assert rows(conn, "select count(*) from reference.practice_pcn") == [(4,)]


def test_an_edition_is_used_whole_or_not_at_all(home: Path) -> None:
    path = home / "reference/imd_2019/2019/IMD2019_lsoa.csv"
    whole = path.read_text()
    path.write_text(whole.replace("LSOA code (2011)", "LSOA code (2021)"))
    told = run_line("reference", "load", "--home", str(home))
    assert told.status == 1
    said = told.sentences()
    assert "imd_2019/2019: not used. IMD2019_lsoa.csv" in said
    assert "'LSOA code (2011)' is missing" in said
    path.write_text(whole.replace("29199,9", "29199,11").replace("30379", "lots"))
    told = run_line("reference", "load", "--home", str(home))
    assert "2 of 2 rows are refused, more than a fifth" in told.sentences()
    assert "row 3, column Index of Multiple Deprivation (IMD) Rank" in told.sentences()
    with open_file(settings_of(home).warehouse, read_only=True) as conn:
        assert rows(conn, "select count(*) from reference.deprivation") == [(2,)]


def test_a_file_with_a_field_too_many_is_not_epraccur(home: Path) -> None:
    path = home / "reference/ods/2022-08/epraccur.csv"
    path.write_text(path.read_text().replace('"\n', '",""\n'))
    told = run_line("reference", "load", "--home", str(home))
    assert told.status == 1
    assert "epraccur.csv: Its first row has not the 27 fields agreed" in told.sentences()


def test_misnamed_folders_are_told(tmp_path: Path) -> None:
    (tmp_path / "reference/imd_2019/latest").mkdir(parents=True)
    (tmp_path / "reference/weather/2019").mkdir(parents=True)
    told = run_line("reference", "load", "--home", str(tmp_path))
    assert told.status == 1
    assert "imd_2019/latest: passed over" in told.sentences()
    assert "bears the year of the index, 2019" in told.sentences()
    assert "no reference source 'weather'; there are: gp_appointments, imd_2019" in told.sentences()


@pytest.mark.parametrize(
    "line",
    [
        ("reference", "load"),
        ("reference", "network", "--at", "2021-01-01"),
        ("reference", "deprivation", "E01000001", "--areas-of", "2011"),
    ],
)
def test_nothing_held_is_one_sentence(line: tuple[str, ...], tmp_path: Path) -> None:
    told = run_line(*line, "--home", str(tmp_path))
    assert told.status == 2
    assert "reference" in told.err
    assert "Traceback" not in told.err


def test_the_commands_answer(loaded: Path) -> None:
    at = ("--home", str(loaded))
    told = run_line("reference", "list", *at)
    assert told.status == 0
    assert "2022-08" in told.out
    line = ("reference", "network", "A99001", "A99002", "--at", "2021-01-01", "--format", "json")
    told = run_line(*line, *at)
    assert [row["pcn_code"] for row in json.loads(told.out)] == ["U99002", "U99002"]
    said = told.sentences()
    assert "1 of 2 practices were in more than one network" in said
    assert "1 had closed by then" in said
    told = run_line("reference", "network", "A99001", "--at", "2023-01-01", *at)
    assert "what has changed since is not in them" in told.sentences()
    line = ("reference", "deprivation", "E01000001", "--areas-of", "2011", "--format", "csv")
    assert run_line(*line, *at).out.splitlines() == [
        "lsoa_code,imd_decile,imd_quintile,imd_year,lsoa_year", "E01000001,9,5,2019,2011"
    ]  # fmt: skip
    refused = run_line("reference", "deprivation", "E01000001", "--areas-of", "2021", *at)
    assert refused.status == 2
    assert "Areas of one census do not join" in refused.err.replace("\n", " ")


def test_each_command_of_the_page_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_references(tmp_path / "home" / "reference")
    monkeypatch.chdir(tmp_path)
    lines = [line for block in texts_of(PAGE, "bash") for line in block.splitlines()]
    assert len(lines) == 5
    for line in lines:
        name, *arguments = shlex.split(line)
        assert name == "sp-eval"
        told = run_line(*arguments)
        assert told.status == 0, (line, told.sentences())
    (query,) = texts_of(PAGE, "sql")
    warehouse = Settings.from_environment(home=tmp_path / "home").warehouse
    with open_file(warehouse, read_only=True) as conn:
        assert rows(conn, query)[0] == ("A99001", 5903, "U99002")


def test_the_page_names_every_source() -> None:
    told = set(re.findall(r"^\| `(\w+)` \|", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE))
    assert told == set(reference_sources())


def test_known_appointments(public: Connection) -> None:
    found = rows(
        public,
        """select area_name, month, sum(appointments) from reference.gp_appointments
        where month in ('2019-03-01', '2020-04-01', '2021-08-01') group by all order by all""",
    )
    assert [int(count) for _, _, count in found] == [
        680_415, 425_235, 597_165, 379_052, 265_249, 349_580, 289_783, 172_661, 208_837
    ]  # fmt: skip
    assert rows(public, "select count(distinct month) from reference.gp_appointments") == [(30,)]


def test_known_lists_and_areas(public: Connection) -> None:
    lists = "select count(*), sum(registered_list)::bigint from reference.list_size"
    assert rows(public, lists) == [(6_658, 60_606_345)]
    assert rows(
        public,
        """select count(*) from reference.list_size as l
        anti join reference.practice as p on l.practice_code = p.organisation_code""",
    ) == [(0,)]
    # the tenth is that of the rank among 32,844 areas
    assert rows(
        public,
        """select count(*), count_if(imd_decile = ceil(imd_rank / 3284.4)),
            count_if(imd_quintile = (imd_decile + 1) // 2), min(imd_year), max(lsoa_year)
        from reference.deprivation""",
    ) == [(32_844, 32_844, 32_844, 2019, 2011)]


def test_known_scores(public: Connection) -> None:
    found = "select count(*), count(distinct area_code) from reference.practice_deprivation"
    assert rows(public, found) == [(6_545, 6_545)]


def test_known_prevalences(public: Connection) -> None:
    found = rows(
        public,
        """select register_code, round(100 * sum(on_register) / sum(list_size), 2)
        from reference.disease_register group by all""",
    )
    known = {
        "DEP": 12.29,
        "DM": 7.11,
        "HYP": 13.93,
        "AF": 2.05,
        "COPD": 1.93,
        "DEM": 0.71,
        "MH": 0.95,
    }
    assert {code: share for code, share in found if code in known} == known
    assert rows(
        public,
        """select count(*), count(distinct practice_code), count(distinct register_code)
        from reference.disease_register where vintage = '2020-21'""",
    ) == [(137_991, 6_571, 21)]


def test_known_practices_and_networks(public: Connection) -> None:
    found = "select status, count(*) from reference.practice group by all order by all"
    assert rows(public, found) == [("active", 11_541), ("closed", 3_095), ("dormant", 327)]
    gp = "select count(*) from reference.practice where setting_code = '4'"
    assert rows(public, gp) == [(8_631,)]
    assert rows(public, "select count(*), count(member_to) from reference.practice_pcn") == [
        (7_359, 885)
    ]
    assert rows(public, "select count(*) from reference.pcn") == [(1_318,)]


def test_a_practice_is_counted_once_on_a_day(public: Connection) -> None:
    # joined without the day a membership ended, 280 rows would be counted twice
    begun = f"from reference.practice_pcn where member_from <= '{END}'"
    assert rows(public, f"select count(*) - count(distinct practice_code) {begun}") == [(280,)]
    found, _ = networks_on(public, END)
    members = found.drop_nulls("pcn_code")
    assert members.height == members["practice_code"].n_unique() == 6_552
    with_network = "select count(*), count(pcn_code) from reference.population"
    assert rows(public, with_network) == [(6_658, 6_544)]
