"""The reply to a sender: what to mend, row by row, without a cell unless asked for by name.

It uses only what stands in the sender's own file, and gives no rule name: one of them would
tell a death.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from sp_eval.ingest.identity import holds_nhs_number
from sp_eval.ingest.quarantine import read_again, refused_rows
from sp_eval.ingest.spreadsheet import Row, write_sheets
from sp_eval.ingest.taken import Quarantined, TakenIn

__all__ = ["write_reply"]

_COMMONEST = 10
_SHOWN_ROWS = 5


def write_reply(taken: TakenIn, path: Path, *, with_values: bool = False) -> None:
    """Write the workbook that goes back to the sender.

    It names file, sheet, row, column, what is wrong and what to do, and the sender's own
    reference. `with_values` adds the cells themselves and marks the copy as holding them.
    """
    lookup = {
        (item.file, item.sheet): _cells(taken, item, with_values=with_values)
        for item in taken.quarantine
    }
    heading = ["Your reference", "File", "Sheet", "Row", "Column", "What is wrong, and what to do"]
    rows: list[Row] = [[*heading, "Value"] if with_values else heading]
    for row in taken.rejection.to_dicts():
        found = lookup.get((row["file"], row["sheet"]), {})
        reference, value = found.get((row["row_number"], row["column_name"]), ("", ""))
        shown = [reference, row["file"], row["sheet"], row["row_number"], row["column_name"]]
        rows.append([*shown, row["reason"], value] if with_values else [*shown, row["reason"]])
    summary = _summary(taken)
    if with_values:
        summary.insert(0, ["THIS COPY HOLDS VALUES FROM YOUR FILES: send it only over a safe way"])
    write_sheets(path, {"Summary": summary, "Rows": rows})


def _summary(taken: TakenIn) -> list[Row]:
    rows: list[Row] = [["File", "Sheet", "Rows", "Used", "Refused", "Repeated", "Status"]]
    counts = ("rows_in", "rows_accepted", "rows_quarantined", "rows_duplicate", "status")
    rows += [
        [row["file"], row["sheet"], *(row[name] for name in counts)]
        for row in taken.delivery.to_dicts()
    ]
    rows += [[], ["Commonest reasons", "", "Rows", "Column", "Found in", "For example rows"]]
    grouped = (
        taken.rejection.drop_nulls("row_number")
        .group_by("file", "sheet", "column_name", "reason", maintain_order=True)
        .agg(pl.len(), pl.col("row_number").head(_SHOWN_ROWS))
        .sort("len", descending=True, maintain_order=True)
        .head(_COMMONEST)
    )
    for row in grouped.to_dicts():
        place = f"{row['file']} {row['sheet']}".strip()
        examples = ", ".join(map(str, row["row_number"]))
        rows.append([row["reason"], "", row["len"], row["column_name"], place, examples])
    return rows


def _cells(
    taken: TakenIn, item: Quarantined, *, with_values: bool
) -> dict[tuple[int, str | None], tuple[str, str]]:
    """Return (row, column) -> (the sender's reference, the value or '')."""
    table = read_again(item)
    if table is None:
        return {}
    places = {header: table.header.positions[n] for n, header in table.header.written.items()}
    reference = item.dataset.reference
    wanted = refused_rows(taken, item).select("row_number", "column_name").unique()
    rows = table.cells.with_columns(table.row.cast(pl.Int32).alias("__row"))
    rows = rows.filter(pl.col("__row").is_in(wanted["row_number"].unique().implode()))
    by_row = {row["__row"]: row for row in rows.to_dicts()}
    found = {}
    for number, column in wanted.iter_rows():
        row = by_row[number]
        own = row[f"c{table.header.positions[reference]}"] if reference else None
        # somebody may have typed the NHS number where the reference belongs
        named = "" if own is None or holds_nhs_number(own) else own.strip()
        value = row[f"c{places[column]}"] if with_values and column in places else ""
        found[(number, column)] = (named, value or "")
    return found
