"""What is published, from which deliveries, how old, and what is missing; looks and never writes.

Only published files are opened: opening the warehouse would get in the way of a run.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime

import polars as pl

from sp_eval.ingest.landing import LandingEmptyError, survey
from sp_eval.operation.alerts import standing_alerts
from sp_eval.operation.deadline import expected_deliveries
from sp_eval.operation.lock import Holder, holder_of
from sp_eval.operation.standing import due_days
from sp_eval.settings import Settings
from sp_eval.warehouse.query import QueryRefusedError, query_snapshot

__all__ = ["DeliveryStatus", "Due", "Release", "Status", "read_status"]

_LAST_RUN = "from published.run order by finished_at desc, run_id desc limit 1"


@dataclass(frozen=True, slots=True)
class Release:
    """The release that is out. `published_at` is UTC; `month` the newest month used."""

    run_id: str
    published_at: datetime
    days_old: int
    software_version: str
    month: str | None
    estimates_released: int
    estimates_withheld: int


@dataclass(frozen=True, slots=True)
class DeliveryStatus:
    """One scheme's month that the release draws on, or that was refused."""

    scheme: str
    month: str
    received_at: datetime
    days_old: int
    files_used: int
    files_refused: int
    rows_received: int
    rows_used: int


@dataclass(frozen=True, slots=True)
class Due:
    """The delivery a scheme owes next."""

    scheme: str
    month: str
    due: date
    is_late: bool


@dataclass(frozen=True, slots=True)
class Status:
    """What stands in a home.

    `waiting`: months that lie in the landing folder and were not taken in yet. `problems`: a
    sentence for all that is missing, refused or withheld. `holder`: a run under way or broken off.
    """

    release: Release | None
    deliveries: tuple[DeliveryStatus, ...]
    due: tuple[Due, ...]
    waiting: tuple[str, ...]
    problems: tuple[str, ...]
    holder: Holder | None

    @property
    def exit_status(self) -> int:
        """0: all well; 1: something missing, refused or withheld; 2: nothing published."""
        if self.release is None:
            return 2
        return 1 if self.problems else 0


def read_status(settings: Settings, *, now: datetime | None = None) -> Status:
    """Read what stands in a home; a run may be going on meanwhile."""
    at = now or datetime.now(UTC)
    release_file = settings.published / "release.duckdb"
    try:
        run = query_snapshot(release_file, _LAST_RUN).to_dicts()
        deliveries = query_snapshot(release_file, "from published.delivery")
    except QueryRefusedError:
        run, deliveries = [], None
    holder = holder_of(settings.work)
    if not run or deliveries is None:
        waiting = _waiting(settings, set())
        return Status(None, (), (), waiting, _problems(settings, at), holder)
    known = set(deliveries.select("scheme_code", "month").unique().iter_rows())
    expected = expected_deliveries(deliveries, due_days(), today=at.date())
    return Status(
        _release(run[0], deliveries, at),
        _deliveries(deliveries, at),
        tuple(Due(one.scheme, one.month, one.due, one.is_late) for one in expected),
        _waiting(settings, known),
        _problems(settings, at),
        holder,
    )


def _problems(settings: Settings, at: datetime) -> tuple[str, ...]:
    return tuple(alert.sentence for alert in standing_alerts(settings, today=at.date()))


def _release(run: dict[str, object], deliveries: pl.DataFrame, at: datetime) -> Release:
    published = run["finished_at"]
    assert isinstance(published, datetime)  # noqa: S101 - its contract says so
    current = deliveries.filter(pl.col("status") == "current")["month"]
    return Release(
        run_id=str(run["run_id"]),
        published_at=published,
        days_old=_days(published, at),
        software_version=str(run["software_version"]),
        month=max(current) if current.len() else None,
        estimates_released=int(str(run["estimates_released"])),
        estimates_withheld=int(str(run["estimates_withheld"])),
    )


def _days(then: datetime, at: datetime) -> int:
    return (at.replace(tzinfo=None) - then).days


def _deliveries(deliveries: pl.DataFrame, at: datetime) -> tuple[DeliveryStatus, ...]:
    used, refused = pl.col("status") == "current", pl.col("status") == "refused"
    grouped = (
        deliveries.filter(used | refused)
        .group_by("scheme_code", "month")
        .agg(
            pl.col("received_at").max(),
            used.sum().alias("files_used"),
            refused.sum().alias("files_refused"),
            pl.col("rows_in").sum(),
            pl.col("rows_accepted").filter(used).sum(),
        )
        .sort("scheme_code", "month")
    )
    return tuple(
        DeliveryStatus(scheme, month, came, _days(came, at), *counts)
        for scheme, month, came, *counts in grouped.iter_rows()
    )


def _waiting(settings: Settings, known: set[tuple[str, str]]) -> tuple[str, ...]:
    try:
        found = survey(settings.landing).months
    except LandingEmptyError:
        return ()
    return tuple(
        f"{one.scheme_code} {one.month}"
        for one in found
        if (one.scheme_code, one.month) not in known
    )
