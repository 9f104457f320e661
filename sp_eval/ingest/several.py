"""One file or sheet that holds several tables: a row is accepted only if all of them take it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import polars as pl

from sp_eval.ingest.gate import Gated

__all__ = ["together"]


def together(gated: Sequence[Gated]) -> list[Gated]:
    """Return the verdicts of the tables of one file or sheet, each refusing what another refuses.

    They may end at different rows, where their footers differ: rows are told by their number.
    """
    if len(gated) < 2:
        return list(gated)
    refused = [one.row[one.refused] for one in gated]
    joined = []
    for at, one in enumerate(gated):
        others = pl.concat([rows for n, rows in enumerate(refused) if n != at]).unique()
        hit = one.row.is_in(others.implode()) & ~one.duplicate
        joined.append(replace(one, elsewhere=hit.arg_true().cast(pl.UInt32)))
    return joined
