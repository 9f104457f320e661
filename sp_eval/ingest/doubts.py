"""What a mapping makes of a delivery that deserves a second look, table by table."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date

import polars as pl

from sp_eval.contracts.codes import code_table
from sp_eval.contracts.mapping_verbs import DATE_KINDS
from sp_eval.contracts.scheme_mapping import Dataset
from sp_eval.ingest.doubt import WHOLE_ROW, Doubt
from sp_eval.ingest.ends_early import ends_early
from sp_eval.ingest.gate import Gated, rejections
from sp_eval.ingest.header import looks_like_data
from sp_eval.ingest.lacking import lacking
from sp_eval.ingest.raw_table import RawTable

__all__ = ["doubts_of"]

_ROWS_NAMED = 3
_REFUSED_SHARE = 0.01  # of the rows: fewer are slips of the sender, more may be the mapping's
_EMPTY = (
    "It is empty in every row: is it the right column? If it is always so, write {absent: why}, and"
    " its heading under drop."
)
_PARTS = r"^([0-9]{1,2})[^0-9]([0-9]{1,2})[^0-9]"
_CONVERTED = ("swemwbs_metric",)  # code lists from raw totals to metric scores
_TWO_WAYS = re.compile(r"^%[dm][^%A-Za-z0-9]%[dm]")


def doubts_of(
    table: RawTable, gated: Gated, dataset: Dataset, month: str | None
) -> Iterator[Doubt]:
    """Yield what is unmapped, always empty, ambiguous, lacking or refused.

    Every reason for which rows are refused is told, the most rows first: as `refused` where slips
    do not explain so many, else as `slips`. No cell is quoted. `table` and `gated` are of the same
    file or sheet, delivered in `month` (YYYY-MM), if that is known.
    """
    yield from _unmapped(table)
    for source in sorted(dataset.read_columns):
        cells = table.cells[f"c{table.header.positions[source]}"].str.strip_chars()
        filled = cells.filter(cells.is_not_null() & (cells != ""))
        if table.cells.height and filled.is_empty():
            yield Doubt("empty", source, _EMPTY)
        elif (style := _style(source, dataset, table.dates)) is not None:
            yield from _ambiguous(source, filled, style)
    yield from _raw_as_metric(gated, dataset)
    yield from lacking(gated, dataset)
    yield from ends_early(gated, dataset, month) if month else ()
    yield from _refused(gated)


def _unmapped(table: RawTable) -> Iterator[Doubt]:
    read = set(table.header.positions.values())
    for at, heading in enumerate(table.header.cells):
        if at in read or not heading or looks_like_data(heading):
            continue
        cells = table.cells[f"c{at}"].fill_null("").str.strip_chars()
        share = (cells != "").mean() or 0.0
        told = f"The mapping does not speak of it; {float(share):.0%} of its cells are filled."  # type: ignore[arg-type]
        yield Doubt("unmapped", heading, f"{told} Map it, check it, or drop it with a reason.")


def _style(source: str, dataset: Dataset, dates: str) -> str | None:
    """How a column's dates are written, where day and month could be taken for each other."""
    rules = [rule.take or rule for rule in dataset.columns.values()]
    parses = [rule.parse for rule in rules if rule.from_ == (source,) and rule.parse]
    check = dataset.check.get(source)
    parses += [check.parse] if check is not None and check.parse else []
    for parse in parses:
        style = parse.style or dates
        if parse.kind in DATE_KINDS and _TWO_WAYS.match(style):
            return style
    return None


def _ambiguous(source: str, filled: pl.Series, style: str) -> Iterator[Doubt]:
    parts = filled.to_frame("cell").select(
        one=pl.col("cell").str.extract(_PARTS, 1).cast(pl.Int64),
        two=pl.col("cell").str.extract(_PARTS, 2).cast(pl.Int64),
    ).drop_nulls()  # fmt: skip
    day_first, month_first = (parts["one"] > 12).sum(), (parts["two"] > 12).sum()
    declared = "day" if style.startswith("%d") else "month"
    against = month_first if declared == "day" else day_first
    either = parts.filter(pl.col("one") <= 12, pl.col("two") <= 12, pl.col("one") != pl.col("two"))
    example = date(2019, 4, 3).strftime(style)
    if against:
        yield Doubt(
            "ambiguous", source,
            f"The mapping reads the {declared} first, and {against:,} dates cannot be read so: what"
            " else is in this column?",
        )  # fmt: skip
    elif either.height and not day_first and not month_first:
        yield Doubt(
            "ambiguous", source,
            f"No date tells whether the day or the month stands first, as in {example};"
            f" {either.height:,} could be read both ways. The mapping takes the {declared} first:"
            " ask the sender.",
        )  # fmt: skip


def _raw_as_metric(gated: Gated, dataset: Dataset) -> Iterator[Doubt]:
    """Scores said to be converted that no conversion gives, and that are whole as totals are."""
    if not {"instrument", "item", "score"} <= set(gated.rows.names):
        return
    scores = gated.rows.select("instrument", "item", "score").drop_nulls("score")
    for row in code_table("instrument"):
        if (table := f"{row['instrument']}_metric") not in _CONVERTED or row["kind"] != "metric":
            continue
        given = scores.filter(instrument=row["instrument"], item=row["item"])["score"]
        converted = [float(one["metric"]) for one in code_table(table)]
        raw = ~given.is_in(converted) & (given == given.floor())
        if (count := int(raw.sum())) and count >= _REFUSED_SHARE * given.len():
            yield Doubt(
                "metric", _source_of_score(dataset, row["item"]),
                f"It is said to hold {row['instrument'].upper()} metric scores, but {count:,} of"
                f" {given.len():,} are whole numbers that no conversion gives: are they raw totals"
                " (item 'total')?",
            )  # fmt: skip


def _source_of_score(dataset: Dataset, item: str) -> str:
    if dataset.unpivot:
        return next(name for name, held in dataset.unpivot.columns.items() if held == item)
    return next(iter(dataset.columns["score"].sources()), "score")


def _refused(gated: Gated) -> Iterator[Doubt]:
    ours = {written: name for name, written in gated.written.items()}
    by = ["column_name", "rule", "reason"]
    counted = (
        rejections(gated)
        .group_by(by)
        .agg(pl.len(), pl.col("row_number").sort().head(_ROWS_NAMED))
        .sort(["len", *by], descending=[True, *[False] * 3])
    )
    for row in counted.iter_rows(named=True):
        share = row["len"] / gated.rows_in
        source = ours.get(row["column_name"], row["column_name"]) or WHOLE_ROW
        rows = "1 row" if row["len"] == 1 else f"{row['len']:,} rows"
        part = f"{share:.1%}" if share >= 0.0005 else "less than 0.1%"
        yield Doubt(
            "refused" if share >= _REFUSED_SHARE else "slips", source,
            f"{rows} ({part}) {'is' if row['len'] == 1 else 'are'} refused"
            f" ({_numbers(row['row_number'], row['len'])}). {row['reason']}",
        )  # fmt: skip


def _numbers(first: Sequence[int], count: int) -> str:
    """Where refused rows stand: all of few, the first of many."""
    listed = ", ".join(f"{number:,}" for number in first)
    if count == 1:
        return f"row {listed}"
    return f"rows {listed}" if count == len(first) else f"rows {listed} ..."
