"""Tables whose rows were filled in at two times: one of answers for each, from the same sheet."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from sp_eval.ingest.column_look import Look
from sp_eval.ingest.guess import ENOUGH, as_contract, reference_of, score_of
from sp_eval.ingest.questionnaire import Questionnaire, questionnaire_in
from sp_eval.ingest.table_guess import Guess, TableGuess, read_places
from sp_eval.ingest.two_times import Time, times_in

__all__ = ["with_times"]

_TELLING: Final = 2  # columns headed as those of referrals, where their date cannot be read
_HEADED: Final = "by its heading"
_WHY: Final = "its columns are headed once for each time of asking"


def with_times(guesses: Sequence[TableGuess], told: Collection[str]) -> list[TableGuess]:
    """Return the guesses, a table of answers at two times now several tables of the same sheet.

    `told`: `StrangeTable.shown` of tables whose contract somebody says; they stay as they are,
    unless it is said to be one of answers.
    """
    return [
        part
        for one in guesses
        for part in (
            [one] if one.table.shown in told and one.contract != "outcome_response"
            else _parted(one)
        )
    ]  # fmt: skip


def _parted(one: TableGuess) -> list[TableGuess]:
    answers = [part for time in times_in(one.looks) for part in _at(one, time)]
    if len({part.time.stage for part in answers if part.time}) < 2:
        return [one]
    first = answers[0].columns.get("response_date")
    rest = _rest(one, frozenset(place for part in answers for place in read_places(part)))
    parts = [replace(part, first_date=_before(part, first)) for part in answers]
    return parts if rest is None else [rest, *parts]


def _before(part: TableGuess, first: Guess | None) -> Look | None:
    """The column of the first date, where that of a later time is another and written alike."""
    later = part.columns.get("response_date")
    if first is None or later is None or later.look.at == first.look.at:
        return None
    alike = (later.look.styles, later.look.is_true_date) == (
        first.look.styles, first.look.is_true_date
    )  # fmt: skip
    return first.look if alike else None


def _at(one: TableGuess, time: Time) -> Iterator[TableGuess]:
    """The tables of one time: one for each questionnaire whose items or score are there."""
    known = {look.at: look for look in one.looks}
    seen = [
        replace(look, heading=time.heads.get(look.at, look.heading))
        for look in one.looks
        if look.at not in time.hidden
    ]
    own = [look for look in seen if look.at in time.heads]
    found: set[str] = set()
    while (asked := questionnaire_in(own, one.table.shown)) and asked.instrument not in found:
        found.add(asked.instrument)
        heads = {look.heading: known[look.at].heading for look in own}
        used = {*asked.items, asked.total, asked.metric}
        yield _answers(one, time, seen, _renamed(asked, heads))
        own = [look for look in own if look.heading not in used]
    if not found:
        tried = _answers(one, time, seen, None)
        has_own = {found.look.at for found in tried.columns.values()} & set(time.heads)
        if {"response_date", "score"} <= set(tried.columns) and len(has_own) > 1:
            yield tried


def _answers(
    one: TableGuess, time: Time, seen: Sequence[Look], asked: Questionnaire | None
) -> TableGuess:
    known = {look.at: look for look in one.looks}
    tried = as_contract(
        replace(one, looks=tuple(seen)), "outcome_response", reference_of(one), asked
    )
    skipped = {"stage", "instrument", "item", "score"} if asked else {"stage"}
    columns = {
        name: replace(found, look=known[found.look.at])
        for name, found in tried.columns.items()
        # the first dates of a row need not be those of an answer
        if name not in skipped and (found.look.at in time.heads or found.why.startswith(_HEADED))
    }
    dates = [look for look in one.looks if look.at in time.heads and look.is_date]
    if len(dates) == 1:
        columns.setdefault("response_date", Guess(dates[0], "likely", "the only date of that time"))
    return replace(
        tried, looks=one.looks, columns=columns, time=time, how="likely", why=_WHY
    )  # fmt: skip


def _renamed(asked: Questionnaire, heads: Mapping[str, str]) -> Questionnaire:
    """The questionnaire by the headings as they stand in the file."""
    return replace(
        asked,
        items={heads[heading]: item for heading, item in asked.items.items()},
        total=asked.total and heads[asked.total],
        metric=asked.metric and heads[asked.metric],
    )


def _rest(one: TableGuess, read: frozenset[int]) -> TableGuess | None:
    """The table as one of referrals too, or as one that may be, if it has other columns for it."""
    bare = replace(one, elsewhere=read, columns={}, questionnaire=None)
    tried = as_contract(bare, "referral", one.reference)
    if one.person is None:
        return None
    dated = tried.columns.get("referral_date")
    headed = [name for name, found in tried.columns.items() if found.why.startswith(_HEADED)]
    is_one = "referral_date" in headed or (dated is None and len(headed) >= _TELLING)
    if is_one and score_of(tried) >= ENOUGH:
        return tried if one.contract == "referral" else replace(tried, why=f"{_HEADED}s")
    return None if dated is None else replace(bare, contract=None, reference=None)
