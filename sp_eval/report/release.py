"""The release as the report reads it: one study's rows, and figures that know their row."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from sp_eval.report.figure import Figure, Source, number, text
from sp_eval.warehouse.query import query_snapshot

__all__ = ["Release", "read_release", "studies_of"]

Key = str | int | float | bool | date | None

_TABLES = "select table_name from duckdb_tables() where schema_name = 'published' order by all"


@dataclass(frozen=True, slots=True)
class Release:
    """Rows of `published.*`, those of one study where a table has studies.

    A table that this release does not hold is absent from `tables`: then the report leaves out
    what it would say of it, and says so.
    """

    study_id: str
    tables: dict[str, pl.DataFrame]
    # thousands of figures are looked up, by few combinations of columns
    _by_key: dict[tuple[str, tuple[str, ...]], dict[tuple[Any, ...], pl.DataFrame]] = field(
        default_factory=dict, repr=False, compare=False
    )

    def has(self, table: str) -> bool:
        """Whether there are rows of that table."""
        return table in self.tables and self.tables[table].height > 0

    def frame(self, table: str, **key: Key) -> pl.DataFrame:
        """Rows of a table that have this key; none if it is absent."""
        if table not in self.tables:
            return pl.DataFrame()
        found = self.tables[table]
        if not key:
            return found
        names = tuple(key)
        if (table, names) not in self._by_key:
            parts = found.partition_by(names, as_dict=True, maintain_order=True)
            self._by_key[table, names] = parts
        return self._by_key[table, names].get(tuple(key.values()), found.clear())

    def rows(self, table: str, **key: Key) -> list[dict[str, Any]]:
        """The same as mappings."""
        return self.frame(table, **key).to_dicts()

    def row(self, table: str, **key: Key) -> dict[str, Any] | None:
        """The first of them."""
        found = self.frame(table, **key)
        return found.row(0, named=True) if found.height else None

    def number(
        self,
        table: str,
        column: str,
        *,
        scale: float = 1.0,
        offset: float = 0.0,
        decimals: int = 0,
        **key: Key,
    ) -> Figure:
        """A number of a row, or an aggregate over rows, as printed.

        `scale_of` in `key` is the column `scale`, a name this call has taken itself.
        """
        key = _of_rows(key)
        source = Source(table, tuple(key.items()), column, scale, offset)
        return number(self._value(table, column, key), source, decimals=decimals)

    def text(self, table: str, column: str, *, shown: str | None = None, **key: Key) -> Figure:
        """A text or date of a row, as printed."""
        key = _of_rows(key)
        source = Source(table, tuple(key.items()), column)
        return text(self._value(table, column, key), source, shown=shown)

    def _value(self, table: str, column: str, key: dict[str, Any]) -> object:
        found = self.frame(table, **key)
        if found.height == 0:
            return None
        if column in found.columns:
            return found[column][0]
        return found.select(pl.sql_expr(column)).to_series()[0]


def _of_rows(key: dict[str, Any]) -> dict[str, Any]:
    return {"scale" if name == "scale_of" else name: value for name, value in key.items()}


def studies_of(path: Path) -> list[str]:
    """The studies a release holds."""
    found = query_snapshot(path, "select distinct study_id from published.estimate order by all")
    return [str(name) for name in found["study_id"]]


def read_release(path: Path, study_id: str) -> Release:
    """Read one study of a release, which is not changed by it.

    Raises
    ------
    QueryRefusedError : there is no such file, or it cannot be read.
    """
    tables: dict[str, pl.DataFrame] = {}
    for name in query_snapshot(path, _TABLES)["table_name"]:
        frame = query_snapshot(path, f"from published.{name} order by all")
        if "study_id" in frame.columns:
            frame = frame.filter(pl.col("study_id") == study_id)
        tables[str(name)] = frame
    return Release(study_id, tables)
