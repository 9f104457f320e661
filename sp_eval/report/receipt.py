"""The receipt of a delivery for its sender: what was received, used, not used and why.

Facts in, lines out: at most ten, the commonest reason first. They hold counts of rows, names of
files and columns, and the reasons as they stand in the ledger: no cell, no person, and nothing
that does not stand in the sender's own file.
"""

from __future__ import annotations

import calendar
from dataclasses import dataclass

import polars as pl

__all__ = ["MOST_LINES", "Receipt", "ReceiptFacts", "receipt_of"]

MOST_LINES = 10
_LONGEST_LIST = 3
_IF_RIGHT = "If that is right, do nothing; if rows are lacking, send the file again."
_NO_HURRY = " What comes corrected counts from the next run on."


@dataclass(frozen=True, slots=True)
class ReceiptFacts:
    """What a receipt is made from.

    `delivery`, `rejection`: rows of the published tables of that name, of one scheme and month,
    without earlier versions of a file. `unusual`: sentences of checks that found something
    unusual. `learned`: one sentence of the release. `reply`: name of the workbook that lists
    every row, where there is one. `corrected`: rows used that came corrected in a
    reply. `title`: the scheme as people know it. `is_trial`: nothing was delivered, files were only
    tried.
    """

    title: str
    month: str
    delivery: pl.DataFrame
    rejection: pl.DataFrame
    unusual: tuple[str, ...] = ()
    learned: str | None = None
    reply: str | None = None
    corrected: int = 0
    is_trial: bool = False


@dataclass(frozen=True, slots=True)
class Receipt:
    """A headline and its lines, each a label and a sentence; and the counts they state."""

    title: str
    month: str
    headline: str
    lines: tuple[tuple[str, str], ...]
    rows_in: int
    rows_used: int
    rows_not_used: int


@dataclass(frozen=True, slots=True)
class _Counts:
    """`rows_in` = `used` + `refused` + `repeated` + `waiting`, in `files` files.

    `waiting` rows are sound, and not used because their month is stopped.
    """

    files: int
    rows_in: int
    used: int
    refused: int
    repeated: int
    waiting: int


def receipt_of(facts: ReceiptFacts) -> Receipt:
    """Return the receipt of one delivery."""
    counts = _counts(facts.delivery)
    is_used = bool(counts.used) or not (counts.rows_in or _whole(facts).height)
    first = [("Received", _received(counts)), ("Used", _used(counts, facts.corrected))]
    if facts.unusual:  # it may mean that rows never came: sooner mended than any single row
        first.append(("Please check", _unusual(facts.unusual)))
    last = [("What to do", _what_to_do(facts, counts, is_used=is_used))]
    if facts.learned:
        last.append(("Learned so far", facts.learned))
    left = MOST_LINES - len(first) - len(last)
    return Receipt(
        title=facts.title,
        month=_spoken(facts.month),
        headline=_headline(counts, is_used=is_used, is_trial=facts.is_trial),
        lines=(*first, *_reasons(facts, most=left), *last),
        rows_in=counts.rows_in,
        rows_used=counts.used,
        rows_not_used=counts.refused + counts.waiting,
    )


def _counts(delivery: pl.DataFrame) -> _Counts:
    in_use = delivery.filter(pl.col("status").is_in(["current", "superseded"]))
    came = delivery.filter(pl.col("status") != "missing")
    used = int(in_use["rows_accepted"].sum())
    return _Counts(
        files=came["file"].n_unique(),
        rows_in=int(delivery["rows_in"].sum()),
        used=used,
        refused=int(delivery["rows_quarantined"].sum()),
        repeated=int(delivery["rows_duplicate"].sum()),
        waiting=int(delivery["rows_accepted"].sum()) - used,
    )


def _headline(counts: _Counts, *, is_used: bool, is_trial: bool) -> str:
    if is_trial:
        would = f"{counts.used:,} of {_many(counts.rows_in, 'row')} would be used."
        return f"Tried, nothing kept: {would}"
    if not is_used:
        return "Nothing of this delivery is used yet."
    if counts.used == counts.rows_in:
        return f"Thank you: all {_many(counts.rows_in, 'row')} used."
    return f"Thank you: {counts.used:,} of {_many(counts.rows_in, 'row')} used."


def _received(counts: _Counts) -> str:
    return f"{_many(counts.files, 'file')} with {_many(counts.rows_in, 'row')}."


def _used(counts: _Counts, corrected: int) -> str:
    share = f" ({counts.used / counts.rows_in:.1%})" if 0 < counts.used < counts.rows_in else ""
    told = f"{counts.used:,} of {_many(counts.rows_in, 'row')}{share}."
    if corrected:
        told += f" {_many(corrected, 'row')} of them came corrected in a reply."
    if counts.repeated:
        told += f" {_many(counts.repeated, 'row')} repeated an earlier row and counted once."
    if counts.waiting:
        told += (
            f" {_many(counts.waiting, 'row')} in order, but waiting until the month is put right."
        )
    return told


def _whole(facts: ReceiptFacts) -> pl.DataFrame:
    """Files and sheets that cannot be used at all, or that stop the month."""
    return facts.rejection.filter(pl.col("row_number").is_null())


def _reasons(facts: ReceiptFacts, *, most: int) -> list[tuple[str, str]]:
    """Return at most so many lines: whole files first, then rows, the commonest reason first."""
    lines = _of_files(facts) + _of_rows(facts)
    if len(lines) <= most:
        return lines
    further = _many(len(lines) - most + 1, "further reason")
    return [*lines[: most - 1], ("And also", f"{further}, less common.")]


def _of_files(facts: ReceiptFacts) -> list[tuple[str, str]]:
    place = _place()
    grouped = (
        _whole(facts)
        .group_by("reason", maintain_order=True)
        .agg(place.unique(maintain_order=True).alias("places"), pl.col("rule").first())
        .sort(pl.col("places").list.len(), descending=True, maintain_order=True)
    )
    return [
        (
            "Missing" if row["rule"] == "missing" else "Not used",
            _listed(row["places"], row["reason"]),
        )
        for row in grouped.to_dicts()
    ]


def _of_rows(facts: ReceiptFacts) -> list[tuple[str, str]]:
    grouped = (
        facts.rejection.drop_nulls("row_number")
        .group_by("column_name", "reason", maintain_order=True)
        .agg(
            pl.struct("file", "sheet", "row_number").n_unique().alias("rows"),
            _place().unique(maintain_order=True).alias("places"),
        )
        .sort("rows", descending=True, maintain_order=True)
    )
    return [
        (
            "Not used",
            f"{_many(row['rows'], 'row')}: "
            + _listed(row["places"], row["reason"], column=row["column_name"]),
        )
        for row in grouped.to_dicts()
    ]


def _place() -> pl.Expr:
    return (
        pl.when(pl.col("sheet") == "").then("file").otherwise(pl.format("{} ({})", "sheet", "file"))
    )


def _listed(places: list[str], reason: str, *, column: str | None = None) -> str:
    named = ", ".join(places[:_LONGEST_LIST])
    if len(places) > _LONGEST_LIST:
        named += f" and {len(places) - _LONGEST_LIST} more"
    return f"{column}, {named}: {reason}" if column else f"{named}: {reason}"


def _what_to_do(facts: ReceiptFacts, counts: _Counts, *, is_used: bool) -> str:
    if facts.rejection.is_empty():
        return "nothing; all is in order."
    if facts.is_trial:
        return _mend_and_try_again(facts, counts)
    listed = f" Every row is listed by its number in {facts.reply}." if facts.reply else ""
    has_rows = bool(facts.rejection["row_number"].count())
    if not is_used:
        return (
            "put right what is named above and send the whole delivery again; until then earlier"
            f" figures stand.{listed if has_rows else ''}"
        )
    if _whole(facts).height:
        return (
            f"send the files named above again when they are put right.{listed if has_rows else ''}"
        )
    worst = " Begin with the commonest." if counts.refused > 1 else ""
    mend = "correct the rows where you keep them, and send the whole file again."
    return f"{mend}{_NO_HURRY}{worst}{listed}"


def _mend_and_try_again(facts: ReceiptFacts, counts: _Counts) -> str:
    done = "put right what is named above" if _whole(facts).height else "correct these rows"
    if facts.reply:
        listed = f"every row is listed by its number in {facts.reply}"
    else:
        listed = "to get a workbook that lists every row by its number, add --reply FILE.xlsx"
    worst = ", the commonest first" if counts.refused > 1 else ""
    return f"{done}{worst}, and check again; {listed}."


def _unusual(sentences: tuple[str, ...]) -> str:
    if len(sentences) == 1:
        return f"{sentences[0]} {_IF_RIGHT}"
    return f"{sentences[0]} ({_many(len(sentences) - 1, 'further point')}.) {_IF_RIGHT}"


def _many(count: int, noun: str) -> str:
    return f"{count:,} {noun}" + ("" if count == 1 else "s")


def _spoken(month: str) -> str:
    year, number = month.split("-")
    return f"{calendar.month_name[int(number)]} {year}"
