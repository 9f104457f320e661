"""Practices told by name where a contract asks for a code: the same made-up code in every table."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sp_eval.contracts.open_questions import OPEN
from sp_eval.ingest.column_look import Look
from sp_eval.ingest.vocabulary import heading_scores

__all__ = ["is_named", "is_of_practices", "practice_codes"]

_CONTRACTS = ("person", "referral", "gp_contact")
_ABOVE = 0.5  # of the rows hold codes as they should be


def practice_codes(tables: Sequence[Sequence[Look]]) -> dict[str, str]:
    """Name of a practice -> a made-up code; a question where some table has true codes.

    `tables`: the columns of each table. Empty if no column of practices holds names.
    """
    columns = [look for looks in tables for look in looks if is_of_practices(look)]
    named = [look for look in columns if look.practices <= _ABOVE]
    names = sorted({word for look in named for word, _ in look.words or ()})
    has_codes = any(look.practices > _ABOVE for looks in tables for look in looks)
    return {name: OPEN if has_codes else f"Z{at:05d}" for at, name in enumerate(names, start=1)}


def is_named(look: Look, practices: Collection[str]) -> bool:
    """Whether a column tells practices by the names of `practice_codes`."""
    return look.practices <= _ABOVE and any(word in practices for word, _ in look.words or ())


def is_of_practices(look: Look) -> bool:
    """Whether a column is headed as one of practices."""
    scores = heading_scores(look.heading)
    return (
        any((contract, "practice_code") in scores for contract in _CONTRACTS) and not look.is_date
    )
