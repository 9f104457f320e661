"""Texts numbered in the order in which they are first met, however many rows they come in."""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

__all__ = ["TextCounts", "TextNumbers"]

_FIRST_BITS: Final = 12
_SLOTS_A_TEXT: Final = 8  # one text in sixteen then finds its slot taken
_TURNS = tuple(  # odd, so that each turn leads the same hash to another slot
    np.uint64(odd) for odd in (1, 0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F)
)


class TextNumbers:
    """A number for each text, from 0, the same one whenever the text comes again.

    A text's hash leads to a slot, the slot to a number, the number to the text that bears it, and
    that is compared: texts whose hashes meet are never taken for one. A text whose slot another
    has gets one in the next turn, by other bits of its hash; the few that find none in the last
    turn are joined by their text.
    """

    def __init__(self) -> None:
        self.texts = pl.Series("text", [], dtype=pl.String)
        self._bits = _FIRST_BITS
        self._slots = self._empty()
        self._displaced = pl.DataFrame(schema={"text": pl.String, "number": pl.UInt32})

    def __len__(self) -> int:
        return self.texts.len()

    def of(self, texts: pl.Series) -> pl.Series:
        """Return the UInt32 number of each text; none is null."""
        if not len(self):
            return pl.Series("number", self._of_others(texts))
        hashes = texts.hash().to_numpy()
        numbers, left = self._looked_up(texts, hashes, 0)
        for turn in range(1, len(_TURNS)):
            if len(left):
                numbers[left], wrong = self._looked_up(texts.gather(left), hashes[left], turn)
                left = left[wrong]
        if len(left):
            numbers[left] = self._of_others(texts.gather(left))
        return pl.Series("number", numbers)

    def _looked_up(
        self, texts: pl.Series, hashes: NDArray[np.uint64], turn: int
    ) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
        """Return the numbers to which the slots of a turn lead, and where another text bears it."""
        numbers = self._slots[turn].take(self._slot(hashes, turn), mode="clip")
        is_wrong = self.texts.gather(pl.Series(numbers)) != texts
        return numbers, is_wrong.arg_true().to_numpy()

    def _of_others(self, texts: pl.Series) -> NDArray[np.uint32]:
        """Return the numbers of texts that are new, or have no slot."""
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
        if len(self) * _SLOTS_A_TEXT > 1 << self._bits:
            while len(self) * _SLOTS_A_TEXT > 1 << self._bits:
                self._bits += 1
            self._slots = self._empty()
            new = self.texts
            self._displaced = self._displaced.clear()
        numbers = np.arange(len(self) - new.len(), len(self), dtype=np.uint32)
        hashes, first = new.hash().to_numpy(), self.texts.head(1).hash().to_numpy()
        for turn, table in enumerate(self._slots):
            slots = self._slot(hashes, turn)
            # 0 stands in an empty slot, too
            is_free = (table[slots] == 0) & (slots != self._slot(first, turn))
            table[slots[is_free]] = numbers[is_free]
            is_displaced = table[slots] != numbers
            hashes, numbers = hashes[is_displaced], numbers[is_displaced]
        more = pl.DataFrame({"text": self.texts.gather(pl.Series(numbers)), "number": numbers})
        self._displaced = pl.concat([self._displaced, more])

    def _empty(self) -> tuple[NDArray[np.uint32], ...]:
        return tuple(np.zeros(1 << self._bits, dtype=np.uint32) for _ in _TURNS)

    def _slot(self, hashes: NDArray[np.uint64], turn: int) -> NDArray[np.int64]:
        spread = hashes * _TURNS[turn] if turn else hashes
        return (spread >> np.uint64(64 - self._bits)).view(np.int64)


class TextCounts:
    """How often each text was met."""

    def __init__(self) -> None:
        self._numbers = TextNumbers()
        self._counts = np.zeros(0, dtype=np.int64)

    def __len__(self) -> int:
        return len(self._numbers)

    def add(self, texts: pl.Series) -> None:
        """Count some texts; none is null."""
        numbers = self._numbers.of(texts).to_numpy()
        counts = np.bincount(numbers, minlength=len(self._numbers))
        counts[: len(self._counts)] += self._counts
        self._counts = counts

    def counted(self) -> pl.DataFrame:
        """Return `text` (String), `count` (Int64) of each text met."""
        return pl.DataFrame([self._numbers.texts, pl.Series("count", self._counts)])
