"""The contract rows of one file or sheet, held as small as they can be until they are asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

__all__ = ["ContractRows", "code_column"]


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

    def frames(self) -> Iterator[pl.DataFrame]:
        """Yield the pieces with all their columns: `__index`, then the contract's."""
        for piece in self.pieces:
            looked_up = [
                column
                for part, values in self.values.items()
                if code_column(part) in piece.columns
                for column in values[piece[code_column(part)]].iter_columns()
            ]
            yield piece.with_columns(looked_up).select("__index", *self.names)
