"""Taking in one scheme's month: from a folder to accepted, quarantined and duplicate rows."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime
from itertools import groupby
from pathlib import Path

import polars as pl

from sp_eval.contracts.odcs import load_contract
from sp_eval.contracts.scheme_mapping import SchemeMapping
from sp_eval.ingest.book import Book, Reading
from sp_eval.ingest.brake import braked
from sp_eval.ingest.conform import conform_rows
from sp_eval.ingest.coverage import declared_coverage, practices_without_file
from sp_eval.ingest.folder import Found, arrange, missing_as_usual
from sp_eval.ingest.gate import after_death, gate, with_faults
from sp_eval.ingest.identity import Pseudonymiser
from sp_eval.ingest.parse import Dating, month_end, month_start
from sp_eval.ingest.raw import RawTable, read_sheet, read_text
from sp_eval.ingest.refusal import FileRefusedError
from sp_eval.ingest.source import pseudonymise, require_own_scheme
from sp_eval.ingest.stranger import refuse_stranger, require_not_anothers
from sp_eval.ingest.taken import TakenIn
from sp_eval.ingest.workbook import Workbook, is_workbook, open_workbook

__all__ = ["TakenIn", "take_in"]


def take_in(
    folder: Path,
    *,
    mapping: SchemeMapping,
    month: str,
    key: bytes,
    received_at: datetime,
    usual_rows: Mapping[str, int] | None = None,
    known_deaths: pl.DataFrame | None = None,
    accepted_brakes: Mapping[str, str] | None = None,
    progress: Callable[[str], None] | None = None,
) -> TakenIn:
    """Take in everything that lies in a scheme's folder of one month.

    Parameters
    ----------
    folder : the month's folder (or one file of it, checked by itself); it is only read
    month : YYYY-MM, the month the delivery was cut; a date after its end is refused
    key : the secret of the pseudonymisation
    received_at : when the delivery came; UTC if it bears no zone
    usual_rows : rows each table usually has, as from `ledger.usual_rows`
    known_deaths : `person_key, death_date`, used if the delivery brings no register
    accepted_brakes : delivery_id -> who accepted that file in spite of the brake, and why
    progress : told one sentence a file

    Returns
    -------
    TakenIn
        No file makes it raise: every fault ends as a refused row or a refused file.
    """
    book = Book(mapping.scheme_code, month, progress or (lambda _: None))
    arranged = arrange(folder, mapping)
    pseudonymiser = Pseudonymiser(
        key, scheme_code=mapping.scheme_code, identifier=mapping.identifier
    )
    for path, group in groupby(arranged.found, key=lambda found: found.path):
        _take_file(path, list(group), mapping, pseudonymiser, book)
    for path, file in arranged.strangers:
        data = path.read_bytes()
        place = book.place(file, sha256=hashlib.sha256(data).hexdigest())
        book.refuse(place, refuse_stranger(file, data, mapping))
    for file in arranged.ignored:
        book.note(f"{file} is not part of the delivery and was passed over.")
    missing = [expected.file for expected in arranged.missing]
    _hold_against_deaths(book, known_deaths)
    if folder.is_dir():
        missing += _practices_missing(book, mapping)
        missing += missing_as_usual(arranged.found, usual_rows or {}, mapping)
    for file in dict.fromkeys(missing):
        book.refuse(book.place(file), FileRefusedError("missing"))
    _brake(book, mapping, usual_rows or {}, accepted_brakes or {})
    return TakenIn(
        scheme_code=mapping.scheme_code,
        month=month,
        delivery=book.deliveries(received_at=received_at),
        rejection=book.rejections(),
        accepted=book.accepted(),
        declared_coverage=declared_coverage(
            ((reading.found, reading.place.delivery_id) for reading in book.readings),
            scheme_code=mapping.scheme_code,
            covered_to=month_start(month),
        ),
        tables=book.tables(),
        folded=book.folded(),
        quarantine=book.quarantine(),
        notices=tuple(book.notices),
        stopped=book.stopped,
    )


def _take_file(
    path: Path,
    tables: list[Found],
    mapping: SchemeMapping,
    pseudonymiser: Pseudonymiser,
    book: Book,
) -> None:
    """Read one file: a text file holds one table, a workbook one a sheet."""
    file = tables[0].file
    digest: str | None = None
    try:
        data = path.read_bytes()
        digest = hashlib.sha256(data).hexdigest()
        content = _opened(file, data, tables)
    except OSError:
        refusal = FileRefusedError("unreadable", "The file cannot be opened.")
        book.refuse(book.place(file, sha256=digest), refusal)
        return
    except FileRefusedError as refusal:
        book.refuse(book.place(file, sha256=digest), refusal)
        return
    for found in tables:
        place = book.place(file, found.dataset.sheet, digest)
        try:
            table = _read(content, found, mapping)
        except FileRefusedError as refusal:
            version = load_contract(found.dataset.contract).version
            book.refuse(place, refusal, version)
            continue
        _note_departures(table, content, place.shown, tables, book)
        source = pseudonymise(table, found.dataset, pseudonymiser)
        dating = Dating(source.dates, month_end(book.month), source.from_workbook)
        conformed = conform_rows(
            source, found.dataset, dating=dating, path_values=found.path_values
        )
        gated = gate(source, conformed, found.dataset)
        book.readings.append(Reading(found, place, gated))
        book.tell(
            f"{place.shown}: {gated.rows_in:,} rows, {gated.rows_quarantined:,} refused,"
            f" {gated.rows_duplicate:,} repeated."
        )


def _opened(file: str, data: bytes, tables: list[Found]) -> bytes | Workbook:
    """Return the bytes of a text file, or the opened workbook; raise `FileRefusedError`."""
    if not data.strip(b" \t\r\n\x00\xef\xbb\xbf\xff\xfe"):
        raise FileRefusedError("empty_file")
    in_sheets = tables[0].dataset.sheet is not None
    if in_sheets:
        return open_workbook(data)
    if is_workbook(file, data):
        detail = "The file is a workbook where a text file (csv) was agreed."
        raise FileRefusedError("unreadable", detail)
    return data


def _read(content: bytes | Workbook, found: Found, mapping: SchemeMapping) -> RawTable:
    """Read one table and make sure that it is this scheme's; raise `FileRefusedError`."""
    dataset = found.dataset
    try:
        table = (
            read_sheet(content, dataset)
            if isinstance(content, Workbook)
            else read_text(content, dataset)
        )
    except FileRefusedError as refusal:
        if refusal.rule in {"header_missing", "column_missing", "sheet_missing"}:
            require_not_anothers(content, mapping, refusal)
        raise
    require_own_scheme(table, dataset, found.path_values)
    return table


def _note_departures(
    table: RawTable, content: bytes | Workbook, shown: str, tables: list[Found], book: Book
) -> None:
    for notice in table.notices:
        book.note(f"{shown}: {notice}.")
    if isinstance(content, Workbook):
        agreed = {(found.dataset.sheet or "").strip().casefold() for found in tables}
        for sheet in content.sheets:
            sentence = f"{tables[0].file}: the sheet '{sheet}' is not in the mapping: not read."
            if sheet.strip().casefold() not in agreed and sentence not in book.notices:
                book.note(sentence)


def _hold_against_deaths(book: Book, known_deaths: pl.DataFrame | None) -> None:
    """Refuse referrals dated after a death that the delivery's own register, or else we, know."""
    people = [r.gated.accepted() for r in book.readings if r.found.dataset.contract == "person"]
    deaths = pl.concat(people) if people else known_deaths
    if deaths is None:
        return
    deaths = deaths.drop_nulls("death_date").group_by("person_key").agg(pl.col("death_date").min())
    for at, reading in enumerate(book.readings):
        if reading.found.dataset.contract == "referral":
            late = after_death(reading.gated, deaths)
            gated = with_faults(reading.gated, late)
            book.readings[at] = Reading(reading.found, reading.place, gated)


def _practices_missing(book: Book, mapping: SchemeMapping) -> list[str]:
    people = [r.gated.accepted() for r in book.readings if r.found.dataset.contract == "person"]
    if not people:
        return []
    found = [reading.found for reading in book.readings]
    return [file for _, file in practices_without_file(pl.concat(people), found, mapping)]


def _brake(
    book: Book,
    mapping: SchemeMapping,
    usual_rows: Mapping[str, int],
    accepted: Mapping[str, str],
) -> None:
    rivals = Counter(reading.found.key for reading in book.readings)
    for reading in book.readings:
        gated = reading.gated
        reason = braked(
            mapping.brake,
            rows_in=gated.rows_in,
            rows_refused=gated.rows_quarantined,
            usual=usual_rows.get(reading.found.key),
            rivals=rivals[reading.found.key],
        )
        if reason is None:
            continue
        if reading.place.delivery_id in accepted and rivals[reading.found.key] == 1:
            who = accepted[reading.place.delivery_id]
            book.note(f"{reading.place.shown}: taken in although {reason} Accepted: {who}")
        else:
            book.stop(reading.place, reason)
