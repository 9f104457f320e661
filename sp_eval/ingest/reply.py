"""The reply to a sender: what to mend, row by row, without a cell unless asked for by name.

It uses only what stands in the sender's own file, and gives no rule name: one of them would
tell a death.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from sp_eval.ingest.identity import holds_nhs_number
from sp_eval.ingest.quarantine import read_again, refused_rows
from sp_eval.ingest.reply_mark import MARK_SHEET, Mark, mark_rows
from sp_eval.ingest.reply_rows import ToCorrect, places_of, rows_to_correct
from sp_eval.ingest.spreadsheet import Row, write_sheets
from sp_eval.ingest.taken import Quarantined, TakenIn

__all__ = ["replace_reply", "write_reply"]

_COMMONEST = 10
_SHOWN_ROWS = 5
_HEADING = ("Your reference", "File", "Sheet", "Row", "Column", "What is wrong, and what to do")
_WITH_VALUES = (
    "THIS COPY HOLDS VALUES FROM YOUR FILES: send it only over a safe way. On the sheets that begin"
    " with a number, correct the yellow cells; change nothing else. Rows you cannot correct, leave"
    " as they are. Then send this workbook back: what is right is used, without your sending the"
    " file again."
)
_NO_VALUES = (
    "Rows are named by their place and your own reference; the next sheet lists each of them."
    " No value of your files is in this workbook."
)


def replace_reply(taken: TakenIn, folder: Path) -> Path | None:
    """Put `reply.xlsx` into the folder in place of the one of before; none if none is needed."""
    path = folder / "reply.xlsx"
    if taken.rejection.is_empty():
        path.unlink(missing_ok=True)
        return None
    folder.mkdir(parents=True, exist_ok=True)
    write_reply(taken, path)
    return path


def write_reply(taken: TakenIn, path: Path, *, with_values: bool = False) -> None:
    """Write the workbook that goes back to the sender.

    It names file, sheet, row, column, what is wrong and what to do, and the sender's own
    reference. `with_values` adds the cells themselves, marks the copy as holding them, and gives
    the refused rows whole, to be corrected there and sent back (see `resubmission`).
    """
    lookup = {
        (item.file, item.sheet): _cells(taken, item, with_values=with_values)
        for item in taken.quarantine
    }
    rows: list[Row] = [[*_HEADING, "Value"] if with_values else _HEADING]
    for row in taken.rejection.to_dicts():
        found = lookup.get((row["file"], row["sheet"]), {})
        reference, value = found.get((row["row_number"], row["column_name"]), ("", ""))
        place = [row["file"], row["sheet"] or None, row["row_number"], row["column_name"]]
        shown = [reference or None, *place]
        rows.append([*shown, row["reason"], value] if with_values else [*shown, row["reason"]])
    summary = _summary(taken)
    summary.insert(0, [_WITH_VALUES if with_values else _NO_VALUES])
    own = rows_to_correct(taken) if with_values else ToCorrect()
    mark = mark_rows(Mark(taken.scheme_code, taken.month, tuple(own.parts)))
    write_sheets(
        path,
        {"Summary": summary, "Rows": rows, **own.sheets, MARK_SHEET: mark},
        widths=_WIDTHS,
        listed=("Rows",),
        hidden=(MARK_SHEET,),
        to_fill=own.wrong,
    )


_WIDTHS = {"Summary": (60, 10, 24, 36, 28), "Rows": (18, 26, 16, 8, 24, 70, 24)}


def _summary(taken: TakenIn) -> list[Row]:
    """Return the commonest reasons, one a line, and below them the files."""
    rows: list[Row] = [[], ["Commonest first: what is wrong, and what to do", "Rows", "Column"]]
    rows[-1] = [*rows[-1], "Found in", "For example rows"]
    grouped = (
        taken.rejection.with_columns(
            place=pl.format("{} {}", "file", "sheet").str.strip_chars(),
            is_row=pl.col("row_number").is_not_null(),
        )
        .group_by("is_row", "column_name", "reason", maintain_order=True)
        .agg(
            pl.struct("file", "sheet", "row_number").n_unique().alias("rows"),
            pl.col("place").unique(maintain_order=True).alias("places"),
            pl.col("row_number").head(_SHOWN_ROWS),
        )
        .sort("is_row", "rows", descending=[False, True], maintain_order=True)
        .head(_COMMONEST)
    )
    for row in grouped.to_dicts():
        places = row["places"]
        where = places[0] if len(places) == 1 else f"{len(places)} files or sheets"
        examples = ", ".join(map(str, row["row_number"])) if len(places) == 1 else ""
        counted = row["rows"] if row["is_row"] else "whole file"
        rows.append(
            [row["reason"], counted, row["column_name"], where, examples if row["is_row"] else ""]
        )
    rows += [[], ["File", "Rows", "Sheet", "Used, not used, repeated", "Status"]]
    for row in taken.delivery.to_dicts():
        fate = (row[f"rows_{name}"] for name in ("accepted", "quarantined", "duplicate"))
        told = "{} used, {} not used, {} repeated".format(*fate)
        status = {"current": "in use", "refused": "not used"}.get(row["status"], row["status"])
        rows.append([row["file"], row["rows_in"], row["sheet"], told, status])
    return rows


def _cells(
    taken: TakenIn, item: Quarantined, *, with_values: bool
) -> dict[tuple[int, str | None], tuple[str, str]]:
    """Return (row, column) -> (the sender's reference, the value or ''), where there is either."""
    if not (with_values or item.dataset.reference):
        return {}
    rejections = refused_rows(taken, item)
    table = read_again(item, rejections["row_number"])
    if table is None:
        return {}
    header = table.header
    places = places_of(header)
    reference = item.dataset.reference
    wanted = rejections.select("row_number", "column_name").unique()
    numbered = table.cells.with_columns(table.row.cast(pl.Int32).alias("__row"))
    by_row = {row["__row"]: row for row in numbered.to_dicts()}
    found = {}
    for number, column in wanted.iter_rows():
        row = by_row[number]
        own = row[f"c{header.positions[reference]}"] if reference else None
        # somebody may have typed the NHS number where the reference belongs
        named = "" if own is None or holds_nhs_number(own) else own.strip()
        value = row[f"c{places[column]}"] if with_values and column in places else ""
        found[(number, column)] = (named, value or "")
    return found
