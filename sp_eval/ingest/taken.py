"""What an intake hands on: values only, no storage, no identifiers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from sp_eval.contracts.frames import conform
from sp_eval.contracts.odcs import Contract
from sp_eval.contracts.scheme_mapping import Dataset
from sp_eval.ingest.contract_rows import Replaced

__all__ = ["DECLARED_COVERAGE", "FOLDED", "TABLES", "Accepted", "Piece", "Quarantined", "TakenIn"]

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


# Where rows came from (column of provenance -> text), and the contract's rows with `source_row`.
Piece = tuple[Mapping[str, str], pl.DataFrame]


class Accepted(Mapping[str, pl.DataFrame]):
    """Contract name -> accepted rows: contract columns and provenance, in order of the files.

    They are held small, and made each time they are asked for: whole by a contract's name, or
    piece by piece by `pieces`.
    """

    def __init__(
        self, contracts: Iterable[Contract], pieces: Callable[[str, Replaced], Iterator[Piece]]
    ) -> None:
        """`pieces`: given a contract's name and what to replace, yields its rows, one at least."""
        self._contracts = {contract.name: contract for contract in contracts}
        self._pieces = pieces

    def pieces(self, name: str, replaced: Replaced | None = None) -> Iterator[Piece]:
        """Yield the rows of a contract in pieces, all of the same columns.

        `replaced`: columns in whose stead others come, see `ContractRows.frames`.
        """
        return self._pieces(name, replaced or {})

    def __getitem__(self, name: str) -> pl.DataFrame:
        contract = self._contracts[name]
        return pl.concat(
            conform(
                rows.with_columns(pl.lit(text).alias(column) for column, text in origin.items()),
                contract,
                provenance=True,
            )
            for origin, rows in self.pieces(name)
        )

    def __iter__(self) -> Iterator[str]:
        return iter(self._contracts)

    def __len__(self) -> int:
        return len(self._contracts)


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
