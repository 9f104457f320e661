"""The contract rows of one file or sheet, held as small as they can be until they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

__all__ = ["ContractRows", "Replaced", "code_column", "with_replaced"]

# column -> the name that comes in its stead, and what makes it
Replaced = Mapping[str, tuple[str, Callable[[pl.Series], pl.Series]]]


def code_column(part: int) -> str:
    """The column of a piece that holds, in place of a part's values, where they stand."""
    return f"__code {part}"


@dataclass(frozen=True, slots=True)
class ContractRows:
    """Rows in pieces, each with `__index`, the source row they were made of.

    A piece holds contract columns as they are, or, for a part n of them, `code_column(n)`: the
    UInt32 number of the row of `values[n]` at which the part's columns stand. A text of 64
    characters then takes four bytes where the same person comes again and again.
    """

    names: Sequence[str]
    pieces: Sequence[pl.DataFrame]
    values: Mapping[int, pl.DataFrame]

    def of(self, index: pl.Series) -> pl.DataFrame:
        """Return the rows made of these source rows."""
        wanted = index.unique().implode()
        return pl.concat(rows.filter(rows["__index"].is_in(wanted)) for rows in self.frames())

    def select(self, *names: str) -> pl.DataFrame:
        """Return `__index` and these columns of all rows."""
        return pl.concat(rows.select("__index", *names) for rows in self.frames())

    def frames(
        self, replaced: Replaced | None = None, *, is_wanted: pl.Series | None = None
    ) -> Iterator[pl.DataFrame]:
        """Yield the pieces with all their columns: `__index`, then the contract's.

        `replaced`: instead of a column, its values as a function gives them, for a text that comes
        again and again but once, under another name. `is_wanted`: a Boolean for each source row.
        """
        replaced = replaced or {}
        values = {part: with_replaced(frame, replaced) for part, frame in self.values.items()}
        names = [replaced[name][0] if name in replaced else name for name in self.names]
        for whole in self.pieces:
            # while they are numbers: texts take longer to leave out
            piece = whole if is_wanted is None else whole.filter(is_wanted.gather(whole["__index"]))
            looked_up = [
                column
                for part, frame in values.items()
                if code_column(part) in piece.columns
                for column in frame[piece[code_column(part)]].iter_columns()
            ]
            yield with_replaced(piece, replaced).with_columns(looked_up).select("__index", *names)


def with_replaced(frame: pl.DataFrame, replaced: Replaced) -> pl.DataFrame:
    """Return the frame with the other columns in place of those it has."""
    if not set(replaced).intersection(frame.columns):
        return frame
    return pl.DataFrame(
        [
            replaced[column.name][1](column).alias(replaced[column.name][0])
            if column.name in replaced
            else column
            for column in frame.iter_columns()
        ]
    )
