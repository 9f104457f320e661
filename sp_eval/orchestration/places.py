"""Where a published table lies in the home, and as what."""

from __future__ import annotations

from pathlib import Path

from sp_eval.operation.tables import Table
from sp_eval.settings import Settings

__all__ = ["kind_of", "place_of"]

_IN_HOME = ("reports", "receipts", "quality")
_KINDS = {".xlsx": "excel", ".csv": "csv", ".parquet": "parquet", ".html": "html"}


def place_of(settings: Settings, table: Table) -> Path:
    """The file or folder of a table that lies outside the databases of the work folder."""
    is_in_home = table.relation.split("/")[0] in _IN_HOME
    return (settings.home if is_in_home else settings.published) / table.relation


def kind_of(table: Table) -> str:
    """What it is kept as, by the name Dagster has a picture for."""
    if table.lies != "published":
        return "duckdb"
    if table.relation.split("/")[0] in _IN_HOME:
        return "html"
    return _KINDS.get(Path(table.relation).suffix, "duckdb")
