"""Which row of a table nobody knows is its headings: by words known of others, else by contrast."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from sp_eval.ingest.column_look import is_name
from sp_eval.ingest.header import looks_like_data
from sp_eval.ingest.vocabulary import heading_scores, not_known_words

__all__ = ["header_in"]

_TOP: Final = 20
_BELOW: Final = 40  # rows looked at for contrast
_MOST: Final = 0.8  # of the cells of a column, to say what it holds
_LONGEST: Final = 60  # letters of a heading

Row = Sequence[str | None]


def header_in(rows: Sequence[Row]) -> tuple[float, int] | None:
    """(how sure, which of `rows`), or None; a row of known headings goes before any other.

    Where no heading is known, it is the first row of different words, none of them data, that
    has figures below one of them at least.
    """
    at_words = [at for at, row in enumerate(rows[:_TOP]) if _are_words(_cells(row))]
    known = [(_named(_cells(rows[at])), -at) for at in at_words]
    score, at = max(known, default=(0.0, 0))
    if score > 0.0:
        return score, -at
    for at in at_words:
        if contrast := _contrast(_cells(rows[at]), rows[at + 1 : at + 1 + _BELOW]):
            return contrast, at
    return None


def _cells(row: Row) -> list[str]:
    return [(cell or "").strip() for cell in row]


def _are_words(cells: list[str]) -> bool:
    filled = [cell for cell in cells if cell]
    words = [c for c in filled if re.search("[^\\W\\d]", c) and not looks_like_data(c)]
    return len(filled) >= 2 and len(words) >= 0.6 * len(filled) and len(set(filled)) == len(filled)


def _named(cells: list[str]) -> float:
    """How much a row looks like headings: known ones count most, a lone or long text little."""
    filled = [c for c in cells if c and len(c) <= _LONGEST]
    known = sum(1 for c in filled if any(column or of for of, column in heading_scores(c)))
    return known + len(filled) * 0.01 if known >= 2 or 2 * known >= len(filled) else 0.0


def _contrast(cells: list[str], below: Sequence[Row]) -> float:
    """0, or less than 1: a row of words where those below have figures; the wider the surer."""
    filled = [at for at, cell in enumerate(cells) if cell]
    if any(_may_be_data(cells[at]) for at in filled):
        return 0.0
    under = [_cells(row) for row in below]
    if any(cell for row in under for cell in row[len(cells) :]):
        return 0.0  # a title: the rows below have more fields than it
    figures = 0
    for at in range(len(cells)):
        held = [row[at] for row in under if at < len(row) and row[at]]
        has_figures = sum(1 for cell in held if re.search("[0-9]", cell)) >= _MOST * len(held)
        if held and has_figures and not cells[at]:
            return 0.0
        figures += bool(held) and has_figures and not re.search("[0-9]", cells[at])
    return min(0.9, 0.01 * len(filled)) if figures else 0.0


def _may_be_data(cell: str) -> bool:
    return (
        len(cell) > _LONGEST or looks_like_data(cell) or is_name(cell)
        or cell.casefold() in not_known_words()
    )  # fmt: skip
