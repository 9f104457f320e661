"""No group is made with an outcome in sight: the names that tell one, and their refusal."""

from __future__ import annotations

import re
from collections.abc import Iterable

__all__ = ["outcome_columns", "refuse_outcomes"]

# Names that count or date what happens in follow-up. The outcome tables carry `outcome`, `events`,
# `days` and `months_after`; the published person table `weighted_events`, `events_post` and theirs.
_NAMES = frozenset(
    {"y", "event", "events", "weighted_events", "death_date", "date_of_death"}
    | {"days", "person_days", "person_years", "person_time", "days_at_risk", "time_at_risk"}
    | {"weighted_days", "weighted_person_days"}
)
# Words that say "from the index date on", wherever they stand in a name: events_post, post_365,
# after12m, gp_contact_after, outcome_gp. A `postcode` is no such word; a `post_code` neither.
_WORD = re.compile(r"(outcomes?|followup|future|(post|after)(\d.*)?)")
_PLACE = frozenset({"post_code", "post_town"})


def outcome_columns(columns: Iterable[str]) -> tuple[str, ...]:
    """Those names that by this project's habits tell what happened from the index date on."""
    return tuple(name for name in columns if _tells(name))


def _tells(name: str) -> bool:
    words = re.findall(r"[a-z]+\d*[a-z]*|\d+", re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower())
    plain = "_".join(words)
    if plain in _NAMES:
        return True
    for place in _PLACE:
        plain = plain.replace(place, "postcode")
    words = plain.replace("follow_up", "followup").split("_")
    return any(_WORD.fullmatch(word) for word in words)


def refuse_outcomes(columns: Iterable[str]) -> None:
    """Refuse a frame from which groups are to be made if it holds an outcome.

    Raises
    ------
    ValueError : a column's name says that it tells what happened on or after the index date.

    Assumes
    -------
    Names are honest: a count of what came after under the name of one before is not seen. Source:
    Rubin (2008), Annals of Applied Statistics 2:808, doi 10.1214/08-AOAS187.
    """
    found = outcome_columns(columns)
    if found:
        raise ValueError(
            f"columns that tell an outcome ({', '.join(found)}) must not be in sight when groups "
            "are made, since whoever sees the outcome can steer the match by it: drop them first"
        )
