"""The release for spreadsheets and dashboards, made from `release.duckdb` and nothing else."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any, Final

import polars as pl

from sp_eval.contracts.odcs import Contract, contract_names, load_contract
from sp_eval.machine import flush_to_disk, make_readable
from sp_eval.operation.release_book import write_release_book
from sp_eval.operation.release_folder import (
    DESCRIPTOR,
    is_whole,
    write_descriptor,
    write_release_folder,
)
from sp_eval.warehouse.snapshot import put_in_place, run_id_of, snapshot_tables

__all__ = ["BOOK", "FOLDER", "are_current", "build_release_files", "place_release_files"]

BOOK: Final = "release.xlsx"
FOLDER: Final = "release"
ORDER: Final = (
    "study",
    "scheme",
    "estimate",
    "trend",
    "comparability",
    "subgroup",
    "detectable_change",
    "attrition",
    "balance",
    "design_check",
    "diagnostic",
    "study_version",
    "coverage",
    "standard_item",
    "vocabulary",
    "delivery",
    "delivery_check",
    "quality",
    "run",
)


def build_release_files(release: Path, aside: Path) -> list[Path]:
    """Write workbook and folder of a release into the folder `aside`; return the files, in order.

    The descriptor comes last: it is true when all others are in place.
    """
    shutil.rmtree(aside, ignore_errors=True)
    folder = aside / FOLDER
    folder.mkdir(parents=True)
    tables, run = _read(release)
    write_release_folder(folder, tables)
    write_release_book(aside / BOOK, tables, run)
    write_descriptor(folder, tables, run, book=aside / BOOK)
    files = sorted(path for path in aside.rglob("*") if path.is_file())
    for path in files:
        flush_to_disk(path)
        make_readable(path)
    return sorted(files, key=lambda path: path.name == DESCRIPTOR)


def place_release_files(aside: Path, files: list[Path], folder: Path) -> list[Path]:
    """Rename the files into `folder`, take away tables no longer released; return those left.

    A file is left where another program holds it open (Windows); the others are replaced, but
    not the descriptor, so that the next run tries again.
    """
    places = {folder / path.relative_to(aside): path for path in files}
    for path in places:
        path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = folder / FOLDER / DESCRIPTOR
    left = put_in_place({p: a for p, a in places.items() if p != descriptor})
    left += _take_away(folder, set(places))
    if not left:
        left = put_in_place({descriptor: places[descriptor]})
    shutil.rmtree(aside, ignore_errors=True)
    return left


def are_current(release: Path) -> bool:
    """Whether the files beside a release are whole and of the same run."""
    folder = release.parent
    return is_whole(folder / FOLDER, run_id_of(release), book=folder / BOOK)


def _read(release: Path) -> tuple[list[tuple[Contract, pl.DataFrame]], dict[str, Any]]:
    frames = snapshot_tables(release)
    known = set(contract_names("published"))
    names = [name for name in (*ORDER, *sorted(set(frames) - set(ORDER))) if name in frames]
    tables = [(load_contract(n, "published"), frames[n]) for n in names if n in known]
    newest = frames["run"].sort("finished_at", "run_id").row(-1, named=True)
    return tables, newest


def _take_away(folder: Path, kept: set[Path]) -> list[Path]:
    left = []
    for kind in ("parquet", "csv"):
        for path in sorted((folder / FOLDER / kind).glob(f"*.{kind}")):
            if path not in kept:
                try:
                    path.unlink()
                except PermissionError:
                    left.append(path)
    return left
