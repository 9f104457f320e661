"""What kind a file is by its bytes, where it is none that can be read: a refusal then says it."""

from __future__ import annotations

from typing import Final

__all__ = ["named_kind"]

_ZIP: Final = (b"PK\x03\x04", b"PK\x05\x06")
_OLD_OFFICE: Final = b"\xd0\xcf\x11\xe0"
_ENCRYPTED: Final = "EncryptedPackage".encode("utf-16-le")
_LOOKED_AT: Final = 4096
_NULLS: Final = 4  # every second byte is null in western text of UTF-16; every fourth would tell
_BEGINNINGS: Final = (
    (b"\x1f\x8b", "packed by gzip: unpack it"),
    (b"7z\xbc\xaf", "packed by 7-Zip: unpack it"),
    (b"Rar!\x1a", "packed by RAR: unpack it"),
    (b"%PDF-", "a PDF, from which no table can be read: export it as a table"),
    (b"SQLite format 3", "a database: export its tables"),
    (b"PAR1\x15", "a Parquet file: export it as text (csv)"),
)
_PAGE: Final = (b"<!doctype html", b"<html", b"<table", b"<?xml")
_MARKED: Final = (b"\xff\xfe", b"\xfe\xff")  # of UTF-16, which is read


def named_kind(data: bytes) -> str | None:
    """Return what the bytes are (`a zip archive: unpack it ...`), or None if none of the known."""
    top = data[:_LOOKED_AT]
    for beginning, kind in _BEGINNINGS:
        if top.startswith(beginning):
            return kind
    if top.startswith(_ZIP):
        return _kind_of_zip(data)
    if top.startswith(_OLD_OFFICE):
        locked = _ENCRYPTED in data
        return "locked by a password" if locked else "an old workbook (xls): save it as xlsx"
    if top.lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(_PAGE):
        return "a web page or XML under another name: save it as a table"
    is_wide = top.startswith((b"\xff\xfe\x00\x00", b"\x00\x00\xfe\xff"))
    if is_wide or (not top.startswith(_MARKED) and top.count(0) * _NULLS > len(top)):
        return "text in UTF-32, or in UTF-16 without its mark, or no text: save it as UTF-8"
    return None


def _kind_of_zip(data: bytes) -> str | None:
    if b"mimetypeapplication/vnd.oasis" in data[:_LOOKED_AT]:
        return "an OpenDocument spreadsheet (ods): save it as xlsx"
    if b"xl/workbook.bin" in data:
        return "a binary workbook (xlsb): save it as xlsx"
    is_workbook = b"xl/" in data or b"[Content_Types].xml" in data
    return None if is_workbook else "a zip archive: unpack it into the folder"
