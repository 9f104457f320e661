"""`sp-eval status`: what is published, from what, how old, and what is missing or due."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path

from rich import box
from rich.table import Table

from sp_eval.cli.show import console
from sp_eval.operation.deadline import in_words
from sp_eval.operation.status import DeliveryStatus, Due, Status, read_status
from sp_eval.settings import Settings

__all__ = ["show_status"]


def show_status(home: Path | None, *, as_json: bool) -> int:
    """Print what stands in a home, and return the exit status."""
    settings = Settings.from_environment(home=home)
    status = read_status(settings)
    if as_json:
        told = asdict(status) | {"home": str(settings.home), "exit_status": status.exit_status}
        sys.stdout.write(json.dumps(told, indent=2, default=_as_text) + "\n")
        return status.exit_status
    _show_release(settings, status)
    if status.deliveries:
        _show_deliveries(status.deliveries)
    _list("Due next", [_due(one) for one in status.due])
    _list("Received, not yet taken in (`sp-eval run` does it)", list(status.waiting))
    _list("To be looked at", list(status.problems))
    if status.release and not status.problems:
        console.print(
            "All well: no file is missing or refused, and every primary estimate is released."
        )
    return status.exit_status


def _show_release(settings: Settings, status: Status) -> None:
    if status.holder is not None:
        console.print(f"{status.holder.sentence}.", markup=False)
    release = status.release
    if release is None:
        console.print(
            f"Nothing is published in {settings.home} yet: put files into"
            f" {settings.landing}/<scheme>/<YYYY-MM>/ and call `sp-eval run`.",
            markup=False,
        )
        return
    console.print(
        f"Release {release.month or '(no delivery used)'}, published"
        f" {release.published_at:%Y-%m-%d %H:%M} UTC ({_ago(release.days_old)}) by sp_eval"
        f" {release.software_version}, run {release.run_id}.\n"
        f"Estimates released: {release.estimates_released}; withheld:"
        f" {release.estimates_withheld}. It lies in {settings.published}.",
        markup=False,
    )


def _show_deliveries(deliveries: tuple[DeliveryStatus, ...]) -> None:
    table = Table(title="Drawn from", title_justify="left", box=box.SIMPLE_HEAD)
    for head in ("scheme", "month", "received", "files used", "refused", "rows", "used"):
        table.add_column(head, justify="left" if head in ("scheme", "month") else "right")
    for one in deliveries:
        table.add_row(
            one.scheme,
            one.month,
            _ago(one.days_old),
            str(one.files_used),
            str(one.files_refused),
            f"{one.rows_received:,}",
            f"{one.rows_used:,}",
        )
    console.print(table)


def _due(one: Due) -> str:
    today = datetime.now(UTC).date()
    late = ", late" if one.is_late else ""
    return f"{one.scheme} {one.month}, by {in_words(one.due, today=today)}{late}"


def _list(title: str, lines: list[str]) -> None:
    if lines:
        console.print(f"[bold]{title}[/bold]")
    for line in lines:
        console.print(f"  - {line}", markup=False)


def _ago(days: int) -> str:
    return {0: "today", 1: "1 day ago"}.get(days, f"{days} days ago")


def _as_text(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)
