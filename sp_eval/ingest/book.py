"""What is written down while a delivery is taken in: the fate of every file and row."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

import polars as pl

from sp_eval.contracts.frames import conform, empty_frame
from sp_eval.contracts.odcs import load_contract
from sp_eval.contracts.scheme_mapping import Dataset
from sp_eval.ingest.contract_rows import Replaced, with_replaced
from sp_eval.ingest.folder import Found
from sp_eval.ingest.gate import Gated, rejections
from sp_eval.ingest.ledger import Entry, Place, ledger, rejection_rows
from sp_eval.ingest.refusal import FileRefusedError
from sp_eval.ingest.reply_mark import Answers, Mark, holds_rows
from sp_eval.ingest.several import together
from sp_eval.ingest.taken import FOLDED, TABLES, Accepted, Piece, Quarantined
from sp_eval.ingest.told_name import told_name
from sp_eval.ingest.workbook import Workbook

__all__ = ["Answered", "Book", "Reading", "Returned"]

_TOLD = {
    "row_number": pl.Int32,
    "rule": pl.String,
    "column_name": pl.String,
    "reason": pl.String,
}


@dataclass(frozen=True, slots=True)
class Reading:
    """A file or sheet that was read and judged."""

    found: Found
    place: Place
    gated: Gated


@dataclass(frozen=True, slots=True)
class Returned:
    """A reply that lies in the month's folder."""

    file: str
    sha256: str
    workbook: Workbook
    mark: Mark

    @property
    def parts(self) -> tuple[Answers, ...]:
        """The sheets that it says are there, and that are."""
        return tuple(part for part in self.mark.parts if part.title in self.workbook.sheets)

    def unknown_sheets(self) -> Iterator[str]:
        """Sheets that hold rows to correct and are none of those it says were sent out."""
        named = {part.title for part in self.mark.parts}
        for sheet in self.workbook.sheets:
            if sheet not in named and holds_rows(self.workbook, sheet):
                yield sheet


@dataclass(frozen=True, slots=True)
class Answered:
    """One sheet of a reply that was held against its file, `answers`.

    `rows`: `reply_row, row_number, fate` of each; `told`: rejections under the reply's rows;
    `accepted`: of each table of the file, contract rows of the released ones, with `source_row` in
    the file they answer; `cells`: `row_number` and the raw cells of the released ones.
    """

    place: Place
    answers: Place
    rows: pl.DataFrame
    told: pl.DataFrame
    accepted: tuple[tuple[Found, pl.DataFrame], ...]
    cells: pl.DataFrame

    @property
    def dataset(self) -> Dataset:
        """The first table of the file that is answered."""
        return self.accepted[0][0].dataset

    def released_to(self, reading: Reading) -> Iterator[pl.DataFrame]:
        """Contract rows that a table of the answered file gains."""
        for found, rows in self.accepted:
            if self.answers == reading.place and found.name == reading.found.name:
                yield rows

    def count(self, fate: str) -> int:
        """Rows with this fate."""
        return self.rows.filter(pl.col("fate") == fate).height


@dataclass(slots=True)
class Book:
    """The notes of one intake; `tell` is told one sentence a file.

    `sent_before`: SHA-256 of files of earlier months -> month and file.

    Of reference data, the code is the source's and the month its vintage.
    """

    scheme_code: str
    month: str
    tell: Callable[[str], None]
    readings: list[Reading] = field(default_factory=list)
    refused: list[Entry] = field(default_factory=list)
    rejected: list[pl.DataFrame] = field(default_factory=list)
    returned: list[Returned] = field(default_factory=list)
    answered: list[Answered] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    sent_before: Mapping[str, str] = field(default_factory=dict)
    stopped: str | None = None

    def place(self, file: str, sheet: str | None = None, sha256: str | None = None) -> Place:
        """Name a file or sheet of this scheme and month."""
        return Place(self.scheme_code, self.month, file, sheet or "", sha256)

    def note(self, sentence: str) -> None:
        """Keep a sentence about something passed over or read otherwise than declared."""
        seen = told_name(sentence)  # it may name a heading, which holds what its sender likes
        self.notices.append(seen)
        self.tell(seen)

    def read(self, reading: Reading) -> None:
        """Keep a file or sheet that was read and judged."""
        self.readings.append(reading)
        gated = reading.gated
        self.tell(
            f"{reading.place.shown}: {gated.rows_in:,} rows, {gated.rows_quarantined:,} refused,"
            f" {gated.rows_duplicate:,} repeated."
        )

    def refuse(
        self,
        place: Place,
        refusal: FileRefusedError,
        version: str | None = None,
        *,
        superseded_by: str | None = None,
    ) -> None:
        """Enter a whole file or sheet as refused, as missing, or as overtaken by another."""
        status = "missing" if refusal.rule == "missing" else "refused"
        rows = refusal.rows_in
        self.refused.append(
            Entry(
                place,
                "superseded" if superseded_by else status,
                rows,
                rows_quarantined=rows,
                contract_version=version,
                superseded_by=superseded_by,
            )
        )
        self._reject(place, refusal.rule, refusal.reason, refusal.columns)

    def settle(self) -> None:
        """Bring together what several tables make of one file or sheet: one fate for each row.

        A file that one of them cannot read is refused for all; its first refusal is kept.
        """
        refused: dict[str, Entry] = {}
        for entry in self.refused:
            refused.setdefault(entry.place.delivery_id, entry)
        self.refused = list(refused.values())
        groups: dict[str, list[Reading]] = {}
        for reading in self.readings:
            if reading.place.delivery_id not in refused:
                groups.setdefault(reading.place.delivery_id, []).append(reading)
        self.readings = [
            replace(reading, gated=gated)
            for group in groups.values()
            for reading, gated in zip(group, together([r.gated for r in group]), strict=True)
        ]

    def _once_each(self) -> list[Reading]:
        """The first reading of each file or sheet."""
        return list({r.place.delivery_id: r for r in reversed(self.readings)}.values())[::-1]

    def stop(self, place: Place, reason: str) -> None:
        """Pull the brake on account of one file; the first reason is the month's."""
        self._reject(place, "brake", reason)
        self.stopped = self.stopped or f"{place.delivery_id}: {reason}"

    def _reject(
        self, place: Place, rule: str, reason: str, columns: Iterable[str | None] = ()
    ) -> None:
        reason = told_name(reason)
        told = [(None, rule, column, reason) for column in list(columns) or [None]]
        frame = pl.DataFrame(told, schema=_TOLD, orient="row")
        self.rejected.append(rejection_rows(place, frame))
        self.tell(f"{place.shown}: {reason}")

    def deliveries(self, *, received_at: datetime) -> pl.DataFrame:
        """Return the rows of `published.delivery`; none is in use if the month was stopped."""
        status = "refused" if self.stopped else "current"
        read = [
            Entry(
                reading.place,
                status,
                rows_in=reading.gated.rows_in,
                rows_accepted=reading.gated.rows_accepted,
                rows_quarantined=reading.gated.rows_quarantined,
                rows_duplicate=reading.gated.rows_duplicate,
                contract_version=reading.found.dataset.declared.version,
            )
            for reading in self._once_each()
        ]
        answered = [
            Entry(
                one.place,
                status,
                rows_in=one.rows.height,
                rows_accepted=one.count("released"),
                rows_quarantined=one.count("refused"),
                rows_duplicate=one.count("repeated") + one.count("unchanged"),
                contract_version=one.dataset.declared.version,
            )
            for one in self.answered
        ]
        return ledger(read + answered + self.refused, received_at=received_at)

    def rejections(self) -> pl.DataFrame:
        """Return the rows of `published.rejection`: files first, then rows in their order.

        A row that a reply has corrected is no longer among them.
        """
        rows = [
            rejection_rows(
                r.place,
                rejections(r.gated).filter(
                    ~pl.col("row_number").is_in(self.released(r.place).implode())
                ),
            )
            for r in self.readings
        ]
        rows += [rejection_rows(one.place, one.told) for one in self.answered]
        empty = empty_frame(load_contract("rejection", "published"))
        told = ["file", "sheet", "row_number", "rule", "column_name"]
        return pl.concat([empty, *self.rejected, *rows]).unique(
            told, keep="first", maintain_order=True
        )

    def released(self, place: Place) -> pl.Series:
        """The rows (Int32) of a file that replies have released."""
        rows = [one.rows for one in self.answered if one.answers == place]
        none = pl.DataFrame(schema={"row_number": pl.Int32, "fate": pl.String})
        all_rows = pl.concat([none, *(frame.select(none.columns) for frame in rows)])
        return all_rows.filter(pl.col("fate") == "released")["row_number"]

    def resubmission(self) -> pl.DataFrame:
        """Return the rows of `published.resubmission`."""
        contract = load_contract("resubmission", "published")
        frames = [
            conform(
                one.rows.with_columns(
                    pl.lit(self.scheme_code).alias("scheme_code"),
                    pl.lit(self.month).alias("month"),
                    pl.lit(one.place.file).alias("reply_file"),
                    pl.lit(one.place.sheet).alias("reply_sheet"),
                    pl.lit(one.place.delivery_id).alias("reply_delivery_id"),
                    pl.lit(one.answers.file).alias("file"),
                    pl.lit(one.answers.sheet).alias("sheet"),
                    pl.lit(one.answers.delivery_id).alias("delivery_id"),
                ),
                contract,
            )
            for one in self.answered
        ]
        return pl.concat([empty_frame(contract), *frames])

    def accepted(self) -> Accepted:
        """Return the accepted rows of each contract, with their origin, in order of the files."""
        return Accepted((r.found.dataset.declared for r in self.readings), self._pieces)

    def _pieces(self, name: str, replaced: Replaced) -> Iterator[Piece]:
        for reading in self.readings:
            if reading.found.dataset.declared.name != name:
                continue
            origin = {
                "scheme_code": self.scheme_code,
                "source": self.scheme_code,
                "vintage": self.month,
                "delivery_id": reading.place.delivery_id,
                "source_file": reading.place.file,
            }
            for rows in reading.gated.accepted(replaced):
                yield origin, rows.drop("__index")
            for answered in self.answered:
                for rows in answered.released_to(reading):
                    yield origin, with_replaced(rows.drop("__index"), replaced)

    def tables(self) -> pl.DataFrame:
        """Return `TABLES`: what each file or sheet that was read holds."""
        keys: dict[str, list[str]] = {}
        for reading in self.readings:
            keys.setdefault(reading.place.delivery_id, []).append(reading.found.key)
        rows = [
            (r.place.delivery_id, " and ".join(keys[r.place.delivery_id]), r.found.dataset.supply)
            for r in self._once_each()
        ]
        return pl.DataFrame(rows, schema=TABLES, orient="row")

    def folded(self) -> pl.DataFrame:
        """Return `FOLDED`: accepted rows that only belong to another row, by their name."""
        rows = [
            (r.place.delivery_id, r.found.dataset.keep_when.folded_as, r.gated.folded_accepted())
            for r in self.readings
            if r.found.dataset.keep_when
        ]
        return pl.DataFrame(rows, schema=FOLDED, orient="row")

    def quarantine(self) -> tuple[Quarantined, ...]:
        """Return where the raw cells of rows stand that are refused still."""
        return tuple(
            self.quarantined(reading) for reading in self._once_each() if self.rows_refused(reading)
        )

    def rows_refused(self, reading: Reading) -> int:
        """Count the rows of a file that are refused, and that no reply has released."""
        return reading.gated.rows_quarantined - self.released(reading.place).len()

    @staticmethod
    def quarantined(reading: Reading) -> Quarantined:
        """Say where the raw cells of one file or sheet stand."""
        return Quarantined(
            path=reading.found.path,
            file=reading.place.file,
            sheet=reading.place.sheet,
            sha256=reading.place.sha256 or "",
            name=reading.found.name,
            dataset=reading.found.dataset,
        )
