"""The words of a coded column as a drafted `recode`: each with what it may mean, or a question."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping, Sequence
from typing import Final

import polars as pl

from sp_eval.contracts.contract import Column
from sp_eval.contracts.mapping_verbs import Scalar
from sp_eval.contracts.open_questions import OPEN, may_hold
from sp_eval.ingest.column_look import Look, is_personal, words_of
from sp_eval.ingest.vocabulary import broad_groups, known_in, known_word, plain

__all__ = ["flow", "needs_recode", "pieces", "recode_lines", "scalar", "words_in"]

_PLAIN: Final = re.compile(r"[A-Za-z£](?:[\w £()/.+-]*[\w£)])?")
_RESERVED: Final = frozenset(
    ["y", "n", "yes", "no", "true", "false", "on", "off", "null", "none", "nan"]
)
_CODE: Final = re.compile(r"[A-Z0-9.+-]{1,12}|[A-Za-z0-9]{1,3}")
_SEPARATORS: Final = (";", "|")
_MOST_LISTED: Final = 12
_SELDOM: Final = 2  # rows
_OFTEN: Final = 100  # times as many rows a list of codes has at most
_WHO: Final = frozenset({"route", "staff"})  # columns where senders write names, too
# words of the course of a case: another service means something else by them
_OWN: Final = frozenset({"outcome", "closure_reason", "result"})


def scalar(value: Scalar) -> str:
    """A value as YAML writes it, anywhere in a line."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    if not value.isprintable():
        return json.dumps(value)
    if _PLAIN.fullmatch(value) and value.casefold() not in _RESERVED:
        return value
    return "'" + value.replace("'", "''") + "'"


def flow(**parts: str) -> str:
    """`{from: A, parse: date}` of keys and YAML texts; a trailing underscore of a key is cut."""
    return "{" + ", ".join(f"{key.rstrip('_')}: {text}" for key, text in parts.items()) + "}"


def pieces(cells: pl.Series) -> tuple[str, pl.Series] | None:
    """The separator of cells that hold several words, and the words; None if they hold one."""
    filled = cells.drop_nulls()
    for separator in _SEPARATORS:
        share = filled.str.contains(separator, literal=True).mean() or 0.0
        if float(share) > 0.02:  # type: ignore[arg-type]
            split = filled.str.split(separator).explode().str.strip_chars()
            return separator, split.filter(split != "").rename(cells.name)
    return None


def recode_lines(
    contract: str,
    column: Column,
    words: Sequence[tuple[str, int]] | None,
    *,
    folded: Collection[str] = (),
    is_of_kinds: bool = False,
    told_by: Mapping[str, str] | None = None,
) -> list[str]:
    """The lines of `recode`, indented below it; each word of the column has one.

    `folded`: words of rows that do not count, which must have a meaning all the same.
    `is_of_kinds`: the words tell kinds of visits, and no names. `told_by`: word that is several
    things -> the column that tells which.

    Words are written only where the column is one of codes beyond doubt: some are known, or all
    are short; words nobody knows may be names.
    """
    head = f"recode:  # {_listed(column)}"
    meaning = known_in if is_of_kinds else known_word
    known = {word: meaning(contract, column, word) for word, _ in words or ()}
    counted = [pair for pair in words or () if pair[0] not in folded]
    if not words or not (is_of_kinds or _are_codes(column, known, counted)):
        return [
            head,
            f"  '{OPEN}': '{OPEN}'  # its words are not written here, for they may tell who"
            " somebody is: write a line for each",
        ]
    lines, held_back = [head], 0
    is_plain = _are_plain(known, words)
    for word, count in sorted(words, key=lambda pair: (pair[0].casefold(), pair[0])):
        found = known[word]
        if word in folded:
            lines.append(
                f"  {scalar(word)}: {_any_value(column)}  # folded above, so never counted"
            )
        elif found is None and count <= _SELDOM and (_is_wordy(word) or not is_plain):
            held_back += 1
        elif found is None and word in (told_by or {}):
            told = f"{scalar((told_by or {})[word])} tells which: write decide in place of recode"
            lines.append(f"  {scalar(word)}: '{OPEN}'  # {told}")
        elif found is None:
            lines.append(f"  {scalar(word)}: '{OPEN}'")
        else:
            how = "likely" if found.how == "sure" and column.name in _OWN else found.how
            lines.append(f"  {scalar(word)}: {scalar(found.value)}  # {how}")
    if held_back:
        words_are = "1 word that is" if held_back == 1 else f"{held_back} words that are"
        lines.append(
            f"  '{OPEN}': '{OPEN}'  # {words_are} seldom, not written here, for they may tell who"
            " somebody is: write a line for each"
        )
    return lines


def _any_value(column: Column) -> str:
    values = may_hold(column).split(", ")
    return "other" if "other" in values else values[0]


def _is_wordy(word: str) -> bool:
    """Whether a word that nobody knows is more than a code: words, or a long number."""
    return len(word.split()) > 2 or re.search("[0-9]{4}", word) is not None


def needs_recode(column: Column, look: Look) -> bool:
    """Whether any word of a column is not one of the contract's own values."""
    held = column.allowed or ()
    return look.words is None or any(word not in held for word, _ in look.words)


def _are_codes(
    column: Column, known: Mapping[str, object], words: Sequence[tuple[str, int]]
) -> bool:
    if _are_plain(known, words):
        return True
    rows = sum(count for _, count in words)
    usual = [count for _, count in words if count > _SELDOM]
    often = len(usual) > 1 and all(count * _OFTEN >= rows for count in usual)
    seldom = rows - sum(usual)
    return (
        often and seldom * _OFTEN <= 2 * rows
        and len(words) <= _MOST_LISTED and column.name not in _WHO
    )  # fmt: skip


def _are_plain(known: Mapping[str, object], words: Sequence[tuple[str, int]]) -> bool:
    """Whether a third of the words are known ones, or all are short codes."""
    found = sum(1 for word, to in known.items() if to is not None or plain(word) in broad_groups())
    return 3 * found >= len(known) or all(_CODE.fullmatch(word) for word, _ in words)


def _listed(column: Column) -> str:
    values = may_hold(column).split(", ")
    if len(values) <= _MOST_LISTED:
        return "to one of: " + ", ".join(values)
    return (
        f"to one of: {', '.join(values[:4])} and {len(values) - 4} more, all told by scheme check"
    )


def words_in(look: Look, cells: pl.Series) -> tuple[tuple[str, int], ...] | None:
    """The words to write down of a column whose cells may hold several; None if none may be."""
    if is_personal(look):
        return None
    several = pieces(cells)
    return look.words if several is None else words_of(several[1])
