"""Columns headed twice, as `Total start` and `Total end`: a row that was filled in at two times."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sp_eval.ingest.column_look import Look
from sp_eval.ingest.vocabulary import plain, stage_words

__all__ = ["Time", "times_in"]

_FILLERS: Final = frozenset({"at", "of", "the", "on", "a", "for", "was"})
_NUMBERED: Final = re.compile(r"(?:t|time|wave|point)? ?([0-9])")
_BARE: Final = re.compile(r"(?<!time )(?<!wave )(?<!point )\b[12]\b")
_MOST: Final = 4  # times; more are no times but items that are numbered


@dataclass(frozen=True, slots=True)
class Time:
    """One of the times: its `stage`, and its own columns, place -> heading without the time.

    `hidden`: places of the columns of the other times.
    """

    stage: str
    heads: Mapping[int, str]
    hidden: frozenset[int]


def times_in(looks: Sequence[Look]) -> tuple[Time, ...]:
    """The times at which a row was filled in, the first first; empty if it was at one.

    There are two if some column of numbers is headed the same but for a word such as start and
    end, pre and post, T1 and T2. Columns of dates with such a word belong to their time.
    """
    families: dict[str, dict[str, Look]] = {}
    for look in looks:
        for word, rest in _without_time(look.heading):
            families.setdefault(rest, {}).setdefault(word, look)
    asked = _unnumbered([found for one in families.values() if (found := _in_order(one))])
    scores = [found for found in asked if all(_is_score(look) for look in found)]
    if not scores:
        return ()
    count = max(len(found) for found in scores)
    own: list[dict[int, str]] = [{} for _ in range(count)]
    for found in asked:
        for at, look in enumerate(found[:count]):
            own[at].setdefault(look.at, _bare(look))
    paired = {look.at for found in asked for look in found if look.is_date}
    for look in looks if not paired and count == 2 else ():
        for stage in _stages(look.heading) if look.is_date else ():
            own[0 if stage == "baseline" else 1][look.at] = _bare(look)
    everything = {place for heads in own for place in heads}
    return tuple(
        Time("follow_up" if at else "baseline", heads, frozenset(everything - set(heads)))
        for at, heads in enumerate(own)
    )


def _is_score(look: Look) -> bool:
    return not look.is_date and (look.numbers >= 0.9 or not look.filled)


def _in_order(family: Mapping[str, Look]) -> list[Look]:
    """The columns of one family, the first time first; empty if they are no times."""
    numbers = {word: int(_NUMBERED.fullmatch(word)[1]) for word in family if _is_number(word)}  # type: ignore[index]
    if len(numbers) > 1:
        ordered = sorted(numbers, key=lambda word: numbers[word])
        is_bare = all(word.isdigit() for word in ordered)
        if len(ordered) > _MOST or (is_bare and sorted(numbers.values()) != [1, 2]):
            return []  # numbered items of one time
        return [family[word] for word in ordered]
    known = stage_words()
    first = [look for word, look in family.items() if known.get(word) == "baseline"]
    later = [look for word, look in family.items() if known.get(word) == "follow_up"]
    later = sorted({look.at: look for look in later}.values(), key=lambda look: look.at)
    is_apart = len(first) == 1 and first[0].at not in {look.at for look in later}
    return [*first, *later] if is_apart and 0 < len(later) < _MOST else []


def _unnumbered(asked: list[list[Look]]) -> list[list[Look]]:
    """Without columns that only a number tells apart, unless dates are told apart so too."""
    bare = [found for found in asked if any(_BARE.search(plain(look.heading)) for look in found)]
    if any(look.is_date for found in bare for look in found):
        return asked
    return [found for found in asked if found not in bare]


def _is_number(word: str) -> bool:
    return _NUMBERED.fullmatch(word) is not None


def _without_time(heading: str) -> Iterator[tuple[str, str]]:
    """Each word of a heading that may tell a time, with the rest of the heading."""
    words = plain(heading).split()
    for length in (3, 2, 1):
        for at in range(len(words) - length + 1):
            word = " ".join(words[at : at + length])
            if word in stage_words() or _is_number(word):
                rest = [*words[:at], *words[at + length :]]
                yield word, " ".join(one for one in rest if one not in _FILLERS)


def _stages(heading: str) -> list[str]:
    """What the longest word of time in a heading says, if any does."""
    told = [stage_words()[word] for word, _ in _without_time(heading) if word in stage_words()]
    return told[:1]


def _bare(look: Look) -> str:
    """The heading without its time, or what the cells are where nothing else is left of it."""
    rest = min((rest for _, rest in _without_time(look.heading)), key=len, default="")
    return rest or ("date" if look.is_date else "score")
