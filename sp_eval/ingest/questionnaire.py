"""A questionnaire spread over columns: which one it is, and which column is which item."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from sp_eval.contracts.codes import code_table
from sp_eval.ingest.column_look import Look
from sp_eval.ingest.renamed import likeness
from sp_eval.ingest.vocabulary import Confidence, plain

__all__ = ["Questionnaire", "questionnaire_in"]

_ALIKE = 0.75
_NAMED_IN = 0.8
_FEWEST = 2  # columns; one may be anything
_SCORE = frozenset(
    ["score", "scores", "total", "raw", "result", "points", "metric", "converted", "value"]
)
_NO_SCORE = frozenset({"level", "band", "category", "change", "difference", "gain", "number"})


@dataclass(frozen=True, slots=True)
class Questionnaire:
    """`items`: heading -> item; `total`, `metric`: headings of its sums, where there are any.

    Where each row holds one score and no items, that score is the only item.
    """

    instrument: str
    items: Mapping[str, str]
    total: str | None
    metric: str | None
    how: Confidence


def questionnaire_in(looks: Sequence[Look], name: str) -> Questionnaire | None:
    """The questionnaire whose items are headings here; `name`: of the file and sheet."""
    numbers = [look for look in looks if look.numbers >= 0.9 or not look.filled]
    told = " ".join(plain(text) for text in (name, *(look.heading for look in looks))).split()
    best: tuple[float, Questionnaire] | None = None
    for instrument, items in _instruments().items():
        found = _matched(numbers, items, instrument)
        count = len(items)
        if len(found) < min(_FEWEST, count) or 2 * len(found) < count:
            continue
        is_named = instrument in "".join(told) or instrument in told
        score = len(found) / count + (1.0 if is_named else 0.0) + 0.01 * len(found)
        if best is None or score > best[0]:
            how: Confidence = "sure" if is_named and len(found) == count else "guess"
            sums = _sums(numbers, instrument)
            best = (
                score,
                Questionnaire(instrument, found, sums.get("total"), sums.get("metric"), how),
            )
    return best[1] if best is not None else _one_score(numbers, name, _named_by_cells(looks))


def _named_by_cells(looks: Sequence[Look]) -> list[str]:
    """The questionnaire that every word of a column names, as `SWEMWBS total, first`."""
    for look in looks:
        named = [tuple(_named_in(word)) for word, _ in look.words or ()]
        if named and len(named[0]) == 1 and set(named) == {named[0]}:
            return list(named[0])
    return []


def _one_score(looks: Sequence[Look], name: str, by_cells: list[str]) -> Questionnaire | None:
    """A column of scores of a questionnaire that it, or the table, names; its items are nowhere.

    `by_cells`: the questionnaire that another column names.
    """
    scored = [
        (look, set(plain(look.heading).split()))
        for look in looks
        if look.filled and not look.is_date and not set(plain(look.heading).split()) & _NO_SCORE
    ]
    named = [(look, one) for look, _ in scored for one in _named_in(look.heading)]
    if not named:
        of_table = _named_in(name) or by_cells
        named = [
            (look, one) for one in of_table[:1] for look, words in scored
            if words & _SCORE and len(of_table) == 1
        ]  # fmt: skip
    if len(named) > 1:
        named = [one for one in named if set(plain(one[0].heading).split()) & _SCORE]
    if len(named) != 1:
        return None
    look, instrument = named[0]
    kinds = _scores()[instrument]
    wanted = "total" if look.whole >= 0.9 and "total" in kinds else "metric"
    if wanted not in kinds:
        return None
    return Questionnaire(instrument, {look.heading: kinds[wanted]}, None, None, "likely")


def _named_in(text: str) -> list[str]:
    """The questionnaires with a score of their own that a text names, as `PHQ-9` and `EQ5D`."""
    words = plain(text).split()
    told = {
        "".join(words[at : at + n]) for n in (1, 2, 3) for at in range(len(words) - n + 1)
    }  # fmt: skip
    return [
        name
        for name, kinds in _scores().items()
        if {"total", "metric"} & set(kinds)
        and (name in told
        or any(len(word) > 2 and name.startswith(word) and "_" not in name for word in told))
    ]  # fmt: skip


@cache
def _scores() -> Mapping[str, Mapping[str, str]]:
    """Instrument -> kind (`total`, `metric`) -> its one item of that kind."""
    found: dict[str, dict[str, list[str]]] = {}
    for row in code_table("instrument"):
        if row["kind"] != "item":
            kinds = found.setdefault(row["instrument"], {})
            kinds.setdefault(row["kind"], []).append(row["item"])
    return {
        name: {kind: items[0] for kind, items in kinds.items() if len(items) == 1}
        for name, kinds in found.items()
    }


def _matched(looks: Sequence[Look], items: Mapping[str, str], instrument: str) -> dict[str, str]:
    pairs = [
        (-_fit(look.heading, item, label, instrument), look.at, look.heading, item)
        for look in looks
        for item, label in items.items()
    ]
    found: dict[str, str] = {}
    for score, _, heading, item in sorted(pairs):
        if -score >= _ALIKE and heading not in found and item not in found.values():
            found[heading] = item
    order = {look.heading: look.at for look in looks}
    return dict(sorted(found.items(), key=lambda pair: order[pair[0]]))


def _fit(heading: str, item: str, label: str, instrument: str) -> float:
    words = plain(heading).removeprefix(f"{instrument} ").removeprefix("item ")
    wanted = plain(item)
    if words.replace(" ", "") in {wanted.replace(" ", ""), wanted.removeprefix("q") or "-"}:
        return 1.0
    if wanted[:1] == "q" and wanted[1:].isdigit() and words.isdigit():
        return 0.0
    if len(words) <= 3:
        return 0.0
    near = _NAMED_IN if _holds_stem(words, wanted) else 0.0
    return max(likeness(words, wanted), likeness(words, plain(label)), near)


def _holds_stem(words: str, item: str) -> bool:
    """Whether a heading, as a question in full, holds a word that begins as the item does."""
    stem = item[: max(4, len(item) - 3)]
    is_word = len(item) > 3 and " " not in item
    return is_word and any(word.startswith(stem) for word in words.split())


def _sums(looks: Sequence[Look], instrument: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for look in looks:
        words = plain(look.heading).split()
        if "metric" in words or "converted" in words:
            found.setdefault("metric", look.heading)
        elif "total" in words or "raw" in words or words == [instrument]:
            found.setdefault("total", look.heading)
    return found


@cache
def _instruments() -> Mapping[str, Mapping[str, str]]:
    """Instrument -> item -> its label, of single items only."""
    found: dict[str, dict[str, str]] = {}
    for row in code_table("instrument"):
        if row["kind"] == "item":
            found.setdefault(row["instrument"], {})[row["item"]] = row["label"].partition(":")[2]
    return found
