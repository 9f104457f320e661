"""Who must know is told: failed runs and failed checks, to the alert file and by e-mail."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import dagster as dg

from sp_eval.ingest.landing import survey
from sp_eval.operation.alerts import Alert, raise_alerts, tell_people
from sp_eval.operation.standing import due_days, refused_files
from sp_eval.orchestration.checks import Judged
from sp_eval.orchestration.deliveries import standing_in
from sp_eval.settings import Settings
from sp_eval.warehouse.connection import open_file
from sp_eval.warehouse.ledger import published_deliveries, published_rejections

__all__ = [
    "STOPPED",
    "due_yesterday",
    "tell_checks",
    "tell_failed_run",
    "tell_files",
    "tell_standing",
]

STOPPED = "stopped"
"""Marks the failure of a delivery that was stopped: its files were told already, one by one."""


def tell_standing(settings: Settings, *, now: datetime) -> tuple[str, ...]:
    """Tell all that stands, as the end of every run does; return what could not be told."""
    return tell_people(settings, now=now)


def due_yesterday(today: date) -> tuple[str, ...]:
    """The schemes whose delivery was due the day before."""
    yesterday = today - timedelta(days=1)
    return tuple(scheme for scheme, day in sorted(due_days().items()) if day == yesterday.day)


def tell_files(settings: Settings, scheme: str, month: str) -> tuple[str, ...]:
    """Tell files refused or missing before they are published, under the same causes.

    Only of a scheme's newest month: while older ones are taken in after each other, each would be
    told, and told mended when the next has come.
    """
    months = [one.month for one in survey(settings.landing).months if one.scheme_code == scheme]
    if month < max(months, default=month):
        return ()
    with open_file(settings.warehouse, read_only=True) as conn:
        tables = {"delivery": published_deliveries(conn), "rejection": published_rejections(conn)}
    return _raise(settings, refused_files(tables, settings.home))


def tell_checks(settings: Settings, judged: Sequence[Judged]) -> tuple[str, ...]:
    """Tell the checks that failed in a run that publishes nothing, one alert a check."""
    failed = [one for one in judged if not one.passed and one.check.scheme is not None]
    return _raise(
        settings,
        [Alert(f"check/{one.check.name}", one.check.scheme, None, one.told) for one in failed],
    )


def _raise(settings: Settings, alerts: Sequence[Alert]) -> tuple[str, ...]:
    return raise_alerts(settings, alerts, now=datetime.now(UTC), are_all=False)


def tell_failed_run(settings: Settings, context: dg.RunFailureSensorContext) -> None:
    """Tell a run that failed, by its own sentence where it has one."""
    sentences = []
    for event in context.get_step_failure_events():
        failure = event.step_failure_data
        if failure.user_failure_data is not None:
            if STOPPED in failure.user_failure_data.metadata:
                return
            sentences.append(str(failure.user_failure_data.description))
    part = standing_in(context.dagster_run)
    what = f"Taking in {part[0]} {part[1]}" if part else f"The run {context.dagster_run.job_name}"
    why = " ".join(sentences) or (
        "it ended before its time; start it again, what was done is not done twice."
    )
    tell_people(settings, now=datetime.now(UTC), failed=f"{what} could not be done: {why}")
