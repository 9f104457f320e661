"""Which contract a strange table may be, and which of its columns is which, each with why."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Final

from sp_eval.contracts.contract import Contract
from sp_eval.contracts.odcs import contract_names, load_contract
from sp_eval.ingest.column_look import Look, look_at
from sp_eval.ingest.guess_fit import UNKNOWN, fit
from sp_eval.ingest.header import looks_like_data
from sp_eval.ingest.practice_names import is_code, practice_codes, stems_of
from sp_eval.ingest.questionnaire import Questionnaire, questionnaire_in
from sp_eval.ingest.strange_table import StrangeTable
from sp_eval.ingest.table_guess import Guess, TableGuess, kind_of
from sp_eval.ingest.vocabulary import Confidence, heading_scores, plain

__all__ = [
    "ENOUGH",
    "as_contract",
    "classified",
    "guess_tables",
    "reference_of",
    "said_to_be",
    "score_of",
]

ENOUGH: Final = 3.0
_SOME: Final = 10  # people; fewer texts may be the same by chance
_MANY: Final = 0.95  # of the texts; the others are slips
_NAMELESS: Final = 5.0  # to be asked of a table whose name tells nothing
_OF_QUESTIONNAIRE: Final = frozenset({"instrument", "item"})  # it says them
_WORTH: Final = {"by its heading": 1.0, "by its heading and cells": 1.0, UNKNOWN: 0.25}


def guess_tables(
    tables: Sequence[StrangeTable],
    told: Mapping[str, str] | None = None,
    not_known: Collection[str] = (),
) -> tuple[bool, list[TableGuess]]:
    """Return whether people are told by NHS numbers, and the guess of each table, in order.

    `told`: `StrangeTable.shown` -> the contract it is said to be. `not_known`: texts that will
    count as blank wherever they stand.
    """
    begun = [_looked_at(table, {text.casefold() for text in not_known}) for table in tables]
    by_number = any(look.nhs > 0.5 for one in begun for look in one.looks)
    begun = [replace(one, person=_person(one, by_number=by_number)) for one in begun]
    begun = [one if one.person else replace(one, person=_listed(one, begun)) for one in begun]
    begun = [one if one.person else replace(one, person=_some_of(one, begun)) for one in begun]
    stems = [stem for one in begun for stem in stems_of(one.table) if not is_code(stem)]
    practices = practice_codes([one.looks for one in begun], stems, tables)
    begun = [replace(one, practices=practices) for one in begun]
    return by_number, [classified(one, (told or {}).get(one.table.shown)) for one in begun]


def _looked_at(table: StrangeTable, not_known: Collection[str]) -> TableGuess:
    heads = table.headings
    usable = {
        at
        for at, heading in enumerate(heads)
        if heading and heads.count(heading) == 1 and not looks_like_data(heading)
    }
    looks = tuple(
        look_at(heads[at], at, table.cells[f"c{at}"], from_workbook=table.from_workbook)
        for at in sorted(usable)
    )
    unnamed = tuple(n + 1 for n in range(len(heads)) if n not in usable)
    return TableGuess(table, looks, unnamed, not_known=frozenset(not_known))


def _person(one: TableGuess, *, by_number: bool) -> Guess | None:
    if by_number:
        best = max(one.looks, key=lambda look: look.nhs, default=None)
        if best is None or best.nhs <= 0.5:
            return None
        return Guess(best, "sure" if best.nhs > 0.9 else "likely", "by its cells: check digits")
    return _headed(one.looks, "person_key")


def _headed(looks: Sequence[Look], of: str, *, but: Guess | None = None) -> Guess | None:
    """The column whose heading says that it is this key."""
    fits = [
        (heading_scores(look.heading).get((of, ""), 0.0), -look.at, look)
        for look in looks
        if look.unspaced >= 0.95 and not look.is_date and (but is None or look.at != but.look.at)
    ]
    score, _, best = max(fits, key=lambda fit: fit[:2], default=(0.0, 0, None))
    if best is None or score == 0.0:
        return None
    return Guess(best, "sure" if score == 1.0 else "likely", "by its heading")


def reference_of(one: TableGuess) -> Guess | None:
    """The column headed as the scheme's own reference of a referral."""
    return one.reference or _headed(one.looks, "referral_id", but=one.person)


def _listed(one: TableGuess, others: Sequence[TableGuess]) -> Guess | None:
    """The column, none of whose cells stands twice, that lists the people of the other tables."""
    people = _people(others)
    for look in one.looks if people else ():
        held = set(one.table.cells[f"c{look.at}"].drop_nulls().to_list())
        if look.distinct == look.filled and len(held & people) * 2 > len(people):
            return Guess(look, "likely", "by its cells: they are those of people in other tables")
    return None


def _people(tables: Sequence[TableGuess]) -> set[str]:
    return {
        text
        for one in tables
        if one.person is not None
        for text in one.table.cells[f"c{one.person.look.at}"].drop_nulls().unique().to_list()
    }


def _some_of(one: TableGuess, others: Sequence[TableGuess]) -> Guess | None:
    """A column of people of the other tables, of whom it names but some.

    Small numbers are such a column only if it is headed alike, for they may number anything.
    """
    people = _people(others)
    heads = {word for other in others if other.person for word in _words_of(other.person.look)}
    for look in one.looks if people else ():
        held = set(one.table.cells[f"c{look.at}"].drop_nulls().to_list())
        alike = bool(_words_of(look) & heads) or look.whole < _MANY
        if len(held) >= _SOME and alike and len(held & people) >= _MANY * len(held):
            return Guess(look, "likely", "by its cells: they are those of people in other tables")
    return None


def _words_of(look: Look) -> set[str]:
    return set(plain(look.heading).split()) - {"id", "no", "number", "code", "ref", "key"}


def classified(one: TableGuess, told: str | None = None) -> TableGuess:
    """The guess completed with the contract that fits best, if any does, or that was told."""
    keyed = reference_of(one)
    asked = questionnaire_in(one.looks, one.table.shown)
    if told is not None:
        return said_to_be(one, told)
    best: tuple[float, TableGuess] | None = None
    for name in (name for name in contract_names() if name != "patient"):
        tried = as_contract(one, name, keyed, asked)
        score = score_of(tried)
        if best is None or score > best[0]:
            best = (score, tried)
    named = _named(one.table, best[1].contract or "") if best is not None else 0.0
    if best is None or best[0] < (ENOUGH if named else _NAMELESS):
        return one
    count = len(best[1].columns)
    how: Confidence = "sure" if named and best[0] > 8 else "likely" if best[0] > 5 else "guess"
    said = f"{count} column" + ("" if count == 1 else "s")
    return replace(best[1], how=how, why=f"by its name and {said}" if named else f"by {said}")


def said_to_be(one: TableGuess, name: str) -> TableGuess:
    """The table taken for a contract because somebody says so."""
    asked = questionnaire_in(one.looks, one.table.shown)
    tried = as_contract(one, name, reference_of(one), asked)
    return replace(tried, how="sure", why="it was said to be")


def as_contract(
    one: TableGuess,
    name: str,
    keyed: Guess | None = None,
    asked: Questionnaire | None = None,
) -> TableGuess:
    """The table taken for that contract; `keyed`: its column of references, if any is one."""
    contract = load_contract(name)
    reference = keyed if "referral_id" in contract.names else None
    if name == "referral" and reference is None:
        reference = _unique(one)
    taken = {guess.look.at for guess in (one.person, reference) if guess is not None}
    taken |= one.elsewhere
    pairs = [
        (-score, look.at, column.name, Guess(look, how, why))
        for column in contract.columns
        if column.name not in {"person_key", "referral_id"}
        for look in one.looks
        if look.at not in taken
        for score, how, why in fit(name, column, look, one.practices)
    ]
    columns: dict[str, Guess] = {}
    for _, at, target, guess in sorted(pairs, key=lambda pair: pair[:3]):
        if target not in columns and at not in taken:
            columns[target] = guess
            taken.add(at)
    _first_dates(contract, one, columns, taken)
    _only_numbers(contract, one, columns, taken)
    return replace(
        one, contract=name, columns={n: columns[n] for n in contract.names if n in columns},
        reference=reference, questionnaire=asked if name == "outcome_response" else None,
    )  # fmt: skip


def _first_dates(
    contract: Contract, one: TableGuess, columns: dict[str, Guess], taken: set[int]
) -> None:
    """Take the first column of dates for a date that must be given and no heading tells."""
    missing = [c.name for c in contract.columns if c.required and c.name not in columns]
    for name in (n for n in missing if contract.column(n).logical_type == "date"):
        for look in one.looks:
            usual = look.filled * 10 >= one.table.cells.height * 9
            if look.at not in taken and look.is_date and usual and kind_of(look.heading) is None:
                columns[name] = Guess(look, "guess", "by its cells: the first dates in the table")
                taken.add(look.at)
                break


def _only_numbers(
    contract: Contract, one: TableGuess, columns: dict[str, Guess], taken: set[int]
) -> None:
    """Take the only column of numbers for a number that must be given and no heading tells."""
    missing = [c for c in contract.columns if c.required and c.name not in columns]
    free = [
        look for look in one.looks
        if look.at not in taken and look.numbers >= 0.9 and not look.is_date
        and kind_of(look.heading) is None and look.nhs <= 0.2
    ]  # fmt: skip
    for column in missing:
        if column.logical_type == "number" and len(free) == 1:
            columns[column.name] = Guess(free[0], "guess", "by its cells: the only numbers")
            taken.add(free[0].at)


def _unique(one: TableGuess) -> Guess | None:
    """A column that numbers the rows, for want of one headed as their reference."""
    for look in one.looks:
        is_free = one.person is None or look.at != one.person.look.at
        is_free = is_free and look.at not in one.elsewhere
        counts = 0 < look.filled == look.distinct == one.table.cells.height
        is_code = look.unspaced >= 0.95 and not look.is_date
        if is_free and counts and is_code and kind_of(look.heading) is None:
            return Guess(look, "guess", "by its cells: none stands twice")
    return None


def score_of(tried: TableGuess) -> float:
    """How much speaks for the contract a table was tried as; `ENOUGH` is the least to go by."""
    contract = load_contract(tried.contract or "")
    score = 3.0 * _named(tried.table, contract.name)
    for column in contract.columns:
        if column.name in {"person_key", "referral_id"}:
            held = tried.person if column.name == "person_key" else tried.reference
            score += 1.0 if held else -4.0
        elif (guess := tried.columns.get(column.name)) is not None:
            weight = 2.0 if column.required else 1.0
            score += weight * _WORTH.get(guess.why, 0.5)
        elif column.required and not (tried.questionnaire and column.name in _OF_QUESTIONNAIRE):
            score -= 1.0
    # people in a table that needs none are a sign of another
    score -= 1.5 if tried.person is not None and "person_key" not in contract.names else 0.0
    asked = tried.questionnaire
    return score + (0.0 if asked is None else 3.0 if asked.how == "likely" else 6.0)


def _named(table: StrangeTable, contract: str) -> float:
    """How well the names of file and sheet fit the contract."""
    folder, _, name = table.file.rpartition("/")
    stem = name.rpartition(".")[0].replace("*", " ").replace("{practice}", " ")
    texts = [text for text in (table.sheet, stem, folder.rpartition("/")[2]) if text]
    whole = [heading_scores(text).get((contract, ""), 0.0) for text in texts]
    words = [word for text in texts for word in plain(text).split()]
    single = [0.9 * (heading_scores(word).get((contract, ""), 0.0) == 1.0) for word in words]
    return max([*whole, *single], default=0.0)
