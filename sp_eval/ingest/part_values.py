"""What a part of a mapping makes of rows, worked out once for each text that is met again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import polars as pl

from sp_eval.ingest.conform import Conformed
from sp_eval.ingest.fault import FAULTS
from sp_eval.ingest.parts import Part
from sp_eval.ingest.text_numbers import TextNumbers

__all__ = ["TOLD", "Answer", "PartValues"]

_MOST_TEXTS: Final = 1 << 20  # more different texts than that are not met again, and fill memory
TOLD = {name: FAULTS[name] for name in ("index", "source", "rule")}


@dataclass(frozen=True, slots=True)
class Answer:
    """What a part says of some rows, or of some texts, in their order.

    `values`: the contract columns. `faults`: `index, source, rule`; `folded`: index of those that
    only belong to another row (UInt32); both from 0.
    """

    values: pl.DataFrame
    faults: pl.DataFrame
    folded: pl.Series


class PartValues:
    """The answers of one part, worked out by the text of its source column if it has just one."""

    def __init__(self, part: Part, conform: Callable[[pl.DataFrame], Conformed]) -> None:
        """`conform` works out the part for a frame of its source columns, as they stand."""
        self._part, self._conform = part, conform
        self._numbers = TextNumbers()

    @property
    def is_by_text(self) -> bool:
        """Whether it hangs on one source column at most."""
        return len(self._part.sources) < 2

    def codes(self, cells: pl.DataFrame) -> pl.Series | None:
        """Return the number of the text of each row (UInt32), given its source columns.

        None where rows must be worked out one by one: several columns, or too many texts.
        """
        if not self._part.sources:
            return pl.repeat(0, cells.height, dtype=pl.UInt32, eager=True)
        if not self.is_by_text or len(self._numbers) > _MOST_TEXTS:
            return None
        return self._numbers.of(cells[self._part.sources[0]])

    def of_texts(self) -> Answer:
        """Answer for the texts met, in the order of their numbers."""
        if not self._part.sources:
            return self.of_rows(pl.DataFrame({"c0": [""]}))
        texts = self._numbers.texts.alias(self._part.sources[0])
        return self.of_rows(texts.to_frame())

    def of_rows(self, cells: pl.DataFrame) -> Answer:
        """Answer for rows, given their source columns as they stand in the file."""
        made = self._conform(cells)
        values = made.rows
        if made.folded.len():
            index = pl.int_range(cells.height, dtype=pl.UInt32, eager=True).alias("__index")
            values = index.to_frame().join(values, on="__index", how="left", maintain_order="left")
        faults = made.faults.select(list(TOLD))
        return Answer(values.drop("__index"), faults, made.folded.cast(pl.UInt32))
