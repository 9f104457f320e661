"""A delivery of an unknown layout, read as it is: its tables, and their headings."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import polars as pl

from sp_eval.ingest.folder import is_litter
from sp_eval.ingest.header import folded, looks_like_data
from sp_eval.ingest.reading import opened
from sp_eval.ingest.refusal import FileRefusedError
from sp_eval.ingest.strange_header import header_in
from sp_eval.ingest.text import DELIMITERS, decode, records
from sp_eval.ingest.text_file import TextFile
from sp_eval.ingest.told_name import told_name
from sp_eval.ingest.workbook import is_workbook

__all__ = ["StrangeTable", "Unread", "joined", "tables_in"]

_MOST_LINES: Final = 400_000
_PRACTICE: Final = re.compile(r"^[A-Z][0-9]{5}$")
_VARIES: Final = re.compile(
    r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*[-_ ]?\d{2,4}"
    r"|\d{4}[-_ ]?\d{2}(?:[-_ ]?\d{2})?|\d{4,}",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class StrangeTable:
    """One table: its files (several, if they are headed alike), and its rows as text.

    `file`: path below the folder with `*` or `{practice}` for what varies; `cells`: `c0` ... in
    the order of `headings`, trimmed, blank as null, the rows below the header, footers included.
    `whole`: whether every row was looked at.
    """

    file: str
    sheet: str | None
    encoding: str
    delimiter: str
    headings: tuple[str, ...]
    cells: pl.DataFrame
    files: tuple[str, ...]
    from_workbook: bool = False
    whole: bool = True

    @property
    def shown(self) -> str:
        """The table as people name it."""
        return f"{self.file}, sheet {self.sheet}" if self.sheet else self.file


@dataclass(frozen=True, slots=True)
class Unread:
    """A file or sheet of which nothing can be drafted, and why."""

    shown: str
    reason: str
    is_file: bool = True


def tables_in(folder: Path) -> tuple[list[StrangeTable], list[Unread]]:
    """Return the tables of a month's folder (or the one file), in the order of their names."""
    alone = folder.is_file()
    paths = [folder] if alone else sorted(path for path in folder.rglob("*") if path.is_file())
    tables: list[StrangeTable] = []
    unread: list[Unread] = []
    for path in paths:
        file = told_name(path.name if alone else path.relative_to(folder).as_posix())
        if is_litter(path.name) or not (alone or path.resolve().is_relative_to(folder.resolve())):
            continue
        try:
            for one in _tables_of(path, file):
                (tables if isinstance(one, StrangeTable) else unread).append(one)  # type: ignore[arg-type]
        except FileRefusedError as refusal:
            unread.append(Unread(file, refusal.reason))
    return _joined(tables), unread


def _tables_of(path: Path, file: str) -> Iterator[StrangeTable | Unread]:
    data = TextFile(path)
    content = opened(path.name, data, in_sheets=is_workbook(path.name, data.head()))
    if isinstance(content, TextFile):
        yield _text_table(content.read(), file)
        return
    for sheet in content.sheets:
        rows = [list(row) for row in content.cells(sheet).iter_rows()]
        found = header_in(rows)
        name = "(unnamed)" if looks_like_data(sheet) else sheet
        if found is None:
            told = "No row of headings was recognised in it."
            yield Unread(f"{_pattern(file)}, sheet {name}", told, is_file=False)
        else:
            at = found[1]
            yield _table(rows[at], rows[at + 1 :], file=file, sheet=sheet)


def _text_table(data: bytes, file: str) -> StrangeTable | Unread:
    decoded = decode(data, declared="utf-8")
    best: tuple[float, str, int] | None = None
    for delimiter in DELIMITERS:
        top = records(decoded.text[:65_536], delimiter=delimiter, limit=60).rows
        found = header_in(top)
        if found is not None and (best is None or found[0] > best[0]):
            best = (found[0], delimiter, found[1])
    if best is None:
        return Unread(file, "No row of headings was recognised in it.")
    parsed = records(decoded.text, delimiter=best[1], limit=_MOST_LINES)
    table = _table(parsed.rows[best[2]], parsed.rows[best[2] + 1 :], file=file, sheet=None)
    return replace(
        table,
        encoding=decoded.encoding,
        delimiter=best[1],
        whole=len(parsed.rows) < _MOST_LINES,
    )


def _table(
    head: Sequence[str | None],
    below: Sequence[Sequence[str | None]],
    *,
    file: str,
    sheet: str | None,
) -> StrangeTable:
    headings = tuple((cell or "").strip() for cell in head)
    width = len(headings)
    rows = [row for row in below if any((cell or "").strip() for cell in row)]
    columns = [[(row[n] if n < len(row) else None) for row in rows] for n in range(width)]
    cells = pl.DataFrame(
        [pl.Series(f"c{n}", texts, dtype=pl.String) for n, texts in enumerate(columns)]
    ).with_columns(pl.all().str.strip_chars())
    cells = cells.with_columns(pl.when(pl.all().str.len_bytes() > 0).then(pl.all()))
    return StrangeTable(
        file=_pattern(file), sheet=sheet, encoding="utf-8", delimiter=",", headings=headings,
        cells=cells, files=(file,), from_workbook=sheet is not None,
    )  # fmt: skip


def _pattern(file: str) -> str:
    """A file's name with a star for dates and numbers, which change from month to month."""
    folder, slash, name = file.rpartition("/")
    stem, dot, suffix = name.rpartition(".")
    if _PRACTICE.match(stem):
        return file
    return f"{folder}{slash}{_VARIES.sub('*', stem)}{dot}{suffix}"


def _joined(tables: list[StrangeTable]) -> list[StrangeTable]:
    """Put together what one dataset is: files headed alike whose names tell only who or when."""
    groups: dict[tuple[object, ...], list[StrangeTable]] = {}
    for table in tables:
        heads = tuple(folded(heading) for heading in table.headings)
        groups.setdefault((_family(table.file), table.sheet, heads), []).append(table)
    return [joined(key[0], members) for key, members in groups.items()]  # type: ignore[arg-type]


def _family(file: str) -> str:
    folder, slash, name = file.rpartition("/")
    stem, dot, suffix = name.rpartition(".")
    return f"{folder}{slash}{{practice}}{dot}{suffix}" if _PRACTICE.match(stem) else file


def joined(file: str, members: list[StrangeTable]) -> StrangeTable:
    """Files headed alike as one table; `file`: its path, with what varies."""
    ways = Counter((one.encoding, one.delimiter) for one in members)
    encoding, delimiter = min(ways, key=lambda way: (-ways[way], way))
    return replace(
        members[0],
        file=file,
        encoding=encoding,
        delimiter=delimiter,
        cells=pl.concat([one.cells for one in members]),
        files=tuple(file for one in members for file in one.files),
        whole=all(one.whole for one in members),
    )
