"""A table begun by hand in a draft: taken for the contract that somebody says it is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase

from sp_eval.contracts.odcs import contract_names
from sp_eval.contracts.open_questions import OPEN
from sp_eval.contracts.subset import ContractError
from sp_eval.ingest.draft_words import scalar
from sp_eval.ingest.folder import shown_pattern
from sp_eval.ingest.strange_table import StrangeTable, Unread

__all__ = ["replaced", "told_of", "with_tables"]


def told_of(
    told: Iterable[tuple[str, str]], tables: Sequence[StrangeTable], unread: Sequence[Unread]
) -> dict[str, tuple[str, ...]]:
    """`StrangeTable.shown` -> contracts, of names as people write them: a file, or `file, sheet S`.

    A file that is told of twice is two tables. Raise `ContractError` for a name that is no table's.
    """
    found: dict[str, tuple[str, ...]] = {}
    for name, contract in told:
        if contract not in contract_names():
            known = ", ".join(contract_names())
            raise ContractError(f"There is no contract '{contract}'; there are: {known}.")
        fits = [one.shown for one in tables if name in {one.shown, one.file, *_names(one)}]
        if not fits:
            raise ContractError(_why_not(name, tables, unread))
        for shown in fits:
            found[shown] = (*found.get(shown, ()), contract)
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


def replaced(held: Mapping[str, object], tables: Iterable[StrangeTable]) -> list[str]:
    """Names of the tables of a draft that are taken from the same file and sheet as one of these.

    `held`: its `datasets`, as YAML is read.
    """
    here = list(tables)
    return [
        name
        for name, one in held.items()
        if isinstance(one, dict) and any(_is_of(one, table) for table in here)
    ]


def _is_of(held: Mapping[str, object], table: StrangeTable) -> bool:
    pattern = str(held.get("file", ""))
    stars = shown_pattern(pattern).casefold()
    is_file = pattern == table.file or any(
        fnmatchcase(file.casefold(), stars) for file in table.files
    )
    return is_file and held.get("sheet") == table.sheet


def with_tables(
    text: str,
    tables: Mapping[str, Iterable[str]],
    lines: Sequence[str],
    *,
    gone: Sequence[str] = (),
    lacking: Sequence[str] = (),
) -> str:
    """A draft with further tables, no longer asked about where nothing was used.

    `tables`: file or sheet as the draft names it -> contracts; `lines`: theirs, of `datasets`.
    `gone`: names of tables in whose place they come; `lacking`: contracts that no table is of now.
    """
    kept = text.splitlines()
    for name, contracts in tables.items():
        file = name.partition(", sheet ")[0]
        for contract in contracts:
            kept = _without(kept, "absent", contract)
        for used in dict.fromkeys([name, file]):
            kept = _without(kept, "drop", scalar(used))
    at = len(kept)
    for name in gone:
        start, end = _block(kept, name)
        kept, at = kept[:start] + kept[end:], min(at, start)
    at = min(at, len(kept))
    return "\n".join(_with_absent([*kept[:at], *lines, *kept[at:]], lacking)) + "\n"


def _block(lines: Sequence[str], name: str) -> tuple[int, int]:
    """Where a table begins, with the blank lines above it, and where it ends."""
    top = next(at for at, line in enumerate(lines) if line.startswith("datasets:"))
    head = re.compile(rf"  (?:{re.escape(name)}|'{re.escape(name)}'|\"{re.escape(name)}\"):")
    start = next((at for at in range(top, len(lines)) if head.match(lines[at])), None)
    if start is None:
        raise ContractError(
            f"The table '{name}' of the draft is to be replaced, and its first line was not found:"
            f" write it as '  {name}:', alone in its line."
        )
    end = next(
        (at for at in range(start + 1, len(lines)) if re.match(r" {0,2}\S", lines[at])), len(lines)
    )
    while end > start + 1 and not lines[end - 1].strip():
        end -= 1
    while not lines[start - 1].strip():
        start -= 1
    return start, end


def _with_absent(lines: list[str], lacking: Sequence[str]) -> list[str]:
    """The lines with an open question for each contract that no table is taken for any more."""
    asked = [f"  {name}: '{OPEN}'" for name in lacking]
    at = next((n for n, line in enumerate(lines) if line.startswith("absent:")), None)
    if not asked:
        return lines
    if at is not None:
        return [*lines[: at + 1], *asked, *lines[at + 1 :]]
    at = next(n for n, line in enumerate(lines) if line.startswith("datasets:"))
    return [*lines[:at], "absent:", *asked, "", *lines[at:]]


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
