"""How well a source column may be a column of a contract, by its heading and by its cells."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from sp_eval.contracts.contract import Column
from sp_eval.ingest.broad_groups import holds_broad_groups
from sp_eval.ingest.column_look import Look, is_personal
from sp_eval.ingest.practice_names import is_named
from sp_eval.ingest.table_guess import SAME, kind_of
from sp_eval.ingest.vocabulary import (
    Confidence,
    heading_scores,
    known_in,
    known_word,
    not_known_words,
    plain,
)

__all__ = ["BY_WORDS", "UNKNOWN", "fit"]

_BY_CELLS: Final = 0.78
_ALMOST: Final = 0.98  # of the filled cells; the others are slips
_PARTS: Final = {
    "imd_decile": (10, r"\b(?:dep|depriv\w*|imd|deciles?|tenths?)\b"),
    "imd_quintile": (5, r"\b(?:dep|depriv\w*|imd|quintiles?|fifths?)\b"),
}
BY_WORDS: Final = "by its words"
UNKNOWN: Final = "by its heading; none of its words is known"


def fit(
    contract: str, column: Column, look: Look, practices: Mapping[str, str]
) -> Iterator[tuple[float, Confidence, str]]:
    """How well a source column may be this one: a score from 0 to 1, and why."""
    if column.name == "practice_code" and is_named(look, practices):
        yield from _practice_named(contract, look, practices)
        return
    if not _may_be(column, look):
        return
    score = heading_scores(look.heading).get((contract, column.name), 0.0)
    coded = column.allowed is not None or column.logical_type == "boolean"
    if score and coded and look.filled and not _knows_any(contract, column, look):
        yield score * 0.7, "guess", UNKNOWN
    elif score:
        tells = column.logical_type != "string" or column.allowed or column.pattern
        how: Confidence = "sure" if score >= SAME and tells and look.filled else "likely"
        yield score, how, "by its heading and cells" if tells and look.filled else "by its heading"
    elif (column.name == "practice_code" and look.practices > 0.9) or (
        column.name == "lsoa_code" and look.areas > 0.9
    ):
        yield 0.9, "likely", "by its cells"
    elif column.name in _PARTS and _is_part(look, column.name):
        yield 0.9, "guess", "by its heading and numbers"
    elif coded and _recognised(contract, column, look):
        yield _BY_CELLS, "guess", "by its cells"
    elif column.name == "stage" and _tells_times(contract, column, look):
        yield _BY_CELLS, "guess", BY_WORDS


def _practice_named(
    contract: str, look: Look, practices: Mapping[str, str]
) -> Iterator[tuple[float, Confidence, str]]:
    if score := heading_scores(look.heading).get((contract, "practice_code"), 0.0):
        yield score, "guess", "by its heading; it holds names, not codes"
    elif sum(word in practices for word, _ in look.words or ()) > 1:
        yield _BY_CELLS, "guess", "by its cells: names of practices"


def _may_be(column: Column, look: Look) -> bool:
    is_broad = column.name == "ethnic_category" and holds_broad_groups(look)
    return kind_of(look.heading) is None and not is_broad and _can_be(column, look)


def _is_part(look: Look, name: str) -> bool:
    """Whether a column is headed as one of deprivation, and holds its tenths, or fifths."""
    most, said = _PARTS[name]
    told = not_known_words()
    counted = [(word, n) for word, n in look.words or () if word.casefold() not in told]
    ranks = {str(rank) for rank in range(1, most + 1)}
    inside = sum(n for word, n in counted if word in ranks)
    held = {word for word, _ in counted} & ranks
    return (
        bool(re.search(said, plain(look.heading)))
        and inside >= _ALMOST * sum(n for _, n in counted) > 0
        and max((int(word) for word in held), default=0) > most // 2
    )


def _knows_any(contract: str, column: Column, look: Look) -> bool:
    several = look.words is None  # too many to tell: cells of several words, perhaps
    return several or any(known_word(contract, column, word) for word, _ in look.words or ())


def _recognised(contract: str, column: Column, look: Look) -> bool:
    """Whether most words of a column are known ones of this list, and more than one is."""
    known = {
        word for word, _ in look.words or () if len(word) > 3 and known_word(contract, column, word)
    }
    return len(known) > 1 and 2 * len(known) > len(look.words or ())


def _tells_times(contract: str, column: Column, look: Look) -> bool:
    """Whether each word of a column holds one of asking, as `SWEMWBS total, first`."""
    known = [known_in(contract, column, word) for word, _ in look.words or ()]
    return None not in known and len({one.value for one in known if one}) > 1


def _can_be(column: Column, look: Look) -> bool:
    if not look.filled or max(look.nhs, look.postcodes) > 0.2:
        return not look.filled
    if column.logical_type == "date":
        return look.is_date or bool(look.months)
    if column.logical_type in {"integer", "number"}:
        return (look.whole if column.logical_type == "integer" else look.numbers) >= 0.9
    if column.pattern is not None:
        shares = {"practice_code": look.practices, "lsoa_code": look.areas}
        return shares.get(column.name, look.short_codes) > 0.5
    if column.allowed is not None or column.logical_type == "boolean":
        return not look.is_date and not is_personal(look) and look.distinct <= 200
    return not look.is_date and look.sentences <= 0.2 and look.names <= 0.5
