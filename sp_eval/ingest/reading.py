"""One table from opening its file to the verdict on every row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path

from sp_eval.contracts.scheme_mapping import SchemeMapping
from sp_eval.ingest.conform import conform_rows
from sp_eval.ingest.folder import UNFINISHED, Found
from sp_eval.ingest.gate import Gated, gate
from sp_eval.ingest.header import looks_like_data
from sp_eval.ingest.identity import Pseudonymiser
from sp_eval.ingest.parse import Dating
from sp_eval.ingest.raw import RawTable, read_sheet, read_text
from sp_eval.ingest.refusal import FileRefusedError
from sp_eval.ingest.source import pseudonymise, require_own_scheme
from sp_eval.ingest.stranger import require_not_anothers
from sp_eval.ingest.workbook import Workbook, is_workbook, open_workbook

__all__ = ["judge", "opened", "read_table", "read_whole", "unread_sheets"]

_BLANK = b" \t\r\n\x00\xef\xbb\xbf\xff\xfe"


def opened(name: str, data: bytes, *, in_sheets: bool) -> bytes | Workbook:
    """Return the bytes of a text file, or the opened workbook; raise `FileRefusedError`."""
    if not data.strip(_BLANK):
        raise FileRefusedError("empty_file")
    if in_sheets:
        return open_workbook(data)
    if is_workbook(name, data):
        detail = "The file is a workbook where a text file (csv) was agreed."
        raise FileRefusedError("unreadable", detail)
    return data


def read_whole(path: Path) -> bytes:
    """Return the bytes of a file; raise `FileRefusedError` if it is being written meanwhile."""
    before = path.stat()
    data = path.read_bytes()
    after = path.stat()
    written = (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns)
    if written or len(data) != after.st_size:
        detail = "The file was still being written while it was read."
        raise FileRefusedError("cut_short", detail)
    if path.name.lower().endswith(UNFINISHED):
        detail = "By its name the file is still being copied or downloaded."
        raise FileRefusedError("cut_short", detail)
    return data


def read_table(
    content: bytes | Workbook, found: Found, mapping: SchemeMapping, *, last_day: date
) -> RawTable:
    """Read one table and make sure that it is this scheme's; raise `FileRefusedError`."""
    try:
        table = (
            read_sheet(content, found.dataset, last_day=last_day)
            if isinstance(content, Workbook)
            else read_text(content, found.dataset, last_day=last_day)
        )
    except FileRefusedError as refusal:
        if refusal.rule in {"header_missing", "column_missing", "sheet_missing"}:
            require_not_anothers(content, mapping, refusal)
        raise
    require_own_scheme(table, found.dataset, found.path_values)
    return table


def judge(table: RawTable, found: Found, pseudonymiser: Pseudonymiser, *, last_day: date) -> Gated:
    """Replace identifiers, apply the mapping and the contract; raise `FileRefusedError`.

    `last_day`: of the month of delivery; what is dated later lies in the future.
    """
    source = pseudonymise(table, found.dataset, pseudonymiser)
    dating = Dating(source.dates, last_day, source.from_workbook)
    conformed = conform_rows(source, found.dataset, dating=dating, path_values=found.path_values)
    gated = gate(source, conformed, found.dataset)
    if table.open_end and _ends_in_fault(table, gated):
        detail = f"The file ends in the middle of row {table.row[-1]}."
        raise FileRefusedError("cut_short", detail, rows_in=gated.rows_in)
    return gated


def _ends_in_fault(table: RawTable, gated: Gated) -> bool:
    """Tell whether the very last cell is refused.

    In a file without a last line end that is where a cut shows when it leaves a full row.
    """
    ends = {name for name, at in table.header.positions.items() if at == table.header.width - 1}
    faults = gated.faults.filter(index=gated.row.len() - 1)["source"].to_list()
    return bool(ends.intersection(faults))


def unread_sheets(workbook: Workbook, tables: Iterable[Found]) -> Iterator[str]:
    """Yield the sheets that the mapping does not speak of."""
    agreed = {(found.dataset.sheet or "").strip().casefold() for found in tables}
    for sheet in workbook.sheets:
        if sheet.strip().casefold() not in agreed:
            yield "(unnamed)" if looks_like_data(sheet) else sheet
