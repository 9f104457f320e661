"""A file of visits to practices and to hospitals alike: two tables, each with its own words."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import Final

from sp_eval.contracts.odcs import load_contract
from sp_eval.ingest.column_look import Look
from sp_eval.ingest.guess import as_contract
from sp_eval.ingest.table_guess import Guess, TableGuess
from sp_eval.ingest.vocabulary import known_in, known_word, setting_of

__all__ = ["by_setting", "place_of"]

_PLACES: Final = {"gp_contact": "gp", "hospital_activity": "hospital"}
_MOST: Final = 40  # words; more are no list of places
_OTHERS: Final = re.compile(r"refer|source|sent|discharg|destination", re.IGNORECASE)
"""Headings of columns that tell where somebody came from or went, not where the visit was."""
_BY_WORDS: Final = "by its words: they tell where it was"


def by_setting(one: TableGuess, told: Collection[str] = ()) -> Iterator[TableGuess]:
    """Yield the table; if it holds visits to both, a table for each, with the words it keeps.

    Words that tell no place are kept by the hospital's, where each is asked about. `told`:
    `StrangeTable.shown` of tables whose contract somebody says: only that is made of them.
    """
    is_told = one.table.shown in told
    is_of_people = one.person is not None and any(look.is_date for look in one.looks)
    may_be = one.contract in _PLACES or (one.contract is None and is_of_people)
    look = _setting(one) if may_be else None
    if look is None:
        yield one
        return
    if one.contract is None:
        one = replace(one, why="its words tell of visits to practices and to hospitals")
    for name in [one.contract] if is_told else _PLACES:
        yield replace(_at(one, name, look), how=one.how, why=one.why)


def _at(one: TableGuess, name: str | None, look: Look) -> TableGuess:
    contract = load_contract(name or "")
    place = _PLACES[contract.name]
    part = as_contract(one, contract.name)
    settings = {word: place_of(word) for word, _ in look.words or ()}
    both = place == "hospital"
    kept = tuple(w for w, of in settings.items() if of == place or (both and of is None))
    columns = dict(part.columns)
    for target, found in part.columns.items():
        column = contract.column(target)
        is_list = found.look.at == look.at and column.allowed is not None
        if is_list and not any(known_word(contract.name, column, word) for word in kept):
            del columns[target]
    free = look.at not in {found.look.at for found in columns.values()}
    for target in ("activity",) if both else ("staff", "mode"):
        is_told = _tells(contract.name, target, kept)
        if target not in columns and ((both and free) or is_told):
            columns[target] = Guess(look, "guess", _BY_WORDS)
    ordered = {target: columns[target] for target in contract.names if target in columns}
    return replace(part, columns=ordered, kept=(look, kept))


def _tells(name: str, target: str, words: Collection[str]) -> bool:
    """Whether each of the words says something of that column."""
    column = load_contract(name).column(target)
    return all(known_in(name, column, word) for word in words)


def place_of(word: str) -> str | None:
    """Where a visit was; a kind of hospital care that is known is one of a hospital."""
    place = setting_of(word)
    if place is None:
        column = load_contract("hospital_activity").column("activity")
        known = known_word("hospital_activity", column, word)
        if known is not None and known.how == "sure" and known.value != "other":
            return "hospital"
    return place


def _setting(one: TableGuess) -> Look | None:
    """The column whose words tell where a visit was, most of them: others may be names."""
    for look in one.looks:
        words = [word for word, _ in look.words or ()]
        if _OTHERS.search(look.heading) or not 0 < len(words) <= _MOST:
            continue
        places = [place_of(word) for word in words]
        if {"gp", "hospital"} <= set(places) and 2 * places.count(None) <= len(words):
            return look
    return None
