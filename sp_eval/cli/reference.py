"""`sp-eval reference`: public files loaded, what is held of them, and looking things up."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import polars as pl
from rich import box
from rich.table import Table

from sp_eval.cli.show import console, errors, show_sentences
from sp_eval.contracts.reference_mapping import load_reference, reference_sources
from sp_eval.ingest.edition import Edition
from sp_eval.operation.reference import load_references
from sp_eval.settings import Settings
from sp_eval.warehouse.connection import open_file
from sp_eval.warehouse.reference import (
    ReferenceAbsentError,
    deprivation_of,
    networks_on,
    read_editions,
)

__all__ = ["list_and_show", "load_and_show", "show_deprivation", "show_networks"]


def load_and_show(folder: Path | None, home: Path | None) -> int:
    """Load what is new, print what came of it; return 1 if something could not be used."""
    settings = Settings.from_environment(home=home)
    with errors.status("Reading reference data") as shown:
        loaded = load_references(settings, folder, lambda part: shown.update(f"Reading {part}"))
    for edition in loaded.editions:
        if not edition.problems:
            _show_rows(edition)
    if loaded.unchanged:
        console.print(f"Held already, unchanged: {', '.join(loaded.unchanged)}.", markup=False)
    notices = [f"{e.source}/{e.vintage}: {n}" for e in loaded.editions for n in e.notices]
    show_sentences("Noted", tuple(notices))
    show_sentences("Refused rows", tuple(s for e in loaded.editions for s in _refused(e)))
    show_sentences("To be looked at", loaded.problems)
    return 1 if loaded.problems else 0


def _show_rows(edition: Edition) -> None:
    for row in edition.delivery.iter_rows(named=True):
        place = f"{row['file']}, sheet {row['sheet']}" if row["sheet"] else row["file"]
        console.print(
            f"{edition.source}/{edition.vintage}: {place}: {row['rows_in']:,} rows,"
            f" {row['rows_accepted']:,} used, {row['rows_quarantined']:,} refused,"
            f" {row['rows_duplicate']:,} repeated.",
            markup=False,
        )


def _refused(edition: Edition) -> list[str]:
    """One sentence for each file, column and rule; the rows by their number, the first few."""
    told = edition.rejection.filter(pl.col("row_number").is_not_null())
    grouped = told.group_by("file", "sheet", "column_name", "reason", maintain_order=True).agg(
        pl.len().alias("rows"), pl.col("row_number").head(5).alias("first")
    )
    sentences = []
    for row in grouped.iter_rows(named=True):
        place = f"{row['file']}, sheet {row['sheet']}" if row["sheet"] else row["file"]
        numbers = ", ".join(str(n) for n in row["first"])
        more = " and more" if row["rows"] > len(row["first"]) else ""
        column = f", column {row['column_name']}" if row["column_name"] else ""
        sentences.append(f"{place}, row {numbers}{more}{column}: {row['reason']}")
    return sentences


def list_and_show(home: Path | None) -> int:
    """Print the editions held and the sources known; return 0."""
    settings = Settings.from_environment(home=home)
    held = _held(settings)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for head in ("source", "vintage", "file", "rows", "what it is"):
        table.add_column(head, justify="right" if head == "rows" else "left")
    for source in reference_sources():
        mapping = load_reference(source)
        about = f"{mapping.title}, {mapping.publisher}"
        own = held.filter(pl.col("source") == source) if held.height else held
        for row in own.iter_rows(named=True):
            place = f"{row['file']}, {row['sheet']}" if row["sheet"] else row["file"]
            table.add_row(source, row["vintage"], place, f"{row['rows_accepted']:,}", about)
        if own.is_empty():
            table.add_row(source, "none", "", "", f"{about}; vintage: {mapping.vintage.means}")
    console.print(table)
    return 0


def _held(settings: Settings) -> pl.DataFrame:
    if not settings.warehouse.exists():
        return pl.DataFrame()
    with open_file(settings.warehouse, read_only=True) as conn:
        return read_editions(conn)


def show_networks(home: Path | None, day: date, practices: Sequence[str]) -> pl.DataFrame:
    """Return which network each practice was in on a day; what is doubtful is told beside it."""
    settings = _require_warehouse(home)
    with open_file(settings.warehouse, read_only=True) as conn:
        found, vintage = networks_on(conn, day, practices or None)
    notes = [f"From the files of {vintage}."]
    if f"{day:%Y-%m}" > vintage:
        notes.append(f"{day} lies after that: what has changed since is not in them.")
    if several := found.filter(pl.col("networks") > 1).height:
        notes.append(
            f"{several:,} of {found.height:,} practices were in more than one network; given is"
            " the one they joined last, then the one with the lower code."
        )
    if unlisted := found.filter(pl.col("state").is_null()).height:
        notes.append(f"{unlisted:,} stand in no list of practices.")
    if closed := found.filter(pl.col("state") == "closed").height:
        notes.append(f"{closed:,} had closed by then.")
    show_sentences("Noted", tuple(notes))
    return found


def show_deprivation(
    home: Path | None, areas: Sequence[str], *, lsoa_year: int, imd_year: int | None
) -> pl.DataFrame:
    """Return the deprivation of areas with both years; areas unknown to the index are told."""
    settings = _require_warehouse(home)
    with open_file(settings.warehouse, read_only=True) as conn:
        answer = deprivation_of(conn, areas, lsoa_year=lsoa_year, imd_year=imd_year)
    unknown = answer.found["imd_decile"].null_count()
    if unknown:
        show_sentences(
            "Noted",
            (
                f"{unknown:,} of {len(areas):,} are no areas of {answer.lsoa_year} in the index of"
                f" {answer.imd_year}: a code of another census, of another country, or misspelt.",
            ),
        )
    return answer.found.with_columns(
        pl.lit(answer.imd_year).alias("imd_year"), pl.lit(answer.lsoa_year).alias("lsoa_year")
    )


def _require_warehouse(home: Path | None) -> Settings:
    settings = Settings.from_environment(home=home)
    if not settings.warehouse.exists():
        raise ReferenceAbsentError(
            f"No reference data is held in {settings.home}; call `sp-eval reference load` first."
        )
    return settings
