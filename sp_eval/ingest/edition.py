"""One edition of a public reference file, read as a delivery is: nothing lost, nothing silent."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from pathlib import Path

import polars as pl

from sp_eval.contracts.reference_mapping import ReferenceMapping
from sp_eval.ingest.book import Book, Reading
from sp_eval.ingest.folder import Found, arrange
from sp_eval.ingest.identity import Pseudonymiser
from sp_eval.ingest.raw import read_text
from sp_eval.ingest.reading import judge, opened, unread_sheets
from sp_eval.ingest.refusal import FileRefusedError
from sp_eval.ingest.sheet import read_sheet
from sp_eval.ingest.text_file import TextFile
from sp_eval.ingest.workbook import Workbook

__all__ = ["Edition", "read_edition"]

# a practice may be said to close on a day to come: no date is too late
_LAST_DAY = date.max
_MOST_REFUSED = 0.2


@dataclass(frozen=True, slots=True)
class Edition:
    """What was read of one edition.

    `delivery` and `rejection`: as of a scheme's month, the source standing for the scheme and
    the vintage for the month. `accepted`: contract name -> its columns and where each row came
    from. `problems`: why the edition must not be used, in sentences; `notices`: what else is to
    be known of it.
    """

    source: str
    vintage: str
    delivery: pl.DataFrame
    rejection: pl.DataFrame
    accepted: Mapping[str, pl.DataFrame]
    problems: tuple[str, ...]
    notices: tuple[str, ...]


def read_edition(
    folder: Path,
    mapping: ReferenceMapping,
    *,
    vintage: str,
    received_at: datetime,
    progress: Callable[[str], None] | None = None,
) -> Edition:
    """Read every file of an edition that its mapping speaks of.

    Parameters
    ----------
    folder : the edition's folder, or one file of it; it is only read
    vintage : as the mapping's pattern has it

    Returns
    -------
    Edition
        A file that cannot be read, or of which more than a fifth of the rows are refused, is
        among `problems`; nothing raises.
    """
    book = Book(mapping.source, vintage, progress or (lambda _: None))
    arranged = arrange(folder, mapping)
    for path, group in groupby(arranged.found, key=lambda found: found.path):
        _read_file(path, list(group), book)
    for _, file in arranged.strangers:
        book.note(f"{file} is not in the mapping of {mapping.source} and was not read.")
    for file in (expected.file for expected in arranged.missing):
        book.note(f"{file} is not there.")
    return Edition(
        source=mapping.source,
        vintage=vintage,
        delivery=book.deliveries(received_at=received_at),
        rejection=book.rejections(),
        accepted=book.accepted(),
        problems=tuple(_problems(book, arranged.found)),
        notices=tuple(book.notices),
    )


def _read_file(path: Path, tables: list[Found], book: Book) -> None:
    nobody = Pseudonymiser(
        secrets.token_bytes(16), scheme_code=book.scheme_code, identifier="pseudonym"
    )
    digest = None
    try:
        data = TextFile(path)
        digest = data.sha256
        content = opened(path.name, data, in_sheets=tables[0].dataset.sheet is not None)
    except OSError:
        refusal = FileRefusedError("unreadable", "The file cannot be opened.")
        book.refuse(book.place(tables[0].file), refusal)
        return
    except FileRefusedError as refusal:
        book.refuse(book.place(tables[0].file, sha256=digest), refusal)
        return
    for found in tables:
        place = book.place(found.file, found.dataset.sheet, digest)
        try:
            table = (
                read_sheet(content, found.dataset, last_day=_LAST_DAY)
                if isinstance(content, Workbook)
                else read_text(content, found.dataset, last_day=_LAST_DAY)
            )
            gated = judge(table, found, nobody, last_day=_LAST_DAY)
        except FileRefusedError as refusal:
            book.refuse(place, refusal, found.dataset.declared.version)
            continue
        for notice in table.notices:
            book.note(f"{place.shown}: {notice}.")
        book.read(Reading(found, place, gated))
    if isinstance(content, Workbook):
        for sheet in unread_sheets(content, tables):
            book.note(f"{tables[0].file}: the sheet '{sheet}' is not in the mapping.")


def _problems(book: Book, found: tuple[Found, ...]) -> list[str]:
    """Say why the edition cannot be used; a part of it would pass for the whole."""
    told = [
        f"{row['file']}{', sheet ' + row['sheet'] if row['sheet'] else ''}: {row['reason']}"
        for frame in book.rejected
        for row in frame.iter_rows(named=True)
    ]
    for reading in book.readings:
        gated = reading.gated
        if gated.rows_quarantined > _MOST_REFUSED * gated.rows_in:
            told.append(
                f"{reading.place.shown}: {gated.rows_quarantined:,} of {gated.rows_in:,} rows are"
                " refused, more than a fifth: it may be another file than its name says."
            )
    if not found:
        told.append("No file of this source is there.")
    return told
