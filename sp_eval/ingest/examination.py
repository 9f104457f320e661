"""One delivery held against a mapping for whoever writes it: every doubt, nothing kept."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import polars as pl

from sp_eval.contracts.scheme_mapping import SchemeMapping
from sp_eval.ingest.doubt import Doubt
from sp_eval.ingest.doubts import doubts_of
from sp_eval.ingest.folder import Found, arrange, why_dropped
from sp_eval.ingest.gate import Gated
from sp_eval.ingest.identity import Pseudonymiser
from sp_eval.ingest.parse import month_end
from sp_eval.ingest.reading import judge, opened, read_table, unread_sheets
from sp_eval.ingest.refusal import FileRefusedError
from sp_eval.ingest.stranger import refuse_stranger
from sp_eval.ingest.text_file import TextFile
from sp_eval.ingest.workbook import Workbook

__all__ = ["Examined", "examine"]


@dataclass(frozen=True, slots=True)
class Examined:
    """A file or sheet: its table (None if the mapping has none for it), and what to look at.

    `refused`: why it cannot be used at all; `doubts` are then empty. `rows_refused` of its `rows`
    would be refused, each once. `folded`: under which name how many sound rows do not count in the
    table, and how many of them in no table of the same file or sheet, where there are several.
    """

    shown: str
    table: str | None
    rows: int
    refused: str | None
    doubts: tuple[Doubt, ...] = ()
    rows_refused: int = 0
    folded: tuple[str, int, int] | None = None


def examine(
    folder: Path, mapping: SchemeMapping, *, month: str, is_dated: bool = True
) -> Iterator[Examined]:
    """Yield each file and sheet of a month's folder, or the one file, in the order of names.

    `is_dated`: whether `month` is known to be that of the delivery; if not, rows may end sooner.
    """
    mapping = mapping.at(month)
    arranged = arrange(folder, mapping)
    people = Pseudonymiser(
        secrets.token_bytes(32), scheme_code=mapping.scheme_code, identifier=mapping.identifier
    )
    for path, group in groupby(arranged.found, key=lambda found: found.path):
        yield from _examine_file(path, list(group), mapping, people, (month, is_dated))
    for path, file in arranged.strangers:
        refusal = refuse_stranger(file, TextFile(path), mapping)
        yield Examined(file, None, 0, refusal.reason)
    for expected in arranged.missing:
        told = "The mapping asks for this file, and it is not there."
        yield Examined(expected.file, None, 0, told)


def _examine_file(
    path: Path,
    tables: list[Found],
    mapping: SchemeMapping,
    people: Pseudonymiser,
    dated: tuple[str, bool],
) -> Iterator[Examined]:
    try:
        in_sheets = tables[0].dataset.sheet is not None
        content = opened(path.name, TextFile(path), in_sheets=in_sheets)
    except FileRefusedError as refusal:
        yield Examined(tables[0].file, tables[0].name, 0, refusal.reason)
        return
    month, is_dated = dated
    last_day = month_end(month)
    everywhere: dict[str | None, tuple[int, pl.Series]] = {}
    for found in tables:
        sheet = found.dataset.sheet
        shown = f"{found.file}, sheet {sheet}" if sheet else found.file
        try:
            table = read_table(content, found, mapping, last_day=last_day)
            gated = judge(table, found, people, last_day=last_day)
        except FileRefusedError as refusal:
            yield Examined(shown, found.name, refusal.rows_in, refusal.reason)
            continue
        doubts = tuple(doubts_of(table, gated, found.dataset, month if is_dated else None))
        seen, before = everywhere.get(sheet, (0, gated.folded))
        everywhere[sheet] = seen + 1, gated.folded.filter(gated.folded.is_in(before.implode()))
        folded = _folded(gated, everywhere[sheet] if seen else None)
        yield Examined(
            shown, found.name, gated.rows_in, None, doubts, gated.rows_quarantined, folded
        )  # fmt: skip
    if isinstance(content, Workbook):
        yield from _sheets_not_used(content, tables, mapping)


def _folded(gated: Gated, so_far: tuple[int, pl.Series] | None) -> tuple[str, int, int] | None:
    """What is folded of a table, and how much of it by each table of the sheet so far."""
    keep = gated.dataset.keep_when
    rows = gated.folded_accepted()
    if keep is None or not rows:
        return None
    return keep.folded_as, rows, so_far[1].len() if so_far else 0


def _sheets_not_used(
    workbook: Workbook, tables: list[Found], mapping: SchemeMapping
) -> Iterator[Examined]:
    for sheet in unread_sheets(workbook, tables):
        shown = f"{tables[0].file}, sheet {sheet}"
        if why_dropped(mapping.drop, shown) is None:
            told = (
                "The mapping does not speak of this sheet. Take a table from it, or say why not,"
                f" at the top of the mapping: drop: {{'{shown}': why}}."
            )
            yield Examined(shown, None, 0, told)
