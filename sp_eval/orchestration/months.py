"""What is shown of one scheme's month: each file that came, and what became of its rows."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

import dagster as dg
import polars as pl

from sp_eval.orchestration.deliveries import partition_of
from sp_eval.orchestration.markdown import picture_or_words, table
from sp_eval.orchestration.pictures import rows_of_files
from sp_eval.settings import Settings
from sp_eval.warehouse.connection import open_file
from sp_eval.warehouse.frames import read_frame
from sp_eval.warehouse.ledger import published_deliveries, published_rejections

__all__ = ["newly_taken_in", "nothing_came", "shown_of_month", "stopped_because"]

_HELD = ("current", "superseded")


def newly_taken_in(
    settings: Settings, *, since: datetime, known: Collection[str]
) -> list[tuple[str, str]]:
    """Schemes and months taken in since then, and those not among the `known` partitions."""
    with open_file(settings.warehouse, read_only=True) as conn:
        done = read_frame(
            conn, "select part, finished_at from meta.step where step = 'take_in' order by part"
        )
    found = []
    for part, finished_at in done.iter_rows():
        scheme, _, month = part.partition("/")
        if finished_at >= since or str(partition_of(scheme, month)) not in known:
            found.append((scheme, month))
    return found


def shown_of_month(settings: Settings, scheme: str, month: str) -> dict[str, Any]:
    """A picture and a table of the month's files; rows of files, never people."""
    files, reasons = _of_month(settings, scheme, month)
    sheet = pl.when(pl.col("sheet") != "").then(pl.lit(", ") + pl.col("sheet"))
    shown = files.select(
        pl.col("file") + sheet.otherwise(pl.lit("")),
        pl.col("rows_accepted").alias("used"),
        pl.col("rows_quarantined").alias("refused"),
        pl.col("rows_duplicate").alias("repeated"),
        "status",
    )
    refused = int(files["rows_quarantined"].sum())
    silent = (
        "No row was."
        if not refused
        else "A later delivery has replaced this one; the reasons were told with its receipt."
    )
    named = f"{scheme} {month}: rows used and refused, by file"
    return {
        "picture": picture_or_words(rows_of_files(files, named), named),
        "files": table(shown),
        "why refused": table(reasons) if reasons.height else dg.MetadataValue.md(silent),
        "rows used": int(files["rows_accepted"].sum()),
        "rows refused": refused,
        "dagster/partition_row_count": int(files["rows_in"].sum()),
    }


def nothing_came(settings: Settings, scheme: str, month: str) -> str:
    """Say that no file of a month ever came, and where to put it; empty where one did."""
    with open_file(settings.warehouse, read_only=True) as conn:
        if published_deliveries(conn).filter(scheme_code=scheme, month=month).height:
            return ""
    return (
        f"No file of {scheme} {month} has come: put what the sender sends into the folder"
        f" {settings.landing / scheme / month}."
    )


def stopped_because(settings: Settings, scheme: str, month: str) -> str:
    """Why nothing of a month is used, and who does what; empty where some of it is."""
    with open_file(settings.warehouse, read_only=True) as conn:
        rows = published_deliveries(conn).filter(scheme_code=scheme, month=month)
        told = published_rejections(conn).filter(
            pl.col("row_number").is_null(), scheme_code=scheme, month=month
        )
    if rows.is_empty() or rows.filter(pl.col("status").is_in(_HELD)).height:
        return ""
    each = [f"{row['file']}: {row['reason']}" for row in told.sort("file", "sheet").to_dicts()]
    reasons = " ".join(dict.fromkeys(each)) or "no file of it can be used."
    return (
        f"Nothing of {scheme} {month} is used until this is mended: {reasons} Ask the sender for"
        " a corrected file and put it in the place of the old one; the other schemes go on."
    )


def _of_month(settings: Settings, scheme: str, month: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    with open_file(settings.warehouse, read_only=True) as conn:
        files = published_deliveries(conn).filter(
            pl.col("status").is_in([*_HELD, "refused", "missing"]),
            scheme_code=scheme,
            month=month,
        )
        reasons = published_rejections(conn).filter(scheme_code=scheme, month=month)
    counted = reasons.group_by("reason").agg(pl.len().alias("times"))
    return files, counted.sort(["times", "reason"], descending=[True, False])
