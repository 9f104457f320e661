"""What tables can only be told to be beside each other: referrals, and a register in two parts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sp_eval.contracts.odcs import load_contract
from sp_eval.ingest.guess import ENOUGH, as_contract, classified, score_of
from sp_eval.ingest.table_guess import Guess, TableGuess
from sp_eval.ingest.vocabulary import heading_scores

__all__ = ["with_references", "with_roles"]


_SAME_KEYS = 0.8  # of the texts of a column; the others are slips, or of other months


def with_roles(guesses: Sequence[TableGuess]) -> list[TableGuess]:
    """Return the guesses, some tables that were nothing by themselves now taken for something."""
    placed = _with_register(list(guesses))
    if any(one.contract == "referral" for one in placed):
        return placed
    return _with_referrals(placed)


def with_references(guesses: Sequence[TableGuess]) -> list[TableGuess]:
    """Return the guesses; a column that lists the references of the referrals is one of them."""
    known = {
        text
        for one in guesses
        if one.contract == "referral" and one.reference is not None
        for text in one.table.cells[f"c{one.reference.look.at}"].drop_nulls().unique().to_list()
    }
    return [one if one.reference else _referring(one, known) for one in guesses]


def _referring(one: TableGuess, known: set[str]) -> TableGuess:
    if one.contract is not None and "referral_id" not in load_contract(one.contract).names:
        return one
    for look in one.looks:
        held = set(one.table.cells[f"c{look.at}"].drop_nulls().unique().to_list())
        if len(held) > 1 and len(held & known) >= _SAME_KEYS * len(held):
            found = Guess(look, "likely", "by its cells: they are references of the referrals")
            keyed = replace(one, reference=found)
            return keyed if one.contract else classified(keyed)
    return one


def _with_referrals(placed: list[TableGuess]) -> list[TableGuess]:
    """Take the likeliest of the tables that are nothing else for the referrals; one must be."""
    tried = {at: as_contract(one, "referral") for at, one in enumerate(placed) if not one.contract}
    scores = {at: score_of(one) for at, one in tried.items() if "referral_date" in one.columns}
    best = max(scores, key=lambda at: (scores[at], -at), default=None)
    if best is None or scores[best] < ENOUGH:
        return placed
    why = "there must be referrals, and no other table is more like them"
    return [replace(tried[at], why=why) if at == best else one for at, one in enumerate(placed)]


def _with_register(placed: list[TableGuess]) -> list[TableGuess]:
    """People in one table, when they were registered in another, perhaps deaths in a third."""
    alone = [at for at, one in enumerate(placed) if one.contract == "person" and not _dated(one)]
    periods = [
        at
        for at, one in enumerate(placed)
        if one.contract in (None, "person") and one.person and _dated(as_contract(one, "person"))
    ]
    if not alone or not periods:
        return placed
    why = "people and their registrations are in two tables"
    done = list(placed)
    for at in alone:
        done[at] = replace(as_contract(placed[at], "patient"), how="likely", why=why)
    period = replace(as_contract(placed[periods[0]], "person"), how="likely", why=why)
    done[periods[0]] = replace(period, practice_in=_practice_in(period, [placed[n] for n in alone]))
    for at, one in enumerate(placed):
        tried = as_contract(one, "patient") if not one.contract and one.person else None
        if at != periods[0] and tried is not None and _by_heading(tried, "death_date"):
            done[at] = replace(tried, how="likely", why="it tells who died")
    return done


def _practice_in(period: TableGuess, people: Sequence[TableGuess]) -> str | None:
    """The table, and its column, that alone tells of which practice people are."""
    if "practice_code" in period.columns:
        return None
    for one in people:
        for look in one.looks:
            if ("person", "practice_code") in heading_scores(look.heading) and look.filled:
                return f"{one.table.shown} ({look.heading})"
    return None


def _dated(one: TableGuess) -> bool:
    return _by_heading(one, "registered_from")


def _by_heading(one: TableGuess, name: str) -> bool:
    return name in one.columns and one.columns[name].why.startswith("by its heading")
