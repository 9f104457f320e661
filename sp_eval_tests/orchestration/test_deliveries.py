"""One scheme's month taken in alone; and a scheme that is stopped stops nobody else."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import dagster as dg
import duckdb
import pytest

from sp_eval.orchestration.definitions import build_definitions
from sp_eval.orchestration.deliveries import DELIVERY, partition_of, register
from sp_eval.settings import Settings
from sp_eval_tests.orchestration.conftest import KEY, Doors, materialise

MONTH = "2019-04"


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SP_EVAL_PSEUDONYM_KEY", KEY)


@pytest.fixture
def landed(doors: Doors, tmp_path: Path) -> Settings:
    """The deliveries in a home of their own in which nothing was done."""
    shutil.copytree(doors.landing, tmp_path / "landing")
    (tmp_path / "home").mkdir()
    return Settings.from_environment(home=tmp_path / "home", landing=tmp_path / "landing")


def _take_in(
    settings: Settings, scheme: str, month: str, instance: dg.DagsterInstance
) -> dg.ExecuteInProcessResult:
    register(instance, [scheme], [month])
    job = build_definitions(settings).resolve_job_def("take_in_one_month")
    return job.execute_in_process(
        instance=instance, partition_key=partition_of(scheme, month), raise_on_error=False
    )


def _ledger(settings: Settings) -> list[tuple[str, str]]:
    with duckdb.connect(str(settings.warehouse), read_only=True) as conn:
        return conn.execute(
            "select distinct scheme_code, status from meta.delivery order by all"
        ).fetchall()


def _ruin(landing: Path, scheme: str) -> str:
    """Make every row of one file unusable, so that the brake stops the month."""
    path = landing / scheme / MONTH / "GP_REGISTER.csv"
    head, *rows = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([head, *(row.replace("999", "111") for row in rows)]) + "\n")
    return path.name


def test_a_month_alone_leaves_the_other_scheme_untouched(landed: Settings) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        result = _take_in(landed, "gloucestershire", MONTH, instance)
        assert result.success
        assert instance.get_materialized_partitions(dg.AssetKey(DELIVERY)) == {
            str(partition_of("gloucestershire", MONTH))
        }
    assert _ledger(landed) == [("gloucestershire", "current")]
    (event,) = result.get_asset_materialization_events()
    shown = event.step_materialization_data.materialization.metadata
    assert next(iter(shown)) == "picture"
    assert "data:image/svg+xml;base64," in str(shown["picture"].value)
    assert int(shown["rows used"].value) > 0


def test_a_month_that_is_stopped_is_red_and_told_until_it_is_mended(landed: Settings) -> None:
    ruined = _ruin(landed.landing, "rotherham")
    with dg.DagsterInstance.ephemeral() as instance:
        result = _take_in(landed, "rotherham", MONTH, instance)
        assert not result.success
        assert not instance.get_materialized_partitions(dg.AssetKey(DELIVERY))
        (event,) = [e for e in result.all_events if e.is_step_failure]
        error = event.step_failure_data.error
        assert error is not None
        assert "Nothing of rotherham 2019-04 is used" in error.message
        assert ruined in error.message
        told = [json.loads(x) for x in (landed.alerts / "alerts.jsonl").read_text().splitlines()]
        assert any(ruined in one["sentence"] for one in told)
        shutil.rmtree(landed.landing / "rotherham")
        shutil.copytree(
            landed.landing / "gloucestershire", landed.landing / "copy"
        )  # a folder nobody can take in holds nobody up either
        assert not _take_in(landed, "rotherham", MONTH, instance).success
        assert _take_in(landed, "gloucestershire", MONTH, instance).success


def test_no_month_there_is_one_sentence(landed: Settings) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        result = _take_in(landed, "rotherham", "2020-01", instance)
    (event,) = [e for e in result.all_events if e.is_step_failure]
    assert event.step_failure_data.error is not None
    assert "no delivery of rotherham for 2020-01" in event.step_failure_data.error.message


def test_with_one_scheme_stopped_the_other_is_published(landed: Settings) -> None:
    _ruin(landed.landing, "rotherham")
    with dg.DagsterInstance.ephemeral() as instance:
        result = materialise(landed, instance=instance)
        assert result.success
        assert instance.get_materialized_partitions(dg.AssetKey(DELIVERY)) == {
            str(partition_of("gloucestershire", MONTH))
        }
    checks = {e.check_name: e.passed for e in result.get_asset_check_evaluations()}
    assert not checks["contract_rotherham"]
    assert not checks["contract_every_scheme"]
    assert checks["contract_gloucestershire"]
    with duckdb.connect(str(landed.published / "release.duckdb"), read_only=True) as conn:
        published = dict(
            conn.execute(
                """select scheme_code, count(*) from published.estimate
                where role = 'primary' and scheme_code <> 'all' group by scheme_code"""
            ).fetchall()
        )
    assert published["gloucestershire"] > 0
    released = {
        e.asset_key.to_user_string(): e.step_materialization_data.materialization.metadata
        for e in result.get_asset_materialization_events()
    }
    assert "locked" in released["difference_made"]
    assert "rotherham" in str(released["difference_made"]["locked"].value)
