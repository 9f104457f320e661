"""Replies that came back corrected: exactly the corrected rows take their place, and are traced.

A reply lies in the month's folder, beside the file it answers. Its rows go through the mapping and
the gate of that file, among the rows that are in use; the file itself stays as it was counted. A
released row is stored as the file's own row, at its own place, and lives and ends with that file.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import polars as pl

from sp_eval.ingest.book import Book, Reading, Returned
from sp_eval.ingest.identity import Pseudonymiser, without_numbers
from sp_eval.ingest.ledger import Place
from sp_eval.ingest.quarantine import read_again
from sp_eval.ingest.raw_table import RawTable
from sp_eval.ingest.refusal import FileRefusedError
from sp_eval.ingest.reply_held import held_against, open_columns, reply_rows
from sp_eval.ingest.reply_judged import answered, judge_rows, no_cells
from sp_eval.ingest.reply_mark import Answers, read_mark
from sp_eval.ingest.taken import Quarantined
from sp_eval.ingest.text_file import TextFile
from sp_eval.ingest.workbook import Workbook, is_workbook, open_workbook

__all__ = ["WHO_DIED", "Clerk", "set_aside"]

WHO_DIED = ("person", "patient")
"""Contracts that tell deaths, against which referrals are held: their replies come first."""


def set_aside(content: TextFile | Workbook, file: str, digest: str, book: Book) -> bool:
    """Put a reply aside, to be answered when all files are read; False if it is none."""
    if isinstance(content, TextFile):
        try:
            content = (
                open_workbook(content.read()) if is_workbook(file, content.head()) else content
            )
        except FileRefusedError:
            return False
    mark = read_mark(content) if isinstance(content, Workbook) else None
    if mark is None or not isinstance(content, Workbook):
        return False
    book.returned.append(Returned(file, digest, content, mark))
    return True


@dataclass(frozen=True, slots=True)
class Clerk:
    """Answers replies with what one delivery's mapping and key say."""

    book: Book
    pseudonymiser: Pseudonymiser
    last_day: date

    def refuse_strange(self) -> None:
        """Refuse replies, or sheets of them, that are not about a file of this month as it is."""
        for reply in self.book.returned:
            if (why := self._strange(reply)) is not None:
                rows = sum(_rows(reply, part) for part in reply.parts)
                place = self.book.place(reply.file, sha256=reply.sha256)
                self.book.refuse(place, FileRefusedError(*why, rows_in=rows))
                continue
            self._refuse_renamed(reply)
            for part in reply.parts:
                if not (tables := self._tables(part)):
                    self._refuse_part(reply, part, FileRefusedError("reply_unknown"))
                elif tables[0].place.sha256 != part.sha256:
                    self._outdated(reply, part, tables[0])

    def _refuse_renamed(self, reply: Returned) -> None:
        """Refuse sheets of rows that bear another name than when they were sent out."""
        for sheet in reply.unknown_sheets():
            detail = (
                "The sheet bears another name than when it was sent out, so nobody can tell which"
                " file it is about. Name it as it was, and send the reply again. Otherwise:"
            )
            rows = _rows(reply, Answers(sheet, "", "", ""))
            place = self.book.place(reply.file, without_numbers(sheet), reply.sha256)
            self.book.refuse(place, FileRefusedError("reply_unknown", detail, rows_in=rows))

    def _strange(self, reply: Returned) -> tuple[str, str] | None:
        """Return the rule and the sentence by which a whole reply cannot be answered here."""
        if reply.mark.scheme_code != self.book.scheme_code:
            return "wrong_scheme", "The reply belongs to another scheme."
        if reply.mark.month != self.book.month:
            return "reply_unknown", "The reply is about the delivery of another month."
        if not reply.parts and not any(reply.unknown_sheets()):
            return "reply_unknown", "The reply holds no values, so nothing can be corrected in it."
        return None

    def answer(self, *, of_people: bool, deaths: pl.DataFrame | None = None) -> None:
        """Judge the rows of replies to registers (`of_people`), or to all other files.

        `deaths`: `person_key, death_date`, against which referrals are held. A file of several
        tables is one of the others, whatever they are: its rows are settled between them by then.
        """
        for reply in self.book.returned:
            for part in () if self._strange(reply) else reply.parts:
                tables = self._tables(part)
                if not tables or tables[0].place.sha256 != part.sha256:
                    continue
                alone = len(tables) == 1
                if (alone and tables[0].found.dataset.contract in WHO_DIED) == of_people:
                    self._answer_part(reply, part, tables, deaths)

    def _tables(self, part: Answers) -> list[Reading]:
        """What was read of the file that a part answers: a reading for each of its tables."""
        wanted = (part.file, part.sheet)
        return [r for r in self.book.readings if (r.place.file, r.place.sheet) == wanted]

    def _refuse_part(self, reply: Returned, part: Answers, refusal: FileRefusedError) -> None:
        counted = FileRefusedError(refusal.rule, rows_in=refusal.rows_in or _rows(reply, part))
        counted.reason = refusal.reason
        self.book.refuse(self._place(reply, part), counted)

    def _place(self, reply: Returned, part: Answers) -> Place:
        return self.book.place(reply.file, part.title, reply.sha256)

    def _outdated(self, reply: Returned, part: Answers, found: Reading) -> None:
        place = self._place(reply, part)
        refusal = FileRefusedError("reply_outdated", rows_in=_rows(reply, part))
        self.book.refuse(place, refusal, superseded_by=found.place.delivery_id)
        self.book.note(f"{place.shown}: {found.place.shown} has been sent again since; not used.")

    def _answer_part(
        self, reply: Returned, part: Answers, tables: list[Reading], deaths: pl.DataFrame | None
    ) -> None:
        place = self._place(reply, part)
        try:
            originals = [_again(self.book.quarantined(found)) for found in tables]
            rows = reply_rows(reply.workbook.cells(part.title), originals[0])
        except FileRefusedError as refusal:
            self._refuse_part(reply, part, refusal)
            return
        earlier = [a for a in self.book.answered if a.answers == tables[0].place]
        released = pl.concat([no_cells(originals[0]), *(one.cells for one in earlier)])
        read = list(zip(tables, originals, strict=True))
        may_change = pl.concat([open_columns(found.gated, table) for found, table in read])
        held = held_against(rows, originals[0], may_change, released)
        judged = held.rows.join(held.broken, on="reply_row", how="anti").filter(
            ~pl.col("reply_row").is_in(held.again.implode())
        )
        verdicts = [
            judge_rows(
                judged,
                table,
                found,
                released,
                pseudonymiser=self.pseudonymiser,
                last_day=self.last_day,
                deaths=deaths,
            )
            for found, table in read
        ]
        done = answered(place, held, judged, verdicts)
        self.book.answered.append(done)
        self.book.tell(
            f"{place.shown}: {done.rows.height:,} rows, {done.count('released'):,} released,"
            f" {done.count('refused'):,} refused, {done.count('repeated'):,} repeated,"
            f" {done.count('unchanged'):,} not corrected."
        )


def _again(item: Quarantined) -> RawTable:
    table = read_again(item)
    if table is None:
        raise FileRefusedError("reply_outdated")
    return table


def _rows(reply: Returned, part: Answers) -> int:
    """Count the rows below the heading of a sheet, blank ones not."""
    try:
        cells = reply.workbook.cells(part.title).slice(1)
    except FileRefusedError:
        return 0
    filled = pl.any_horizontal(pl.all().fill_null("").str.strip_chars() != "")
    return cells.filter(filled).height if cells.width else 0
