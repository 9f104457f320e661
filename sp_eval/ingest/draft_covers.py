"""What a drafted table is said to hold all of, and from when on: `covers`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final

import polars as pl

from sp_eval.contracts.odcs import load_contract
from sp_eval.contracts.open_questions import OPEN
from sp_eval.ingest.parse import month_start, written_in
from sp_eval.ingest.table_guess import TableGuess
from sp_eval.ingest.vocabulary import known_word, plain
from sp_eval.ingest.whole_months import first_whole_day, last_whole_day
from sp_eval.study.outcomes import SHOWN_BY

__all__ = ["covers_lines", "named_sources"]

_SOURCES: Final = {
    activity: source for source, activities in SHOWN_BY.items() for activity in activities
}
_STAYS: Final = ("emergency_inpatient", "planned_inpatient")
_NAMES: Final = {
    ("ae", "ecds", "emergency", "ed", "casualty"): "ae",
    ("apc", "ip", "inpatient", "inpatients", "admissions", "spells", "admitted"): "inpatient",
    ("op", "outpatient", "outpatients"): "outpatient",
}


def covers_lines(guess: TableGuess, dates: str, month: str | None) -> Iterator[str]:
    """Of which days the table holds everything: the months that are as full as the others.

    `month`: that of the delivery, if it is known; its last day is said where it comes sooner.
    """
    by = {"gp_contact": "contact_date", "hospital_activity": "start_date"}.get(guess.contract or "")
    if by is None or by not in guess.columns:
        return
    look = guess.columns[by].look
    cells = guess.table.cells
    if guess.kept is not None:
        cells = cells.filter(pl.col(f"c{guess.kept[0].at}").is_in(list(guess.kept[1])))
    texts = cells.select(pl.col(f"c{look.at}").alias("text"))
    styles = ["%Y-%m-%d %H:%M:%S"] if look.is_true_date else [*filter(None, [dates]), *look.styles]
    days = texts.select(pl.coalesce(written_in("text", style) for style in styles)).to_series()
    start = first_whole_day(days)
    told = f"from: {start or repr(OPEN)}"
    why = "  # guess: the first full month; ask"
    if month is not None and start is not None:
        last = last_whole_day(days, month_start(month))
        if start < last < month_start(month) - timedelta(days=1):
            told += f", to: {last}"
            why = (
                "  # guess: the first and the last full month; ask. If it is always so late:"
                f" months_behind: {_months_between(last, month)} in place of to"
            )
    yield f"    covers: {{sources: [{', '.join(_sources(guess))}], {told}}}{why}"


def _months_between(last: date, month: str) -> int:
    """How many whole months lie between a last day and the month of delivery."""
    start = month_start(month)
    return (start.year - last.year) * 12 + start.month - last.month - 1


def _sources(guess: TableGuess) -> list[str]:
    if guess.contract == "gp_contact":
        return ["gp_contact"]
    if shown := _shown(guess):
        both = shown >= set(_STAYS)
        stays = ["inpatient"] if both else [kind for kind in _STAYS if kind in shown]
        return [*(["ae"] if "ae" in shown else []), *stays, *({"outpatient"} & shown)]
    return named_sources(guess) or ["ae", "inpatient", "outpatient"]


def named_sources(guess: TableGuess) -> list[str]:
    """The kinds of hospital care that the name of a file or sheet tells."""
    return [source for words, source in _NAMES.items() if _holds(guess.table.shown, words)]


def _shown(guess: TableGuess) -> set[str]:
    """The kinds of care that the words of a table show; empty if some word is not known."""
    column = load_contract("hospital_activity").column("activity")
    found = guess.columns.get("activity")
    if found is None:
        return set()
    kept = guess.kept[1] if guess.kept and guess.kept[0].at == found.look.at else None
    words = [word for word, _ in found.look.words or () if kept is None or word in kept]
    known = [known_word("hospital_activity", column, word) for word in words]
    values = {str(one.value) for one in known if one is not None}
    return {_SOURCES[value] for value in values & set(_SOURCES)} if None not in known else set()


def _holds(text: str, words: tuple[str, ...]) -> bool:
    return bool(set(plain(text).split()) & set(words))
