"""Bytes to text to records: encodings, delimiters, and the number of each row in its file."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

from sp_eval.ingest.refusal import FileRefusedError

__all__ = [
    "DELIMITERS",
    "LONGEST_RECORD",
    "Decoded",
    "Encoding",
    "Records",
    "candidates",
    "decode",
    "quote_is_open",
    "records",
    "undecodable",
]

DELIMITERS = (",", ";", "\t", "|")
LONGEST_RECORD = 64 << 20  # a million columns of 60 bytes; beyond it nobody's table, and no memory


@dataclass(frozen=True, slots=True)
class Decoded:
    """Text with the encoding it was read in; `cut` if the bytes end inside a character."""

    text: str
    encoding: str
    cut: bool = False


@dataclass(frozen=True, slots=True)
class Encoding:
    """How bytes are to be read: `name` as it is told, `codec` as Python calls it.

    `left_over`: bytes at the end that are a character's beginning only.
    """

    name: str
    codec: str
    left_over: int = 0


@dataclass(frozen=True, slots=True)
class Records:
    """The rows of a text file, blank ones included.

    `rows` holds the cells as they stand, `numbers` the physical line on which each row starts,
    from 1. `open_end` is true if nothing ends the last row: not a line end, or not its quote.
    """

    rows: list[list[str]]
    numbers: list[int]
    open_end: bool = False
    open_quote: bool = False


def decode(data: bytes, *, declared: str) -> Decoded:
    """Decode as the bytes' own mark says, else as declared, else as UTF-8 or Windows-1252.

    Bytes beyond ASCII that are valid UTF-8 are UTF-8 even where a one-byte encoding was
    declared: in that encoding they would be gibberish that no decoder notices.
    """
    if data.isascii():
        return Decoded(data.decode("ascii"), declared)
    found = (_attempt(data, name) for name in candidates(data, declared))
    decoded = next((text for text in found if text), None)
    if decoded is None:
        raise undecodable()
    return decoded


def candidates(data: bytes, declared: str) -> tuple[str, ...]:
    """The encodings that bytes beyond ASCII may be in, by how they begin; the first that fits."""
    for mark, encoding in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if data.startswith(mark):
            return (encoding,)
    return tuple(dict.fromkeys(("utf-8", declared, "cp1252")))


def _attempt(data: bytes, encoding: str) -> Decoded | None:
    try:
        return Decoded(data.decode(encoding), encoding)
    except UnicodeDecodeError as error:
        # bytes that end inside a character: the file was cut, not wrongly encoded
        if encoding != "cp1252" and error.reason.startswith(("unexpected end", "truncated")):
            return Decoded(data[: error.start].decode(encoding), encoding, cut=True)
        return None
    except LookupError:
        return None


def undecodable() -> FileRefusedError:
    """The refusal of bytes that are no text."""
    return FileRefusedError(
        "unreadable", "The file is not text in UTF-8 or Windows-1252, nor a workbook."
    )


def records(text: str, *, delimiter: str, limit: int | None = None) -> Records:
    """Split text into records; the first `limit` lines only, if given."""
    lines = list(io.StringIO(text, newline=""))
    if limit is not None:
        lines = lines[:limit]
    reader = csv.reader(lines, delimiter=delimiter)
    rows: list[list[str]] = []
    numbers: list[int] = []
    start = 1
    try:
        for row in reader:
            rows.append(row)
            numbers.append(start)
            start = reader.line_num + 1
    except csv.Error:
        # the only error without strict: a cell too long to be one, so a quote that never closes
        return Records([*rows, []], [*numbers, start], open_end=True, open_quote=True)
    open_quote = bool(rows) and quote_is_open(lines[numbers[-1] - 1 :], delimiter)
    open_end = bool(lines) and not lines[-1].endswith(("\n", "\r"))
    return Records(rows, numbers, open_end=open_end or open_quote, open_quote=open_quote)


def quote_is_open(lines: Sequence[str], delimiter: str) -> bool:
    """Tell whether a quotation mark in the last record's lines is never closed."""
    try:
        list(csv.reader(lines, delimiter=delimiter, strict=True))
    except csv.Error as error:
        return "unexpected end" in str(error)
    return False
