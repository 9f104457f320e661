"""A whole run on synthetic deliveries with planted faults, and the same run once more."""

from __future__ import annotations

import csv
import hashlib
import os
import re
import time
from pathlib import Path

import duckdb
import fastexcel
import pytest

from sp_eval.contracts.odcs import contract_names, load_contract
from sp_eval_tests.support.runs import MONTH, Made, published, run_line, tables_of

FOR_RESEARCH = ["analysis", "month", "rejection"]
NOT_YET = ["resubmission"]  # no reply came back
RELEASED = [name for name in contract_names("published") if name not in (*FOR_RESEARCH, *NOT_YET)]
# left out of the evaluation with a reason, and no fault of the row
SOUND = ("consent_no", "unlinked_not_on_register", "rereferral_within_28d", "exact_duplicate")


def hashes(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def physical_rows(path: Path, sheet: str) -> int:
    """Count the non-blank rows below the header as a person would, without the reader."""
    if sheet:
        cells = fastexcel.read_excel(path).load_sheet(sheet, header_row=None, dtypes="string")
        rows = [[c for c in row if c not in (None, "")] for row in cells.to_polars().rows()]
        # title rows above the header hold fewer cells than the header, the footer begins Total
        header = max(range(min(len(rows), 8)), key=lambda at: len(rows[at]))
        return len([row for row in rows[header + 1 :] if row and row[0] != "Total"])
    text = path.read_bytes().decode("cp1252", errors="replace")
    return len([row for row in csv.reader(text.splitlines()) if any(row)]) - 1


def planted(landing: Path) -> list[dict[str, str]]:
    with (landing / "truth" / "faults.csv").open(encoding="utf-8", newline="") as lines:
        return [row for row in csv.DictReader(lines) if row["rule"] not in SOUND]


def place_of(fault: dict[str, str]) -> tuple[str, str, str, int]:
    file = fault["file"].removeprefix(f"{MONTH}/")
    return fault["scheme"], file, fault["sheet"], int(fault["row_number"])


def test_it_ends_well_and_says_what_it_did(whole: Made) -> None:
    assert whole.ended.status == 0, whole.ended.sentences()
    told = whole.ended.sentences()
    for word in ("GP and nurse contacts", "Rows received", "release.duckdb", "quarantine"):
        assert word in told
    assert "Publishing" in whole.ended.err
    assert "nothing was written" not in told


@pytest.mark.parametrize("snapshot", ["research", "release"])
def test_tables_are_as_their_contracts_say(whole: Made, snapshot: str) -> None:
    found: dict[str, list[tuple[str, str, str]]] = {}
    for table, column, kind, comment in published(
        whole.home,
        """select table_name, column_name, data_type, comment from duckdb_columns()
        where database_name = current_database() and not internal order by column_index""",
        snapshot,
    ):
        found.setdefault(table, []).append((column, kind, comment))
    wanted = RELEASED + (FOR_RESEARCH if snapshot == "research" else [])
    assert sorted(found) == sorted(wanted)
    for table, columns in found.items():
        contract = load_contract(table, "published")
        assert [name for name, _, _ in columns] == list(contract.names)
        for name, kind, comment in columns:
            column = contract.column(name)
            assert kind == column.physical_type, f"{table}.{name}"
            assert comment.startswith(column.description.split("\n")[0]), f"{table}.{name}"


def test_every_table_and_no_table_is_empty(whole: Made) -> None:
    for snapshot in ("research", "release"):
        assert [name for name, rows in tables_of(whole.home, snapshot).items() if not rows] == []


def test_columns_need_no_quotes(whole: Made) -> None:
    clash = published(
        whole.home,
        """select table_name, column_name from duckdb_columns()
        where not internal and column_name in (
            select keyword_name from duckdb_keywords() where keyword_category = 'reserved'
        )""",
    )
    assert clash == []


def test_the_ledger_adds_up_to_the_physical_rows(whole: Made) -> None:
    ledger = published(
        whole.home,
        """select scheme_code, file, sheet, rows_in, rows_accepted, rows_quarantined,
            rows_duplicate, status from published.delivery""",
    )
    assert len(ledger) == 45  # nine tables of Rotherham, thirty-six of Gloucestershire
    for scheme, file, sheet, rows, accepted, refused, repeated, status in ledger:
        assert status == "current"
        assert rows == accepted + refused + repeated
        assert rows == physical_rows(whole.landing / scheme / MONTH / file, sheet), file


def test_every_planted_fault_is_refused_where_it_stands_and_nothing_else(whole: Made) -> None:
    refused = set(
        published(
            whole.home, "select scheme_code, file, sheet, row_number from published.rejection"
        )
    )
    faults = {place_of(fault) for fault in planted(whole.landing)}
    assert len(faults) > 300
    assert faults - refused == set()
    assert refused - faults == set()


def test_reasons_say_what_to_do_and_quote_no_cell(whole: Made) -> None:
    reasons = published(whole.home, "select distinct rule, reason from published.rejection")
    assert len(reasons) >= 10
    assert [reason for _, reason in reasons if not reason.endswith(".")] == []
    told = [re.search(r"-> '(.*)'$", fault["detail"]) for fault in planted(whole.landing)]
    cells = {found[1] for found in told if found and len(found[1]) > 3}
    assert len(cells) > 100
    assert [(cell, reason) for _, reason in reasons for cell in cells if cell in reason] == []


def test_three_figures_add_up(whole: Made) -> None:
    """Observed after less expected without is the published difference, for every outcome."""
    rows = published(
        whole.home,
        """pivot (
            select scheme_code, outcome, method, point from published.estimate
            where method in ('observed_before', 'expected_without_scheme', 'observed_after')
                or (
                    method = 'matched_rate_ratio'
                    and scale = 'rate_difference_per_1000_person_years'
                )
        ) on method in (
            'observed_before', 'expected_without_scheme', 'observed_after', 'matched_rate_ratio'
        ) using any_value(point) group by scheme_code, outcome""",
    )
    assert len(rows) == 14
    for scheme, outcome, before, without, after, difference in rows:
        assert before > 0
        assert after - without == pytest.approx(difference, abs=1e-6), (scheme, outcome)


def test_attrition_never_grows_and_ends_in_the_estimate(whole: Made) -> None:
    for scheme in ("rotherham", "gloucestershire"):
        steps = published(
            whole.home,
            f"""select step, people, reason from published.attrition
            where scheme_code = '{scheme}' order by step_number""",
        )
        people = [count for _, count, _ in steps]
        assert people == sorted(people, reverse=True)
        assert people[0] > people[-1] > 100
        words = " ".join(reason for _, _, reason in steps)
        for reason in ("consent", "unlinked", "re-referral within 28 days", "referred before",
                       "look-back", "coverage", "unmatched"):  # fmt: skip
            assert reason in words
        sizes = published(
            whole.home,
            f"""select distinct n_referred, n_analysed from published.estimate
            where scheme_code = '{scheme}' and role = 'primary' and outcome = 'gp_contact'""",
        )
        ((referred, analysed),) = sizes
        assert referred == {step: count for step, count, _ in steps}["people"]
        assert analysed <= people[-1]


def test_one_run_wrote_everything(whole: Made) -> None:
    for snapshot in ("research", "release"):
        (run,) = published(whole.home, "select run_id from published.run", snapshot)
        for table in ("estimate", "study_version"):
            sql = f"select distinct run_id from published.{table}"
            assert published(whole.home, sql, snapshot) == [run], table


def test_older_programs_can_read_the_snapshots(whole: Made) -> None:
    """DuckDB 1.2 reads storage versions up to 65; the number stands at byte 12."""
    for path in (whole.home / "published").glob("*.duckdb"):
        version = int.from_bytes(path.read_bytes()[12:20], "little")
        assert version <= 65, path.name


def test_once_more_writes_nothing(whole: Made) -> None:
    before = hashes(whole.home / "published")
    again = whole.run_again()
    assert again.status == whole.ended.status
    assert "Nothing was new; nothing was written." in again.sentences()
    assert hashes(whole.home / "published") == before
    tables = whole.ended.out.split("Where things lie")[0].split("Rows received")[0]
    assert again.out.startswith(tables)


def test_neither_touch_nor_litter_is_news(spoilt: Made) -> None:
    before = hashes(spoilt.home / "published")
    folder = spoilt.landing / "rotherham" / MONTH
    later = time.time() + 3_600
    os.utime(folder / "SUS_OP.csv", (later, later))
    touched = spoilt.run_again()
    assert touched.status == 0
    assert "nothing was written" in touched.sentences()
    (folder / "~$VAR_SPS_Apr19.xlsx").write_bytes(b"the lock file of a spreadsheet program")
    littered = spoilt.run_again()
    assert littered.status == 0
    assert "not part of the delivery" in littered.sentences()
    assert hashes(spoilt.home / "published") == before


def test_a_lost_or_damaged_snapshot_is_made_again(spoilt: Made) -> None:
    before = tables_of(spoilt.home, "release"), tables_of(spoilt.home)
    (spoilt.home / "published" / "release.duckdb").write_bytes(b"no longer a database")
    (spoilt.home / "published" / "research.duckdb.part").write_bytes(b"left by a killed run")
    assert spoilt.run_again().status == 0
    for name, rows in tables_of(spoilt.home, "release").items():
        if name != "published.run":
            assert rows == before[0][name], name
    assert [p.name for p in (spoilt.home / "published").glob("*.part")] == []
    ids = [published(spoilt.home, "select max(run_id) from published.run", s)
           for s in ("research", "release")]  # fmt: skip
    assert ids[0] == ids[1]


def test_queries_work_on_the_published_names(whole: Made) -> None:
    for snapshot, table in (("release", "published.estimate"), ("research", "research.analysis")):
        asked = f"select count(*) as n from {table}"
        told = run_line("query", asked, "--format", "csv", "--snapshot", snapshot,
                        "--home", str(whole.home))  # fmt: skip
        assert told.status == 0
        assert int(told.out.splitlines()[1]) > 50


def test_the_release_holds_no_person(whole: Made) -> None:
    columns = published(
        whole.home,
        "select column_name from duckdb_columns() where not internal",
        "release",
    )
    assert not {"person_key", "candidate_id", "referral_id"} & {name for (name,) in columns}
    with pytest.raises(duckdb.CatalogException):
        published(whole.home, "from published.rejection", "release")
