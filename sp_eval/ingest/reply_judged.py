"""The corrected rows of a reply through the mapping and the gate of the file they belong to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

import polars as pl

from sp_eval.ingest.book import Answered, Reading
from sp_eval.ingest.gate import Gated, after_death, rejections, with_faults
from sp_eval.ingest.identity import Pseudonymiser
from sp_eval.ingest.ledger import Place
from sp_eval.ingest.raw_table import RawTable
from sp_eval.ingest.reading import judge
from sp_eval.ingest.refusal import plain_reason
from sp_eval.ingest.reply_held import Held

__all__ = ["Verdict", "answered", "judge_rows", "no_cells"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one table makes of rows of a reply: they stand in `gated` after the first `in_use`."""

    found: Reading
    gated: Gated
    in_use: int

    def of(self, rows: int) -> pl.Series:
        """Index of each of so many judged rows in `gated`."""
        return pl.int_range(self.in_use, self.in_use + rows, eager=True).cast(pl.UInt32)


def no_cells(original: RawTable) -> pl.DataFrame:
    """Return a frame of no rows: `row_number` and the cells of a table."""
    return _numbered(original).clear()


def _numbered(original: RawTable) -> pl.DataFrame:
    number = original.row.cast(pl.Int32).alias("row_number")
    return original.cells.select(number, pl.all().fill_null(""))


def judge_rows(
    rows: pl.DataFrame,
    original: RawTable,
    found: Reading,
    released: pl.DataFrame,
    *,
    pseudonymiser: Pseudonymiser,
    last_day: date,
    deaths: pl.DataFrame | None,
) -> Verdict:
    """Judge rows of a reply after those in use that may bear on them.

    `rows`: `row_number` and cells. `released`: the same of rows that earlier replies released.
    """
    names = original.cells.columns
    in_use = pl.concat([_in_use(original, found.gated), released])
    contract = found.found.dataset.declared
    if not original.from_workbook and all(rule.scope == "row" for rule in contract.rules):
        in_use = in_use.join(rows, on=names, how="semi")
    both = pl.concat([in_use, rows.select("row_number", *names)])
    is_wide = pl.any_horizontal(pl.lit(value=False), pl.col(names[original.header.width :]) != "")
    table = replace(
        original,
        cells=both.select(names),
        row=both["row_number"].cast(pl.UInt32),
        wrong_width=both.with_columns(is_wide.alias("wrong_width"))["wrong_width"],
        open_end=False,
        notices=(),
    )
    gated = judge(table, found.found, pseudonymiser, last_day=last_day)
    if contract.name == "referral" and deaths is not None:
        gated = with_faults(gated, after_death(gated, deaths))
    return Verdict(found, _with_contradicting(gated, in_use.height), in_use.height)


def _in_use(original: RawTable, gated: Gated) -> pl.DataFrame:
    return _numbered(original).filter(gated.is_accepted)


def _with_contradicting(gated: Gated, in_use: int) -> Gated:
    """Put a fault of a row in use, which was sound before, down to the rows that brought it."""
    brought = gated.faults.filter(pl.col("index") < in_use)
    if brought.is_empty() or "referral_id" not in gated.rows.names:
        return gated
    keys = gated.rows.select("referral_id")
    theirs = brought.join(keys, left_on="index", right_on="__index").select(
        "referral_id", "source", "rule"
    )
    ours = keys.filter(pl.col("__index") >= in_use).join(theirs, on="referral_id")
    more = ours.select(pl.col("__index").cast(pl.UInt32).alias("index"), "source", "rule")
    return with_faults(gated, more.unique(maintain_order=True))


def answered(
    place: Place, held: Held, judged: pl.DataFrame, verdicts: Sequence[Verdict]
) -> Answered:
    """Put together what became of every row of one sheet of a reply.

    `judged`: the rows judged, in order. `verdicts`: one for each table of the file that is
    answered; a row is released if all of them take it. A row that is as wrong as it was is not
    told again.
    """
    indexes = [verdict.of(judged.height) for verdict in verdicts]
    read = list(zip(verdicts, indexes, strict=True))
    repeated = [verdict.gated.duplicate.gather(index) for verdict, index in read]
    faulty = [index.is_in(verdict.gated.faults["index"].implode()) for verdict, index in read]
    fate = (
        pl.when(pl.any_horizontal(repeated)).then(pl.lit("repeated"))
        .when(pl.any_horizontal(faulty) & pl.col("reply_row").is_in(held.unchanged.implode()))
        .then(pl.lit("unchanged"))
        .when(pl.any_horizontal(faulty)).then(pl.lit("refused"))
        .otherwise(pl.lit("released"))
    )  # fmt: skip
    judged = judged.with_columns(fate.alias("fate"))
    is_released = judged["fate"] == "released"
    released = judged.filter(is_released)
    known = pl.concat(
        [
            judged.select("reply_row", "fate"),
            held.broken.select("reply_row", pl.lit("refused").alias("fate")),
            pl.DataFrame({"reply_row": held.again}).with_columns(fate=pl.lit("repeated")),
        ]
    )
    rows = held.rows.select("reply_row", "row_number").join(
        known, on="reply_row", how="left", maintain_order="left"
    )
    return Answered(
        place=place,
        answers=verdicts[0].found.place,
        rows=rows,
        told=pl.concat([*(_told(one, judged) for one in verdicts), _broken(held)])
        .unique(maintain_order=True)
        .sort("row_number", maintain_order=True),
        accepted=tuple(
            (verdict.found.found, _accepted(verdict, index.filter(is_released)))
            for verdict, index in read
        ),
        cells=released.drop("reply_row", "fate"),
    )


def _accepted(verdict: Verdict, released: pl.Series) -> pl.DataFrame:
    rows = pl.concat(verdict.gated.accepted())
    return rows.filter(pl.col("__index").is_in(released.implode()))


def _told(verdict: Verdict, judged: pl.DataFrame) -> pl.DataFrame:
    """Rejections of the judged rows that were to be corrected, under their rows in the reply."""
    numbers = judged.select(
        pl.when(pl.col("fate") == "unchanged").then(0).otherwise("reply_row").cast(pl.UInt32)
    ).to_series()
    before = pl.zeros(verdict.in_use, dtype=pl.UInt32, eager=True)
    told = rejections(replace(verdict.gated, row=pl.concat([before, numbers])))
    return told.filter(pl.col("row_number") > 0)


def _broken(held: Held) -> pl.DataFrame:
    reasons = {rule: plain_reason(rule) for rule in held.broken["rule"].unique()}
    return held.broken.select(
        pl.col("reply_row").cast(pl.Int32).alias("row_number"),
        "rule",
        pl.lit(None, pl.String).alias("column_name"),
        pl.col("rule").replace_strict(reasons, return_dtype=pl.String).alias("reason"),
    )
