"""One table of a drafted mapping, line by line: every guess with its reason beside it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from sp_eval.contracts.odcs import load_contract
from sp_eval.contracts.open_questions import OPEN, UNLIKE
from sp_eval.ingest.broad_groups import holds_broad_groups
from sp_eval.ingest.column_look import Look, is_personal
from sp_eval.ingest.draft_answers import check_lines, instrument_lines, question_lines
from sp_eval.ingest.draft_covers import covers_lines
from sp_eval.ingest.draft_rule import derived_from, quarter_of, rule_lines
from sp_eval.ingest.draft_words import scalar
from sp_eval.ingest.table_guess import PERSONAL, Guess, TableGuess, kind_of

__all__ = ["dates_of", "dropped_unasked", "side_by_side", "table_lines"]

_ASK: Final = f"'{OPEN}'"
_FOOTERS: Final = re.compile(
    r"(?:grand |sub)?totals?|sum|end of (?:report|file|data)|overall", re.IGNORECASE
)
_REGISTER: Final = ("person", "patient")
_TWO_WAYS: Final = {"%d": "%m", "%m": "%d"}


def table_lines(
    name: str,
    guess: TableGuess,
    layouts: list[str],
    kept: list[str],
    by: Look | None = None,
    *,
    month: str | None = None,
) -> Iterator[str]:
    """Yield the lines of one table in `datasets`, indented.

    `layouts`: lines of its layouts; `kept`: those of `keep_when`, and `by` which column;
    `month`: that of the delivery, if it is known.
    """
    table = guess.table
    contract = load_contract(guess.contract or "")
    yield from _found(name, guess)
    dates, told = ("", "") if layouts else dates_of(guess)
    if not layouts:
        if table.encoding.removesuffix("-sig") != "utf-8":
            yield f"    encoding: {scalar(table.encoding)}  # sure: by its bytes"
        if table.delimiter != ",":
            yield f"    delimiter: {scalar(table.delimiter)}  # sure: by its cells"
        yield f"    dates: '{dates}'{told}"
    if "person_key" in contract.names:
        yield _key("identifier", guess.person)
    if "referral_id" in contract.names:
        yield _key("reference", guess.reference)
    yield from covers_lines(guess, dates, month)
    yield from _footer(guess)
    yield from layouts
    yield from kept
    yield "    columns:"
    skipped = {"instrument", "item", "score"} if guess.questionnaire else set()
    for column in contract.columns:
        if column.name in skipped:
            if column.name == "instrument":
                yield from instrument_lines(guess)
            continue
        yield from (f"      {line}" for line in rule_lines(column, guess, dates))
    yield from question_lines(guess)
    yield from check_lines(guess, dates)
    if not layouts:
        yield from _dropped(guess, by)


def _found(name: str, guess: TableGuess) -> Iterator[str]:
    table = guess.table
    yield f"  {name}:"
    yield f"    contract: {guess.contract}  # {guess.how}: {guess.why}"
    yield f"    file: {scalar(table.file)}{_file_told(guess)}"
    if table.sheet is not None:
        yield f"    sheet: {scalar(table.sheet)}"


def _file_told(guess: TableGuess) -> str:
    table = guess.table
    if len(table.files) > 1:
        return f"  # sure: {len(table.files)} files are headed alike"
    return (
        "  # guess: the star stands for what will be another next month"
        if "*" in table.file
        else ""
    )


def _key(name: str, found: Guess | None) -> str:
    if found is not None:
        return f"    {name}: {scalar(found.look.heading)}  # {found.how}: {found.why}"
    return f"    {name}: {_ASK}"


def dates_of(guess: TableGuess) -> tuple[str, str]:
    """The style in which most columns of dates are written, and a comment of how sure that is."""
    found = (one.look for one in guess.columns.values())
    looks = [look for look in found if look.styles and not look.is_true_date]
    if not looks:
        return "%d/%m/%Y", ""
    votes = Counter(style for look in looks for style in look.styles)
    best = min(
        votes,
        key=lambda style: (
            -votes[style],
            looks[0].styles.index(style) if style in looks[0].styles else 99,
        ),
    )
    turned = re.sub("%[dm]", lambda part: _TWO_WAYS[part[0]], best)
    if turned != best and all(turned in look.styles for look in looks if best in look.styles):
        return (
            best,
            "  # guess: every date could be read both ways, day or month first: ask the sender",
        )
    return best, "  # sure: no date can be read in another order"


def _footer(guess: TableGuess) -> Iterator[str]:
    last = guess.table.cells.tail(1)
    for look in guess.looks if last.height else ():
        text = last[f"c{look.at}"][0]
        if text is None or not _FOOTERS.fullmatch(text):
            continue
        # a word that many rows bear is what is measured, as the total of a questionnaire
        if (guess.table.cells[f"c{look.at}"] == text).sum() == 1:
            yield f"    footer: {{{scalar(look.heading)}: {text}}}  # likely: the last row sums up"
            return


def _dropped(guess: TableGuess, by: Look | None) -> Iterator[str]:
    """`drop`: each column that is not read, with the reason."""
    used = _used(guess) | ({by.at} if by is not None else set())
    lines = [
        f"      {scalar(look.heading)}: {_why_dropped(look, guess)}"
        for look in guess.looks
        if look.at not in used
    ]
    if lines:
        yield "    drop:"
        yield from lines
    for place in guess.unnamed:
        if guess.table.headings[place - 1]:
            why = "its heading holds digits, or stands twice"
            yield f"    # column {place} is not named here: {why}"


def dropped_unasked(group: Sequence[TableGuess], by: Look | None = None) -> tuple[str, ...]:
    """Headings of the columns of a table, or of its layouts, that are dropped as a mere guess."""
    found: dict[str, None] = {}
    for guess in group:
        used = _used(guess) | ({by.at} if by is not None else set())
        for look in guess.looks:
            if look.at not in used and _why_dropped(look, guess).startswith(UNLIKE):
                found[look.heading] = None
    return tuple(found)


def side_by_side(guesses: Sequence[TableGuess]) -> list[TableGuess]:
    """The tables, each told what the others of the same file and sheet read, or of a register."""
    read: dict[str, set[int]] = {}
    for one in guesses:
        kept = {one.kept[0].at} if one.kept else set()
        read.setdefault(one.table.shown, set()).update(_used(one) | kept)
    return [
        replace(one, elsewhere=frozenset(read[one.table.shown]), beside=_beside(one, guesses))
        for one in guesses
    ]


def _beside(one: TableGuess, others: Sequence[TableGuess]) -> dict[str, str]:
    """What other parts of the register tell of people, and this one does not."""
    if one.contract not in _REGISTER:
        return {}
    shared = set(load_contract("patient").names) - {"person_key"}
    return {
        name: part.table.shown
        for part in others
        if part.contract in _REGISTER and part.table.shown != one.table.shown
        for name in shared
        if _tells(part, name) and not _tells(one, name)
    }


def _tells(one: TableGuess, name: str) -> bool:
    return name in one.columns or derived_from(one, name) is not None


def _used(guess: TableGuess) -> set[int]:
    used = {one.look.at for one in guess.columns.values()}
    used |= {one.look.at for one in (guess.person, guess.reference) if one is not None}
    if guess.contract is not None:
        names = load_contract(guess.contract).names
        if "person_key" not in names and guess.person is not None:
            used.discard(guess.person.look.at)
        missing = (name for name in names if name not in guess.columns)
        used |= {look.at for name in missing if (look := derived_from(guess, name)) is not None}
        if "period_start" in names and "period_start" not in guess.columns:
            used |= {look.at for look in quarter_of(guess)}
    if guess.first_date is not None:
        used.add(guess.first_date.at)
    if (asked := guess.questionnaire) is not None:
        headings = {*asked.items, asked.total, asked.metric}
        used |= {look.at for look in guess.looks if look.heading in headings}
    return used


def _why_dropped(look: Look, guess: TableGuess) -> str:
    if (kind := kind_of(look.heading)) is not None:
        return f"{PERSONAL[kind]}  # likely: by its heading"
    if not look.filled:
        return "empty in the delivery this was drafted from  # sure"
    if look.at in guess.elsewhere and not is_personal(look):
        return "another table of the same rows has it"
    told = _told_by_cells(look)
    return told or f"{UNLIKE}  # guess"


def _told_by_cells(look: Look) -> str | None:
    if look.nhs > 0.5:
        return "identifies the person  # sure: by its check digits"
    if look.nhs > 0.2 or look.postcodes > 0.2 or look.names > 0.2:
        return "its cells may tell who somebody is  # likely: by its cells"
    if is_personal(look):
        return "free text may tell who somebody is  # likely: by its cells"
    if holds_broad_groups(look):
        return "holds broad groups, and a letter would say more  # likely: by its words"
    return None
