"""A mapping drafted from a delivery: guesses with their reasons, questions where none is sure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sp_eval.contracts.odcs import contract_names
from sp_eval.contracts.open_questions import OPEN
from sp_eval.contracts.subset import ContractError
from sp_eval.contracts.yaml_file import read_yaml
from sp_eval.ingest.draft_kept import kept_lines
from sp_eval.ingest.draft_layouts import as_one, layout_lines
from sp_eval.ingest.draft_more import replaced, told_of, with_tables
from sp_eval.ingest.draft_not_known import not_known_in, not_known_line
from sp_eval.ingest.draft_table import dropped_unasked, side_by_side, table_lines
from sp_eval.ingest.draft_unused import left_out, not_sent
from sp_eval.ingest.guess import guess_tables, said_to_be
from sp_eval.ingest.guess_places import by_setting
from sp_eval.ingest.guess_roles import with_references, with_roles
from sp_eval.ingest.guess_times import with_times
from sp_eval.ingest.landing import month_of
from sp_eval.ingest.practice_names import by_practice
from sp_eval.ingest.strange_table import StrangeTable, Unread, tables_in
from sp_eval.ingest.table_guess import TableGuess
from sp_eval.ingest.vocabulary import plain

__all__ = ["Draft", "draft_mapping", "draft_more"]

_HEAD: Final = """\
# A draft, made from one delivery by sp-eval scheme new. Behind each # stands how sure a line is:
#   sure    heading and cells, or the cells' own check, say so
#   likely  one of them does, or a word that other schemes use so
#   guess   it may be otherwise: read it before you leave it
# A line with three question marks asks something. Write over them what the sender says, then
#   sp-eval scheme check {scheme} <delivery>
# tells what is left. The words of coded columns stand below: look whether any names somebody.
# yaml-language-server: $schema=../mapping.schema.json
"""


@dataclass(frozen=True, slots=True)
class Draft:
    """`text`: of the file. `tables`: each table as shown, and the contracts it was taken for.

    `unread`: what could not be looked into. `dropped`: by table, the headings of columns that are
    not used though nothing speaks against them.
    """

    text: str
    tables: tuple[tuple[str, tuple[str, ...]], ...]
    unread: tuple[Unread, ...]
    dropped: tuple[tuple[str, tuple[str, ...]], ...] = ()


def draft_mapping(scheme: str, delivery: Path, told: Iterable[tuple[str, str]] = ()) -> Draft:
    """Draft the mapping of a delivery: a month's folder, or one file. The same for the same bytes.

    No cell is written into it but the words of coded columns, and none of those that may tell
    who somebody is. `told`: as in `draft_more`.
    """
    found, unread = tables_in(delivery)
    tables = by_practice(found)
    not_known = not_known_in(tables)
    by_number, begun = _guessed(tables, told_of(told, tables, unread), not_known)
    guesses = with_references(with_roles(begun))
    placed = side_by_side([one for one in guesses if one.contract])
    shown = {one.table.shown for one in placed}
    guesses = [one for one in guesses if one.contract or one.table.shown not in shown]
    lines = [
        *_HEAD.format(scheme=scheme).splitlines(),
        f"scheme_code: {scheme}",
        f"title: '{OPEN}'",
        f"identifier: {'nhs_number' if by_number else 'pseudonym'}{_identifier_told(guesses)}",
        *not_known_line(not_known),
        "",
        *not_sent(placed),
        *left_out(guesses, unread),
        "datasets:",
        *_datasets(placed, set(), month_of(delivery)),
    ]
    return Draft(
        "\n".join(lines) + "\n", _taken_for(guesses, placed), tuple(unread), _dropped(placed)
    )


def draft_more(draft: Path, delivery: Path, told: Iterable[tuple[str, str]]) -> Draft:
    """Return a draft with the tables that are told of; the rest of it as it stands.

    `told`: a file of the delivery, or `file, sheet S`, and the contract it is to be taken for; one
    told twice is two tables. They come in the place of those that the draft takes from the same
    file and sheet.
    Raise `ContractError` for one that is not there, or if the draft has no tables at its end.
    """
    found, unread = tables_in(delivery)
    tables = by_practice(found)
    contracts = told_of(told, tables, unread)
    _, guesses = _guessed(tables, contracts, not_known_in(tables))
    told_only = [one for one in with_references(guesses) if one.table.shown in contracts]
    placed = side_by_side([one for one in told_only if one.contract])
    held = read_yaml(draft, source=draft.name)
    if not isinstance(held, dict) or list(held)[-1:] != ["datasets"]:
        raise ContractError(f"{draft.name} does not end with its tables: put 'datasets' last in it")
    there = held["datasets"] or {}
    gone = replaced(there, (one.table for one in placed))
    kept = {name: one for name, one in there.items() if name not in gone}
    filled = {str(one.get("contract")) for one in kept.values() if isinstance(one, dict)}
    filled |= {str(one.contract) for one in placed} | set(held.get("absent") or {})
    lacking = {str(there[name].get("contract")) for name in gone} - filled
    lines = list(_datasets(placed, set(kept), month_of(delivery)))
    text = with_tables(
        draft.read_text(encoding="utf-8"), contracts, lines,
        gone=gone, lacking=sorted(lacking & set(contract_names())),
    )  # fmt: skip
    return Draft(text, _taken_for(placed, placed), (), _dropped(placed))


def _guessed(
    tables: Sequence[StrangeTable], told: Mapping[str, Sequence[str]], not_known: Counter[str]
) -> tuple[bool, list[TableGuess]]:
    """Whether people are told by NHS numbers, and the guesses; some tables are several of them."""
    by_number, begun = guess_tables(tables, {name: of[0] for name, of in told.items()}, not_known)
    guesses = [
        guess
        for one in begun
        for guess in (one, *(said_to_be(one, name) for name in told.get(one.table.shown, ())[1:]))
    ]
    return by_number, [part for one in with_times(guesses, told) for part in by_setting(one, told)]


def _datasets(placed: Sequence[TableGuess], names: set[str], month: str | None) -> Iterator[str]:
    """The lines of every table, each under a name of its own; `names` are taken."""
    for group in _families(placed):
        name = _name(group[0], names)
        names.add(name)
        yield ""
        yield from _table(name, group, month)


def _taken_for(
    guesses: Sequence[TableGuess], placed: Sequence[TableGuess]
) -> tuple[tuple[str, tuple[str, ...]], ...]:
    contracts: dict[str, dict[str, None]] = {one.table.shown: {} for one in guesses}
    for one in placed:
        at = f" ({one.time.stage})" if one.time else ""
        contracts[one.table.shown][f"{one.contract}{at}"] = None
    return tuple((shown, tuple(names)) for shown, names in contracts.items())


def _dropped(placed: Sequence[TableGuess]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    families = _families(placed)
    lists = [(g[0].table.shown, dropped_unasked(g, kept_lines(g[0])[1])) for g in families]
    return tuple((shown, headings) for shown, headings in lists if headings)


def _identifier_told(guesses: Sequence[TableGuess]) -> str:
    found = sorted({one.person.why for one in guesses if one.person is not None})
    return f"  # {'; '.join(found)}" if found else "  # guess: no column of people was found"


def _families(guesses: Sequence[TableGuess]) -> list[list[TableGuess]]:
    """Tables together that are one dataset in several layouts."""
    groups: dict[tuple[object, ...], list[TableGuess]] = {}
    for one in guesses:
        asked = one.questionnaire.instrument if one.questionnaire and one.time else ""
        when = tuple(one.time.heads) if one.time else ()
        key = (one.table.file, one.table.sheet, one.contract, asked, when)
        groups.setdefault(key, []).append(one)
    return list(groups.values())


def _name(guess: TableGuess, taken: set[str]) -> str:
    folder, _, file = guess.table.file.rpartition("/")
    stem = file.rpartition(".")[0].replace("*", " ")
    text = guess.table.sheet or (folder.rpartition("/")[2] if "{" in stem else stem)
    asked = guess.questionnaire.instrument if guess.questionnaire else text
    text = f"{asked} {guess.time.stage}" if guess.time else text
    name = plain(text).replace(" ", "_") or guess.contract or "table"
    name = name if name[:1].isalpha() else f"{guess.contract}_{name}"
    if name in taken and guess.time is None:
        name = f"{name}_{guess.contract}"
    number = 2
    while name in taken:
        name, number = f"{name.rstrip('0123456789_')}_{number}", number + 1
    return name


def _table(name: str, group: Sequence[TableGuess], month: str | None) -> Iterator[str]:
    if len(group) == 1:
        yield from table_lines(name, group[0], [], *kept_lines(group[0]), month=month)
        return
    joined = as_one(group)
    yield from table_lines(name, joined, list(layout_lines(group, joined)), [], month=month)
