"""Cells, numbers and names made to do harm, drawn from a source of chance."""

from __future__ import annotations

from random import Random

__all__ = ["hostile_cell", "hostile_name", "nhs_number", "written"]

_FORMULAS = ("=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(1)", '=HYPERLINK("http://x","y")', "\t=1")
_MARKS = (
    "\x00",
    "\x01",
    "\x1a",
    "\x7f",
    "\ufeff",
    "\u200b",
    "\u202e",
    "\ufffd",
    "\U0001f600",
    "\u0130",
)
_SHAPES = (
    '"',
    '""',
    "'",
    ",",
    ";",
    "|",
    "\t",
    "\r",
    "\n",
    "\r\n",
    "\x0b",
    "\x0c",
    "\x85",
    "\u2028",
)
_PLAIN = (
    "", " ", "0", "-1", "1e999", "NaN", "null", "#N/A", "TRUE", "9" * 40, "1/1/19", "31/02/2019",
    "29/02/1900", "01/01/0001", "99999", "2019-04-01 00:00:00", "_x0000_", "_x000D_", "&lt;",
    "<!ENTITY a 'b'>", "../../etc/passwd", "%s%n", "{0}", "Total", "é", "Ǆ", "x" * 40_000,
)  # fmt: skip
_GAPS = ("", " ", "-", "\u00a0", "  ", "\u2013", "\u202f", ".", "/")


def nhs_number(chance: Random) -> str:
    """A valid number from the range that is never issued."""
    while True:
        stem = f"999{chance.randrange(10**6):06d}"
        total = sum(int(d) * w for d, w in zip(stem, range(10, 1, -1), strict=True))
        check = (11 - total % 11) % 11
        if check < 10 and stem + str(check) != "9" * 10:
            return stem + str(check)


def written(number: str, chance: Random) -> str:
    """A number as people write it, by itself or among other words."""
    one, two = chance.choice(_GAPS), chance.choice(_GAPS)
    text = f"{number[:3]}{one}{number[3:6]}{two}{number[6:]}"
    before, after = (
        chance.choice(("", "", "NHS:", "(", "x")),
        chance.choice(("", "", ")", " y", ".0")),
    )
    return before + text + after


def hostile_cell(chance: Random, planted: set[str]) -> str:
    """A cell; a number it holds is put among `planted`."""
    kind = chance.randrange(6)
    if kind == 0:
        number = nhs_number(chance)
        planted.add(number)
        return written(number, chance)
    if kind == 1:
        return chance.choice(_FORMULAS)
    if kind == 2:
        return chance.choice(_MARKS).join(("a", "b", "")[: chance.randrange(1, 4)])
    if kind == 3:
        return "x".join(chance.choice(_SHAPES) for _ in range(chance.randrange(1, 4)))
    if kind == 4:
        return "".join(chr(chance.choice((32, 48, 65, 97, 233, 8364))) for _ in range(5))
    return chance.choice(_PLAIN)


def hostile_name(chance: Random, suffix: str, planted: set[str]) -> str:
    """A file's name, which may hold a number, a formula or what leads out of a folder."""
    kind = chance.randrange(6)
    if kind == 0:
        number = nhs_number(chance)
        planted.add(number)
        return f"list {number}{suffix}"
    names = (
        "=cmd",
        "..",
        "a b",
        "....",
        "-rf",
        "ü\u202e",
        "CON",
        "a\nb",
        "%2e%2e",
        "x" * 120,
        "é'\"",
    )
    return f"{chance.choice(names)}{suffix}"
