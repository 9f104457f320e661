"""Practices told by name where a contract asks for a code: the same code in every table."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from pathlib import PurePosixPath
from typing import Final

from sp_eval.contracts.open_questions import OPEN
from sp_eval.ingest.column_look import Look
from sp_eval.ingest.strange_table import StrangeTable, joined
from sp_eval.ingest.vocabulary import heading_scores, plain

__all__ = ["by_practice", "is_code", "is_named", "practice_codes", "stems_of"]

_CONTRACTS: Final = ("person", "referral", "gp_contact")
_ABOVE: Final = 0.5  # of the rows hold codes as they should be
_CODE: Final = re.compile(r"\b[A-Z][0-9]{5}\b")
_MOST: Final = 500  # practices


def practice_codes(
    tables: Sequence[Sequence[Look]],
    files: Iterable[str] = (),
    lists: Sequence[StrangeTable] = (),
) -> dict[str, str]:
    """Name of a practice -> a made-up code, or the code that stands beside the name somewhere.

    `tables`: the columns of each table; `files`: names of practices from those of files; `lists`:
    tables of which one may say that a number and a name are the same practice. Where some table
    has true codes, a name of which none is known is a question. Empty if no column of practices
    holds names.
    """
    columns = [look for looks in tables for look in looks if _says_practice(look.heading)]
    named = [look for look in columns if look.practices <= _ABOVE and not look.is_date]
    names = sorted({*files, *(word for look in named for word, _ in look.words or ())})
    beside = {_bare(name): found[0] for name in names if (found := _CODE.search(name))}
    has_codes = bool(beside) or any(look.practices > _ABOVE for looks in tables for look in looks)
    first = _same_practices({_bare(name) for name in names}, lists)
    beside |= {first[name]: code for name, code in beside.items()}
    practices = sorted(set(first.values()))
    made_up = {one: OPEN if has_codes else f"Z{n:05d}" for n, one in enumerate(practices, start=1)}
    codes = {bare: beside.get(bare, beside.get(one, made_up[one])) for bare, one in first.items()}
    return {name: codes[_bare(name)] for name in names}


def _same_practices(names: Collection[str], lists: Sequence[StrangeTable]) -> dict[str, str]:
    """Each name -> the one that stands for all of its practice.

    A list of practices has a row for each: two of its columns then name the same practices, the
    one by number and the other in words.
    """
    first = {name: name for name in names}
    for table in lists:
        columns = [
            [_bare(text) for text in table.cells[f"c{at}"].drop_nulls().to_list()]
            for at in range(len(table.headings))
            if table.cells.height <= _MOST
        ]
        whole = [one for one in columns if len(set(one)) == len(one) == table.cells.height]
        known = [one for one in whole if sum(text in names for text in one) > 1]
        for row in zip(*known, strict=True) if len(known) > 1 else ():
            if told := sorted(text for text in row if text in names):
                first |= dict.fromkeys(told, first[told[0]])
    return first


def is_named(look: Look, practices: Collection[str]) -> bool:
    """Whether a column tells practices by the names of `practice_codes`."""
    return look.practices <= _ABOVE and any(word in practices for word, _ in look.words or ())


def is_code(text: str) -> bool:
    """Whether a text is a code of a practice, as A00001."""
    return _CODE.fullmatch(text) is not None


def by_practice(tables: Sequence[StrangeTable]) -> list[StrangeTable]:
    """The tables, files headed alike and named as practices now one, its file `{practice}.csv`."""
    names = {_bare(text) for table in tables for text in _practices_of(table)}
    groups: dict[tuple[object, ...], list[StrangeTable]] = {}
    for table in tables:
        path = PurePosixPath(table.file)
        alone = table.sheet is None and len(table.files) == 1
        key = (path.parent, path.suffix, table.headings) if alone else (table.file, table.sheet)
        groups.setdefault(key, []).append(table)
    done: list[StrangeTable] = []
    for members in groups.values():
        known = sum(_bare(PurePosixPath(one.files[0]).stem) in names for one in members)
        if len(members) > 1 and 2 * known >= len(members):
            path = PurePosixPath(members[0].file)
            done.append(joined(str(path.with_name(f"{{practice}}{path.suffix}")), members))
        else:
            done += members
    return done


def stems_of(table: StrangeTable) -> list[str]:
    """What the names of a table's files say in place of `{practice}`."""
    return [PurePosixPath(file).stem for file in table.files] if "{practice}" in table.file else []


def _practices_of(table: StrangeTable) -> Iterable[str]:
    for at, heading in enumerate(table.headings):
        if heading and _says_practice(heading):
            texts = table.cells[f"c{at}"].drop_nulls().unique()
            yield from texts.to_list() if texts.len() <= _MOST else ()


def _says_practice(heading: str) -> bool:
    scores = heading_scores(heading)
    return any((contract, "practice_code") in scores for contract in _CONTRACTS)


def _bare(name: str) -> str:
    """A name as it is compared: without a code, and without the brackets round it."""
    return plain(_CODE.sub(" ", name))
