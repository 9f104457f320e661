"""A mapping drafted from a delivery: guesses with their reasons, questions where none is sure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sp_eval.contracts.open_questions import OPEN
from sp_eval.contracts.subset import ContractError
from sp_eval.contracts.yaml_file import read_yaml
from sp_eval.ingest.column_look import Look
from sp_eval.ingest.draft_layouts import as_one, layout_lines
from sp_eval.ingest.draft_more import told_of, with_tables
from sp_eval.ingest.draft_not_known import not_known_in, not_known_line
from sp_eval.ingest.draft_table import dropped_unasked, table_lines
from sp_eval.ingest.draft_unused import left_out, not_sent
from sp_eval.ingest.draft_words import scalar
from sp_eval.ingest.guess import TableGuess, as_contract, guess_tables
from sp_eval.ingest.guess_roles import with_roles
from sp_eval.ingest.strange_table import Unread, tables_in
from sp_eval.ingest.vocabulary import plain, setting_of

__all__ = ["Draft", "draft_mapping", "draft_more"]

# SNOMED CT 871731000000106: referral to social prescribing service
_OURS: Final = re.compile(r"social prescri|871731000000106", re.IGNORECASE)
_HEAD: Final = """\
# A draft, made from one delivery by sp-eval scheme new. Behind each # stands how sure a line is:
#   sure    heading and cells, or the cells' own check, say so
#   likely  one of them does, or a word that other schemes use so
#   guess   it may be otherwise: read it before you leave it
# A line with '{open}' asks something. Ask nobody but this file and the sender: write over it, then
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


def draft_mapping(scheme: str, delivery: Path, told: Mapping[str, str] | None = None) -> Draft:
    """Draft the mapping of a delivery: a month's folder, or one file. The same for the same bytes.

    No cell is written into it but the words of coded columns, and none of those that may tell
    who somebody is. `told`: as in `draft_more`.
    """
    tables, unread = tables_in(delivery)
    not_known = not_known_in(tables)
    by_number, begun = guess_tables(tables, told_of(told or {}, tables, unread), not_known)
    guesses = with_roles(begun)
    placed = [two for one in guesses if one.contract for two in _by_setting(one)]
    lines = [
        *_HEAD.format(open=OPEN, scheme=scheme).splitlines(),
        f"scheme_code: {scheme}",
        f"title: '{OPEN}'",
        f"identifier: {'nhs_number' if by_number else 'pseudonym'}{_identifier_told(guesses)}",
        *not_known_line(not_known),
        "",
        *not_sent(placed),
        *left_out(guesses, unread),
        "datasets:",
        *_datasets(placed, set()),
    ]
    return Draft(
        "\n".join(lines) + "\n", _taken_for(guesses, placed), tuple(unread), _dropped(placed)
    )


def draft_more(draft: Path, delivery: Path, told: Mapping[str, str]) -> Draft:
    """Return a draft with one table more for each that is told of; the rest of it as it stands.

    `told`: a file of the delivery, or `file, sheet S` -> the contract it is to be taken for.
    Raise `ContractError` for one that is not there, or if the draft has no tables at its end.
    """
    tables, unread = tables_in(delivery)
    contracts = told_of(told, tables, unread)
    _, guesses = guess_tables(tables, contracts, not_known_in(tables))
    placed = [one for one in guesses if one.table.shown in contracts]
    held = read_yaml(draft, source=draft.name)
    if not isinstance(held, dict) or list(held)[-1:] != ["datasets"]:
        raise ContractError(f"{draft.name} does not end with its tables: put 'datasets' last in it")
    text = draft.read_text(encoding="utf-8")
    more = with_tables(text, contracts, list(_datasets(placed, set(held["datasets"] or {}))))
    return Draft(more, _taken_for(placed, placed), (), _dropped(placed))


def _datasets(placed: Sequence[TableGuess], names: set[str]) -> Iterator[str]:
    """The lines of every table, each under a name of its own; `names` are taken."""
    for group in _families(placed):
        name = _name(group[0], names)
        names.add(name)
        yield ""
        yield from _table(name, group)


def _taken_for(
    guesses: Sequence[TableGuess], placed: Sequence[TableGuess]
) -> tuple[tuple[str, tuple[str, ...]], ...]:
    contracts: dict[str, dict[str, None]] = {one.table.shown: {} for one in guesses}
    for one in placed:
        contracts[one.table.shown][one.contract or ""] = None
    return tuple((shown, tuple(names)) for shown, names in contracts.items())


def _dropped(placed: Sequence[TableGuess]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    families = _families(placed)
    lists = [(g[0].table.shown, dropped_unasked(g, _kept(g[0])[1])) for g in families]
    return tuple((shown, headings) for shown, headings in lists if headings)


def _identifier_told(guesses: Sequence[TableGuess]) -> str:
    found = sorted({one.person.why for one in guesses if one.person is not None})
    return f"  # {'; '.join(found)}" if found else "  # guess: no column of people was found"


def _by_setting(one: TableGuess) -> Iterator[TableGuess]:
    """A table of visits to practices and hospitals alike is two tables."""
    if one.contract in {"gp_contact", "hospital_activity"} and _setting(one) is not None:
        yield as_contract(one, "gp_contact")
        yield as_contract(one, "hospital_activity")
    else:
        yield one


def _setting(one: TableGuess) -> Look | None:
    for look in one.looks:
        places = {setting_of(word) for word, _ in look.words or ()}
        if {"gp", "hospital"} <= places and len(look.words or ()) < 3 * len(places) + 8:
            return look
    return None


def _kept(guess: TableGuess) -> tuple[list[str], Look | None]:
    """The `keep_when` of a table that holds other things too: visits elsewhere, other plans."""
    if guess.contract == "referral":
        return _referrals_kept(guess)
    look = _setting(guess) if guess.contract == "gp_contact" else None
    if look is None:
        return [], None
    words = ", ".join(scalar(w) for w, _ in look.words or () if setting_of(w) == "gp")
    head = scalar(look.heading)
    return [
        "    # guess: these visits were to the practice; the others are of the next table",
        f"    keep_when: {{when: {{{head}: [{words}]}}, folded_as: visit elsewhere}}",
    ], look


def _referrals_kept(guess: TableGuess) -> tuple[list[str], Look | None]:
    free = {one.look.at for one in guess.columns.values()}
    coded = [look for look in guess.looks if len(look.words or ()) > 1 and look.at not in free]
    for look in coded:
        words = [word for word, _ in look.words or ()]
        ours = [word for word in words if _OURS.search(word)]
        if ours and len(ours) < len(words):
            head, kept = scalar(look.heading), ", ".join(scalar(word) for word in ours)
            return [
                "    # guess: the other rows are no referrals to the scheme; they are counted only",
                f"    keep_when: {{when: {{{head}: [{kept}]}}, folded_as: other row}}",
            ], look
    if coded and guess.how == "guess":
        return [
            "    # if only some rows are referrals, say which (the others are counted only), as in",
            "    # keep_when: {when: {HEADING: [word, word]}, folded_as: other row}",
        ], None
    return [], None


def _families(guesses: Sequence[TableGuess]) -> list[list[TableGuess]]:
    """Tables together that are one dataset in several layouts."""
    groups: dict[tuple[str, str | None, str | None], list[TableGuess]] = {}
    for one in guesses:
        groups.setdefault((one.table.file, one.table.sheet, one.contract), []).append(one)
    return list(groups.values())


def _name(guess: TableGuess, taken: set[str]) -> str:
    folder, _, file = guess.table.file.rpartition("/")
    stem = file.rpartition(".")[0].replace("*", " ")
    text = guess.table.sheet or (folder.rpartition("/")[2] if "{" in stem else stem)
    name = plain(text).replace(" ", "_") or guess.contract or "table"
    name = name if name[:1].isalpha() else f"{guess.contract}_{name}"
    if name in taken:
        name = f"{name}_{guess.contract}"
    number = 2
    while name in taken:
        name, number = f"{name.rstrip('0123456789_')}_{number}", number + 1
    return name


def _table(name: str, group: Sequence[TableGuess]) -> Iterator[str]:
    if len(group) == 1:
        yield from table_lines(name, group[0], [], *_kept(group[0]))
        return
    joined = as_one(group)
    yield from table_lines(name, joined, list(layout_lines(group, joined)), [])
