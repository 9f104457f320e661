"""The ledger: one row for each file, sheet and version, and the conservation law."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import median

import polars as pl

from sp_eval.contracts.frames import conform, empty_frame
from sp_eval.contracts.odcs import load_contract
from sp_eval.contracts.scheme_mapping import SchemeMapping
from sp_eval.ingest.folder import claims

__all__ = [
    "Entry",
    "Place",
    "ledger",
    "rejection_rows",
    "sent_before",
    "usual_rows",
    "with_replies",
]


@dataclass(frozen=True, slots=True)
class Place:
    """A file, or one sheet of it, in a scheme's month; `sha256` is null if it is missing."""

    scheme_code: str
    month: str
    file: str
    sheet: str = ""
    sha256: str | None = None

    @property
    def delivery_id(self) -> str:
        sheet = f"#{self.sheet}" if self.sheet else ""
        version = self.sha256[:12] if self.sha256 else "missing"
        return f"{self.scheme_code}/{self.month}/{self.file}{sheet}@{version}"

    @property
    def shown(self) -> str:
        """The place as people name it."""
        return f"{self.file}, sheet {self.sheet}" if self.sheet else self.file


@dataclass(frozen=True, slots=True)
class Entry:
    """What became of the rows of one place; the conservation law holds or it cannot be made."""

    place: Place
    status: str
    rows_in: int = 0
    rows_accepted: int = 0
    rows_quarantined: int = 0
    rows_duplicate: int = 0
    contract_version: str | None = None
    superseded_by: str | None = None

    def __post_init__(self) -> None:
        if self.rows_in != self.rows_accepted + self.rows_quarantined + self.rows_duplicate:
            raise AssertionError(f"{self.place.delivery_id}: rows in and out do not add up")


def ledger(entries: list[Entry], *, received_at: datetime) -> pl.DataFrame:
    """Return the rows of `published.delivery`."""
    contract = load_contract("delivery", "published")
    at = received_at.astimezone(UTC).replace(tzinfo=None) if received_at.tzinfo else received_at
    rows = [
        {
            "delivery_id": entry.place.delivery_id,
            "scheme_code": entry.place.scheme_code,
            "month": entry.place.month,
            "file": entry.place.file,
            "sheet": entry.place.sheet,
            "sha256": entry.place.sha256,
            "rows_in": entry.rows_in,
            "rows_accepted": entry.rows_accepted,
            "rows_quarantined": entry.rows_quarantined,
            "rows_duplicate": entry.rows_duplicate,
            "status": entry.status,
            "superseded_by": entry.superseded_by,
            "contract_version": entry.contract_version,
            "received_at": at,
        }
        for entry in entries
    ]
    empty = empty_frame(contract)
    return conform(pl.DataFrame(rows, schema=empty.schema), contract)


def rejection_rows(place: Place, told: pl.DataFrame) -> pl.DataFrame:
    """Return rows of `published.rejection` from `row_number, rule, column_name, reason`."""
    return conform(
        told.with_columns(
            pl.lit(place.scheme_code).alias("scheme_code"),
            pl.lit(place.month).alias("month"),
            pl.lit(place.file).alias("file"),
            pl.lit(place.sheet).alias("sheet"),
        ),
        load_contract("rejection", "published"),
    )


def usual_rows(deliveries: pl.DataFrame, mapping: SchemeMapping) -> Mapping[str, int]:
    """Return what each sender usually sends: the median rows of earlier deliveries, by table.

    `deliveries`: rows of `published.delivery` of this scheme's earlier months.
    """
    seen: dict[str, list[int]] = {}
    for row in deliveries.filter(pl.col("status").is_in(["current", "superseded"])).to_dicts():
        for name, dataset, values in claims(mapping.at(row["month"]), row["file"]):
            if (dataset.sheet or "") == row["sheet"]:
                seen.setdefault("/".join([name, *values.values()]), []).append(row["rows_in"])
    return {key: int(median(counts)) for key, counts in seen.items()}


def sent_before(deliveries: pl.DataFrame, month: str) -> dict[str, str]:
    """Return SHA-256 -> month and file of what came in earlier months and was used.

    `deliveries`: as for `usual_rows`.
    """
    used = deliveries.filter(
        pl.col("status").is_in(["current", "superseded"]), pl.col("month") < month
    )
    rows = used.sort("month", descending=True).select("sha256", "month", "file").iter_rows()
    return {sha256: f"{came} as {file}" for sha256, came, file in rows}


def with_replies(delivery: pl.DataFrame, answers: pl.DataFrame) -> pl.DataFrame:
    """Count what replies released as used, of the files they answer; leave out the replies.

    `delivery`, `answers`: rows of `published.delivery` and `published.resubmission`.
    """
    released = (
        answers.filter(pl.col("fate") == "released")
        .group_by("delivery_id")
        .agg(pl.len().cast(pl.Int64).alias("released"))
    )
    more = pl.col("released").fill_null(0)
    return (
        delivery.join(answers, left_on="delivery_id", right_on="reply_delivery_id", how="anti")
        .join(released, on="delivery_id", how="left", maintain_order="left")
        .with_columns(pl.col("rows_accepted") + more, pl.col("rows_quarantined") - more)
        .drop("released")
    )
