"""What is wrong with rows: collecting faults so that each is told once, and no mere echo of one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import polars as pl

from sp_eval.ingest.parse import Fault

__all__ = ["FAULTS", "SourceFault", "collected", "found"]

FAULTS: Final[dict[str, pl.DataType]] = {
    "index": pl.UInt32(),
    "source": pl.String(),
    "rule": pl.String(),
    "follows": pl.List(pl.String()),
}
"""`index`: row of the source frame, from 0; `source`: source column, null where there is none;
`follows`: source columns whose own faults make this one a mere echo."""


@dataclass(frozen=True, slots=True)
class SourceFault:
    """A fault put down to a source column; `follows` as in `FAULTS`."""

    source: str | None
    fault: Fault
    follows: tuple[str, ...] = ()


def found(frame: pl.DataFrame, faults: Iterable[SourceFault]) -> pl.DataFrame:
    """Return FAULTS for the rows of `frame` (with `__index`) that break each rule."""
    sought = list(faults)
    if not sought or frame.height == 0:
        return pl.DataFrame(schema=FAULTS)
    broken = frame.select("__index", *(s.fault.breaks.alias(str(n)) for n, s in enumerate(sought)))
    return pl.concat(
        [
            broken.filter(pl.col(str(n))).select(
                pl.col("__index").alias("index"),
                pl.lit(s.source, dtype=pl.String).alias("source"),
                pl.lit(s.fault.rule).alias("rule"),
                pl.lit(list(s.follows), dtype=pl.List(pl.String)).alias("follows"),
            )
            for n, s in enumerate(sought)
        ]
    )


def collected(*tiers: pl.DataFrame) -> pl.DataFrame:
    """Join tiers of FAULTS, the first causes first; drop what follows from an earlier tier.

    Returns `index, source, rule`, each once, in order of the file.
    """
    told = tiers[0].select("index", "source", "rule")
    for tier in tiers[1:]:
        numbered = tier.with_row_index("__n")
        echoes = (
            numbered.select("__n", "index", pl.col("follows").alias("source"))
            .explode("source")
            .join(told, on=["index", "source"], how="semi")
        )
        standing = numbered.join(echoes, on="__n", how="anti")
        told = pl.concat([told, standing.select("index", "source", "rule")])
    return told.unique().sort("index", "source", "rule")
