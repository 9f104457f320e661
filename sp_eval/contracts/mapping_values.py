"""The values that a mapping writes of itself, held against the column that they are for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from sp_eval.contracts.contract import Column
from sp_eval.contracts.mapping_verbs import ColumnRule, Scalar

__all__ = ["check_values"]

_MOST_LISTED = 25  # values that a refusal names


def check_values(column: Column, rule: ColumnRule) -> None:
    """Raise `ValueError` if a rule makes a value that its column cannot hold."""
    for value in _values(rule):
        _check_type(column, value)
        if column.allowed is not None and value not in column.allowed:
            listed = (
                f" ({', '.join(column.allowed)})" if len(column.allowed) <= _MOST_LISTED else ""
            )
            raise ValueError(f"{column.name}: '{value}' is not among the contract's values{listed}")
        if column.pattern and not re.search(column.pattern, str(value)):
            like = column.examples[0] if column.examples else column.pattern
            raise ValueError(f"{column.name}: '{value}' is no text like {like}")


def _check_type(column: Column, value: Scalar) -> None:
    """A truth is true or false, a day is written YYYY-MM-DD; anything else would become blank."""
    if column.logical_type == "boolean" and not isinstance(value, bool):
        raise ValueError(f"{column.name} is true or false, without quotation marks; not '{value}'")
    if column.logical_type == "date":
        try:
            date.fromisoformat(str(value))
        except ValueError:
            raise ValueError(
                f"{column.name} is a date: write it as '2016-04-01', in quotation marks"
            ) from None


def _values(rule: ColumnRule) -> Iterator[Scalar]:
    yield from (rule.recode or {}).values()
    yield from (decision.then for decision in rule.decide or ())
    if rule.const is not None:
        yield rule.const
    if rule.take:
        yield from _values(rule.take)
