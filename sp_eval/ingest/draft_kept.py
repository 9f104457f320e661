"""Which rows of a table count, where it holds other things too: `keep_when` of a draft."""

from __future__ import annotations

import re
from typing import Final

from sp_eval.ingest.column_look import Look
from sp_eval.ingest.draft_answers import kept_at
from sp_eval.ingest.draft_words import scalar
from sp_eval.ingest.guess_places import place_of
from sp_eval.ingest.table_guess import TableGuess

__all__ = ["kept_lines"]

# SNOMED CT 871731000000106: referral to social prescribing service
_OURS: Final = re.compile(r"social prescri|871731000000106", re.IGNORECASE)


def kept_lines(guess: TableGuess) -> tuple[list[str], Look | None]:
    """The lines of `keep_when`, with which column they look at; none if all rows count."""
    if guess.time is not None:
        return kept_at(guess), None
    if guess.kept is not None:
        return _visits_kept(guess, *guess.kept), guess.kept[0]
    if guess.contract == "referral":
        return _referrals_kept(guess)
    return [], None


def _visits_kept(guess: TableGuess, look: Look, kept: tuple[str, ...]) -> list[str]:
    words = ", ".join(scalar(word) for word in kept)
    folded_as = "visit elsewhere" if guess.contract == "gp_contact" else "visit to a practice"
    lines = [
        "    # guess: only rows with these words are of this table; are all of them right?",
        f"    keep_when: {{when: {{{scalar(look.heading)}: [{words}]}}, folded_as: {folded_as}}}",
    ]
    odd = [word for word in kept if place_of(word) is None]
    if odd:
        told = ", ".join(scalar(word) for word in odd)
        lines.insert(1, f"    # nobody here knows where these were: {told}")
    return lines


def _referrals_kept(guess: TableGuess) -> tuple[list[str], Look | None]:
    free = {one.look.at for one in guess.columns.values()}
    coded = [look for look in guess.looks if len(look.words or ()) > 1 and look.at not in free]
    for look in coded:
        words = [word for word, _ in look.words or ()]
        ours = [word for word in words if _OURS.search(word)]
        if ours and len(ours) < len(words):
            head, kept = scalar(look.heading), ", ".join(scalar(word) for word in ours)
            return [
                "    # guess: the other rows are no referrals to the scheme; they are counted only",
                f"    keep_when: {{when: {{{head}: [{kept}]}}, folded_as: other row}}",
            ], look
    if coded and guess.how == "guess":
        return [
            "    # if only some rows are referrals, say which (the others are counted only), as in",
            "    # keep_when: {when: {HEADING: [word, word]}, folded_as: other row}",
        ], None
    return [], None
