"""`sp-eval check`: the sender's view of a file or a month, without loading anything."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
from rich.table import Table

from sp_eval.cli.show import console, show_sentences
from sp_eval.contracts.scheme_mapping import load_mapping
from sp_eval.ingest.delivery import TakenIn, take_in
from sp_eval.ingest.landing import LandingEmptyError, month_of
from sp_eval.ingest.reply import write_reply

__all__ = ["check_and_show"]

_COMMONEST = 10


def check_and_show(path: Path, *, scheme: str, reply: Path | None) -> int:
    """Print what would be used and refused; return 0, or 1 if a file was refused or missing."""
    mapping = load_mapping(scheme)
    if not path.exists():
        raise LandingEmptyError(f"There is no file or folder {path}.")
    now = datetime.now(UTC)
    month = month_of(path) or now.strftime("%Y-%m")
    taken = take_in(
        path, mapping=mapping, month=month, key=secrets.token_bytes(32), received_at=now
    )
    _show(taken)
    if reply is not None:
        write_reply(taken, reply)
        console.print(f"The reply for the sender is in {reply}.", markup=False)
    refused = taken.delivery.filter(pl.col("status").is_in(["refused", "missing"]))
    return 1 if refused.height or taken.stopped is not None else 0


def _show(taken: TakenIn) -> None:
    table = Table(title=f"{taken.scheme_code}, month {taken.month}", title_justify="left")
    for head in ("file", "sheet", "rows", "used", "refused", "repeated", ""):
        table.add_column(head, justify="left" if head in ("file", "sheet", "") else "right")
    counts = ("rows_in", "rows_accepted", "rows_quarantined", "rows_duplicate")
    for row in taken.delivery.to_dicts():
        status = "" if row["status"] == "current" else row["status"].upper()
        table.add_row(row["file"], row["sheet"], *(f"{row[n]:,}" for n in counts), status)
    console.print(table)
    whole = taken.rejection.filter(pl.col("row_number").is_null()).to_dicts()
    show_sentences(
        "Whole files that cannot be used", tuple(f"{r['file']}: {r['reason']}" for r in whole)
    )
    if taken.stopped is not None:
        show_sentences("Stopped", (taken.stopped,))
    show_sentences("Commonest reasons for refused rows", _commonest(taken.rejection))
    show_sentences("Noted", taken.notices)


def _commonest(rejection: pl.DataFrame) -> tuple[str, ...]:
    grouped = (
        rejection.drop_nulls("row_number")
        .group_by("file", "sheet", "column_name", "reason", maintain_order=True)
        .agg(pl.len(), pl.col("row_number").head(3).alias("at"))
        .sort("len", descending=True, maintain_order=True)
        .head(_COMMONEST)
    )
    return tuple(
        f"{row['len']} x {row['file']}"
        + (f", sheet {row['sheet']}" if row["sheet"] else "")
        + (f", column {row['column_name']}" if row["column_name"] else "")
        + f": {row['reason']} (for example row {', '.join(map(str, row['at']))})"
        for row in grouped.to_dicts()
    )
