"""The rows of one scheme: primary and described, released or withheld."""

from __future__ import annotations

from typing import Any, Literal

import polars as pl

from sp_eval.comparison.scheme_design import SchemeDesign
from sp_eval.framework.gate import Gate
from sp_eval.framework.not_held import reason_not_held
from sp_eval.framework.rows import RowMaker
from sp_eval.framework.verdict import verdict_of
from sp_eval.models.before_after import before_after
from sp_eval.models.estimate import TooFewEventsError
from sp_eval.models.matched_rate_ratio import MatchedRates
from sp_eval.models.person_time import Censoring
from sp_eval.models.scheme_estimates import (
    Counts,
    MatchedCounts,
    described_estimate,
    described_rows,
    matched_counts,
    matched_estimate,
    rates_that_add_up,
)
from sp_eval.study.design import OutcomeChoice
from sp_eval.study.outcomes import OUTCOMES, Outcome

__all__ = ["not_answerable_rows", "scheme_rows"]

_RATIO = "rate_ratio"
_DIFFERENCE = "rate_difference_per_1000_person_years"
_RATE = "rate_per_1000_person_years"
_SCALES = (_RATIO, _DIFFERENCE)
_ADDING = ("observed_before", "expected_without_scheme", "observed_after")
_Described = Literal["before_after", "expected_from_selection"]
_DESCRIBED: tuple[_Described, ...] = ("before_after", "expected_from_selection")
Row = dict[str, Any]


def not_answerable_rows(
    maker: RowMaker, reason: str, alone: pl.DataFrame, held: frozenset[str]
) -> list[Row]:
    """Rows of a scheme of which no difference can be estimated.

    `alone`: see `described_people`, of the referred who could be followed: with nobody to compare
    them with, their change before and after is described, and is no answer.
    """
    primary = maker.study.primary.name
    lacking = reason_not_held(maker.scheme_code, OUTCOMES[primary])
    others = f"people are compared by {OUTCOMES[primary].label} before referral, and {lacking}"
    rows: list[Row] = []
    for choice, outcome in maker.study.counted:
        general = others if lacking == reason and choice.name != primary else reason
        told = reason_not_held(maker.scheme_code, outcome) or general
        rows += _matched_withheld(maker, choice, told)
        rows.append(_alone(maker, choice, outcome, alone, held, told))
        rows.append(
            _withheld(maker, choice, "expected_from_selection", _RATIO, "descriptive", told)
        )
    return rows


def _alone(
    maker: RowMaker,
    choice: OutcomeChoice,
    outcome: Outcome,
    alone: pl.DataFrame,
    held: frozenset[str],
    reason: str,
) -> Row:
    own = alone.filter(pl.col("outcome") == outcome.name)
    if own.is_empty():
        return _withheld(maker, choice, "before_after", _RATIO, "descriptive", reason)
    try:
        if outcome.clock not in held:
            raise TooFewEventsError(_not_covered(maker.scheme_code, outcome, held))
        return maker.released(choice, before_after(own), role="descriptive")
    except TooFewEventsError as error:
        return _withheld(maker, choice, "before_after", _RATIO, "descriptive", str(error))


def scheme_rows(
    maker: RowMaker, design: SchemeDesign, gate: Gate, counts: Counts, held: frozenset[str]
) -> list[Row]:
    """The primary and described rows of a scheme whose people could be compared.

    `held` names the clocks whose files cover enough; outcomes of other clocks are withheld.
    Where the gate is shut, matched estimates of the others are withheld with its reason.
    """
    rows: list[Row] = []
    if gate.is_open:
        rows += _matched(maker, design, gate, counts, held)
    else:
        for choice, outcome in maker.study.counted:
            is_held = outcome.clock in held
            told = gate.reason if is_held else _not_covered(maker.scheme_code, outcome, held)
            rows += _matched_withheld(maker, choice, told or "")
    return rows + _described(maker, design, counts, held)


def _matched(
    maker: RowMaker, design: SchemeDesign, gate: Gate, counts: Counts, held: frozenset[str]
) -> list[Row]:
    weighted = matched_counts(design, design.primary, counts, Censoring(design.censoring()))
    found = {
        choice.name: _not_covered(maker.scheme_code, outcome, held)
        if outcome.clock not in held
        else _tried(weighted, counts, outcome)
        for choice, outcome in maker.study.counted
    }
    kept: dict[str, Any] = {"note": gate.note}
    rows: list[Row] = []
    for choice, outcome in maker.study.counted:
        rates = found[choice.name]
        if isinstance(rates, str):
            rows += _matched_withheld(maker, choice, rates)
            continue
        verdict = verdict_of(rates.ratio, worthwhile=choice.worthwhile)
        rows += [
            maker.released(choice, e, role="primary", verdict=verdict, **kept)
            for e in (rates.ratio, rates.difference)
        ]
        pre = counts.pre_total.filter(pl.col("outcome") == outcome.name)
        adding = rates_that_add_up(weighted.rows(outcome, counts.history), pre, rates)
        rows += [maker.released(choice, e, role="descriptive", **kept) for e in adding]
    return rows


def _tried(
    weighted: MatchedCounts,
    counts: Counts,
    outcome: Outcome,
) -> MatchedRates | str:
    try:
        return matched_estimate(weighted, counts.history, outcome)
    except TooFewEventsError as error:
        return str(error)


def _described(
    maker: RowMaker, design: SchemeDesign, counts: Counts, held: frozenset[str]
) -> list[Row]:
    described = described_rows(design, counts, Censoring(design.censoring()))
    rows: list[Row] = []
    for choice, outcome in maker.study.counted:
        for method in _DESCRIBED:
            try:
                if outcome.clock not in held:
                    raise TooFewEventsError(_not_covered(maker.scheme_code, outcome, held))
                found = described_estimate(
                    described, design, outcome, method=method, seed=maker.study.seed
                )
            except TooFewEventsError as error:
                told = str(error)
                rows.append(_withheld(maker, choice, method, _RATIO, "descriptive", told))
            else:
                rows.append(maker.released(choice, found, role="descriptive"))
    return rows


def _matched_withheld(maker: RowMaker, choice: OutcomeChoice, reason: str) -> list[Row]:
    rows = [
        _withheld(maker, choice, "matched_rate_ratio", scale, "primary", reason)
        for scale in _SCALES
    ]
    return rows + [_withheld(maker, choice, m, _RATE, "descriptive", reason) for m in _ADDING]


def _withheld(
    maker: RowMaker, choice: OutcomeChoice, method: str, scale: str, role: str, reason: str
) -> Row:
    return maker.withheld(choice, method=method, scale=scale, role=role, reason=reason)


def _not_covered(scheme_code: str, outcome: Outcome, held: frozenset[str]) -> str:
    if told := reason_not_held(scheme_code, outcome):
        return told
    return f"no file covers {outcome.not_covered(held)} for long enough around the referrals"
