"""Files that cover less than the others of their scheme, said in sentences."""

from __future__ import annotations

import polars as pl

from sp_eval.study.outcomes import SOURCES

__all__ = ["shortfalls"]

_MOST = 5


def shortfalls(coverage: pl.DataFrame) -> list[str]:
    """Say whose files begin late, end early or have a hole, from rows of `published.coverage`.

    People are not counted on days that are not covered; without a word nobody would know why.
    """
    last = pl.col("covered_to").max()
    wholes = pl.col("covered_from").min().over("scheme_code"), last.over("scheme_code")
    each = (
        coverage.with_columns(wholes[0].alias("from_all"), wholes[1].alias("to_all"))
        .group_by("scheme_code", "source", "practice_code", maintain_order=True)
        .agg(
            pl.col("covered_from").min(),
            last,
            pl.len().alias("stretches"),
            pl.col("from_all", "to_all").first(),
        )
        .filter(
            (pl.col("covered_from") > pl.col("from_all"))
            | (pl.col("covered_to") < pl.col("to_all"))
            | (pl.col("stretches") > 1)
        )
    )
    return [
        f"{scheme}: the files of {SOURCES[source]} cover less than the others:"
        f" {_list(rows)}. Days not covered are not counted; see published.coverage."
        for (scheme, source), rows in each.group_by("scheme_code", "source", maintain_order=True)
    ]


def _list(rows: pl.DataFrame) -> str:
    said = [_one(row) for row in rows.head(_MOST).to_dicts()]
    more = rows.height - len(said)
    return "; ".join(said) + (f"; and {more} more" if more else "")


def _one(row: dict[str, object]) -> str:
    who = row["practice_code"] or "all practices"
    hole = ", with days missing between" if row["stretches"] != 1 else ""
    return f"{who} from {row['covered_from']} to before {row['covered_to']}{hole}"
