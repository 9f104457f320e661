"""What tables can only be told to be beside each other: referrals, and a register in two parts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sp_eval.ingest.guess import ENOUGH, TableGuess, as_contract, score_of

__all__ = ["with_roles"]


def with_roles(guesses: Sequence[TableGuess]) -> list[TableGuess]:
    """Return the guesses, some tables that were nothing by themselves now taken for something."""
    placed = list(guesses)
    if not any(one.contract == "referral" for one in placed):
        placed = _with_referrals(placed)
    return _with_register(placed)


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
        if not one.contract and one.person and _dated(as_contract(one, "person"))
    ]
    if not alone or not periods:
        return placed
    why = "people and their registrations are in two tables"
    done = list(placed)
    for at in alone:
        done[at] = replace(as_contract(placed[at], "patient"), how="likely", why=why)
    done[periods[0]] = replace(as_contract(placed[periods[0]], "person"), how="likely", why=why)
    for at, one in enumerate(placed):
        tried = as_contract(one, "patient") if not one.contract and one.person else None
        if at != periods[0] and tried is not None and _by_heading(tried, "death_date"):
            done[at] = replace(tried, how="likely", why="it tells who died")
    return done


def _dated(one: TableGuess) -> bool:
    return _by_heading(one, "registered_from")


def _by_heading(one: TableGuess, name: str) -> bool:
    return name in one.columns and one.columns[name].why.startswith("by its heading")
