"""Taking in one scheme's month: from a folder to accepted, quarantined and duplicate rows."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime
from itertools import groupby
from pathlib import Path

import polars as pl

from sp_eval.contracts.scheme_mapping import SchemeMapping
from sp_eval.ingest.book import Book, Reading
from sp_eval.ingest.brake import braked
from sp_eval.ingest.coverage import declared_coverage, practices_without_file
from sp_eval.ingest.folder import Arrangement, Found, arrange, missing_as_usual, why_dropped
from sp_eval.ingest.gate import after_death, with_faults
from sp_eval.ingest.identity import Pseudonymiser
from sp_eval.ingest.parse import month_end
from sp_eval.ingest.reading import opened, read_and_judge, settled, unread_sheets
from sp_eval.ingest.refusal import FileRefusedError
from sp_eval.ingest.resubmission import WHO_DIED, Clerk, set_aside
from sp_eval.ingest.sent_twice import refusal_of_copy, refuse_repeated
from sp_eval.ingest.stranger import refuse_stranger
from sp_eval.ingest.taken import TakenIn
from sp_eval.ingest.workbook import Workbook

__all__ = ["TakenIn", "answer_replies", "read_files", "take_in"]

_NOT_MAPPED = "is not in the mapping"


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
    sent_before: Mapping[str, str] | None = None,
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
    sent_before : SHA-256 of files of earlier months -> month and file
    progress : told one sentence a file

    Returns
    -------
    TakenIn
        No file makes it raise: every fault ends as a refused row or a refused file.
    """
    mapping = mapping.at(month)
    book = Book(
        mapping.scheme_code, month, progress or (lambda _: None), sent_before=sent_before or {}
    )
    arranged = arrange(folder, mapping)
    read_files(arranged.found, mapping=mapping, key=key, book=book)
    _take_strangers(arranged.strangers, mapping, book)
    _pass_over(arranged, book)
    missing = [expected.file for expected in arranged.missing]
    answer_replies(book, mapping, key, known_deaths)
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
        resubmission=book.resubmission(),
        accepted=book.accepted(),
        declared_coverage=declared_coverage(
            ((reading.found, reading.place.delivery_id) for reading in book.readings),
            scheme_code=mapping.scheme_code,
            month=month,
        ),
        tables=book.tables(),
        folded=book.folded(),
        quarantine=book.quarantine(),
        notices=tuple(book.notices),
        stopped=book.stopped,
    )


def read_files(found: Iterable[Found], *, mapping: SchemeMapping, key: bytes, book: Book) -> None:
    """Read and judge the files that the mapping speaks of; what comes of them goes into the book.

    `mapping`: as it holds for the book's month.
    """
    pseudonymiser = Pseudonymiser(
        key, scheme_code=mapping.scheme_code, identifier=mapping.identifier
    )
    for path, group in groupby(found, key=lambda one: one.path):
        _take_file(path, list(group), mapping, pseudonymiser, book)
    refuse_repeated(book)


def answer_replies(
    book: Book, mapping: SchemeMapping, key: bytes, known_deaths: pl.DataFrame | None
) -> None:
    """Hold referrals against deaths, and answer the replies: those to registers first."""
    pseudonymiser = Pseudonymiser(
        key, scheme_code=mapping.scheme_code, identifier=mapping.identifier
    )
    clerk = Clerk(book, pseudonymiser, month_end(book.month))
    clerk.refuse_strange()
    clerk.answer(of_people=True)
    deaths = hold_against_deaths(book, known_deaths)
    book.settle()
    clerk.answer(of_people=False, deaths=deaths)


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
        data = settled(path)
        digest = data.sha256
        content = opened(path.name, data, in_sheets=tables[0].dataset.sheet is not None)
    except OSError:
        refusal = FileRefusedError("unreadable", "The file cannot be opened.")
        book.refuse(book.place(file, sha256=digest), refusal)
        return
    except FileRefusedError as refusal:
        book.refuse(book.place(file, sha256=digest), refusal)
        return
    if set_aside(content, file, digest, book):
        return
    last_day = month_end(book.month)
    heard: dict[str, list[tuple[str, ...]]] = {}
    for found in tables:
        place = book.place(file, found.dataset.sheet, digest)
        try:
            gated, notices = read_and_judge(
                content, found, mapping, pseudonymiser, last_day=last_day
            )
        except FileRefusedError as refusal:
            version = found.dataset.declared.version
            book.refuse(place, refusal, version)
            if refusal.renamed and set(found.dataset.layouts) <= {""}:
                book.note(_line_to_add(refusal.renamed, found, book))
            continue
        heard.setdefault(place.shown, []).append(notices)
        if not gated.rows_in:
            book.note(f"{place.shown}: it holds headings and no row.")
        book.read(Reading(found, place, gated))
    _note_all_alike(heard, book)
    if isinstance(content, Workbook):
        _note_sheets(content, tables, mapping, book)


def _note_all_alike(heard: Mapping[str, list[tuple[str, ...]]], book: Book) -> None:
    """Note what every table of a file or sheet says of it: what one does not read, another may."""
    for shown, told in heard.items():
        for notice in told[0]:
            if all(notice in notices for notices in told):
                book.note(f"{shown}: {notice}.")


def _note_sheets(
    workbook: Workbook, tables: list[Found], mapping: SchemeMapping, book: Book
) -> None:
    file = tables[0].file
    named = {(found.dataset.sheet or "").strip().casefold() for found in tables}
    for sheet in unread_sheets(workbook, tables):
        if why_dropped(mapping.drop, f"{file}, sheet {sheet}") is None:
            why = "is another of that name" if sheet.strip().casefold() in named else _NOT_MAPPED
            book.note(f"{file}: the sheet '{sheet}' {why} and was not read.")
    if workbook.unworked:
        book.note(
            f"{file}: {workbook.unworked:,} of its formulas have no value in the file: the program"
            " that wrote it did not work them out. Open it in Excel, save it and send it again."
        )


def _pass_over(arranged: Arrangement, book: Book) -> None:
    """Enter what is not read: links that lead outside, litter, and files the mapping drops."""
    for file in arranged.outside:
        detail = "It is a link to something outside the delivery's folder, and was not opened."
        to_do = "Put the file itself into the folder."
        book.refuse(book.place(file), FileRefusedError("unreadable", detail, to_do=to_do))
    for file in arranged.ignored:
        book.note(f"{file} is not part of the delivery and was passed over.")
    for file, reason in arranged.dropped:
        book.note(f"{file} was not read: {reason}.")


def _line_to_add(renamed: Mapping[str, str], found: Found, book: Book) -> str:
    """What to write into the mapping, if a column has another name from this month on."""
    lines = ", ".join(
        f"{{column: {json.dumps(column, ensure_ascii=False)},"
        f" to: {json.dumps(heading, ensure_ascii=False)}, from: {book.month}}}"
        for column, heading in renamed.items()
    )
    named = " and ".join(
        f"'{column}' is called so again"
        if heading == column
        else f"'{heading}' is '{column}' under another name"
        for column, heading in renamed.items()
    )
    # of an earlier renaming there is a list already, which `SchemeMapping.at` made a layout of
    where, line = (
        ("the list 'renamed' of ", lines) if found.dataset.layouts else ("", f"renamed: [{lines}]")
    )
    return (
        f"{found.file}: if {named} from {book.month} on, add to {where}"
        f"'{found.name}' in data_contracts/schemes/{book.scheme_code}/mapping.yaml:  {line}"
    )


def _take_strangers(
    strangers: Iterable[tuple[Path, str]], mapping: SchemeMapping, book: Book
) -> None:
    """Refuse the files that the mapping does not speak of, each with a hint."""
    for path, file in strangers:
        try:
            data = settled(path)
        except OSError:
            refusal = FileRefusedError("unreadable", "The file cannot be opened.")
            book.refuse(book.place(file), refusal)
            continue
        except FileRefusedError as refusal:
            book.refuse(book.place(file), refusal)
            continue
        if set_aside(data, file, data.sha256, book):
            continue
        place = book.place(file, sha256=data.sha256)
        book.refuse(place, refusal_of_copy(data, book) or refuse_stranger(file, data, mapping))


def hold_against_deaths(book: Book, known_deaths: pl.DataFrame | None) -> pl.DataFrame | None:
    """Refuse referrals dated after a death that the delivery's own register, or else we, know.

    Returns `person_key, death_date` as they are known, or None where nothing is.
    """
    people = _of_contracts(book, WHO_DIED, "person_key", "death_date")
    deaths = known_deaths if people is None else people
    if deaths is None:
        return None
    deaths = deaths.drop_nulls("death_date").group_by("person_key").agg(pl.col("death_date").min())
    for at, reading in enumerate(book.readings):
        if reading.found.dataset.contract == "referral":
            late = after_death(reading.gated, deaths)
            gated = with_faults(reading.gated, late)
            book.readings[at] = Reading(reading.found, reading.place, gated)
    return deaths


def _of_contracts(book: Book, contracts: Collection[str], *columns: str) -> pl.DataFrame | None:
    """These columns of the accepted rows of some contracts, those that replies released with them.

    None if the delivery has no file of these contracts.
    """
    read = [r.gated for r in book.readings if r.found.dataset.contract in contracts]
    parts = [rows.select(columns) for gated in read for rows in gated.accepted()]
    parts += [
        rows.select(columns)
        for one in book.answered
        for found, rows in one.accepted
        if found.dataset.contract in contracts
    ]
    return pl.concat(parts) if parts else None


def _practices_missing(book: Book, mapping: SchemeMapping) -> list[str]:
    people = _of_contracts(book, ("person",), "practice_code")
    if people is None:
        return []
    found = [reading.found for reading in book.readings]
    return [file for _, file in practices_without_file(people, found, mapping)]


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
            rows_refused=book.rows_refused(reading),
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
