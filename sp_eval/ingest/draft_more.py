"""A table begun by hand in a draft: taken for the contract that somebody says it is."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from sp_eval.contracts.odcs import contract_names
from sp_eval.contracts.open_questions import OPEN
from sp_eval.contracts.subset import ContractError
from sp_eval.ingest.draft_words import scalar
from sp_eval.ingest.strange_table import StrangeTable, Unread

__all__ = ["told_of", "with_tables"]


def told_of(
    told: Mapping[str, str], tables: Sequence[StrangeTable], unread: Sequence[Unread]
) -> dict[str, str]:
    """`StrangeTable.shown` -> contract, of names as people write them: a file, or `file, sheet S`.

    Raise `ContractError` for a name that is no table's.
    """
    found: dict[str, str] = {}
    for name, contract in told.items():
        if contract not in contract_names():
            known = ", ".join(contract_names())
            raise ContractError(f"There is no contract '{contract}'; there are: {known}.")
        fits = [one.shown for one in tables if name in {one.shown, one.file, *_names(one)}]
        if not fits:
            raise ContractError(_why_not(name, tables, unread))
        found |= dict.fromkeys(fits, contract)
    return found


def _names(table: StrangeTable) -> list[str]:
    sheet = f", sheet {table.sheet}" if table.sheet else ""
    return [name for file in table.files for name in (f"{file}{sheet}", file)]


def _why_not(name: str, tables: Sequence[StrangeTable], unread: Sequence[Unread]) -> str:
    for one in unread:
        if one.shown == name:
            return (
                f"{name} could not be looked into. {one.reason} Ask for it with one line of"
                " headings above its rows."
            )
    return f"There is no table '{name}' here; there are: {', '.join(t.shown for t in tables)}."


def with_tables(text: str, tables: Mapping[str, str], lines: Sequence[str]) -> str:
    """A draft with further tables at its end, no longer asked about where nothing was used.

    `tables`: file or sheet as the draft names it -> contract; `lines`: theirs, of `datasets`.
    """
    kept = text.splitlines()
    for name, contract in tables.items():
        file = name.partition(", sheet ")[0]
        kept = _without(kept, "absent", contract)
        for gone in dict.fromkeys([name, file]):
            kept = _without(kept, "drop", scalar(gone))
    return "\n".join([*kept, *lines]) + "\n"


def _without(lines: list[str], section: str, key: str) -> list[str]:
    """The lines without one open question of a section at the top, and the section if it ends."""
    start = next((at for at, line in enumerate(lines) if line.startswith(f"{section}:")), None)
    if start is None:
        return lines
    end = next((at for at in range(start + 1, len(lines)) if lines[at][:1] != " "), len(lines))
    asked = re.compile(rf"  {re.escape(key)}: '{re.escape(OPEN)}'")
    held = [line for line in lines[start + 1 : end] if not asked.match(line)]
    head = [lines[start]] if held else []
    return lines[:start] + head + held + lines[end:]
