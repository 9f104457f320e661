"""Putting planned faults into a delivery's tables, and the list of where they are."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import polars as pl

from sp_eval.synthetic.faults import TablePlan, edited
from sp_eval.synthetic.raw_table import RawTable

__all__ = ["FAULT_COLUMNS", "plant"]

FAULT_COLUMNS: Final = {
    "scheme": pl.String,
    "file": pl.String,
    "sheet": pl.String,
    "row_number": pl.Int64,
    "rule": pl.String,
    "detail": pl.String,
}
_UNLINKED = "NHS number not on the register"
_NO_NUMBER = "bears no NHS number, as the scheme allows: accepted, linked to nobody"
_NUMBERED = {"row_number": pl.Int64, "rule": pl.String, "detail": pl.String}


def plant(table: RawTable, plan: TablePlan) -> tuple[RawTable, pl.DataFrame]:
    """Return the table with its faults, and row_number, rule, detail of each.

    `row_number` counts the file's physical rows from 1, title and header among them.
    """
    frame = table.frame.with_columns(
        pl.col("_row").cast(pl.Float64).alias("_at"), pl.lit(value=False).alias("_is_copy")
    )
    present = plan.edits.join(frame.select("_row"), on="_row", how="semi")
    changed = edited(frame, present)
    copied = frame.drop("_at").join(plan.copies, on="_row", how="inner", maintain_order="right")
    copied = copied.with_columns(pl.lit(value=True).alias("_is_copy")).select(frame.columns)
    first = table.first_row
    placed = (
        pl.concat([changed, copied])
        .sort("_at", "_row")
        .with_columns((pl.int_range(pl.len(), dtype=pl.Int64) + first).alias("_line"))
    )
    lines = placed.filter(~pl.col("_is_copy")).select("_row", "_line")
    found = [_edits_log(frame, present, lines), _copies_log(placed, lines), _notes_log(placed)]
    return replace(table, frame=placed), pl.concat(found).sort("row_number", "rule")


def _edits_log(frame: pl.DataFrame, edits: pl.DataFrame, lines: pl.DataFrame) -> pl.DataFrame:
    if edits.is_empty():
        return pl.DataFrame(schema=_NUMBERED)
    columns = edits["column"].unique().to_list()
    before = frame.select("_row", *columns).unpivot(
        columns, index="_row", variable_name="column", value_name="old"
    )
    old, new = (
        pl.when(pl.col(name).is_null())
        .then(pl.lit("None"))
        .otherwise(pl.format("'{}'", pl.col(name).fill_null("")))
        for name in ("old", "value")
    )
    return (
        edits.join(before, on=["_row", "column"])
        .join(lines, on="_row")
        .select(
            pl.col("_line").alias("row_number"),
            "rule",
            pl.format("{}: {} -> {}", "column", old, new).alias("detail"),
        )
    )


def _copies_log(placed: pl.DataFrame, lines: pl.DataFrame) -> pl.DataFrame:
    copies = placed.filter("_is_copy").select("_row", "_line")
    return copies.join(lines.rename({"_line": "of"}), on="_row").select(
        pl.col("_line").alias("row_number"),
        pl.lit("exact_duplicate").alias("rule"),
        pl.format("repeats row {}", "of").alias("detail"),
    )


def _notes_log(placed: pl.DataFrame) -> pl.DataFrame:
    """List what is no error of a referral's row and still keeps it out of an evaluation."""
    if "_is_known" not in placed.columns:
        return pl.DataFrame(schema=_NUMBERED)
    rows = placed.filter(~pl.col("_is_copy"))
    first = rows.filter((pl.col("_days_since_first") == 0) & pl.col("_is_known")).select(
        "_person", pl.col("_line").alias("of")
    )
    without = pl.col("_no_number") if "_no_number" in rows.columns else pl.lit(value=False)
    rows = rows.join(first.unique("_person"), on="_person", how="left", maintain_order="left")
    noted = (
        ("consent_no", ~pl.col("_has_consent"), pl.lit("no consent to evaluation")),
        ("unlinked_not_on_register", ~pl.col("_is_known"), pl.lit(_UNLINKED)),
        (
            "rereferral_within_28d",
            pl.col("_days_since_first") > 0,
            pl.format("{} days after referral in row {}", "_days_since_first", "of"),
        ),
        ("referral_after_death", pl.col("_dead_since").is_not_null(), pl.col("_dead_since")),
        ("referral_without_number", without, pl.lit(_NO_NUMBER)),
    )  # fmt: skip
    return pl.concat(
        rows.filter(condition).select(
            pl.col("_line").alias("row_number"), pl.lit(rule).alias("rule"), detail.alias("detail")
        )
        for rule, condition, detail in noted
    )
