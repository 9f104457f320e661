"""Refused rows that could be used for one purpose: their fault lies where nothing is read.

Nothing that is published changes by it. The rows are read once more from the files, held in memory,
and carry no identifier; what could not be read in them is left blank.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from sp_eval.contracts.frames import conform
from sp_eval.contracts.odcs import load_contract
from sp_eval.contracts.scheme_mapping import Dataset, SchemeMapping
from sp_eval.ingest.book import Book
from sp_eval.ingest.delivery import answer_replies, read_files
from sp_eval.ingest.folder import arrange
from sp_eval.ingest.gate import Gated

__all__ = ["PutBack", "put_back"]

_TOLD = {
    "dataset": pl.String(),
    "rule": pl.String(),
    "column_name": pl.String(),
    "rows_put_back": pl.Int64(),
    "rows_left_out": pl.Int64(),
}


@dataclass(frozen=True, slots=True)
class PutBack:
    """Rows that could be put back, and a count of those that could not.

    `rows`: contract name -> contract columns and `scheme_code`. `told`: `dataset, rule,
    column_name, rows_put_back, rows_left_out`, each refused row once, under a fault that keeps it
    out where there is one. `refused`: rows refused in all; `back`: those put back.
    """

    rows: Mapping[str, pl.DataFrame]
    told: pl.DataFrame
    refused: int
    back: int


def put_back(
    folder: Path,
    *,
    mapping: SchemeMapping,
    month: str,
    key: bytes,
    unread: Mapping[str, Collection[str]],
    only: Collection[str],
    known_deaths: pl.DataFrame | None = None,
) -> PutBack:
    """Read one month's refused rows again, and keep those whose faults lie in columns not read.

    Parameters
    ----------
    folder, mapping, month, key, known_deaths : as for `take_in`.
    unread : contract name -> its columns that the purpose at hand never reads; of contracts not
        named nothing is read, and none of their rows are looked at.
    only : delivery_ids of the files and sheets whose rows may be used.
    """
    mapping = mapping.at(month)
    book = Book(mapping.scheme_code, month, lambda _: None)
    read_files(arrange(folder, mapping).found, mapping=mapping, key=key, book=book)
    answer_replies(book, mapping, key, known_deaths)
    rows: dict[str, list[pl.DataFrame]] = {}
    told = [pl.DataFrame(schema=_TOLD)]
    for reading in book.readings:
        contract = load_contract(reading.gated.dataset.contract)
        if reading.place.delivery_id not in only or contract.name not in unread:
            continue
        columns = set(unread[contract.name])
        judged = _judged(reading.gated, columns, in_use=book.released(reading.place))
        told.append(_counted(judged, contract.name))
        back = judged.filter(~pl.col("is_kept_out").any().over("index"))["index"].unique()
        usable = reading.gated.rows.of(back)
        frame = usable.with_columns(
            pl.lit(None, usable[name].dtype).alias(name) for name in sorted(columns)
        )
        scheme = pl.lit(mapping.scheme_code).alias("scheme_code")
        rows.setdefault(contract.name, []).append(
            conform(frame, contract).with_columns(scheme)
        )  # fmt: skip
    counted = pl.concat(told).group_by("dataset", "rule", "column_name").sum()
    return PutBack(
        rows={name: pl.concat(frames) for name, frames in rows.items()},
        told=counted.sort("dataset", "rule", "column_name"),
        refused=int(counted["rows_put_back"].sum()) + int(counted["rows_left_out"].sum()),
        back=int(counted["rows_put_back"].sum()),
    )


def _judged(gated: Gated, unread: Collection[str], *, in_use: pl.Series) -> pl.DataFrame:
    """Return the faults, `column_name` as the sender writes it, and whether each keeps a row out.

    A fault does where its source column makes a column that is read, decides what is kept, or is
    not named at all. A row that makes no contract row is nothing to put back, and one that a
    reply has released (`in_use`, by its number) is not refused any more.
    """
    dataset = gated.dataset
    harmless = _sources(dataset) - _sources_read(dataset, unread)
    makes_rows = gated.rows.of(gated.faults["index"])["__index"].unique().implode()
    numbers = gated.row[gated.faults["index"]].cast(pl.Int32)
    refused = gated.faults.filter(~numbers.is_in(in_use.implode()))
    return refused.with_columns(
        is_kept_out=~(
            pl.col("source").is_in(sorted(harmless)).fill_null(value=False)
            & pl.col("index").is_in(makes_rows)
        ),
        column_name=pl.col("source").replace(gated.written),
    )


def _sources(dataset: Dataset) -> set[str]:
    return set(dataset.source_columns)


def _sources_read(dataset: Dataset, unread: Collection[str]) -> set[str]:
    """Source columns that a row cannot do without: they make, choose, or name what is read."""
    used = {
        source
        for name, rule in dataset.columns.items()
        if name not in unread
        for source in rule.sources()
    }
    used |= {source for source in (dataset.identifier, dataset.reference) if source}
    used |= set(dataset.keep_when.sources()) if dataset.keep_when else set()
    used |= set(dataset.belongs) | set(dataset.footer) | set(dataset.unlinked_when)
    return used | (set(dataset.unpivot.columns) if dataset.unpivot else set())


def _counted(judged: pl.DataFrame, dataset: str) -> pl.DataFrame:
    """Count each row once, under the first fault that keeps it out, or else its first."""
    first = judged.sort("index", "is_kept_out", descending=[False, True], maintain_order=True)
    return (
        first.unique("index", keep="first", maintain_order=True)
        .group_by("rule", "column_name")
        .agg(
            (~pl.col("is_kept_out")).sum().cast(pl.Int64).alias("rows_put_back"),
            pl.col("is_kept_out").sum().cast(pl.Int64).alias("rows_left_out"),
        )
        .select(pl.lit(dataset).alias("dataset"), *list(_TOLD)[1:])
    )
