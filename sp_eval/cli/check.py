"""`sp-eval check`: the sender's view of a file or a month, without loading anything."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from sp_eval.cli.refusals import RequestRefusedError
from sp_eval.cli.show import console, show_sentences
from sp_eval.contracts.scheme_mapping import SchemeMapping, load_mapping
from sp_eval.ingest.delivery import TakenIn, take_in
from sp_eval.ingest.folder import why_sealed
from sp_eval.ingest.landing import LandingEmptyError, month_of
from sp_eval.ingest.ledger import with_replies
from sp_eval.ingest.reply import write_reply
from sp_eval.report.receipt import ReceiptFacts, receipt_of
from sp_eval.report.receipt_page import as_lines

__all__ = ["check_and_show"]


def check_and_show(path: Path, *, scheme: str, reply: Path | None, values: bool = False) -> int:
    """Print what would be used and refused; return 0, or 1 if a file was refused or missing.

    The words are those of the receipt that the sender would get.
    """
    mapping = load_mapping(scheme)
    if values and reply is None:
        raise RequestRefusedError("--values says what --reply holds; name that workbook too.")
    if not path.exists():
        raise LandingEmptyError(f"There is no file or folder {path}.")
    if why := why_sealed(path):
        raise LandingEmptyError(f"A folder of {path} cannot be read: {why}.")
    now = datetime.now(UTC)
    month = month_of(path) or now.strftime("%Y-%m")
    taken = take_in(
        path, mapping=mapping, month=month, key=secrets.token_bytes(32), received_at=now
    )
    if reply is not None:
        write_reply(taken, reply, with_values=values)
    _show(taken, mapping, reply)
    refused = taken.delivery.filter(pl.col("status").is_in(["refused", "missing"]))
    return 1 if refused.height or taken.stopped is not None else 0


def _show(taken: TakenIn, mapping: SchemeMapping, reply: Path | None) -> None:
    told = receipt_of(
        ReceiptFacts(
            title=mapping.title,
            month=taken.month,
            delivery=with_replies(taken.delivery, taken.resubmission),
            rejection=taken.rejection,
            reply=str(reply) if reply else None,
            is_trial=True,
            corrected=taken.resubmission.filter(fate="released").height,
        )
    )
    for line in as_lines(told):
        console.print(line, markup=False)
    if not (reply is None or taken.rejection.height):
        console.print(f"There is nothing to mend; {reply} says so.", markup=False)
    show_sentences("Noted", (*taken.notices, *_folded(taken)))


def _folded(taken: TakenIn) -> Iterator[str]:
    """Rows that are used and yet count nowhere by themselves, under the name the mapping gives."""
    files = taken.delivery.select("delivery_id", "file", "sheet").unique("delivery_id")
    rows = taken.folded.filter(pl.col("rows") > 0).join(files, on="delivery_id", how="left")
    for row in rows.sort("file", "sheet", "folded_as").iter_rows(named=True):
        shown = f"{row['file']}, sheet {row['sheet']}" if row["sheet"] else row["file"]
        counted = "1 row is" if row["rows"] == 1 else f"{row['rows']:,} rows are"
        yield (
            f"{shown}: {counted} folded as '{row['folded_as']}': in order, and not"
            " counted in that table."
        )
