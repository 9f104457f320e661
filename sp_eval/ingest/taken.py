"""What an intake hands on: values only, no storage, no identifiers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from sp_eval.contracts.scheme_mapping import Dataset

__all__ = ["DECLARED_COVERAGE", "FOLDED", "TABLES", "Quarantined", "TakenIn"]

DECLARED_COVERAGE = {
    "scheme_code": pl.String(),
    "source": pl.String(),
    "practice_code": pl.String(),
    "covered_from": pl.Date(),
    "covered_to": pl.Date(),
    "delivery_id": pl.String(),
}
TABLES = {"delivery_id": pl.String(), "table": pl.String(), "supply": pl.String()}
FOLDED = {"delivery_id": pl.String(), "folded_as": pl.String(), "rows": pl.Int64()}


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A file or sheet with refused rows, by which their raw cells can be read again."""

    path: Path
    file: str
    sheet: str
    sha256: str
    name: str
    dataset: Dataset


@dataclass(frozen=True, slots=True)
class TakenIn:
    """One scheme's month, read, checked and sorted.

    `delivery`, `rejection`, `resubmission`: rows of the published tables of that name.
    `accepted`: contract name -> contract columns and provenance, in the order of the files.
    `declared_coverage`: `DECLARED_COVERAGE`, the end exclusive, practice null where the file is of
    all practices.
    `tables`: `TABLES`, which table each file or sheet taken in holds (the same from month to
    month) and whether it replaces the earlier ones of that table (`snapshot`) or adds to them
    (`increment`). `folded`: `FOLDED`, rows that were accepted and only belong to another row.
    `quarantine`: where the raw cells of refused rows stand; it holds none itself. `notices`:
    sentences about what was passed over or read otherwise than declared. `stopped`: why the
    month must not be used (the brake), or null.
    """

    scheme_code: str
    month: str
    delivery: pl.DataFrame
    rejection: pl.DataFrame
    resubmission: pl.DataFrame
    accepted: Mapping[str, pl.DataFrame]
    declared_coverage: pl.DataFrame
    tables: pl.DataFrame
    folded: pl.DataFrame
    quarantine: tuple[Quarantined, ...]
    notices: tuple[str, ...]
    stopped: str | None
