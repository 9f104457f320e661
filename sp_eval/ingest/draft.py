"""A mapping drafted from a delivery: guesses with their reasons, questions where none is sure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import polars as pl

from sp_eval.contracts.odcs import contract_names, load_contract
from sp_eval.contracts.open_questions import OPEN
from sp_eval.ingest.column_look import Look, look_at
from sp_eval.ingest.draft_table import dates_of, table_lines
from sp_eval.ingest.draft_words import scalar
from sp_eval.ingest.guess import Guess, TableGuess, as_contract, guess_tables
from sp_eval.ingest.guess_roles import with_roles
from sp_eval.ingest.strange_table import Unread, tables_in
from sp_eval.ingest.vocabulary import plain, setting_of

__all__ = ["Draft", "draft_mapping"]

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

    `unread`: what could not be looked into.
    """

    text: str
    tables: tuple[tuple[str, tuple[str, ...]], ...]
    unread: tuple[Unread, ...]


def draft_mapping(scheme: str, delivery: Path) -> Draft:
    """Draft the mapping of a delivery: a month's folder, or one file. The same for the same bytes.

    No cell is written into it but the words of coded columns, and none of those that may tell
    who somebody is.
    """
    tables, unread = tables_in(delivery)
    by_number, begun = guess_tables(tables)
    guesses = with_roles(begun)
    placed = [two for one in guesses if one.contract for two in _by_setting(one)]
    lines = [
        *_HEAD.format(open=OPEN, scheme=scheme).splitlines(),
        f"scheme_code: {scheme}",
        f"title: '{OPEN}'",
        f"identifier: {'nhs_number' if by_number else 'pseudonym'}{_identifier_told(guesses)}",
        "",
        *_not_sent(placed),
        *_left_out(guesses, unread),
        "datasets:",
    ]
    names: set[str] = set()
    for group in _families(placed):
        name = _name(group[0], names)
        names.add(name)
        lines += ["", *_table(name, group)]
    return Draft("\n".join(lines) + "\n", _taken_for(guesses, placed), tuple(unread))


def _taken_for(
    guesses: Sequence[TableGuess], placed: Sequence[TableGuess]
) -> tuple[tuple[str, tuple[str, ...]], ...]:
    contracts: dict[str, dict[str, None]] = {one.table.shown: {} for one in guesses}
    for one in placed:
        contracts[one.table.shown][one.contract or ""] = None
    return tuple((shown, tuple(names)) for shown, names in contracts.items())


def _identifier_told(guesses: Sequence[TableGuess]) -> str:
    found = sorted({one.person.why for one in guesses if one.person is not None})
    return f"  # {'; '.join(found)}" if found else "  # guess: no column of people was found"


def _not_sent(placed: Sequence[TableGuess]) -> Iterator[str]:
    here = {one.contract for one in placed}
    # a register in one table is a person's alone
    here |= {"patient"} if "person" in here else set()
    missing = [name for name in contract_names() if name not in here]
    if missing:
        yield "absent:  # contracts that no table was taken for"
        yield from (f"  {name}: '{OPEN}'" for name in missing)
        yield ""


def _left_out(guesses: Sequence[TableGuess], unread: Sequence[Unread]) -> Iterator[str]:
    """`drop` of the files that no contract is for; what could not be read, as a comment."""
    placed = {one.table.file for one in guesses if one.contract}
    files = dict.fromkeys(one.table.file for one in guesses if one.table.file not in placed)
    strange = [one for one in unread if one.is_file]
    if files or strange:
        yield "drop:  # files that are not used, and why"
        for file in files:
            yield f"  {scalar(file)}: no contract asks for what it holds  # guess"
        for one in strange:
            yield f"  {scalar(one.shown)}: '{OPEN}'  # {one.reason}"
        yield ""
    for one in (one for one in unread if not one.is_file):
        yield f"# not looked into: {one.shown}: {one.reason}"


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
    joined = _joined(group)
    yield from table_lines(name, joined, list(_layouts(group, joined)), [])


def _layouts(group: Sequence[TableGuess], joined: TableGuess) -> Iterator[str]:
    """One layout a way of heading: our name of each column, and how it is headed there."""
    ours = [look.heading for look in joined.looks]
    yield "    layouts:"
    for number, one in enumerate(group, start=1):
        heads = {target: found.look for target, found in one.columns.items()}
        heads |= {"person": one.person.look} if one.person else {}
        heads |= {"reference": one.reference.look} if one.reference else {}
        yield f"      layout_{number}:  # {len(one.table.files)} files"
        yield f"        delimiter: {scalar(one.table.delimiter)}"
        yield f"        encoding: {scalar(one.table.encoding)}"
        dates, told = dates_of(one)
        yield f"        dates: '{dates}'{told}"
        yield "        columns:"
        for name in ours:
            head = scalar(heads[name].heading) if name in heads else f"'{OPEN}'"
            yield f"          {name}: {head}"
        others = [look.heading for look in one.looks if look not in heads.values()]
        if others:
            yield f"        # not read: {', '.join(others)}"


def _joined(group: Sequence[TableGuess]) -> TableGuess:
    """The tables as one, each column under the name of what it is taken for."""
    targets = [
        n
        for n in load_contract(group[0].contract or "").names
        if any(n in g.columns for g in group)
    ]
    keys = {
        "person": [one.person for one in group],
        "reference": [one.reference for one in group],
    }
    sources = {name: [one.columns.get(name) for one in group] for name in targets} | keys
    sources = {name: found for name, found in sources.items() if any(found)}
    frames, looks, guesses = [], [], {}
    for at, (name, found) in enumerate(sources.items()):
        parts = [
            one.table.cells[f"c{guess.look.at}"]
            for one, guess in zip(group, found, strict=True)
            if guess is not None
        ]
        cells = pl.concat(parts).rename(f"c{at}")
        best = next(guess for guess in found if guess is not None)
        look = look_at(name, at, cells, from_workbook=False)
        styles = dict.fromkeys(s for guess in found if guess is not None for s in guess.look.styles)
        look = replace(look, styles=tuple(styles))
        frames.append(cells)
        looks.append(look)
        guesses[name] = Guess(look, best.how, best.why)
    table = replace(
        group[0].table,
        headings=tuple(sources),
        cells=pl.concat([frame.to_frame() for frame in frames], how="horizontal"),
        files=tuple(file for one in group for file in one.table.files),
    )
    return replace(
        group[0], table=table, looks=tuple(looks), unnamed=(), person=guesses.get("person"),
        reference=guesses.get("reference"),
        columns={name: guesses[name] for name in targets},
    )  # fmt: skip
