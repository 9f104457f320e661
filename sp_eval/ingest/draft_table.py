"""One table of a drafted mapping, line by line: every guess with its reason beside it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

import polars as pl

from sp_eval.contracts.odcs import load_contract
from sp_eval.contracts.open_questions import OPEN
from sp_eval.ingest.column_look import Look, is_personal
from sp_eval.ingest.draft_answers import instrument_lines, question_lines
from sp_eval.ingest.draft_rule import derived_from, quarter_of, rule_lines
from sp_eval.ingest.draft_words import scalar
from sp_eval.ingest.guess import PERSONAL, Guess, TableGuess, kind_of
from sp_eval.ingest.parse import written_in
from sp_eval.ingest.vocabulary import known_word, plain

__all__ = ["dates_of", "dropped_unasked", "table_lines"]

_ASK: Final = f"'{OPEN}'"
_FOOTERS: Final = re.compile(
    r"(?:grand |sub)?totals?|sum|end of (?:report|file|data)|overall", re.IGNORECASE
)
_SOURCES: Final = {"ae": "ae", "emergency": "inpatient", "elective": "inpatient",
                   "day_case": "inpatient", "outpatient": "outpatient"}  # fmt: skip
_NAMES: Final = {
    ("ae", "ecds", "emergency", "ed"): "ae",
    ("apc", "ip", "inpatient", "inpatients", "admissions", "spells", "admitted"): "inpatient",
    ("op", "outpatient", "outpatients"): "outpatient",
}
_TWO_WAYS: Final = {"%d": "%m", "%m": "%d"}
_UNLIKE: Final = "no column of the contract is like it"


def table_lines(
    name: str, guess: TableGuess, layouts: list[str], kept: list[str], by: Look | None = None
) -> Iterator[str]:
    """Yield the lines of one table in `datasets`, indented.

    `layouts`: lines of its layouts; `kept`: those of `keep_when`, and `by` which column.
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
    yield from _covers(guess, dates)
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


def _covers(guess: TableGuess, dates: str) -> Iterator[str]:
    """From when on the table holds everything: the first month that is as full as the others."""
    by = {"gp_contact": "contact_date", "hospital_activity": "start_date"}.get(guess.contract or "")
    if by is None or by not in guess.columns:
        return
    look = guess.columns[by].look
    cells = guess.table.cells.select(pl.col(f"c{look.at}").alias("text"))
    styles = ["%Y-%m-%d %H:%M:%S"] if look.is_true_date else [*filter(None, [dates]), *look.styles]
    days = cells.select(pl.coalesce(written_in("text", style) for style in styles)).to_series()
    months = days.drop_nulls().dt.truncate("1mo").alias("month").value_counts().sort("month")
    full = months.filter(pl.col("count") * 2 >= pl.col("count").median())
    start = full["month"][0].isoformat() if full.height else _ASK
    sources = ", ".join(_sources(guess))
    yield f"    covers: {{sources: [{sources}], from: {start}}}  # guess: the first full month; ask"


def _sources(guess: TableGuess) -> list[str]:
    if guess.contract == "gp_contact":
        return ["gp_contact"]
    if named := [source for words, source in _NAMES.items() if _holds(guess.table.shown, words)]:
        return named
    column = load_contract("hospital_activity").column("activity")
    found = guess.columns.get("activity")
    words = [word for word, _ in (found.look.words or ())] if found else []
    known = [known_word("hospital_activity", column, word) for word in words]
    sources = {_SOURCES[str(k.value)] for k in known if k is not None and k.value in _SOURCES}
    everything = ["ae", "inpatient", "outpatient"]
    return sorted(sources) if known and None not in known else everything


def _holds(text: str, words: tuple[str, ...]) -> bool:
    return bool(set(plain(text).split()) & set(words))


def _footer(guess: TableGuess) -> Iterator[str]:
    last = guess.table.cells.tail(1)
    for look in guess.looks if last.height else ():
        text = last[f"c{look.at}"][0]
        if text and _FOOTERS.fullmatch(text):
            yield f"    footer: {{{scalar(look.heading)}: {text}}}  # likely: the last row sums up"
            return


def _dropped(guess: TableGuess, by: Look | None) -> Iterator[str]:
    """`drop`: each column that is not read, with the reason."""
    used = _used(guess) | ({by.at} if by is not None else set())
    lines = [
        f"      {scalar(look.heading)}: {_why_dropped(look)}"
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
            if look.at not in used and _why_dropped(look).startswith(_UNLIKE):
                found[look.heading] = None
    return tuple(found)


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
    if (asked := guess.questionnaire) is not None:
        headings = {*asked.items, asked.total, asked.metric}
        used |= {look.at for look in guess.looks if look.heading in headings}
    return used


def _why_dropped(look: Look) -> str:
    if (kind := kind_of(look.heading)) is not None:
        return f"{PERSONAL[kind]}  # likely: by its heading"
    if not look.filled:
        return "empty in the delivery this was drafted from  # sure"
    if look.nhs > 0.5:
        return "identifies the person  # sure: by its check digits"
    if look.nhs > 0.2 or look.postcodes > 0.2 or look.names > 0.2:
        return "its cells may tell who somebody is  # likely: by its cells"
    if is_personal(look):
        return "free text may tell who somebody is  # likely: by its cells"
    return f"{_UNLIKE}  # guess"
