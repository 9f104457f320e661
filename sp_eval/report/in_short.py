"""The answer in a few sentences, for who reads no further: by verdict, never by size."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sp_eval.report import words
from sp_eval.report.figure import Sentence, listed, say

if TYPE_CHECKING:
    from sp_eval.report.facts import Scheme

__all__ = ["in_short"]


def in_short(schemes: Sequence[Scheme]) -> tuple[Sentence, ...]:
    """One sentence for each verdict given, harm before benefit where there is any."""
    told = []
    for verdict in words.IN_SHORT:
        found = _places(schemes, verdict)
        if found:
            told.append(say(words.IN_SHORT[verdict], what=listed(found, last="and")))
    if len(schemes) > 1:
        told.append(say(words.NO_RANKING))
    return tuple(told)


def _places(schemes: Sequence[Scheme], verdict: str) -> list[Sentence]:
    """What care has that verdict and where; nothing of what a scheme should not change.

    Schemes of which the same is to be said are named together.
    """
    places: dict[tuple[str, ...], list[str]] = {}
    for scheme in schemes:
        nouns = tuple(
            words.noun(a.outcome)
            for a in scheme.answers
            if _said(scheme, a.verdict) == verdict and a.role != "negative_control"
        )
        if nouns:
            places.setdefault(nouns, []).append(scheme.short)
    return [
        Sentence((listed(nouns, last="and"), " in ", listed(where, last="and")))
        for nouns, where in places.items()
    ]


def _said(scheme: Scheme, verdict: str) -> str:
    return f"{verdict}_doubted" if scheme.warnings and verdict in ("more", "fewer") else verdict
