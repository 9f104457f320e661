"""The rows of a reply held against the rows they answer: what may be judged, and what is refused.

A row may differ from the refused one only in the columns that a reason speaks of, and in those
that the broken rule reads with them. So a row that slipped, was sorted apart from its number or
was filled in anew is never taken for a correction.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from sp_eval.contracts.scheme_mapping import Dataset
from sp_eval.ingest.gate import Gated
from sp_eval.ingest.header import folded
from sp_eval.ingest.raw_table import RawTable
from sp_eval.ingest.refusal import FileRefusedError
from sp_eval.ingest.reply_mark import FIRST_COLUMNS
from sp_eval.ingest.reply_rows import headings_of

__all__ = ["Held", "held_against", "open_columns", "reply_rows"]

_NUMBER = r"^([0-9]{1,7})(?:\.0+)?$"
_TRUE_DATE = r"^[0-9]{4}-[0-9]{2}-[0-9]{2} 00:00:00$"


@dataclass(frozen=True, slots=True)
class Held:
    """`rows`: `reply_row`, `row_number` (null where it names none) and the cells, as `original`.

    `broken`: `reply_row, rule` of rows that cannot be judged; `again`: rows equal to one that an
    earlier reply has released already, or left as they were after it; `unchanged`: rows in which
    nothing was corrected.
    """

    rows: pl.DataFrame
    broken: pl.DataFrame
    again: pl.Series
    unchanged: pl.Series


def reply_rows(cells: pl.DataFrame, original: RawTable) -> pl.DataFrame:
    """Return `reply_row` (UInt32), `row_number` (Int32 or null) and the cells `c0`, ... of a sheet.

    Raises
    ------
    FileRefusedError : `column_missing`, if the headings are not those that were sent out.
    """
    width = original.cells.width
    rows = cells.with_row_index("reply_row", offset=1)
    lacking = [pl.lit("").alias(f"c{at}") for at in range(cells.width, 2 + width)]
    rows = rows.with_columns(pl.exclude("reply_row").fill_null(""), *lacking)
    heads = list(rows.row(0)[1:]) if rows.height else []
    data = rows.slice(1)
    data = data.filter(pl.any_horizontal(pl.exclude("reply_row").str.strip_chars() != ""))
    wanted = [*FIRST_COLUMNS, *headings_of(original.header.cells, width)]
    if [folded(head) for head in heads] != [folded(head) for head in wanted]:
        detail = "The columns of this sheet are not those that were sent out."
        raise FileRefusedError("column_missing", detail, rows_in=data.height)
    number = pl.col("c0").str.strip_chars().str.extract(_NUMBER).cast(pl.Int32)
    own = data.select(
        "reply_row",
        number.alias("row_number"),
        *(pl.col(f"c{at + 2}").alias(f"c{at}") for at in range(width)),
    )
    if original.from_workbook:
        return own
    # a date typed into a sheet may have become a true one: back to how the file writes dates
    day = pl.col("^c[0-9]+$")
    written = day.str.to_datetime("%Y-%m-%d %H:%M:%S", strict=False).dt.to_string(original.dates)
    return own.with_columns(pl.when(day.str.contains(_TRUE_DATE)).then(written).otherwise(day))


def held_against(
    rows: pl.DataFrame, original: RawTable, may_change: pl.DataFrame, released: pl.DataFrame
) -> Held:
    """Hold each row of a reply against the refused row it names.

    `rows`: as from `reply_rows`. `may_change`: as from `open_columns`, of every table that reads
    the file. `released`: `row_number` and cells of rows already released.
    """
    cells = original.cells.columns
    before = original.cells.with_columns(original.row.cast(pl.Int32).alias("row_number"))
    allowed = may_change.explode("open").group_by("row_number").agg(pl.col("open").unique())
    compared = (
        rows.join(allowed, on="row_number", how="left", maintain_order="left")
        .join(before, on="row_number", how="left", suffix="_before", maintain_order="left")
        .join(released, on="row_number", how="left", suffix="_released", maintain_order="left")
        .with_columns(
            said=pl.struct(*map(_plain, cells)).n_unique().over("row_number"),
            earlier=pl.col("row_number").is_in(released["row_number"].implode()),
        )
    )
    changed = [
        (_plain(name) != _plain(f"{name}_before")) & ~pl.col("open").list.contains(at)
        for at, name in enumerate(cells)
    ]
    same = [_plain(name) == _plain(f"{name}_released") for name in cells]
    as_before = pl.all_horizontal(_plain(name) == _plain(f"{name}_before") for name in cells)
    unknown = pl.col("open").is_null()
    rule = (
        pl.when(unknown)
        .then(pl.lit("reply_row_unknown"))
        .when(pl.col("earlier") & (pl.all_horizontal(same) | as_before))
        .then(pl.lit("again"))
        .when(pl.col("earlier") | (pl.col("said") > 1))
        .then(pl.lit("reply_row_answered"))
        .when(pl.any_horizontal(changed))
        .then(pl.lit("reply_row_altered"))
    )
    told = compared.select(
        "reply_row", rule.alias("rule"), unknown.alias("unknown"), as_before.alias("unchanged")
    )
    number = pl.when(~told["unknown"]).then(rows["row_number"]).alias("row_number")
    return Held(
        rows=rows.with_columns(number),
        broken=told.filter(pl.col("rule") != "again").select("reply_row", "rule"),
        again=told.filter(pl.col("rule") == "again")["reply_row"],
        unchanged=told.filter("unchanged")["reply_row"],
    )


def _plain(name: str) -> pl.Expr:
    """A cell as it is compared: a workbook keeps neither kinds of line ends nor outer blanks."""
    return pl.col(name).fill_null("").str.replace_all(r"\r\n?", "\n").str.strip_chars()


def open_columns(gated: Gated, original: RawTable) -> pl.DataFrame:
    """Return `row_number`, `open`: for each row a table refuses the positions to be changed."""
    header, dataset = original.header, gated.dataset
    pairs = gated.faults.select("source", "rule").unique()
    lists = []
    for source, rule in pairs.iter_rows():
        if source is None:
            lists.append(list(range(original.cells.width)))
            continue
        names = {source, *_read_with(dataset, source, rule)}
        lists.append(sorted(header.positions[name] for name in names if name in header.positions))
    pairs = pairs.with_columns(pl.Series("open", lists, dtype=pl.List(pl.Int64)))
    faults = gated.faults.join(pairs, on=["source", "rule"], nulls_equal=True)
    return (
        faults.select(gated.row.gather(faults["index"]).cast(pl.Int32).alias("row_number"), "open")
        .explode("open")
        .group_by("row_number")
        .agg(pl.col("open").unique())
    )


def _read_with(dataset: Dataset, source: str, rule: str) -> Iterator[str]:
    """Yield the source columns that a broken rule reads besides the one it is put down to."""
    if source in dataset.check:
        yield from dataset.check[source].sources()
    for name, column in dataset.columns.items():
        sources = tuple(column.sources())
        if source not in sources:
            continue
        yield from sources
        for one in dataset.declared.rules:
            if name in one.columns:
                for other in one.columns:
                    yield from dataset.columns[other].sources() if other in dataset.columns else ()
    if rule == "referral_after_death" and dataset.identifier:
        yield dataset.identifier
