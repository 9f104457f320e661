"""What happens by itself: new deliveries taken in, the evaluation once after them, the deadline."""

# No `from __future__ import annotations` here: Dagster reads the annotations of these functions.
import time
from datetime import UTC, datetime

import dagster as dg

from sp_eval.contracts.scheme_mapping import known_layouts, mapped_schemes
from sp_eval.orchestration.deliveries import MONTHS, SCHEMES, partition_of
from sp_eval.orchestration.jobs import EVERYTHING, ONE_MONTH, TAKE_IN
from sp_eval.settings import Settings

__all__ = ["all_schedules", "all_sensors"]

_EVERY_SECONDS = 60
_AFTERWARDS_SECONDS = 90  # what follows a run; each look costs an idle machine something
_EVERY_MORNING = "0 6 * * *"
_MOST_RUNS = 1000
_RUNNING = dg.DefaultSensorStatus.RUNNING


def all_sensors(settings: Settings) -> list[dg.SensorDefinition]:
    """The three watchers, all running from the start; each can be switched off in the UI."""
    return [_new_deliveries(settings), _evaluation_follows(), _failed_runs(settings)]


def all_schedules(settings: Settings) -> list[dg.ScheduleDefinition]:
    """The one that looks every morning whether a deadline has passed."""
    return [_deadline(settings)]


def _new_deliveries(settings: Settings) -> dg.SensorDefinition:
    @dg.sensor(
        name="new_deliveries",
        job_name=TAKE_IN,
        minimum_interval_seconds=_EVERY_SECONDS,
        default_status=_RUNNING,
        description="Looks into the landing folder each minute and takes in what is new, a scheme's"
        " month at a time, once its files have stopped changing. The log of each look says what"
        " waits and which folders cannot be used.",
    )
    def new_deliveries(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        from sp_eval.orchestration.arrivals import look, memory_from, memory_to

        found = look(settings.landing, memory_from(context.cursor), now=time.time())
        requests = [
            dg.RunRequest(
                run_key=f"{scheme}/{month}/{digest}", partition_key=partition_of(scheme, month)
            )
            for scheme, month, digest in found.ready
        ]
        told = (*found.refused, *found.waiting)
        for sentence in told if requests else ():
            context.log.warning(sentence)
        quiet = "Nothing has come since the last look."
        return dg.SensorResult(
            run_requests=requests,
            skip_reason=None if requests else dg.SkipReason("\n".join(told) or quiet),
            dynamic_partitions_requests=_made_known(context, found.ready),
            cursor=memory_to(found.seen),
        )

    return new_deliveries


def _made_known(
    context: dg.SensorEvaluationContext, ready: tuple[tuple[str, str, str], ...]
) -> list[dg.AddDynamicPartitionsRequest]:
    """Requests for the schemes and months that are no partitions yet."""
    if not ready:  # most looks end here, and Dagster's databases are not opened for them
        return []
    requests = []
    wanted = ((SCHEMES, {one[0] for one in ready}), (MONTHS, {one[1] for one in ready}))
    for definition, keys in wanted:
        known = set(context.instance.get_dynamic_partitions(str(definition.name)))
        if new := sorted(keys - known):
            requests.append(definition.build_add_request(new))
    return requests


def _evaluation_follows() -> dg.SensorDefinition:
    @dg.sensor(
        name="evaluation_follows",
        job_name=EVERYTHING,
        minimum_interval_seconds=_AFTERWARDS_SECONDS,
        default_status=_RUNNING,
        description="Evaluates and publishes once, after the last delivery that waits was taken"
        " in, whether by itself or by a backfill.",
    )
    def evaluation_follows(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        newest = int(context.cursor or 0)
        waiting, newer = _intake_since(context.instance, newest)
        if waiting:
            told = f"{waiting} deliveries are still to be taken in; the evaluation follows then."
            return dg.SensorResult(skip_reason=dg.SkipReason(told), cursor=str(newest))
        if newer is None:
            told = "Nothing was taken in since the last evaluation."
            return dg.SensorResult(skip_reason=dg.SkipReason(told), cursor=str(newest))
        request = dg.RunRequest(run_key=f"after/{newer}")
        return dg.SensorResult(run_requests=[request], cursor=str(newer))

    return evaluation_follows


def _intake_since(instance: dg.DagsterInstance, newest: int) -> tuple[int, int | None]:
    """How many deliveries wait or are under way, and the newest one ended after that record.

    A month that was stopped counts as ended: that it was is published too.
    """
    by_scheme = {f"dagster/partition/{SCHEMES.name}": [*mapped_schemes(), *known_layouts()]}
    records = [
        record
        for record in instance.get_run_records(dg.RunsFilter(tags=by_scheme), limit=_MOST_RUNS)
        if record.dagster_run.job_name != ONE_MONTH
    ]
    waiting = sum(not record.dagster_run.is_finished for record in records)
    ended = (dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE)
    newer = [
        record.storage_id
        for record in records
        if record.storage_id > newest and record.dagster_run.status in ended
    ]
    return waiting, max(newer, default=None)


def _failed_runs(settings: Settings) -> dg.SensorDefinition:
    @dg.run_failure_sensor(
        name="failed_runs",
        minimum_interval_seconds=_AFTERWARDS_SECONDS,
        default_status=_RUNNING,
        description="Writes a run that failed to the alert file, and sends it by e-mail where that"
        " is set. Failed checks are told by the run itself.",
    )
    def failed_runs(context: dg.RunFailureSensorContext) -> None:
        from sp_eval.orchestration.telling import tell_failed_run

        tell_failed_run(settings, context)

    return failed_runs


def _deadline(settings: Settings) -> dg.ScheduleDefinition:
    @dg.schedule(
        name="after_the_deadline",
        job_name=EVERYTHING,
        cron_schedule=_EVERY_MORNING,
        execution_timezone="Europe/London",
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Every morning at six: what has not come by its day is told. On the morning"
        " after a scheme's day (due_day in its mapping) everything received is evaluated.",
    )
    def after_the_deadline(
        context: dg.ScheduleEvaluationContext,
    ) -> dg.RunRequest | dg.SkipReason:
        from sp_eval.orchestration.telling import due_yesterday, tell_standing

        now = context.scheduled_execution_time
        due = due_yesterday(now.date())
        if due:
            return dg.RunRequest(run_key=f"due/{now.date()}", tags={"due": ", ".join(due)})
        for problem in tell_standing(settings, now=datetime.now(UTC)):
            context.log.warning(problem)
        return dg.SkipReason("No scheme's delivery was due yesterday; what is late was told.")

    return after_the_deadline
