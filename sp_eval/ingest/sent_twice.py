"""A file sent twice, under two names or in two months: it counts once, and the second is told."""

from __future__ import annotations

import polars as pl

from sp_eval.ingest.book import Book, Reading
from sp_eval.ingest.refusal import FileRefusedError
from sp_eval.ingest.text_file import TextFile

__all__ = ["refusal_of_copy", "refuse_repeated"]


def refuse_repeated(book: Book) -> None:
    """Refuse each file whose bytes or rows are those of another of the same table.

    Within the month the first by name counts. Where deliveries add to each other, so does a file
    that came in an earlier month; where the newest replaces the others, it only is told.
    """
    kept: list[Reading] = []
    for reading in book.readings:
        twin = next((one for one in kept if _are_same(one, reading)), None)
        before = book.sent_before.get(reading.place.sha256 or "")
        detail = None
        if twin is not None:
            detail = f"It holds the same rows as {twin.place.shown}, so it is not counted again."
        elif before and reading.found.dataset.supply == "increment":
            detail = f"The same file came in {before} already, so it is not counted again."
        elif before:
            book.note(
                f"{reading.place.shown}: the same file came in {before}; nothing in it is new."
            )
        if detail is None:
            kept.append(reading)
            continue
        refusal = FileRefusedError("sent_twice", detail, rows_in=reading.gated.rows_in)
        book.refuse(reading.place, refusal, reading.found.dataset.declared.version)
    book.readings = kept


def refusal_of_copy(data: TextFile, book: Book) -> FileRefusedError | None:
    """The refusal of a file of no agreed name that is a copy of one read; None if it is none."""
    read = {r.place.delivery_id: r for r in book.readings if r.place.sha256 == data.sha256}
    if not read:
        return None
    twin = next(iter(read.values())).place.file
    detail = f"It is the same file as {twin}, so it is not counted again."
    rows = sum(reading.gated.rows_in for reading in read.values())
    return FileRefusedError("sent_twice", detail, rows_in=rows)


def _are_same(one: Reading, other: Reading) -> bool:
    """Whether two files of one table hold the same; a row that is all there is may be chance."""
    if one.found.name != other.found.name or one.place.file == other.place.file:
        return False
    if not other.gated.rows_in:
        return False
    if one.place.sha256 == other.place.sha256:
        return True
    counts = [(r.gated.rows_in, r.gated.rows_accepted) for r in (one, other)]
    return counts[0] == counts[1] and counts[0][1] > 1 and _rows(one).equals(_rows(other))


def _rows(reading: Reading) -> pl.DataFrame:
    """The accepted rows without their places, and without what the path says."""
    columns = reading.found.dataset.columns.items()
    by_path = [name for name, rule in columns if rule.from_path]
    rows = pl.concat(reading.gated.accepted()).drop("__index", "source_row", *by_path, strict=False)
    return rows.sort(pl.all())
