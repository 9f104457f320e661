"""What stands and needs somebody: files refused or missing, months late, estimates withheld."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal

import polars as pl

from sp_eval.contracts.scheme_mapping import load_mapping, mapped_schemes
from sp_eval.ingest.brake import RIVALS
from sp_eval.ingest.folder import claims
from sp_eval.ingest.landing import LandingEmptyError, survey
from sp_eval.operation.deadline import (
    expected_deliveries,
    in_words,
    month_in_words,
)
from sp_eval.report import words

__all__ = ["Alert", "due_days", "late", "refused_files", "refused_folders", "withheld"]


@dataclass(frozen=True, slots=True)
class Alert:
    """Something that needs somebody, told once for as long as it stands.

    `cause` names it and stays the same from run to run: what has the same cause is the same
    alert, whatever its sentence. `sentence` says what to do, and holds no identifier and no cell.
    """

    cause: str
    scheme: str | None
    month: str | None
    sentence: str
    severity: Literal["wrong", "attention"] = "wrong"


def refused_files(tables: Mapping[str, pl.DataFrame], home: Path) -> list[Alert]:
    """Whole files refused or missing that nothing newer replaces, with the reason told then.

    These are those of each scheme's newest month, and of any month those of tables whose
    deliveries add to each other.

    Parameters
    ----------
    tables : `delivery` and `rejection`, as in schema `published` of the research file.
    """
    deliveries = tables["delivery"].with_columns(
        is_newest=pl.col("month") == pl.col("month").max().over("scheme_code")
    )
    stopped = deliveries.filter(pl.col("status").is_in(["refused", "missing"]))
    adding = [
        row["is_newest"] or _adds(row["scheme_code"], row["month"], row["file"], row["sheet"])
        for row in stopped.to_dicts()
    ]
    stopped = stopped.filter(pl.Series(adding, dtype=pl.Boolean))
    told = tables["rejection"].filter(pl.col("row_number").is_null())
    keys = ["scheme_code", "month", "file", "sheet"]
    joined = stopped.select(*keys, "status", "delivery_id").join(
        told.select(*keys, "rule", "reason"), on=keys, how="left", maintain_order="left"
    )
    of_itself = joined.filter(pl.col("rule").is_not_null()).sort(keys)
    return [
        Alert(
            f"file/{place}/{row['sheet']}/{row['rule']}",
            row["scheme_code"],
            row["month"],
            place
            + (f", sheet {row['sheet']}" if row["sheet"] else "")
            + f": {row['status']} ({row['rule']}). {row['reason']}"
            + _how_to_accept(row, home),
        )
        for row in of_itself.iter_rows(named=True)
        for place in [f"{row['scheme_code']}/{row['month']}/{row['file']}"]
    ] + _stopped_with_them(joined)


def _adds(scheme: str, month: str, file: str, sheet: str) -> bool:
    """Whether a file is of a table to which each delivery adds: no later one replaces it."""
    if scheme not in mapped_schemes():
        return False
    return any(
        table.supply == "increment" and sheet in ("", table.sheet)
        for _, table, _ in claims(load_mapping(scheme).at(month), file)
    )


def _how_to_accept(row: dict[str, Any], home: Path) -> str:
    """Where a named person says so; which of several rival files counts nobody can accept."""
    if row["rule"] != "brake" or RIVALS in row["reason"]:
        return ""
    entry = f'- {{delivery_id: "{row["delivery_id"]}", accepted_by: NAME, reason: WHY}}'
    return f" To accept it, write into {home / 'accepted.yaml'}: {entry}"


def _stopped_with_them(refused: pl.DataFrame) -> list[Alert]:
    """Months whose sound files are not used either, because the brake holds for another."""
    others = refused.filter(pl.col("rule").is_null())
    counted = others.group_by("scheme_code", "month").agg(pl.col("file").n_unique())
    return [
        Alert(
            f"stopped/{scheme}/{month}",
            scheme,
            month,
            f"{scheme}/{month}: stopped by the brake; none of its {files} other files is used"
            " either.",
        )
        for scheme, month, files in counted.sort("scheme_code", "month").iter_rows()
    ]


def withheld(estimates: pl.DataFrame) -> list[Alert]:
    """Primary estimates withheld, a sentence for each reason; rows of `published.estimate`."""
    rows = estimates.filter(
        pl.col("role") == "primary",
        pl.col("status") == "withheld",
        pl.col("scale") == "rate_ratio",
    )
    grouped = rows.group_by("study_id", "scheme_code", "withheld_reason", maintain_order=True).agg(
        pl.col("outcome").unique(maintain_order=True)
    )
    return [
        Alert(
            f"withheld/{row['study_id']}/{row['scheme_code']}/{','.join(row['outcome'])}",
            row["scheme_code"],
            None,
            f"{row['study_id']}, {row['scheme_code']}: {', '.join(row['outcome'])} withheld:"
            f" {row['withheld_reason']}",
        )
        for row in grouped.iter_rows(named=True)
    ]


def due_days() -> dict[str, int]:
    """Scheme -> the day of the following month on which a month's delivery is due."""
    return {scheme: load_mapping(scheme).due_day for scheme in mapped_schemes()}


def late(deliveries: pl.DataFrame, *, today: date) -> list[Alert]:
    """Months that have not come though their day is past; rows of `published.delivery`."""
    return [
        Alert(
            f"late/{one.scheme}/{one.month}",
            one.scheme,
            one.month,
            f"{words.short(one.scheme)} {month_in_words(one.month, today=today)}: not received,"
            f" though it was due on {in_words(one.due, today=today)}; ask the scheme for it. Until"
            f" it comes, the figures of {month_in_words(one.newest, today=today)} stand.",
        )
        for one in expected_deliveries(deliveries, due_days(), today=today)
        if one.is_late
    ]


def refused_folders(landing: Path) -> list[Alert]:
    """Folders of the landing folder that nobody can take in as they are."""
    try:
        told = survey(landing).refused
    except LandingEmptyError:
        return []
    return [Alert(f"folder/{one.split(':')[0]}", None, None, one) for one in told]
