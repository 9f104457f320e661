"""What runs by itself: intake of what is new, one evaluation after it, alerts, the deadline."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import dagster as dg
import pytest

from sp_eval.contracts.scheme_mapping import load_mapping
from sp_eval.orchestration import arrivals
from sp_eval.orchestration.definitions import build_definitions
from sp_eval.orchestration.deliveries import partition_of, register
from sp_eval.orchestration.telling import due_yesterday
from sp_eval.settings import Settings

_OF = {"dagster/partition/scheme": "rotherham", "dagster/partition/month": "2019-04"}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    folder = tmp_path / "home" / "landing" / "rotherham" / "2019-04"
    folder.mkdir(parents=True)
    (folder / "a.csv").write_text("one\n")
    (folder.parents[1] / "nowhere" / "2019-04").mkdir(parents=True)
    return Settings.from_environment(home=tmp_path / "home")


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as held:
        yield held


def _sensor(settings: Settings, name: str) -> dg.SensorDefinition:
    return next(s for s in build_definitions(settings).sensors or () if s.name == name)


def _tick(
    settings: Settings, name: str, instance: dg.DagsterInstance, cursor: str | None = None
) -> dg.SensorResult:
    context = dg.build_sensor_context(instance=instance, cursor=cursor)
    result = _sensor(settings, name)(context)
    assert isinstance(result, dg.SensorResult)
    return result


def test_what_is_new_is_asked_for_by_its_content_and_a_bad_name_is_a_skip(
    settings: Settings, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arrivals, "SETTLED_SECONDS", 0.0)
    first = _tick(settings, "new_deliveries", instance)
    (request,) = first.run_requests or []
    assert str(request.run_key).startswith("rotherham/2019-04/")
    assert request.partition_key == str(partition_of("rotherham", "2019-04"))
    asked = {one.partitions_def_name: one.partition_keys for one in _added(first)}
    assert asked == {"scheme": ["rotherham"], "month": ["2019-04"]}
    second = _tick(settings, "new_deliveries", instance, first.cursor)
    assert not second.run_requests
    assert "nowhere" in str(second.skip_reason)
    assert "no mapping" in str(second.skip_reason)


def _added(result: dg.SensorResult) -> list[dg.AddDynamicPartitionsRequest]:
    requests = result.dynamic_partitions_requests or []
    return [one for one in requests if isinstance(one, dg.AddDynamicPartitionsRequest)]


def test_the_evaluation_follows_once_after_the_last(
    settings: Settings, instance: dg.DagsterInstance
) -> None:
    def add(status: dg.DagsterRunStatus, job: str = "take_in_one_month") -> str:
        run = dg.DagsterRun(job_name=job, status=status, tags=_OF)
        return instance.add_run(run).run_id

    def tick(cursor: str | None) -> dg.SensorResult:
        return _tick(settings, "evaluation_follows", instance, cursor)

    nothing = tick(None)
    assert not nothing.run_requests
    add(dg.DagsterRunStatus.SUCCESS)
    add(dg.DagsterRunStatus.FAILURE)
    waiting = add(dg.DagsterRunStatus.STARTED)
    held = tick(nothing.cursor)
    assert not held.run_requests
    assert "1 deliveries" in str(held.skip_reason)
    instance.delete_run(waiting)
    follows = tick(held.cursor)
    assert len(follows.run_requests or []) == 1
    assert not tick(follows.cursor).run_requests
    # what evaluates by itself needs no evaluation after it
    add(dg.DagsterRunStatus.SUCCESS, "evaluate_one_month")
    assert not tick(follows.cursor).run_requests


def test_a_run_that_failed_is_told_by_its_sentence(
    settings: Settings, instance: dg.DagsterInstance
) -> None:
    register(instance, ["rotherham"], ["2020-01"])
    job = build_definitions(settings).resolve_job_def("take_in_one_month")
    result = job.execute_in_process(
        instance=instance,
        partition_key=partition_of("rotherham", "2020-01"),
        raise_on_error=False,
    )
    context = dg.build_run_status_sensor_context(
        sensor_name="failed_runs",
        dagster_event=result.get_run_failure_event(),
        dagster_instance=instance,
        dagster_run=result.dagster_run,
    ).for_run_failure()
    _sensor(settings, "failed_runs")(context)
    (told,) = [json.loads(x) for x in (settings.alerts / "alerts.jsonl").read_text().splitlines()]
    assert told["event"] == "raised"
    assert "rotherham 2020-01" in told["sentence"]
    assert "has come" in told["sentence"]


def test_the_morning_after_a_schemes_day_everything_is_evaluated(settings: Settings) -> None:
    day = load_mapping("rotherham").due_day
    schedule = next(iter(build_definitions(settings).schedules or ()))
    assert isinstance(schedule, dg.ScheduleDefinition)

    def on(number: int) -> object:
        when = datetime(2026, 11, number, 6, tzinfo=ZoneInfo("Europe/London"))
        return schedule(dg.build_schedule_context(scheduled_execution_time=when))

    after = on(day + 1)
    assert isinstance(after, dg.RunRequest)
    assert "rotherham" in due_yesterday(date(2026, 11, day + 1))
    assert isinstance(on(day), dg.SkipReason)
