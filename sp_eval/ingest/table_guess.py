"""What a strange table, and each of its columns, is taken for, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from sp_eval.ingest.column_look import Look
from sp_eval.ingest.questionnaire import Questionnaire
from sp_eval.ingest.strange_table import StrangeTable
from sp_eval.ingest.two_times import Time
from sp_eval.ingest.vocabulary import Confidence, heading_scores

__all__ = ["PERSONAL", "SAME", "Guess", "TableGuess", "kind_of", "read_places"]

PERSONAL: Final = {
    "names": "identifies the person",
    "birth": "identifies the person",
    "place": "tells where the person lives",
    "number": "identifies the person",
    "staff": "identifies a member of staff",
    "text": "free text may tell who somebody is",
}
SAME: Final = 0.95  # of a heading's likeness: the words themselves, in whatever order


@dataclass(frozen=True, slots=True)
class Guess:
    """A source column, and why it is taken for this one."""

    look: Look
    how: Confidence
    why: str


@dataclass(frozen=True, slots=True)
class TableGuess:
    """What a table is taken for; `contract` is None where nothing fits.

    `looks`: its columns that can be named; `unnamed`: places (from 1) of those whose heading is
    blank, stands twice, or may itself be data. `time`: of which of several times it is the table;
    `first_date`: the column of the date of the first, in the tables of the others. `elsewhere`:
    places of columns that tables of the same sheet read. `kept`: a column, and its words with which
    alone a row counts. `practice_in`: the table that knows people's practices, where this does not;
    `practices`: those told by name -> code; `beside`: column of the contract -> the table of the
    same people that has it. `not_known`: texts, in small letters, that will count
    as blank.
    """

    table: StrangeTable
    looks: tuple[Look, ...]
    unnamed: tuple[int, ...]
    contract: str | None = None
    how: Confidence = "guess"
    why: str = ""
    columns: Mapping[str, Guess] = field(default_factory=dict)
    person: Guess | None = None
    reference: Guess | None = None
    questionnaire: Questionnaire | None = None
    time: Time | None = None
    first_date: Look | None = None
    elsewhere: frozenset[int] = frozenset()
    kept: tuple[Look, tuple[str, ...]] | None = None
    practice_in: str | None = None
    practices: Mapping[str, str] = field(default_factory=dict)
    beside: Mapping[str, str] = field(default_factory=dict)
    not_known: frozenset[str] = frozenset()


def kind_of(heading: str) -> str | None:
    """Of which kind a heading is that may not be carried (`PERSONAL`); None if it may."""
    scores = heading_scores(heading)
    kinds = [(score, of) for (of, _), score in scores.items() if of in PERSONAL and score >= SAME]
    if not kinds:
        return None
    others = [s for (of, column), s in scores.items() if of not in PERSONAL and column]
    return max(kinds)[1] if max(kinds)[0] >= max(others, default=0.0) else None


def read_places(one: TableGuess) -> frozenset[int]:
    """The places of the columns that are taken for columns of the contract, or for answers."""
    asked = one.questionnaire
    heads = {*asked.items, asked.total, asked.metric} if asked else set()
    answers = {look.at for look in one.looks if look.heading in heads}
    return frozenset(answers | {found.look.at for found in one.columns.values()})
