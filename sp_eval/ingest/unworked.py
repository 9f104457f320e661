"""Formulas of a workbook that nobody has worked out: programs write them without their value."""

from __future__ import annotations

import re
import zipfile
import zlib
from io import BytesIO

__all__ = ["with_unworked_told"]

# Excel writes an empty answer with t="str" and an empty value: that one has been worked out
_UNWORKED = re.compile(
    rb"<c((?:\s(?!t\s*=\s*[\"']str[\"'])[^\s<>/]+)*)\s*>\s*"
    rb"(<f(?:\s[^<>]*)?(?:/>|>[^<]*</f>))\s*(?:<v\s*/>|<v>\s*</v>)?\s*</c>"
)
_KIND = re.compile(rb"\st\s*=\s*[\"']\w*[\"']")
_UNREADABLE = (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError)


def with_unworked_told(data: bytes) -> tuple[bytes, int]:
    """Return the workbook with an error wherever a formula has no value, and how many there are.

    Read as they stand they would be blank, though Excel shows a value in them. `data`: an xlsx file
    that unpacks to a bounded size; given back as it is where every formula has its value.
    """
    changed: dict[str, bytes] = {}
    count = 0
    try:
        with zipfile.ZipFile(BytesIO(data)) as parts:
            for name in parts.namelist():
                xml = parts.read(name) if name.startswith("xl/worksheets/") else b""
                if b"<f" in xml:
                    told, found = _UNWORKED.subn(_as_error, xml)
                    if found:
                        changed[name] = told
                        count += found
            return (_rewritten(parts, changed) if changed else data), count
    except _UNREADABLE:
        return data, 0


def _as_error(cell: re.Match[bytes]) -> bytes:
    return b"<c%b t='e'>%b<v>#VALUE!</v></c>" % (_KIND.sub(b"", cell[1]), cell[2])


def _rewritten(parts: zipfile.ZipFile, changed: dict[str, bytes]) -> bytes:
    whole = BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as written:
        for name in dict.fromkeys(parts.namelist()):
            written.writestr(name, changed[name] if name in changed else parts.read(name))
    return whole.getvalue()
