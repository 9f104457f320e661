"""What of a delivery a draft does not use: contracts, and files, without a table."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from sp_eval.contracts.odcs import contract_names
from sp_eval.contracts.open_questions import OPEN
from sp_eval.contracts.template import BESIDE_THE_ROWS, EXPLANATION_SHEET
from sp_eval.ingest.draft_words import scalar
from sp_eval.ingest.strange_table import Unread
from sp_eval.ingest.table_guess import TableGuess

__all__ = ["left_out", "not_sent"]

_SHEET = ", sheet "


def not_sent(placed: Sequence[TableGuess]) -> Iterator[str]:
    """`absent` of the contracts that no table was taken for, each a question."""
    here = {one.contract for one in placed}
    # a register in one table is a person's alone
    here |= {"patient"} if "person" in here else set()
    missing = [name for name in contract_names() if name not in here]
    if missing:
        yield "absent:  # contracts that no table was taken for"
        yield from (f"  {name}: '{OPEN}'" for name in missing)
        yield ""


def left_out(guesses: Sequence[TableGuess], unread: Sequence[Unread]) -> Iterator[str]:
    """`drop` of the files and sheets that are not used, each a question."""
    placed = {one.table.file for one in guesses if one.contract}
    lines: dict[str, str] = {}
    for one in (one for one in guesses if not one.contract):
        # a file of which nothing is used is one question, whatever its sheets
        name = one.table.shown if one.table.file in placed else one.table.file
        lines.setdefault(name, "no contract was seen to ask for what it holds")
    for strange in unread:
        lines.setdefault(strange.shown, strange.reason)
    if lines:
        yield "drop:  # files and sheets that are not used, and why"
        for name, why in lines.items():
            if _of_a_template(name, lines):
                yield f"  {scalar(name)}: a sheet of the template, which nobody fills in"
            else:
                yield f"  {scalar(name)}: '{OPEN}'  # {why}"
        yield ""


def _of_a_template(name: str, unused: Collection[str]) -> bool:
    """Whether a sheet came with a blank template of ours: the one that explains it is there."""
    file, _, sheet = name.partition(_SHEET)
    return sheet in BESIDE_THE_ROWS and f"{file}{_SHEET}{EXPLANATION_SHEET}" in unused
