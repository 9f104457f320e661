"""What changed between two versions of a contract, and for whom it matters."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from sp_eval.contracts.contract import Column, Contract

__all__ = ["Change", "Effect", "Step", "contract_changes", "step_between", "step_needed"]

Effect = Literal["tightening", "loosening", "words"]
Step = Literal["major", "minor", "patch", "none"]

_STEPS: tuple[Step, ...] = ("none", "patch", "minor", "major")
_STEP_OF: dict[Effect, Step] = {"tightening": "major", "loosening": "minor", "words": "patch"}


@dataclass(frozen=True, slots=True)
class Change:
    """One difference. `column` is None where the whole table or a rule over columns changed.

    `effect`: a `tightening` may refuse a row, or break a reader, that was right before;
    a `loosening` lets in what was refused, or adds what nobody need give; `words` change no row.
    """

    effect: Effect
    column: str | None
    sentence: str


def contract_changes(old: Contract, new: Contract) -> tuple[Change, ...]:
    """Every difference between two versions, tightenings first, then by column.

    A column that was taken away tightens: a sender who still gives it is told that it is unknown,
    and a reader misses it. A new column loosens unless it must be given. A value taken off a list
    tightens, one put on it loosens.
    """
    found = [*_columns(old, new), *_rules(old, new), *_table(old, new)]
    order: tuple[Effect, ...] = ("tightening", "loosening", "words")
    return tuple(sorted(found, key=lambda change: order.index(change.effect)))


def step_needed(changes: Iterable[Change]) -> Step:
    """The step of the version that the changes ask for: major where anything tightens."""
    return max((_STEP_OF[change.effect] for change in changes), key=_STEPS.index, default="none")


def step_between(old: str, new: str) -> Step:
    """The step from one semantic version to a later one.

    Raises
    ------
    ValueError : a version that is not three numbers, or one that goes back.
    """
    before, after = _version(old), _version(new)
    if after < before:
        raise ValueError(f"version {new} is earlier than {old}")
    for place, step in enumerate(("major", "minor", "patch")):
        if after[place] != before[place]:
            return step  # type: ignore[return-value]
    return "none"


def _version(text: str) -> tuple[int, ...]:
    parts = text.split(".")
    if len(parts) != 3 or not all(part.isdigit() for part in parts):
        raise ValueError(f"'{text}' is not a version of three numbers, as 1.0.0")
    return tuple(int(part) for part in parts)


def _columns(old: Contract, new: Contract) -> Iterator[Change]:
    for name in old.names:
        if name not in new.names:
            yield Change("tightening", name, "The column is no longer taken.")
    for column in new.columns:
        if column.name not in old.names:
            if column.required:
                yield Change("tightening", column.name, "The column is new, and must be given.")
            else:
                yield Change("loosening", column.name, "The column is new, and may be left out.")
        else:
            for effect, sentence in _column(old.column(column.name), column):
                yield Change(effect, column.name, sentence)


def _column(old: Column, new: Column) -> Iterator[tuple[Effect, str]]:
    for part in (_type, _duties, _values, _range, _pattern, _told):
        yield from part(old, new)


def _type(old: Column, new: Column) -> Iterator[tuple[Effect, str]]:
    for what, before, after in (
        ("type", old.logical_type, new.logical_type),
        ("storage", old.physical_type, new.physical_type),
        ("unit", old.unit, new.unit),
        ("separator", old.separator, new.separator),
    ):
        if before != after:
            yield "tightening", f"Its {what} is {after or 'none'}; it was {before or 'none'}."
    if old.relationship != new.relationship:
        points = f"It refers to {new.relationship or 'nothing'}"
        yield "tightening", f"{points}; it referred to {old.relationship or 'nothing'}."


def _duties(old: Column, new: Column) -> Iterator[tuple[Effect, str]]:
    said: tuple[tuple[str, Callable[[Column], bool], str], ...] = (
        ("must be given", lambda c: c.required, "may be left out"),
        ("must not repeat", lambda c: c.unique or c.primary_key, "may repeat"),
        ("must not lie in the future", lambda c: not c.may_be_future, "may lie in the future"),
    )
    for duty, holds, freedom in said:
        if holds(new) and not holds(old):
            yield "tightening", f"It {duty}; it {freedom.replace('may', 'could')} before."
        elif holds(old) and not holds(new):
            yield "loosening", f"It {freedom}."


def _values(old: Column, new: Column) -> Iterator[tuple[Effect, str]]:
    if old.allowed is None and new.allowed is not None:
        yield "tightening", f"Only these values are taken now: {', '.join(new.allowed)}."
    elif new.allowed is None and old.allowed is not None:
        yield "loosening", "Any value is taken; before, those of a list."
    else:
        before, after = old.allowed or (), new.allowed or ()
        for value in (v for v in before if v not in after):
            yield "tightening", f"The value '{value}' is no longer taken."
        for value in (v for v in after if v not in before):
            yield "loosening", f"The value '{value}' is taken."


def _range(old: Column, new: Column) -> Iterator[tuple[Effect, str]]:
    for what, before, after, is_tighter in (
        ("least", old.minimum, new.minimum, _above),
        ("most", old.maximum, new.maximum, lambda a, b: _above(b, a)),
    ):
        if before != after:
            was = f"it was {before:g}" if before is not None else "it had none"
            told = f"{after:g}" if after is not None else "not set"
            tighter = after is not None and (before is None or is_tighter(after, before))
            yield ("tightening" if tighter else "loosening"), f"Its {what} is {told}; {was}."


def _above(one: float, other: float) -> bool:
    return one > other


def _pattern(old: Column, new: Column) -> Iterator[tuple[Effect, str]]:
    if old.pattern == new.pattern:
        return
    if new.pattern is None:
        yield "loosening", f"It need not look like {old.pattern}."
    else:
        was = f"; before, like {old.pattern}" if old.pattern else ""
        yield "tightening", f"It must look like {new.pattern}{was}."


def _told(old: Column, new: Column) -> Iterator[tuple[Effect, str]]:
    if old.description != new.description:
        yield "words", "Its description is worded anew: read whether it means the same."
    if (old.template_note, old.examples) != (new.template_note, new.examples):
        yield "words", "Its note or its examples changed."
    protection = ("disclosure", "decimals", "person_years", "follows")
    if any(getattr(old, name) != getattr(new, name) for name in protection):
        yield "tightening", "How it is protected in the release changed: compare the two files."


def _rules(old: Contract, new: Contract) -> Iterator[Change]:
    # a name may stand twice, as date_order does, for rules over other columns
    before = {(rule.rule, rule.columns): rule for rule in old.rules}
    after = {(rule.rule, rule.columns): rule for rule in new.rules}
    for key in sorted(before.keys() - after.keys()):
        yield Change("loosening", None, f"The rule '{key[0]}' is no longer held.")
    for key, rule in after.items():
        name = key[0]
        if key not in before:
            yield Change("tightening", None, f"The rule '{name}' is new: {rule.message}")
        elif (rule.expression, rule.scope) != (before[key].expression, before[key].scope):
            yield Change("tightening", None, f"The rule '{name}' asks for something else now.")
        elif rule != before[key]:
            yield Change("words", None, f"The rule '{name}' is told otherwise.")


def _table(old: Contract, new: Contract) -> Iterator[Change]:
    if old.name != new.name:
        yield Change("tightening", None, f"The table is called {new.name}; it was {old.name}.")
    if old.grain != new.grain:
        yield Change("tightening", None, f"A row is something else now: {new.grain}")
    if old.person_level != new.person_level:
        yield Change("tightening", None, "Whether its rows are of single persons changed.")
    if old.description != new.description:
        yield Change("words", None, "The table's description is worded anew.")
