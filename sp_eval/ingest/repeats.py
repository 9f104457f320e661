"""Exact duplicates across a whole file that is never held whole."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from sp_eval.ingest.rows import Rows

__all__ = ["Repeats", "cells_again"]

_AT_ONCE: Final = 2_000_000  # rows whose cells are compared in one pass over the file
_BETWEEN = "\x1f"


class Repeats:
    """Finds rows equal in all cells to an earlier one, by hash first and then by their cells.

    Of each row eight bytes are kept. Rows whose hashes meet are compared cell by cell, so that two
    different rows are never taken for one, whatever the hash.
    """

    def __init__(self, width: int) -> None:
        """`width`: fields of the header; rows of another width only equal rows of another width."""
        self._width = width
        self._hashes: list[pl.Series] = []

    def add(self, rows: Rows) -> None:
        """Note the next rows of the file."""
        hashes = rows.cells.select(pl.nth(range(self._width))).hash_rows()
        if rows.wrong_width.any():
            # cells beyond the last filled one are there or not, as the widest row of a piece has it
            text = pl.concat_str(pl.all(), separator=_BETWEEN).str.strip_chars_end(_BETWEEN)
            other = rows.cells.select(text.hash()).to_series()
            hashes = hashes.zip_with(~rows.wrong_width, other)
        self._hashes.append(hashes)

    def found(self, again: Callable[[], Iterator[pl.DataFrame]]) -> pl.Series:
        """Return a Boolean for each row added.

        `again` yields the same rows once more, as frames in which rows are equal if they are so
        in the file; a column that only some frames have holds '' in the others.
        """
        hashes = pl.concat([pl.Series([], dtype=pl.UInt64), *self._hashes])
        ordered = hashes.sort().to_numpy()  # on all cores
        meeting = np.unique(ordered[1:][ordered[1:] == ordered[:-1]])
        del ordered
        repeated = np.zeros(len(hashes), dtype=bool)
        if len(meeting):
            doubtful = hashes.is_in(pl.Series(meeting).implode())
            passes = 1 + int(doubtful.sum()) // _AT_ONCE
            for group in np.array_split(meeting, passes):
                alike = doubtful if passes == 1 else hashes.is_in(pl.Series(group).implode())
                repeated[_compared(alike, again())] = True
        return pl.Series("duplicate", repeated)


def cells_again(pieces: Iterable[Rows]) -> Iterator[pl.DataFrame]:
    """Yield rows as `Repeats.found` compares them: their cells, and whether of a wrong width."""
    for rows in pieces:
        yield rows.cells.with_columns(rows.wrong_width)


def _compared(alike: pl.Series, frames: Iterator[pl.DataFrame]) -> NDArray[np.uint32]:
    """Return the places of rows that equal an earlier one, among those marked."""
    kept, offset = [], 0
    for frame in frames:
        marked = alike.slice(offset, frame.height)
        offset += frame.height
        kept.append(frame.filter(marked))
    rows = pl.concat(kept, how="diagonal").with_columns(pl.col(pl.String).fill_null(""))
    is_first = rows.select(pl.struct(pl.all()).is_first_distinct()).to_series()
    return alike.arg_true().filter(~is_first).to_numpy()
