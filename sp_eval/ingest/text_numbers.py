"""Texts numbered in the order in which they are first met, however many rows they come in."""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

__all__ = ["TextNumbers"]

_FIRST_BITS: Final = 12
_SLOTS_A_TEXT: Final = 8  # one text in sixteen then finds its slot taken


class TextNumbers:
    """A number for each text, from 0, the same one whenever the text comes again.

    The first bits of a text's hash lead to a slot, the slot to a number, the number to the text
    that bears it, and that is compared: texts whose hashes meet are never taken for one. The few
    whose slot another has are joined by their text.
    """

    def __init__(self) -> None:
        self.texts = pl.Series("text", [], dtype=pl.String)
        self._bits = _FIRST_BITS
        self._slots = np.zeros(1 << self._bits, dtype=np.uint32)
        self._displaced = pl.DataFrame(schema={"text": pl.String, "number": pl.UInt32})

    def __len__(self) -> int:
        return self.texts.len()

    def of(self, texts: pl.Series) -> pl.Series:
        """Return the UInt32 number of each text; none is null."""
        numbers = self._slots[self._slot(texts)]
        if len(self):
            is_wrong = self.texts.gather(pl.Series(numbers)) != texts
            wrong = is_wrong.arg_true().to_numpy()
        else:
            wrong = np.arange(texts.len())
        if len(wrong):
            numbers[wrong] = self._of_others(texts.gather(wrong))
        return pl.Series("number", numbers)

    def _of_others(self, texts: pl.Series) -> NDArray[np.uint32]:
        """Return the numbers of texts that are new, or whose slot another has."""
        asked = texts.alias("text").to_frame()
        new = asked.unique(maintain_order=True).join(
            self._displaced, on="text", how="anti", maintain_order="left"
        )
        numbered = new.select("text", number=pl.int_range(pl.len(), dtype=pl.UInt32) + len(self))
        known = pl.concat([self._displaced, numbered])
        self._add(new["text"])
        found = asked.join(known, on="text", how="left", maintain_order="left")
        return found["number"].to_numpy()

    def _add(self, new: pl.Series) -> None:
        if not new.len():
            return
        self.texts = pl.concat([self.texts, new.alias("text")]).rechunk()
        if len(self) * _SLOTS_A_TEXT > len(self._slots):
            while len(self) * _SLOTS_A_TEXT > len(self._slots):
                self._bits += 1
                self._slots = np.zeros(1 << self._bits, dtype=np.uint32)
            new = self.texts
            self._displaced = self._displaced.clear()
        numbers = np.arange(len(self) - new.len(), len(self), dtype=np.uint32)
        slots = self._slot(new)
        # 0 stands in an empty slot, too
        is_free = (self._slots[slots] == 0) & (slots != self._slot(self.texts.head(1)))
        self._slots[slots[is_free]] = numbers[is_free]
        is_displaced = self._slots[slots] != numbers
        texts = new.filter(pl.Series(is_displaced))
        more = pl.DataFrame({"text": texts, "number": numbers[is_displaced]})
        self._displaced = pl.concat([self._displaced, more])

    def _slot(self, texts: pl.Series) -> NDArray[np.uint64]:
        return texts.hash().to_numpy() >> np.uint64(64 - self._bits)
