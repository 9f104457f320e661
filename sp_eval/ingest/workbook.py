"""Workbooks: every cell as text, rows numbered as Excel numbers them."""

from __future__ import annotations

import re
import zipfile
import zlib
from io import BytesIO

import fastexcel
import polars as pl

from sp_eval.ingest.extent import require_modest
from sp_eval.ingest.kind import named_kind
from sp_eval.ingest.refusal import FileRefusedError
from sp_eval.ingest.unworked import with_unworked_told

__all__ = ["Workbook", "is_workbook", "open_workbook"]

_ERROR_TEXT = "#ERROR"
_MOST_UNPACKED = 1 << 30  # a sheet with every row filled in twenty columns takes about half
_BEST_PACKING = 1032  # no stream of deflate unpacks to more than so many times its size
_PIECE = 1 << 20
_ANOTHER_KIND = (
    "The file is not a workbook that can be opened (a password, or another kind than xlsx?)."
)
_FROM_1904 = re.compile(rb"<(?:\w+:)?workbookPr[^>]*\sdate1904\s*=\s*[\"'](?:1|true|on)[\"']")
_UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    OSError,
    ValueError,
    RuntimeError,
    KeyError,
)
_LOCAL_HEADER = 30  # bytes before the name of a part; APPNOTE 4.3.7


def is_workbook(name: str, data: bytes) -> bool:
    """Tell a workbook from a text file by its name, or by what it holds."""
    return name.lower().endswith((".xlsx", ".xlsm", ".xls", ".xlsb", ".ods")) or data.startswith(
        (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
    )


class Workbook:
    """An opened workbook; `sheets` are its sheet names in order.

    `unworked` counts formulas without a value; `from_1904`: a bare number stands for a day counted
    from 1904 (true dates are told apart by the reader).
    """

    def __init__(
        self, reader: fastexcel.ExcelReader, *, unworked: int = 0, from_1904: bool = False
    ) -> None:
        self._reader = reader
        self.unworked = unworked
        self.from_1904 = from_1904
        self.sheets: tuple[str, ...] = tuple(reader.sheet_names)

    def cells(self, sheet: str) -> pl.DataFrame:
        """Return the sheet as text columns `c0`, `c1`, ...; its n-th row is row n in Excel.

        True dates read `YYYY-MM-DD HH:MM:SS`, numbers as their digits. A cell with an error
        (`#N/A`), or a formula nobody has worked out, holds the text `#ERROR`, so that a rule
        speaks of it instead of nobody.
        """
        try:
            # skip_rows: without it, empty rows at the top are left out and all numbers shift
            loaded = self._reader.load_sheet(sheet, header_row=None, dtypes="string", skip_rows=0)
            batch, errors = loaded.to_arrow_with_errors()
        except Exception:  # noqa: BLE001  (fastexcel's errors may quote a cell: none gets out)
            detail = f"The sheet '{sheet}' cannot be read: the workbook is damaged."
            raise FileRefusedError("unreadable", detail) from None
        frame = pl.from_arrow(batch)
        assert isinstance(frame, pl.DataFrame)  # noqa: S101  (a record batch makes a frame)
        frame.columns = [f"c{number}" for number in range(frame.width)]
        for error in errors.errors if errors else ():
            row, column = error.position
            frame[row, column] = _ERROR_TEXT
        return frame


def open_workbook(data: bytes) -> Workbook:
    """Open a workbook, or raise `FileRefusedError`: `cut_short` or `unreadable`."""
    unworked, from_1904 = 0, False
    if data.startswith(b"PK") and _unpacked_exceeds(data, _MOST_UNPACKED):
        detail = f"The workbook unpacks to more than {_MOST_UNPACKED >> 20:,} megabytes."
        raise FileRefusedError("unreadable", detail)
    if data.startswith(b"PK") and zipfile.is_zipfile(BytesIO(data)):
        _require_xlsx(data)
        require_modest(data)
        data, unworked = with_unworked_told(data)
        from_1904 = _counts_from_1904(data)
    elif not data.startswith(b"PK"):
        raise _another_kind(data)
    try:
        return Workbook(fastexcel.read_excel(data), unworked=unworked, from_1904=from_1904)
    except Exception:  # noqa: BLE001  (fastexcel's errors may quote a cell: none gets out)
        if data.startswith(b"PK") and not zipfile.is_zipfile(BytesIO(data)):
            raise FileRefusedError(
                "cut_short", "The workbook is not whole: its end is missing."
            ) from None
        raise _another_kind(data) from None


def _another_kind(data: bytes) -> FileRefusedError:
    kind = named_kind(data)
    return FileRefusedError("unreadable", f"The file is {kind}." if kind else _ANOTHER_KIND)


def _require_xlsx(data: bytes) -> None:
    """Raise unless it is of the one kind whose size can be told before it is read."""
    try:
        with zipfile.ZipFile(BytesIO(data)) as parts:
            names = set(parts.namelist())
    except (zipfile.BadZipFile, ValueError, RuntimeError):
        names = set()
    if "xl/workbook.xml" not in names or names & {"xl/workbook.bin", "content.xml"}:
        raise _another_kind(data)


def _counts_from_1904(data: bytes) -> bool:
    try:
        with zipfile.ZipFile(BytesIO(data)) as parts:
            return bool(_FROM_1904.search(parts.read("xl/workbook.xml")))
    except _UNREADABLE:
        return False


def _unpacked_exceeds(data: bytes, limit: int) -> bool:
    """Whether the parts of a zip file come to more; unpacked to see, since it may say anything.

    What cannot be unpacked is left to the reader of workbooks to refuse.
    """
    if len(data) * _BEST_PACKING <= limit:
        return False
    try:
        with zipfile.ZipFile(BytesIO(data)) as parts:
            listed = parts.infolist()
        total = 0
        for part in listed:
            total += _unpacked(data, part, limit - total)
            if total > limit:
                return True
    except (zipfile.BadZipFile, zlib.error, ValueError, IndexError):
        return False
    return False


def _unpacked(data: bytes, part: zipfile.ZipInfo, limit: int) -> int:
    """The bytes a part unpacks to, whatever size it bears; counted to little more than `limit`."""
    if part.compress_type != zipfile.ZIP_DEFLATED:
        return part.compress_size
    head = data[part.header_offset : part.header_offset + _LOCAL_HEADER]
    start = part.header_offset + _LOCAL_HEADER + head[26] + head[28] + 256 * (head[27] + head[29])
    packed = memoryview(data)[start : start + part.compress_size]
    stream, total = zlib.decompressobj(-zlib.MAX_WBITS), 0
    for at in range(0, len(packed), _PIECE):
        piece: bytes | memoryview = packed[at : at + _PIECE]
        while piece and total <= limit:
            total += len(stream.decompress(piece, _PIECE))
            piece = stream.unconsumed_tail
    return total
