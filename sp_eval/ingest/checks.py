"""Checks that a mapping asks of source columns: enforced, and carried nowhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import polars as pl

from sp_eval.contracts.codes import code_table, codes_of_list
from sp_eval.contracts.mapping_verbs import Check, Parse
from sp_eval.ingest.fault import SourceFault
from sp_eval.ingest.parse import Dating, Fault, parsed
from sp_eval.ingest.snomed import snomed_faults

__all__ = ["check_faults"]

_INTEGER = Parse(kind="integer")
_DECIMAL = Parse(kind="money")
_DAY = Parse(kind="date")


def check_faults(checks: Mapping[str, Check], dating: Dating) -> Iterator[SourceFault]:
    """Yield every fault that the checks look for."""
    for name, check in checks.items():
        for fault in _alone(pl.col(name), check, dating):
            yield SourceFault(name, fault)
        if check.not_before:
            other = checks.get(check.not_before)
            earlier = parsed(
                pl.col(check.not_before), (other and other.parse) or check.parse or _DAY, dating
            )
            later = parsed(pl.col(name), check.parse or _DAY, dating)
            breaks = (later.value < earlier.value).fill_null(value=False)
            yield SourceFault(name, Fault("date_order", breaks), (name, check.not_before))
        if check.total_of:
            breaks = (_whole(name, dating) != _sum(check.total_of, dating)).fill_null(value=False)
            yield SourceFault(name, Fault("total_disagrees", breaks), (name, *check.total_of))
        if check.metric_of and check.metric_table:
            for fault in _metric(name, check.metric_of, check.metric_table, dating):
                yield SourceFault(name, fault, (name, *check.metric_of))


def _alone(text: pl.Expr, check: Check, dating: Dating) -> Iterator[Fault]:
    if check.required:
        yield Fault("mandatory_missing", text.is_null())
    if check.one_of is not None:
        known = text.is_in(list(check.one_of)).fill_null(value=True)
        yield Fault("unknown_code", ~known)
    if check.pattern is not None:
        fits = text.str.contains(f"^(?:{check.pattern})$").fill_null(value=True)
        yield Fault("out_of_range", ~fits)
    misread = list(snomed_faults(text)) if check.code == "snomed_ct" else []
    yield from misread
    if check.code_list is not None:
        known = text.is_in(list(codes_of_list(check.code_list))).fill_null(value=True)
        # a code that is none cannot be in a list: it is told once
        yield Fault("unknown_code", pl.all_horizontal(~known, *(~f.breaks for f in misread)))
    if check.parse is not None:
        yield from parsed(text, check.parse, dating).faults
    if check.minimum is not None or check.maximum is not None:
        number = parsed(text, _INTEGER, dating)
        inside = number.value.is_between(
            -(2**62) if check.minimum is None else check.minimum,
            2**62 if check.maximum is None else check.maximum,
        ).fill_null(value=True)
        yield from number.faults
        yield Fault("out_of_range", ~inside)
    if check.metric_of:
        yield from parsed(text, _DECIMAL, dating).faults


def _whole(name: str, dating: Dating) -> pl.Expr:
    return parsed(pl.col(name), _INTEGER, dating).value


def _sum(names: tuple[str, ...], dating: Dating) -> pl.Expr:
    """Sum of the items, null unless all are there."""
    return pl.sum_horizontal((_whole(name, dating) for name in names), ignore_nulls=False)


def _metric(name: str, items: tuple[str, ...], table: str, dating: Dating) -> Iterator[Fault]:
    rows = code_table(table)
    raw = pl.Series([int(row["raw"]) for row in rows], dtype=pl.Int64)
    scores = pl.Series([float(row["metric"]) for row in rows], dtype=pl.Float64)
    total = _sum(items, dating)
    right = total.replace_strict(raw, scores, default=None, return_dtype=pl.Float64)
    given = parsed(pl.col(name), _DECIMAL, dating).value
    wrong = ((given - right).abs() > 0.005).fill_null(value=False)
    holds_raw = wrong & (given == total).fill_null(value=False)
    yield Fault("metric_holds_raw", holds_raw)
    yield Fault("total_disagrees", wrong & ~holds_raw)
