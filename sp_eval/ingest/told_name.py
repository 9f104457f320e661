"""Names of files, folders and sheets as they may be told, written down and shown in a terminal."""

from __future__ import annotations

import unicodedata

from sp_eval.ingest.identity import without_numbers

__all__ = ["told_name"]

_FIRST_SURROGATE = 0xDC00  # a byte of a name that is no UTF-8 is read as this and itself (PEP 383)


def told_name(name: str) -> str:
    r"""Return the name without NHS numbers, and with all that is no sign to be seen written out.

    Line ends, codes that steer a terminal, marks that turn the direction of writing, and bytes
    that are no text (`\xe9`) would otherwise mislead the reader, or fit into no database.
    """
    return without_numbers("".join(_seen(sign) for sign in name))


def _seen(sign: str) -> str:
    if not unicodedata.category(sign).startswith("C") and sign not in "\u2028\u2029":
        return sign
    if "\udc80" <= sign <= "\udcff":
        return f"\\x{ord(sign) - _FIRST_SURROGATE:02x}"
    return sign.encode("unicode_escape").decode("ascii")
