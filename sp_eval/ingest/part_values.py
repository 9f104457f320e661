"""What a part of a mapping makes of rows, worked out once for each text that is met again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import polars as pl

from sp_eval.ingest.conform import Conformed
from sp_eval.ingest.fault import FAULTS
from sp_eval.ingest.parts import Part

__all__ = ["Answer", "PartValues"]

_MOST_TEXTS: Final = 1 << 20  # more different texts than that are not met again, and fill memory
_TOLD = {name: FAULTS[name] for name in ("index", "source", "rule")}


@dataclass(frozen=True, slots=True)
class Answer:
    """What a part says of some rows, in their order.

    `codes`: UInt32 rows of `PartValues.values`, or None where `values` holds the contract columns
    themselves. `faults`: `index, source, rule`; `folded`: index of rows that only belong to
    another row (UInt32); both from 0.
    """

    codes: pl.Series | None
    values: pl.DataFrame
    faults: pl.DataFrame
    folded: pl.Series


class PartValues:
    """The answers of one part, remembered by the text of its source column if it has just one."""

    def __init__(self, part: Part, conform: Callable[[pl.DataFrame], Conformed]) -> None:
        """`conform` works out the part for a frame of its source columns, as they stand."""
        self._part, self._conform = part, conform
        self._texts = pl.Categorical(pl.Categories.random())
        # the categories live only as long as a column has them
        self._kept_alive = pl.Series([], dtype=pl.String).cast(self._texts)
        self._known = 0
        self._remembers = len(part.sources) < 2
        self._faults = pl.DataFrame(schema=_TOLD)
        self._folded = pl.Series([], dtype=pl.UInt32)
        self.values = pl.DataFrame()

    @property
    def coding(self) -> pl.Expr | None:
        """What makes a number of each text, the same one for the same text; None if not wanted."""
        if not (self._remembers and self._part.sources):
            return None
        text = pl.col(self._part.sources[0])
        return text.cast(self._texts).to_physical().cast(pl.UInt32)

    def of(self, cells: pl.DataFrame, codes: pl.Series | None) -> Answer:
        """Answer for rows, given their source columns as they stand in the file.

        `codes`: what `coding` made of these rows.
        """
        if not self._remembers:
            return self._worked_out(cells)
        codes = self._learnt(cells, codes)
        index = pl.int_range(cells.height, dtype=pl.UInt32, eager=True).alias("index")
        met = pl.DataFrame([index, codes.alias("code")])
        answer = Answer(
            codes=codes,
            values=pl.DataFrame(),
            faults=met.lazy()
            .join(self._faults.lazy(), left_on="code", right_on="index")
            .select(list(_TOLD))
            .collect()
            if self._faults.height
            else self._faults,
            folded=index.filter(codes.is_in(self._folded.implode()))
            if self._folded.len()
            else self._folded,
        )
        if self._known > _MOST_TEXTS:
            self._remembers = False
        return answer

    def _learnt(self, cells: pl.DataFrame, codes: pl.Series | None) -> pl.Series:
        """Work the part out for what is new, and return the codes."""
        if not self.values.width:
            self._learn(cells.clear(0 if self._part.sources else 1))
        if codes is None:
            return pl.repeat(0, cells.height, dtype=pl.UInt32, eager=True)
        is_new = codes >= self._known
        if is_new.any():
            text = cells[self._part.sources[0]]
            new = pl.DataFrame([codes.alias("code"), text]).filter(is_new).unique("code")
            self._learn(new.sort("code").drop("code"))
        return codes

    def _learn(self, new: pl.DataFrame) -> None:
        """Work out the part for texts not met before, in the order of their codes."""
        answer = self._worked_out(new)
        at = pl.lit(self._known, pl.UInt32)
        self._faults = pl.concat([self._faults, answer.faults.with_columns(pl.col("index") + at)])
        self._folded = pl.concat([self._folded, answer.folded + self._known])
        self.values = pl.concat([self.values, answer.values]) if self._known else answer.values
        self.values = self.values.rechunk()
        self._known += new.height

    def _worked_out(self, cells: pl.DataFrame) -> Answer:
        made = self._conform(cells)
        values = made.rows
        if made.folded.len():
            index = pl.int_range(cells.height, dtype=pl.UInt32, eager=True).alias("__index")
            values = index.to_frame().join(values, on="__index", how="left", maintain_order="left")
        faults = made.faults.select(list(_TOLD))
        return Answer(None, values.drop("__index"), faults, made.folded.cast(pl.UInt32))
