"""Dagster's door and the command line's leave the same, and each finds the other's work done."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import duckdb
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from sp_eval.operation.asked import studies_asked
from sp_eval.operation.run import Run
from sp_eval.operation.tables import TABLES
from sp_eval.orchestration.assets import _SUMMARISED
from sp_eval.orchestration.deliveries import DELIVERY
from sp_eval.pipeline import STEPS, run_all
from sp_eval.report.words import VERDICTS
from sp_eval.settings import Settings
from sp_eval_tests.orchestration.conftest import KEY, Doors, materialise

_TIMES = ("run_id", "started_at", "finished_at", "received_at", "first_run_at")


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SP_EVAL_PSEUDONYM_KEY", KEY)


def _tables(path: Path) -> dict[str, pl.DataFrame]:
    with duckdb.connect(str(path), read_only=True) as conn:
        names = conn.execute(
            "select schema_name, table_name from duckdb_tables() order by all"
        ).fetchall()
        return {
            f"{schema}.{name}": conn.sql(f'from "{path.stem}"."{schema}"."{name}"').pl()
            for schema, name in names
        }


def _bytes(settings: Settings) -> dict[str, str]:
    paths = sorted(p for p in settings.published.rglob("*") if p.is_file())
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


def _metadata(doors: Doors) -> dict[str, dict[str, object]]:
    found = {}
    for event in doors.result.get_asset_materialization_events():
        told = event.step_materialization_data.materialization
        if told.partition is not None:
            continue
        found[told.asset_key.to_user_string()] = {
            key: getattr(value, "value", value) for key, value in told.metadata.items()
        }
    return found


@pytest.mark.parametrize("file", ["research.duckdb", "release.duckdb"])
def test_both_publish_the_same(doors: Doors, file: str) -> None:
    assert doors.result.success
    line = _tables(doors.by_line.published / file)
    dagster = _tables(doors.by_dagster.published / file)
    assert set(line) == set(dagster)
    assert line["published.estimate"].filter(status="released").height > 0
    for name, rows in line.items():
        kept = [column for column in rows.columns if column not in _TIMES]
        assert_frame_equal(rows.select(kept), dagster[name].select(kept), check_exact=True)


def test_one_dagster_run_is_one_run(doors: Doors) -> None:
    tables = _tables(doors.by_dagster.published / "research.duckdb")
    run = tables["published.run"]
    assert run.height == 1
    assert set(tables["published.estimate"]["run_id"]) == set(run["run_id"])
    # begun with its first step, not with the one that publishes
    assert run["started_at"][0] < tables["published.delivery"]["received_at"].min()


def test_every_table_tells_its_rows(doors: Doors) -> None:
    told = _metadata(doors)
    published = _tables(doors.by_line.published / "research.duckdb")
    assert set(told) == set(TABLES)
    estimates = published["published.estimate"]
    sensitivity = estimates.filter(role="sensitivity")
    expected = {
        "files_received": published["published.delivery"].height,
        "refused_rows": published["published.rejection"].height,
        "coverage": published["published.coverage"].height,
        "who_can_be_followed": published["published.attrition"].height,
        "balance": published["published.balance"].height,
        "design_checks": published["published.design_check"].height,
        "difference_made": estimates.height - sensitivity.height,
        "other_methods": sensitivity.height,
        "people_analysed": published["main.analysis"].height,
        "study_versions": published["published.study_version"].height,
        "research_file": sum(rows.height for rows in published.values()),
    }
    assert {name: told[name]["dagster/row_count"] for name in expected} == expected
    none = {"corrected_rows"}  # no reply came back
    assert {name for name in TABLES if not told[name]["dagster/row_count"]} == none
    current = published["published.delivery"].filter(status="current")
    assert told["files_received"]["rows used"] == current["rows_accepted"].sum()
    assert told["files_received"]["rows refused"] == current["rows_quarantined"].sum()


def test_the_described_summaries_are_there_and_hold_no_person(doors: Doors) -> None:
    with duckdb.connect(str(doors.by_line.warehouse), read_only=True) as conn:
        people = {row[0] for row in conn.execute("select person_key from taken.person").fetchall()}
    told = _metadata(doors)
    assert people
    for name, metadata in told.items():
        text = " ".join(str(value) for value in metadata.values())
        assert not any(word in people for word in text.split()), name
    shown_small = {
        name
        for name, shown in told.items()
        if any(key.startswith(("summary", "picture")) for key in shown)
    }
    assert set(_SUMMARISED) <= shown_small


def test_the_report_tells_its_verdicts(doors: Doors) -> None:
    told = str(_metadata(doors)["report"]["verdicts"])
    for scheme in ("Gloucestershire", "Rotherham"):
        (line,) = [line for line in told.splitlines() if line.startswith(f"- {scheme},")]
        assert re.search(f"[*]{{2}}({'|'.join(VERDICTS.values())})[*]{{2}}", line), line


def test_a_refused_file_is_red_for_its_scheme_alone(doors: Doors) -> None:
    checks = {e.check_name: e for e in doors.result.get_asset_check_evaluations()}
    assert not checks["contract_rotherham"].passed
    assert "SUS_OP.csv" in (checks["contract_rotherham"].description or "")
    assert not checks["contract_every_scheme"].passed
    assert checks["contract_gloucestershire"].passed
    released = checks["everything_released"]
    assert released.passed == (doors.outcome.exit_status == 0)
    found = str(released.metadata["found"].value)
    for problem in doors.outcome.problems:
        assert problem in found


def test_a_design_is_red_where_a_check_failed_with_its_sentence(doors: Doors) -> None:
    evaluated = {e.check_name: e for e in doors.result.get_asset_check_evaluations()}
    checks = _tables(doors.by_line.published / "research.duckdb")["published.design_check"]
    failed = checks.filter(pl.col("passed") == False)  # noqa: E712
    assert 0 < failed["scheme_code"].n_unique() < checks["scheme_code"].n_unique()
    for (scheme,), rows in checks.group_by("scheme_code"):
        found = str(evaluated[f"design_{scheme}"].metadata["found"].value)
        wrong = rows.filter(pl.col("passed") == False)["sentence"]  # noqa: E712
        assert evaluated[f"design_{scheme}"].passed == wrong.is_empty()
        assert all(sentence in found for sentence in (wrong if wrong.len() else rows["sentence"]))
    assert not evaluated["design_every_scheme"].passed


def test_the_command_line_finds_dagsters_work_done(doors: Doors) -> None:
    before = _bytes(doors.by_dagster)
    outcome = run_all(Run(doors.by_dagster, studies_asked(doors.by_dagster)))
    assert not outcome.has_worked
    assert _bytes(doors.by_dagster) == before


def test_dagster_finds_the_command_lines_work_done(doors: Doors) -> None:
    def done() -> list[tuple[object, ...]]:
        with duckdb.connect(str(doors.by_line.warehouse), read_only=True) as conn:
            return conn.execute("from meta.step order by all").fetchall()

    before, steps = _bytes(doors.by_line), done()
    result = materialise(doors.by_line)
    assert result.success
    made = [e.asset_key.to_user_string() for e in result.get_asset_materialization_events()]
    assert sorted(made) == sorted([*TABLES, DELIVERY, DELIVERY])
    assert _bytes(doors.by_line) == before
    assert done() == steps


def test_all_steps_ran_in_this_process(doors: Doors) -> None:
    assert {e.step_key for e in doors.result.all_events if e.is_step_success} == {
        step.name for step in STEPS
    }
