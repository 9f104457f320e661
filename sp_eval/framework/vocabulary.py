"""How a scheme's words for needs and activities fall into the lists that all schemes share."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import polars as pl

from sp_eval.contracts.codes import code_table
from sp_eval.contracts.frames import conform
from sp_eval.contracts.odcs import load_contract
from sp_eval.contracts.scheme_mapping import SchemeMapping

__all__ = ["NOT_MAPPED", "NOT_RECORDED", "vocabulary_rows"]

NOT_MAPPED: Final = "not_mapped"
NOT_RECORDED: Final = "not_recorded"
_COLUMNS: Final = {
    "need": ("referral", "primary_need"),
    "activity_type": ("activity", "activity_type"),
}
_LISTS: Final = tuple(_COLUMNS)


def vocabulary_rows(words: pl.DataFrame, mappings: Iterable[SchemeMapping] = ()) -> pl.DataFrame:
    """Return the rows of `published.vocabulary`: entries and different words by shared code.

    `words`: `scheme_code, list, word, entries`, as of `core.sender_word`; a word may be a shared
    code itself (the scheme's mapping recodes it) or one of `codes/activity_word.csv`. A word that
    is neither is counted as not mapped, never left out. Of a column that the mapping recodes,
    the words are those of its table, whether or not they occur; `mappings` are the schemes' own.
    """
    coded = words.join(_shared(), on=["list", "word"], how="left").with_columns(
        pl.when(pl.col("word").is_null() | (pl.col("word") == ""))
        .then(pl.lit(NOT_RECORDED))
        .otherwise(pl.col("code").fill_null(NOT_MAPPED))
        .alias("code")
    )
    key = ["scheme_code", "list", "code"]
    counted = coded.group_by(key).agg(
        pl.col("entries").sum(), pl.col("word").drop_nulls().n_unique().alias("seen")
    )
    counted = counted.join(_recoded(mappings), on=key, how="left").with_columns(
        pl.coalesce("recoded", "seen").alias("words")
    )
    total = pl.col("entries").sum().over("scheme_code", "list")
    told = counted.join(_labels(), on=["list", "code"], how="left").with_columns(
        (pl.col("entries") / total).alias("share")
    )
    ordered = told.sort("scheme_code", "list", "code")
    return conform(ordered, load_contract("vocabulary", "published"))


def _shared() -> pl.DataFrame:
    """Word -> code, of each list; every code is a word of its own list."""
    rows = [(name, row["code"], row["code"]) for name in _LISTS for row in code_table(name)]
    rows += [("activity_type", row["word"], row["code"]) for row in code_table("activity_word")]
    return pl.DataFrame(rows, schema=["list", "word", "code"], orient="row")


def _recoded(mappings: Iterable[SchemeMapping]) -> pl.DataFrame:
    """How many words of a scheme its mapping recodes to each shared code."""
    rows = []
    for mapping in mappings:
        words: dict[tuple[str, str], set[str]] = {}
        for dataset in mapping.datasets.values():
            for name, (contract, column) in _COLUMNS.items():
                rule = dataset.columns.get(column) if dataset.contract == contract else None
                for word, code in (rule.recode or {}).items() if rule else ():
                    words.setdefault((name, str(code)), set()).add(str(word))
        rows += [(mapping.scheme_code, name, code, len(own)) for (name, code), own in words.items()]
    types = {"scheme_code": pl.String, "list": pl.String, "code": pl.String, "recoded": pl.UInt32}
    return pl.DataFrame(rows, schema=types, orient="row")


def _labels() -> pl.DataFrame:
    rows = [(name, row["code"], row["label"]) for name in _LISTS for row in code_table(name)]
    for name in _LISTS:
        rows.append((name, NOT_MAPPED, "A word that is not in the shared list yet"))
        rows.append((name, NOT_RECORDED, "Nothing written down"))
    return pl.DataFrame(rows, schema=["list", "code", "label"], orient="row")
