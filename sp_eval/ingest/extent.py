"""How much a workbook would fill when it is read: told before the reader of workbooks sees it.

That reader lays out every cell of the box around a sheet's filled cells, and writes out a shared
text wherever it is used. A few bytes can so ask for more memory than any machine has, and the whole
process would be ended.
"""

from __future__ import annotations

import hashlib
import re
import zipfile
import zlib
from collections import deque
from io import BytesIO
from itertools import pairwise

import numpy as np

from sp_eval.ingest.refusal import FileRefusedError

__all__ = ["require_modest"]

_UNREADABLE = (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError)
_MOST_CELLS = 1 << 25  # every row of a sheet, filled in 32 columns
_MOST_TEXT = 1 << 31
# a workbook is opened anew for each of its sheets and for the reply; looked at once is enough
_HELD_BEFORE: deque[bytes] = deque(maxlen=16)
_PLAIN = re.compile(rb'<c r="[A-Z]{1,3}[0-9]{1,7}"')
_WIDE = re.compile(rb'<c r="([A-Z]{2,3})[0-9]+"(?![^>]*/>)')
_FAR = re.compile(rb'<c r="[A-Z]+([0-9]{7})"(?![^>]*/>)')
_EACH = re.compile(rb'<c r="[A-Z]+([0-9]+)"(?![^>]*/>)')
_LETTERS = re.compile(rb"\br\s*=\s*[\"']\s*([A-Za-z]{1,9})[0-9]")
_NUMBERS = re.compile(rb"\br\s*=\s*[\"']\s*[A-Za-z]{0,9}([0-9]{1,12})")
_SHARED = re.compile(rb"<(?:[\w.-]+:)?si[\s/>]")
_USED = re.compile(rb"\bt\s*=\s*[\"']s[\"'][^>]*>\s*<(?:[\w.-]+:)?v>\s*([0-9]{1,9})")


def require_modest(data: bytes) -> None:
    """Raise `FileRefusedError` (`unreadable`) unless the workbook's sheets can be held.

    `data`: an xlsx file that unpacks to a bounded size. Parts that cannot be unpacked are left to
    the reader of workbooks to refuse.
    """
    known = hashlib.sha256(data).digest()
    if known in _HELD_BEFORE:
        return
    texts: list[int] = []
    used: list[np.ndarray] = []
    with zipfile.ZipFile(BytesIO(data)) as parts:
        for part in parts.infolist():
            try:
                xml = parts.read(part)
            except _UNREADABLE:
                continue
            if _box(xml) > _MOST_CELLS:
                detail = (
                    "A filled cell stands so far from the others that the sheet cannot be held:"
                    " delete the rows and columns beyond the table."
                )
                raise FileRefusedError("unreadable", detail)
            if b"si" in xml:
                starts = [found.start() for found in _SHARED.finditer(xml)]
                texts += [end - start for start, end in pairwise([*starts, len(xml)])]
            if b'"s"' in xml or b"'s'" in xml:
                used.append(np.array([int(n) for n in _USED.findall(xml)], dtype=np.int64))
    if texts and used and _written_out(np.array(texts), used) > _MOST_TEXT:
        detail = "The texts of the workbook come to over 2,048 megabytes."
        raise FileRefusedError("unreadable", detail)
    _HELD_BEFORE.append(known)


def _written_out(texts: np.ndarray, used: list[np.ndarray]) -> int:
    """Bytes of shared texts when each stands in every cell that uses it."""
    if int(texts.max()) * sum(map(len, used)) <= _MOST_TEXT:
        return 0
    return sum(int(texts[at[at < len(texts)]].sum()) for at in used)


def _box(xml: bytes) -> int:
    """Cells of the box around the filled cells of a sheet, or a number known to be no less."""
    cells = sum(xml.count(b"<c" + mark) for mark in (b" ", b">", b"/", b"\n", b"\r", b"\t"))
    if cells != xml.count(b'<c r="') or len(_PLAIN.findall(xml)) != cells or b":c" in xml:
        return _most_box(xml)
    columns = max((_number(letters) for letters in set(_WIDE.findall(xml))), default=26)
    rows = max(map(int, _FAR.findall(xml)), default=999_999)
    if columns * rows > _MOST_CELLS:
        rows = max((int(found[1]) for found in _EACH.finditer(xml)), default=0)
    return columns * rows


def _most_box(xml: bytes) -> int:
    """The most it can be where cells do not all say where they stand in the usual way."""
    longest = max(row.count(b"<c") + row.count(b":c") for row in xml.split(b"row"))
    columns = max((_number(letters) for letters in set(_LETTERS.findall(xml))), default=0)
    rows = max(map(int, set(_NUMBERS.findall(xml))), default=0)
    return (columns + longest) * (rows + xml.count(b"row"))


def _number(letters: bytes) -> int:
    """A column's number from its letters: A is 1, AA is 27."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number
