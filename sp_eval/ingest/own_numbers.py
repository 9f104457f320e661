"""A sender's own file with its NHS numbers replaced, before it goes anywhere."""

from __future__ import annotations

import csv
import hashlib
import hmac
import io
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sp_eval.ingest.header import folded
from sp_eval.ingest.identity import digits_of, nhs_fault, without_numbers
from sp_eval.ingest.refusal import FileRefusedError
from sp_eval.ingest.spreadsheet import write_sheets
from sp_eval.ingest.text import DELIMITERS, decode, records
from sp_eval.ingest.workbook import is_workbook, open_workbook
from sp_eval.machine import write_private

__all__ = ["Replaced", "replace_numbers"]

_SEARCHED_ROWS = 20
Rows = list[list[str]]


@dataclass(slots=True)
class Replaced:
    """What was done; `faults`: (sheet, row from 1, rule) of cells that hold no number to replace.

    `elsewhere`: NHS numbers found in other cells, and blotted out there.
    """

    replaced: int = 0
    emptied: int = 0
    elsewhere: int = 0
    faults: list[tuple[str, int, str]] = field(default_factory=list)


def replace_numbers(
    path: Path, out: Path, *, column: str, key: bytes, empty: Collection[str] = ()
) -> Replaced:
    """Write `out`: `path` with each number under `column` replaced by its keyed pseudonym.

    Parameters
    ----------
    path : a workbook, or a text file of fields; it is only read. out : of the same kind; readable
        by its owner alone.
    column : the heading of the NHS number, in every sheet that has it, whatever its case.
    key : the sender's own secret; the same number becomes the same 64 characters in every file.
    empty : headings whose cells are emptied, as names and dates of birth.

    Returns
    -------
    Replaced. A cell whose number is mistyped, a dummy or missing is left empty, and told: it could
    not be linked, and it may be somebody's number all the same.

    Raises
    ------
    FileRefusedError : `path` cannot be read, or has no such column.
    """
    data = path.read_bytes()
    done = Replaced()
    if is_workbook(path.name, data):
        book = open_workbook(data)
        sheets = {
            name: [[cell or "" for cell in row] for row in book.cells(name).rows()]
            for name in book.sheets
        }
        _replace(sheets, column, key, empty, done)
        write_sheets(out, sheets)
        return done
    text = decode(data, declared="utf-8").text
    delimiter = max(DELIMITERS, key=lambda mark: _fields(text, mark, column))
    rows = records(text, delimiter=delimiter).rows
    _replace({"": rows}, column, key, empty, done)
    lines = io.StringIO(newline="")
    csv.writer(lines, delimiter=delimiter, lineterminator="\r\n").writerows(rows)
    write_private(out, lines.getvalue().encode("utf-8-sig"))
    return done


def _fields(text: str, delimiter: str, column: str) -> int:
    """How many fields the heading row has if split so; 0 if the column is not among them."""
    rows = records(text, delimiter=delimiter, limit=_SEARCHED_ROWS).rows
    found = _heading(rows, column)
    return 0 if found is None else len(rows[found])


def _heading(rows: Sequence[Sequence[str]], column: str) -> int | None:
    wanted = folded(column)
    return next(
        (at for at, row in enumerate(rows[:_SEARCHED_ROWS]) if wanted in map(folded, row)), None
    )


def _replace(
    sheets: dict[str, Rows], column: str, key: bytes, empty: Collection[str], done: Replaced
) -> None:
    """Change the cells in place."""
    found = 0
    wanted, emptied = folded(column), {folded(name) for name in empty}
    for name, rows in sheets.items():
        at = _heading(rows, column)
        heads = [folded(cell) for cell in rows[at]] if at is not None else []
        found += at is not None
        for number, row in enumerate(rows, start=1):
            is_data = at is not None and number > at + 1 and any(cell.strip() for cell in row)
            for place, cell in enumerate(row):
                head = heads[place] if is_data and place < len(heads) else None
                row[place] = _cell(cell, head, wanted, emptied, key, done, (name, number))
    if not found:
        detail = f"No heading '{column}' stands in the first {_SEARCHED_ROWS} rows."
        raise FileRefusedError("column_missing", detail, columns=[column])


def _cell(
    cell: str, head: str | None, wanted: str, emptied: set[str], key: bytes, done: Replaced,
    place: tuple[str, int],
) -> str:  # fmt: skip
    if head == wanted:
        return _pseudonym(cell, key, done, place)
    if head in emptied:
        done.emptied += bool(cell.strip())
        return ""
    told = without_numbers(cell)
    done.elsewhere += told != cell
    return told


def _pseudonym(cell: str, key: bytes, done: Replaced, place: tuple[str, int]) -> str:
    digits = digits_of(cell.strip())
    fault = nhs_fault(digits)
    if fault is None:
        done.replaced += 1
        return hmac.digest(key, digits.encode(), hashlib.sha256).hex()
    done.faults.append((*place, fault))
    return ""
