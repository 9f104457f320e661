"""What an intake hands on: values only, no storage, no identifiers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from sp_eval.contracts.scheme_mapping import Dataset

__all__ = ["DECLARED_COVERAGE", "FOLDED", "TABLES", "Accepted", "Quarantined", "TakenIn"]

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


class Accepted(Mapping[str, pl.DataFrame]):
    """Contract name -> accepted rows: contract columns and provenance, in order of the files.

    They are held small, and made each time they are asked for: whole by a contract's name, or
    piece by piece by `frames`.
    """

    def __init__(self, frames: Mapping[str, Callable[[], Iterator[pl.DataFrame]]]) -> None:
        """`frames`: contract name -> what yields its rows, at least one frame."""
        self._frames = dict(frames)

    def frames(self, name: str) -> Iterator[pl.DataFrame]:
        """Yield the rows of a contract in pieces."""
        return self._frames[name]()

    def __getitem__(self, name: str) -> pl.DataFrame:
        return pl.concat(self.frames(name))

    def __iter__(self) -> Iterator[str]:
        return iter(self._frames)

    def __len__(self) -> int:
        return len(self._frames)


@dataclass(frozen=True, slots=True)
class TakenIn:
    """One scheme's month, read, checked and sorted.

    `delivery`, `rejection`, `resubmission`: rows of the published tables of that name.
    `accepted`: see there. `declared_coverage`: `DECLARED_COVERAGE`, the end exclusive, practice
    null where the file is of all practices.
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
    accepted: Accepted
    declared_coverage: pl.DataFrame
    tables: pl.DataFrame
    folded: pl.DataFrame
    quarantine: tuple[Quarantined, ...]
    notices: tuple[str, ...]
    stopped: str | None
