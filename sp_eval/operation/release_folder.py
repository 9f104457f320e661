"""The release as a folder: one Parquet and one CSV file a table, and a page that describes them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import polars as pl

from sp_eval.contracts.ddl import column_comment, table_comment
from sp_eval.contracts.odcs import Column, Contract
from sp_eval.operation.release_book import how_to_cite

__all__ = ["DESCRIPTOR", "file_hash", "is_whole", "write_descriptor", "write_release_folder"]

DESCRIPTOR: Final = "datapackage.json"
_PROFILE = "https://datapackage.org/profiles/2.0/datapackage.json"
_TYPES: Final = {"timestamp": "datetime"}


def write_release_folder(folder: Path, tables: Sequence[tuple[Contract, pl.DataFrame]]) -> None:
    """Write `parquet/<table>.parquet` and `csv/<table>.csv`, names and columns always the same.

    CSV is UTF-8 with a byte order mark, for spreadsheets; a null is an empty cell. A text that a
    spreadsheet would run as a formula has an apostrophe before it: a sender names the files.
    """
    for kind in ("parquet", "csv"):
        (folder / kind).mkdir(parents=True, exist_ok=True)
    for contract, frame in tables:
        frame.write_parquet(folder / "parquet" / f"{contract.name}.parquet", compression="zstd")
        _inert(frame).write_csv(
            folder / "csv" / f"{contract.name}.csv",
            include_bom=True,
            datetime_format="%Y-%m-%dT%H:%M:%S%.6f",
        )


def _inert(frame: pl.DataFrame) -> pl.DataFrame:
    text = pl.col(pl.String)
    runs = text.str.contains(r"^[=+\-@\t\r]")
    return frame.with_columns(
        pl.when(runs).then(text.str.replace("^", "'")).otherwise(text).name.keep()
    )


def write_descriptor(
    folder: Path,
    tables: Sequence[tuple[Contract, pl.DataFrame]],
    run: Mapping[str, Any],
    *,
    book: Path,
) -> None:
    """Write `datapackage.json` (Frictionless): the release, its files, their columns and hashes.

    It is put in place last, so that it speaks of files that are all there.
    """
    described = {
        "$schema": _PROFILE,
        "name": "sp-eval-release",
        "title": "Social prescribing: published results",
        "version": run["run_id"],
        "created": run["finished_at"].strftime("%Y-%m-%dT%H:%M:%SZ"),
        "description": how_to_cite(run),
        "workbook": {"path": book.name} | _fingerprint(book),
        "resources": [part for contract, _ in tables for part in _resources(folder, contract)],
    }
    text = json.dumps(described, indent=1, ensure_ascii=False)
    (folder / DESCRIPTOR).write_text(text + "\n", encoding="utf-8", newline="\n")


def is_whole(folder: Path, run_id: str | None, *, book: Path) -> bool:
    """Whether the folder and the workbook hold that run's release, byte for byte as written."""
    try:
        told = json.loads((folder / DESCRIPTOR).read_text(encoding="utf-8"))
        listed = {folder / part["path"]: part["hash"] for part in told["resources"]}
        listed[book] = told["workbook"]["hash"]
        sizes = {folder / part["path"]: part["bytes"] for part in told["resources"]}
        return (
            told["version"] == run_id
            and all(path.stat().st_size == size for path, size in sizes.items())
            and all(file_hash(path) == value for path, value in listed.items())
        )
    except (OSError, ValueError, KeyError, TypeError):
        return False


def file_hash(path: Path) -> str:
    """SHA-256 of a file, as `sha256:<hexadecimal>`."""
    with path.open("rb") as file:
        return f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"


def _resources(folder: Path, contract: Contract) -> Iterator[dict[str, Any]]:
    fields = [_field(column) for column in contract.columns]
    key = [column.name for column in contract.columns if column.primary_key]
    schema: dict[str, Any] = {"fields": fields, "missingValues": [""]}
    if key:
        schema["primaryKey"] = key
    for kind, media, name in (
        ("csv", "text/csv", contract.name),
        ("parquet", "application/vnd.apache.parquet", f"{contract.name}_parquet"),
    ):
        path = folder / kind / f"{contract.name}.{kind}"
        yield {
            "name": name,
            "path": f"{kind}/{contract.name}.{kind}",
            "format": kind,
            "mediatype": media,
            **_fingerprint(path),
            **({"description": table_comment(contract), "encoding": "utf-8", "schema": schema}
               if kind == "csv" else {}),
        }  # fmt: skip


def _field(column: Column) -> dict[str, Any]:
    field: dict[str, Any] = {
        "name": column.name,
        "type": _TYPES.get(column.logical_type, column.logical_type),
        "description": column_comment(column),
    }
    return field | ({"constraints": {"required": True}} if column.required else {})


def _fingerprint(path: Path) -> dict[str, Any]:
    return {"bytes": path.stat().st_size, "hash": file_hash(path)}
