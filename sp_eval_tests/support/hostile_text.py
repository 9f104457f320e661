"""Text files of fields, sound ones spoilt or made from nothing, with the rows they hold."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from random import Random

from sp_eval_tests.support.hostile_cells import hostile_cell, nhs_number, written

__all__ = ["Table", "spoil_bytes", "spoil_rows", "text_file"]

_ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "cp1252", "utf-16-le", "latin-1", "utf-32", "utf-7")


@dataclass(frozen=True)
class Table:
    """A header and rows of cells, as a sound sender has them."""

    delimiter: str
    header: list[str]
    rows: list[list[str]]


def spoil_rows(table: Table, chance: Random, planted: set[str]) -> list[list[str]]:
    """Some of the rows of a sound table, with cells, widths and repeats as they should not be."""
    rows = [list(row) for row in chance.sample(table.rows, min(len(table.rows), 8))]
    for row in rows:
        for at in range(len(row)):
            if chance.random() < 0.08:
                row[at] = hostile_cell(chance, planted)
        if chance.random() < 0.06:
            row.extend(hostile_cell(chance, planted) for _ in range(chance.randrange(1, 4)))
        if chance.random() < 0.06:
            del row[chance.randrange(len(row)) :]
    for _ in range(chance.randrange(3)):
        rows.insert(chance.randrange(len(rows) + 1), list(chance.choice(rows)) if rows else [])
    if chance.random() < 0.2:
        rows.insert(chance.randrange(len(rows) + 1), ["  "] * len(table.header))
    return rows


def text_file(
    table: Table, rows: list[list[str]], chance: Random, planted: set[str]
) -> tuple[bytes, int | None]:
    """Return the bytes, and the number of its data rows if the file says them beyond doubt."""
    header = list(table.header)
    odd = chance.random()
    if odd < 0.04:
        number = nhs_number(chance)
        planted.add(number)
        header[chance.randrange(len(header))] = written(number, chance)
    elif odd < 0.08:
        header += ["more"] * chance.choice((1, 40, 3_000))
    elif odd < 0.12:
        chance.shuffle(header)
    lines = io.StringIO(newline="")
    end = chance.choice(("\n", "\r\n", "\n", "\r"))
    quoting = chance.choice((csv.QUOTE_MINIMAL, csv.QUOTE_ALL))
    delimiter = table.delimiter if chance.random() < 0.8 else chance.choice(",;\t|")
    writer = csv.writer(lines, delimiter=delimiter, lineterminator=end, quoting=quoting)
    for _ in range(chance.choice((0, 0, 0, 1, 4))):
        writer.writerow(["A title", *[""] * chance.randrange(3)])
    writer.writerow(header)
    writer.writerows(rows)
    text = lines.getvalue()
    if chance.random() < 0.1:
        text = text.rstrip("\r\n")
    encoding = "utf-8" if chance.random() < 0.6 else chance.choice(_ENCODINGS)
    data = text.encode(encoding, errors="replace")
    # a line end that is not in quotation marks may end a row
    split = quoting != csv.QUOTE_ALL and any("\r" in c or "\n" in c for row in rows for c in row)
    known = header == table.header and encoding in {"utf-8", "utf-8-sig"} and not split
    return data, sum(any(cell.strip() for cell in row) for row in rows) if known else None


def spoil_bytes(data: bytes, chance: Random) -> bytes:
    """Bytes cut, torn out, repeated, turned, or with some put between them."""
    spoilt = bytearray(data)
    for _ in range(chance.randrange(1, 4)):
        at = chance.randrange(len(spoilt) + 1)
        kind = chance.randrange(6)
        if kind == 0:
            del spoilt[at:]
        elif kind == 1:
            del spoilt[at : at + chance.randrange(1, 60)]
        elif kind == 2:
            spoilt[at:at] = spoilt[at : at + chance.randrange(1, 200)] * chance.randrange(1, 5)
        elif kind == 3 and at < len(spoilt):
            spoilt[at] = chance.randrange(256)
        elif kind == 4:
            spoilt[at:at] = chance.choice(
                (b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b'"', b"\r", b"\x1a")
            )
        else:
            spoilt[at:at] = bytes(chance.randrange(256) for _ in range(chance.randrange(1, 20)))
    return bytes(spoilt)
