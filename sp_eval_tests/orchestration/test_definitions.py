"""The assets are the pipeline's steps, and load on a machine that holds nothing yet."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest

from sp_eval.contracts.odcs import contract_names, load_contract
from sp_eval.contracts.scheme_mapping import mapped_schemes
from sp_eval.operation.tables import TABLES
from sp_eval.orchestration.definitions import build_definitions, defs
from sp_eval.orchestration.deliveries import DELIVERIES, DELIVERY
from sp_eval.pipeline import STEPS
from sp_eval.settings import Settings

_HEAVY = (
    "statsmodels",
    "scipy",
    "great_expectations",
    "pandera",
    "polars",
    "duckdb",
    "altair",
    "vl_convert",
    "typst",
)


@pytest.fixture(scope="module")
def specs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dg.AssetSpec]:
    home = tmp_path_factory.mktemp("nothing") / "home"
    loaded = build_definitions(Settings.from_environment(home=home))
    assert not home.exists()
    return {spec.key.to_user_string(): spec for spec in loaded.resolve_all_asset_specs()}


def test_they_load_without_the_rooms_that_calculate(tmp_path: Path) -> None:
    code = (
        "import sys; from sp_eval.orchestration.definitions import defs; defs();"
        f" print([name for name in {_HEAVY!r} if name in sys.modules])"
    )
    told = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"SP_EVAL_HOME": str(tmp_path / "home")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.strip() == "[]"
    assert not (tmp_path / "home").exists()


def test_importing_reads_nothing_and_calling_gives_the_environments_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SP_EVAL_HOME", str(tmp_path / "elsewhere"))
    specs = {s.key.to_user_string(): s for s in defs().resolve_all_asset_specs()}
    assert str(tmp_path / "elsewhere" / "landing") in (specs["files_received"].description or "")


def test_every_table_of_the_steps_is_an_asset_and_no_other(specs) -> None:
    written = [name for step in STEPS for name in step.writes]
    assert sorted(specs) == sorted([*written, DELIVERY])
    assert sorted(TABLES) == sorted(written)


def test_groups_sort_as_people_read_them(specs) -> None:
    groups = {name: spec.group_name for name, spec in specs.items()}
    assert groups == {name: TABLES[name].group for name in TABLES} | {DELIVERY: "1_received"}
    assert sorted(set(groups.values())) == [
        "1_received",
        "2_checked",
        "3_common",
        "4_compared",
        "5_fair",
        "6_changed",
        "7_sure",
        "8_published",
    ]


def test_each_depends_on_what_its_step_reads(specs) -> None:
    for step in STEPS:
        for name in step.writes:
            found = {dep.asset_key.to_user_string() for dep in specs[name].deps}
            earlier = {n for n in step.writes if TABLES[n].group < TABLES[name].group}
            reads = {n for n in step.reads if TABLES[n].group <= TABLES[name].group}
            assert found == reads | earlier, name


def test_what_a_step_reads_was_written_before_it() -> None:
    written: set[str] = set()
    for step in STEPS:
        assert set(step.reads) <= written, step.name
        written |= set(step.writes)


def test_each_is_described_in_a_sentence_without_code(specs) -> None:
    for name, spec in specs.items():
        first = (spec.description or "").splitlines()[0]
        assert name == DELIVERY or first == TABLES[name].holds
        assert first.endswith("."), name
        assert not set(first) & set("`_*{}<>"), name
        assert spec.owners, name
        assert spec.kinds, name


def test_columns_are_those_of_the_contract(specs) -> None:
    schema = specs["difference_made"].metadata["columns"]
    contract = load_contract("estimate", "published")
    assert [column.name for column in schema.columns] == list(contract.names)
    point = next(column for column in schema.columns if column.name == "person_years_exposed")
    declared = contract.column("person_years_exposed")
    assert point.type == declared.physical_type
    assert (point.description or "").startswith(declared.description)
    assert str(declared.unit) in (point.description or "")


def test_every_table_with_a_contract_shows_its_columns(specs) -> None:
    for name, table in TABLES.items():
        shown = {"dagster/column_schema", "columns"} & set(specs[name].metadata)
        assert bool(shown) == bool(table.contract), name


def test_every_published_contract_is_shown_with_the_table_that_fills_it() -> None:
    shown = {table.contract for table in TABLES.values() if table.contract}
    of_the_files = {"published/run", "published/month"}
    declared = {f"published/{name}" for name in contract_names("published")}
    assert {name for name in shown if name.startswith("published/")} == declared - of_the_files


def test_a_check_for_each_scheme_and_kind_and_one_for_all() -> None:
    checks = {
        key.name: key.asset_key.to_user_string()
        for key in build_definitions().resolve_asset_graph().asset_check_keys
    }
    expected = {"everything_released": "release_file"}
    for scheme in (*mapped_schemes(), "every_scheme"):
        expected |= {f"contract_{scheme}": "files_received", f"design_{scheme}": "design_checks"}
    assert checks == expected


def test_one_job_does_everything_and_asks_for_no_month() -> None:
    job = build_definitions().resolve_job_def("evaluate_everything_received")
    assert {node.name for node in job.nodes} == {step.name for step in STEPS}
    assert job.partitions_def is None


def test_one_month_is_taken_in_alone_or_with_the_evaluation_after_it() -> None:
    loaded = build_definitions()
    steps = {step.name for step in STEPS}
    for name, nodes in (
        ("take_in_one_month", {DELIVERY}),
        ("evaluate_one_month", {DELIVERY, *steps}),
    ):
        job = loaded.resolve_job_def(name)
        assert {node.name for node in job.nodes} == nodes
        assert job.partitions_def == DELIVERIES
    receipts = loaded.resolve_job_def("resend_receipts")
    assert {node.name for node in receipts.nodes} == {"write_receipts"}
    assert receipts.partitions_def is None


def test_what_runs_by_itself_is_on_and_looks_no_oftener_than_once_a_minute() -> None:
    loaded = build_definitions()
    sensors = {sensor.name: sensor for sensor in loaded.sensors or ()}
    assert set(sensors) == {"new_deliveries", "evaluation_follows", "failed_runs"}
    for sensor in sensors.values():
        assert sensor.default_status == dg.DefaultSensorStatus.RUNNING
        assert (sensor.minimum_interval_seconds or 0) >= 60
        assert sensor.description
    (deadline,) = loaded.schedules or ()
    assert deadline.default_status == dg.DefaultScheduleStatus.RUNNING
