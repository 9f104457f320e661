"""People are told what needs them: in a file, and by e-mail where that is set; each thing once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime

import polars as pl
from filelock import FileLock, Timeout

from sp_eval.ingest.identity import without_numbers
from sp_eval.operation.alert_file import AlertFile
from sp_eval.operation.mail import MailNotSentError, send
from sp_eval.operation.message import Month, message_of_the_month
from sp_eval.operation.standing import (
    Alert,
    due_days,
    late,
    refused_files,
    refused_folders,
    withheld,
)
from sp_eval.settings import Settings
from sp_eval.warehouse.query import QueryRefusedError, query_snapshot

__all__ = ["Alert", "month_of", "raise_alerts", "run_failed", "standing_alerts", "tell_people"]

_LOCK_SECONDS = 10
_TABLES = ("delivery", "rejection", "estimate")


def tell_people(settings: Settings, *, now: datetime, failed: str | None = None) -> tuple[str, ...]:
    """Tell what stands after a run, and the month's messages; both doors end a run with this.

    Parameters
    ----------
    now : the time, UTC.
    failed : why a run could not be done, as one sentence; then nothing counts as mended.

    Returns
    -------
    Sentences about what could not be told, for whoever watches; never an error.
    """
    month = month_of(settings, today=now.date())
    if failed is not None:
        return raise_alerts(settings, [run_failed(failed)], now=now, are_all=False, month=month)
    standing = standing_alerts(settings, today=now.date())
    return raise_alerts(settings, standing, now=now, month=month)


def run_failed(sentence: str) -> Alert:
    """The alert of a run that could not be done; the next run that ends well mends it."""
    return Alert("run", None, None, sentence)


def standing_alerts(settings: Settings, *, today: date) -> tuple[Alert, ...]:
    """Everything that needs somebody now, from what is published and what lies in landing."""
    found = refused_folders(settings.landing)
    tables = _published(settings)
    if tables:
        found += refused_files(tables, settings.home)
        found += late(tables["delivery"], today=today)
        found += withheld(tables["estimate"])
    return tuple({alert.cause: alert for alert in found}.values())


def month_of(settings: Settings, *, today: date) -> Month:
    """The month's message, from what is published."""
    tables = _published(settings)
    return message_of_the_month(tables["delivery"], due_days(), today=today) if tables else Month()


def _published(settings: Settings) -> dict[str, pl.DataFrame]:
    path = settings.published / "research.duckdb"
    try:
        return {name: query_snapshot(path, f"from published.{name}") for name in _TABLES}
    except QueryRefusedError:
        return {}


def raise_alerts(
    settings: Settings,
    alerts: Sequence[Alert],
    *,
    now: datetime,
    are_all: bool = True,
    month: Month | None = None,
) -> tuple[str, ...]:
    """Write what is new to the alert file and send it by e-mail if that is set.

    A cause that stood before is not told again; one that stands no longer is told mended, once.
    Where there is no home yet nothing is written.

    Parameters
    ----------
    alerts : what stands now.
    now : the time, UTC.
    are_all : whether whatever is not among `alerts` is mended.
    month : the month's message; each scheme's part of it is told once.

    Returns
    -------
    Sentences about what could not be told; never an error.
    """
    if not settings.home.is_dir():
        return ()
    try:
        settings.alerts.mkdir(exist_ok=True)
        with FileLock(settings.alerts / ".lock", timeout=_LOCK_SECONDS):
            return _tell(settings, alerts, now, are_all=are_all, month=month or Month())
    except (OSError, Timeout) as error:
        why = "another program holds it" if isinstance(error, Timeout) else error.strerror
        return (f"The alert file in {settings.alerts} could not be written: {why}.",)


def _tell(
    settings: Settings, alerts: Sequence[Alert], now: datetime, *, are_all: bool, month: Month
) -> tuple[str, ...]:
    file = AlertFile(settings.alerts)
    clean = [
        replace(one, cause=without_numbers(one.cause), sentence=without_numbers(one.sentence))
        for one in alerts
    ]
    raised = file.raise_new(clean, now)
    mended = file.mend_others(clean, now) if are_all else []
    news = file.tell_months(month.messages, now)
    letters = []
    if raised or mended or news:
        subject = _subject(len(raised), len(file.standing), has_news=bool(news))
        letters = [(subject, _letter(settings, month, raised, mended))]
    problem = _send(settings, file, letters)
    file.note_mail(problem, now)
    file.write_latest(month)
    return (problem,) if problem else ()


def _send(settings: Settings, file: AlertFile, letters: list[tuple[str, str]]) -> str | None:
    """Send them, and those that could not be sent before; say why if that failed."""
    mail = settings.mail
    waiting = [*file.unsent(), *letters]
    if mail is None or not waiting:
        return None
    try:
        file.keep_unsent(waiting[send(mail, waiting) :])
    except MailNotSentError as error:
        file.keep_unsent(waiting)
        return str(error)
    return None


def _subject(raised: int, standing: int, *, has_news: bool) -> str:
    if raised:
        return f"sp_eval: {raised} to be looked at"
    if standing:
        return f"sp_eval: {standing} still to be looked at"
    return "sp_eval: all well" if has_news else "sp_eval: settled, all well"


def _letter(
    settings: Settings, month: Month, raised: Sequence[Alert], mended: Sequence[Alert]
) -> str:
    """Text of one e-mail: the month first, then what needs somebody."""
    parts = [month.text] if month.text else []
    for title, told in (("To be looked at", raised), ("Settled", mended)):
        if told:
            parts.append("\n".join([f"{title}:", *(f"- {one.sentence}" for one in told)]))
    parts.append(f"All that stands: {settings.alerts / 'latest.txt'}")
    return "\n\n".join(parts) + "\n"
