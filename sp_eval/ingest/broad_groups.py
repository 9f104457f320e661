"""Columns that tell ethnic groups by a few broad words, for which there are no letters."""

from __future__ import annotations

from typing import Final

from sp_eval.contracts.odcs import load_contract
from sp_eval.ingest.column_look import Look
from sp_eval.ingest.vocabulary import (
    broad_groups,
    heading_scores,
    known_word,
    not_known_words,
    plain,
)

__all__ = ["holds_broad_groups"]

_COLUMN: Final = ("person", "ethnic_category")
_NOT_TOLD: Final = frozenset({"Z", "99"})


def holds_broad_groups(look: Look) -> bool:
    """Whether a column is one of ethnic groups, and holds only such as `White` and `Asian`."""
    if _COLUMN not in heading_scores(look.heading) or not look.words:
        return False
    told = [word for word, _ in look.words if not _is_not_told(word)]
    return bool(told) and all(plain(word) in broad_groups() for word in told)


def _is_not_told(word: str) -> bool:
    if word.casefold() in not_known_words() or word == "0":
        return True
    known = known_word("person", load_contract("person").column("ethnic_category"), word)
    return known is not None and known.value in _NOT_TOLD
