"""The verbs of a mapping that make a contract column, as polars expressions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import polars as pl

from sp_eval.contracts.mapping_verbs import ColumnRule, Condition, Decision, Split
from sp_eval.contracts.odcs import Column
from sp_eval.ingest.identity import holds_nhs_number
from sp_eval.ingest.parse import Dating, Fault, Parsed, parsed

__all__ = ["Made", "holds_number", "made", "meets"]


@dataclass(frozen=True, slots=True)
class Made:
    """A contract column in the making.

    Faults are put down to the first of `sources`, the source columns it is made of (none for a
    constant). `undecided` is true where no row of a decision table fits.
    """

    value: pl.Expr
    faults: tuple[Fault, ...] = ()
    undecided: pl.Expr | None = None
    sources: tuple[str, ...] = ()


def meets(condition: Condition) -> pl.Expr:
    """Boolean, never null: each named source column holds one of the given texts."""
    tests = []
    for name, texts in condition.items():
        given = [text for text in texts if text is not None]
        test = pl.col(name).is_in(given).fill_null(value=False)
        tests.append(test | pl.col(name).is_null() if None in texts else test)
    return pl.all_horizontal(tests) if tests else pl.lit(value=True)


def made(
    rule: ColumnRule,
    column: Column,
    dtype: pl.DataType,
    *,
    dating: Dating,
    path_values: Mapping[str, str],
) -> Made:
    """Return the expression for one contract column, of type `dtype`, and its faults."""
    sources = tuple(dict.fromkeys(rule.sources()))
    if rule.absent is not None:
        return Made(pl.lit(None, dtype=dtype))
    if rule.const is not None:
        is_day = dtype == pl.Date
        day = date.fromisoformat(str(rule.const)) if is_day else None
        return Made(pl.lit(day if is_day else rule.const, dtype=dtype))
    if rule.from_path is not None:
        return Made(pl.lit(rule.path_value(path_values), dtype=dtype))
    if rule.decide is not None:
        value = _decided(rule.decide, dtype)
        given = pl.any_horizontal(pl.col(name).is_not_null() for name in sources)
        return Made(value, undecided=value.is_null() & given, sources=sources)
    if rule.take is not None:
        inner = made(rule.take, column, dtype, dating=dating, path_values=path_values)
        holds = meets(rule.when or {})
        faults = tuple(Fault(fault.rule, holds & fault.breaks) for fault in inner.faults)
        return Made(pl.when(holds).then(inner.value), faults, sources=sources)
    result = _refined(rule, column, dating)
    return Made(result.value.cast(dtype, strict=False), result.faults, sources=sources)


def _decided(decisions: tuple[Decision, ...], dtype: pl.DataType) -> pl.Expr:
    value: pl.Expr = pl.lit(None, dtype=dtype)
    for decision in reversed(decisions):
        then = pl.lit(decision.then, dtype=dtype)
        value = pl.when(meets(decision.when)).then(then).otherwise(value)
    return value


def _known(cell: pl.Expr, rule: ColumnRule) -> pl.Expr:
    """A source cell, blank where it holds what the rule says means not known."""
    if not rule.not_known:
        return cell
    blanks = sorted({text.casefold() for text in rule.not_known})
    return pl.when(~cell.str.to_lowercase().is_in(blanks)).then(cell)


def _refined(rule: ColumnRule, column: Column, dating: Dating) -> Parsed:
    """Apply split, parse and recode, in this order, to the text of `from`."""
    names = rule.from_ or ()
    cells = [_known(pl.col(name), rule) for name in names]
    text = cells[0] if len(names) == 1 else pl.concat_str(cells, separator=" ")
    if rule.split and rule.split.take in ("rest", "all"):
        return _several(text, rule, rule.split, column)
    if rule.split:
        pieces = text.str.split(rule.split.by).list
        text = (pieces.first() if rule.split.take == "first" else pieces.last()).str.strip_chars()
    result = Parsed(text)
    if rule.parse:
        result = parsed(text, rule.parse, dating)
    if rule.recode:
        return _recoded(result, rule)
    return result if rule.parse else _plain(result, column)


def _recoded(before: Parsed, rule: ColumnRule) -> Parsed:
    assert rule.recode is not None  # noqa: S101  (asked for by the caller)
    old, new = list(rule.recode), list(rule.recode.values())
    numbers = rule.parse is not None
    keys = pl.Series(old, dtype=pl.Int64 if numbers else pl.String)
    value = before.value.replace_strict(keys, pl.Series(new), default=None)
    unknown = before.value.is_not_null() & value.is_null()
    # a number outside the list is off its scale; a word outside it is a word nobody agreed
    fault = Fault("out_of_range" if numbers else "unknown_code", unknown)
    return Parsed(value, (*before.faults, fault))


def _several(text: pl.Expr, rule: ColumnRule, split: Split, column: Column) -> Parsed:
    """All pieces, or all but the first, each recoded, joined by the contract's own separator."""
    piece = pl.element().str.strip_chars()
    if rule.recode:
        new = pl.Series(list(rule.recode.values()), dtype=pl.String)
        piece = piece.replace_strict(pl.Series(list(rule.recode)), new, default=None)
    pieces = text.str.split(split.by).list.slice(1 if split.take == "rest" else 0)
    pieces = pieces.list.eval(piece)
    unknown = text.is_not_null() & (pieces.list.drop_nulls().list.len() < pieces.list.len())
    joined = pieces.list.join(column.separator or split.by)
    value = pl.when(pieces.list.len() > 0).then(joined)
    return Parsed(value, (Fault("unknown_code", unknown.fill_null(value=False)),))


def _plain(before: Parsed, column: Column) -> Parsed:
    """Carry text as it stands, unless a number that identifies somebody stands in it."""
    if column.logical_type != "string" or column.pattern or column.allowed:
        return before
    return Parsed(before.value, (Fault("identifier_in_text", holds_number(before.value)),))


def holds_number(text: pl.Expr) -> pl.Expr:
    """Boolean, never null: a valid NHS number stands in the text."""
    likely = pl.when(text.str.contains(r"\d{3}[\W_]{0,3}\d{3}[\W_]{0,3}\d{4}")).then(text)
    found = likely.map_elements(holds_nhs_number, return_dtype=pl.Boolean)
    return found.fill_null(value=False)
