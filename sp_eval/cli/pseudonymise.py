"""`sp-eval pseudonymise`: a sender's file with its NHS numbers replaced, before it is sent."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sp_eval.cli.refusals import RequestRefusedError
from sp_eval.cli.show import console
from sp_eval.ingest.key import file_key
from sp_eval.ingest.own_numbers import Replaced, replace_numbers
from sp_eval.ingest.refusal import FileRefusedError, plain_reason
from sp_eval.ingest.workbook import is_workbook

__all__ = ["pseudonymise_and_show"]

_SHOWN_ROWS = 10
_HEAD = 512  # bytes that tell a workbook


def pseudonymise_and_show(
    path: Path, out: Path, *, column: str, key: Path, empty: Sequence[str]
) -> int:
    """Write the file and say what was done; return 1 if a number could not be replaced, else 0."""
    if not path.is_file():
        raise RequestRefusedError(f"There is no file {path}.")
    if out.exists():
        raise RequestRefusedError(f"{out} exists already; choose another name.")
    if key.exists() and key.samefile(path):
        raise RequestRefusedError(
            f"{key} is the file itself. Name a file of its own for the secret; it is made if it is"
            " not there."
        )
    with path.open("rb") as file:
        is_book = is_workbook(path.name, file.read(_HEAD))
    if is_book != (out.suffix.lower() == ".xlsx"):
        raise RequestRefusedError(
            f"{out} would not be of the kind of {path.name}: name it"
            f" {out.with_suffix('.xlsx' if is_book else '.csv').name}."
        )
    kept = file_key(key)
    try:
        done = replace_numbers(path, out, column=column, key=kept.secret, empty=empty)
    except FileRefusedError as refusal:
        if kept.made_at:  # for nothing
            kept.made_at.unlink()
        raise RequestRefusedError(f"{path.name}: {refusal.reason}") from None
    if kept.made_at:
        console.print(
            f"A secret was made in {kept.made_at}. Keep it, and send it to nobody: with another"
            " one the same people get other pseudonyms.",
            soft_wrap=True,
        )
    for sentence in _told(done):
        console.print(sentence, soft_wrap=True, highlight=False, markup=False)
    console.print(f"Written: {out}", soft_wrap=True)
    return 1 if done.faults else 0


def _told(done: Replaced) -> list[str]:
    told = [f"{done.replaced:,} NHS numbers replaced."]
    if done.emptied:
        told.append(f"{done.emptied:,} cells emptied.")
    if done.elsewhere:
        told.append(f"In {done.elsewhere:,} other cells a number was found and blotted out.")
    for rule in dict.fromkeys(rule for _, _, rule in done.faults):
        places = [_place(sheet, row) for sheet, row, broken in done.faults if broken == rule]
        more = f" and {len(places) - _SHOWN_ROWS:,} more" if len(places) > _SHOWN_ROWS else ""
        rows = f"{', '.join(places[:_SHOWN_ROWS])}{more}"
        told.append(f"Left empty, {rows}: {plain_reason(rule)}")
    return told


def _place(sheet: str, row: int) -> str:
    return f"sheet '{sheet}' row {row}" if sheet else f"row {row}"
