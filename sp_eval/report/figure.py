"""A printed figure and the row it comes from; sentences made of words and such figures.

In HTML every figure carries its source, so that a test can look each of them up again; in other
forms it is its text.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from string import Formatter
from typing import Any, Literal

from markupsafe import Markup, escape

__all__ = ["Figure", "Sentence", "Source", "listed", "number", "say", "text", "total"]

Kind = Literal["number", "text", "part", "date", "month"]
_MINUS = "\u2212"
_ABSENT = "not shown"


@dataclass(frozen=True, slots=True)
class Source:
    """Where a figure stands: `column` of the rows of `published.<table>` that have `key`.

    `column` may be an SQL aggregate over those rows. The figure printed is
    `offset + scale * value`.
    """

    table: str
    key: tuple[tuple[str, Any], ...]
    column: str
    scale: float = 1.0
    offset: float = 0.0

    def as_data(self) -> dict[str, Any]:
        key = {name: _plain(value) for name, value in self.key}
        found: dict[str, Any] = {"table": self.table, "key": key, "column": self.column}
        if self.scale != 1.0:
            found["scale"] = self.scale
        if self.offset:
            found["offset"] = self.offset
        return found


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure as printed.

    `value` is rounded to `decimals`, and None where the release hides it or holds none. A figure
    with `terms` is the sum of other printed figures, each with its sign. `is_bare` prints it
    without its sign, where words say "fewer" or "more". `of_part` and `kind` say how its text
    relates to the row: equal, part of it, or a date written out.
    """

    text: str
    value: float | None
    source: Source | None = None
    terms: tuple[tuple[int, Figure], ...] = ()
    decimals: int = 0
    is_bare: bool = False
    kind: Kind = "number"

    def __str__(self) -> str:
        return self.text

    def __html__(self) -> str:
        attributes: dict[str, str] = {}
        if self.source is not None:
            for name, value in self.source.as_data().items():
                attributes[name] = value if isinstance(value, str) else _json(value)
        if self.terms:
            attributes["terms"] = _json([[sign, _term(one)] for sign, one in self.terms])
        if self.kind != "number":
            attributes["kind"] = self.kind
        if self.decimals:
            attributes["decimals"] = str(self.decimals)
        if self.is_bare:
            attributes["bare"] = "1"
        written = "".join(f' data-{name}="{escape(v)}"' for name, v in attributes.items())
        return Markup(f'<span class="n"{written}>{escape(self.text)}</span>')  # noqa: S704

    @property
    def is_shown(self) -> bool:
        return self.value is not None or self.kind in ("text", "part", "date", "month")

    def bare(self) -> Figure:
        """The same without its sign."""
        return replace(self, text=_number(self.value, self.decimals, bare=True), is_bare=True)


def number(value: object, source: Source, *, decimals: int = 0) -> Figure:
    """The figure of a value of a row, rounded."""
    if value is None:
        return Figure(_ABSENT, None, source, decimals=decimals)
    shown = _rounded(source.offset + source.scale * float(str(value)), decimals)
    return Figure(_number(shown, decimals), shown, source, decimals=decimals)


def text(value: object, source: Source, *, shown: str | None = None) -> Figure:
    """A text of a row; `shown` is the part of it that is printed, or the date written out."""
    if isinstance(value, date | datetime):
        return Figure(f"{value.day} {value:%B %Y}", None, source, kind="date")
    if value is None:
        return Figure("", None, source, kind="text")
    if shown is None:
        return Figure(str(value), None, source, kind="text")
    return Figure(shown, None, source, kind="part")


def total(*terms: tuple[int, Figure], source: Source | None = None) -> Figure:
    """The sum of printed figures, so that whoever adds them up gets the same.

    `source`: the row it stands for, within one unit of the last place printed.
    """
    decimals = max(figure.decimals for _, figure in terms)
    values = [figure.value for _, figure in terms]
    if any(value is None for value in values):
        return Figure(_ABSENT, None, source, terms, decimals)
    added = sum(sign * figure.value for sign, figure in terms if figure.value is not None)
    shown = _rounded(added, decimals)
    return Figure(_number(shown, decimals), shown, source, terms, decimals)


@dataclass(frozen=True, slots=True)
class Sentence:
    """Words and figures in order; as text or as HTML."""

    parts: tuple[str | Figure | Sentence, ...]

    def __str__(self) -> str:
        return "".join(str(part) for part in self.parts)

    def __html__(self) -> str:
        return Markup("").join(
            escape(part) if isinstance(part, str) else Markup(part.__html__())  # noqa: S704
            for part in self.parts
        )

    def __bool__(self) -> bool:
        return bool(str(self))


def say(words: str, **figures: Figure | Sentence | str) -> Sentence:
    """Fill `{names}` in words with figures, which keep where they come from."""
    parts: list[str | Figure | Sentence] = []
    for literal, name, _, _ in Formatter().parse(words):
        if literal:
            parts.append(literal)
        if name is not None:
            parts.append(figures[name])
    return Sentence(tuple(parts))


def listed(items: Sequence[Figure | Sentence | str], last: str = "and") -> Sentence:
    """One, two and three."""
    parts: list[str | Figure | Sentence] = []
    for place, item in enumerate(items):
        if place:
            parts.append(f" {last} " if place == len(items) - 1 else ", ")
        parts.append(item)
    return Sentence(tuple(parts))


def _term(figure: Figure) -> dict[str, Any]:
    if figure.source is None or figure.terms:
        raise ValueError("a term must be a figure of one row")
    return figure.source.as_data() | {"decimals": figure.decimals}


def _rounded(value: float, decimals: int) -> float:
    return round(value, decimals) + 0.0  # no minus nought


def _number(value: float | None, decimals: int, *, bare: bool = False) -> str:
    if value is None:
        return _ABSENT
    written = f"{abs(value):,.{decimals}f}"
    return written if bare or value >= 0 else _MINUS + written


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, date | datetime) else value


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
