"""One table from opening its file to the verdict on every row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from sp_eval.contracts.scheme_mapping import SchemeMapping
from sp_eval.ingest.conform import conform_rows
from sp_eval.ingest.folder import UNFINISHED, Found
from sp_eval.ingest.gate import Gated, gate
from sp_eval.ingest.header import looks_like_data
from sp_eval.ingest.identity import Pseudonymiser
from sp_eval.ingest.kind import named_kind
from sp_eval.ingest.parse import Dating
from sp_eval.ingest.parts import parts_of
from sp_eval.ingest.piecewise import judge_pieces
from sp_eval.ingest.raw import TextTable, read_text
from sp_eval.ingest.raw_table import RawTable
from sp_eval.ingest.refusal import FileRefusedError
from sp_eval.ingest.sheet import read_sheet, sheet_named
from sp_eval.ingest.source import Belonging, pseudonymise
from sp_eval.ingest.stranger import require_not_anothers
from sp_eval.ingest.text_file import TextFile
from sp_eval.ingest.told_name import told_name
from sp_eval.ingest.workbook import Workbook, is_workbook, open_workbook

__all__ = [
    "SMALL_BYTES",
    "judge",
    "opened",
    "read_and_judge",
    "read_table",
    "settled",
    "unread_sheets",
]

SMALL_BYTES = 4 << 20  # to take a smaller file apart takes longer than it saves


def opened(name: str, file: TextFile, *, in_sheets: bool) -> TextFile | Workbook:
    """Return the text file as it is, or the opened workbook; raise `FileRefusedError`."""
    if file.is_blank:
        raise FileRefusedError("empty_file")
    if in_sheets:
        return open_workbook(file.read())
    head = file.head()
    kind = named_kind(head)
    if kind is None and is_workbook(name, head):
        kind = "a workbook where a text file (csv) was agreed"
    if kind is not None:
        raise FileRefusedError("unreadable", f"The file is {kind}.")
    return file


def read_and_judge(
    content: TextFile | Workbook,
    found: Found,
    mapping: SchemeMapping,
    pseudonymiser: Pseudonymiser,
    *,
    last_day: date,
) -> tuple[Gated, tuple[str, ...]]:
    """Return the verdict on every row of a table, and what to note; raise `FileRefusedError`.

    A text file is read in pieces where its rows can be judged one by one, else whole.
    """
    parts = None if _is_small(content) else parts_of(found.dataset)
    if isinstance(content, Workbook) or parts is None:
        table = read_table(content, found, mapping, last_day=last_day)
        return judge(table, found, pseudonymiser, last_day=last_day), table.notices
    with _or_anothers(content, mapping):
        text = TextTable(content, found.dataset)
        gated = judge_pieces(text, found, parts, pseudonymiser, last_day=last_day)
    _require_whole(text, gated)
    return gated, text.notices


def _is_small(content: TextFile | Workbook) -> bool:
    return isinstance(content, TextFile) and content.size < SMALL_BYTES


@contextmanager
def _or_anothers(content: TextFile | Workbook, mapping: SchemeMapping) -> Iterator[None]:
    """Say so if a file without the columns expected has another scheme's."""
    try:
        yield
    except FileRefusedError as refusal:
        if refusal.rule in {"header_missing", "column_missing", "sheet_missing"}:
            require_not_anothers(content, mapping, refusal)
        raise


def settled(path: Path) -> TextFile:
    """Return a file, of text or not; raise `FileRefusedError` if it is being written meanwhile."""
    file = TextFile(path)
    file.require_settled()
    if path.name.lower().endswith(UNFINISHED):
        detail = "By its name the file is still being copied or downloaded."
        raise FileRefusedError("cut_short", detail)
    return file


def read_table(
    content: TextFile | Workbook, found: Found, mapping: SchemeMapping, *, last_day: date
) -> RawTable:
    """Read one table whole and make sure that it is this scheme's; raise `FileRefusedError`."""
    with _or_anothers(content, mapping):
        table = (
            read_sheet(content, found.dataset, last_day=last_day)
            if isinstance(content, Workbook)
            else read_text(content, found.dataset, last_day=last_day)
        )
    belonging = Belonging(found.dataset, table.header, found.path_values)
    belonging.add(table.cells, table.wrong_width)
    belonging.require(rows_in=table.cells.height)
    return table


def judge(table: RawTable, found: Found, pseudonymiser: Pseudonymiser, *, last_day: date) -> Gated:
    """Replace identifiers, apply the mapping and the contract; raise `FileRefusedError`.

    `last_day`: of the month of delivery; what is dated later lies in the future.
    """
    source = pseudonymise(table, found.dataset, pseudonymiser)
    dating = Dating(source.dates, last_day, source.from_workbook, source.from_1904)
    conformed = conform_rows(source, found.dataset, dating=dating, path_values=found.path_values)
    gated = gate(source, conformed, found.dataset)
    _require_whole(table, gated)
    return gated


def _require_whole(table: RawTable | TextTable, gated: Gated) -> None:
    """Raise `cut_short` if nothing ends the file and its very last cell is refused.

    In a file without a last line end that is where a cut shows when it leaves a full row.
    """
    if not (table.open_end and gated.rows_in):
        return
    ends = {name for name, at in table.header.positions.items() if at == table.header.width - 1}
    faults = gated.faults.filter(index=gated.rows_in - 1)["source"].to_list()
    if ends.intersection(faults):
        detail = f"The file ends in the middle of row {gated.row[-1]}."
        raise FileRefusedError("cut_short", detail, rows_in=gated.rows_in)


def unread_sheets(workbook: Workbook, tables: Iterable[Found]) -> Iterator[str]:
    """Yield the sheets that the mapping does not speak of, or that are the second of their name."""
    left = [sheet_named(workbook, found.dataset.sheet) for found in tables]
    for at, sheet in enumerate(workbook.sheets):
        if at not in left:
            yield "(unnamed)" if looks_like_data(sheet) else told_name(sheet)
