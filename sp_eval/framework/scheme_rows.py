"""All rows of one scheme: primary, sensitivity and described, released or withheld."""

from __future__ import annotations

from typing import Any, Literal

import polars as pl

from sp_eval.comparison.scheme_design import PoolDesign, SchemeDesign
from sp_eval.framework.gate import Gate
from sp_eval.framework.rows import RowMaker
from sp_eval.framework.verdict import verdict_of
from sp_eval.models.estimate import Estimate, TooFewEventsError
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
from sp_eval.models.sensitivity import e_value
from sp_eval.study.design import OutcomeChoice
from sp_eval.study.outcomes import Outcome

__all__ = [
    "hidden_cause_rows",
    "not_answerable_rows",
    "scheme_rows",
    "sensitivity_rows",
    "unsensitive_rows",
]

_RATIO = "rate_ratio"
_DIFFERENCE = "rate_difference_per_1000_person_years"
_RATE = "rate_per_1000_person_years"
_SCALES = (_RATIO, _DIFFERENCE)
_ADDING = ("observed_before", "expected_without_scheme", "observed_after")
_Described = Literal["before_after", "expected_from_selection"]
_DESCRIBED: tuple[_Described, ...] = ("before_after", "expected_from_selection")
Row = dict[str, Any]


def not_answerable_rows(maker: RowMaker, reason: str) -> list[Row]:
    """Rows of a scheme of which nothing can be estimated."""
    return [row for choice, _ in maker.study.counted for row in _nothing(maker, choice, reason)]


def unsensitive_rows(maker: RowMaker, reason: str) -> list[Row]:
    """The withheld sensitivity rows of such a scheme."""
    return [
        _withheld(maker, choice, method, _RATIO, "sensitivity", reason)
        for method in (*maker.study.estimators.sensitivity, "e_value")
        for choice, _ in maker.study.counted
    ]


def scheme_rows(
    maker: RowMaker, design: SchemeDesign, gate: Gate, counts: Counts, held: frozenset[str]
) -> list[Row]:
    """The primary and described rows of a scheme whose people could be compared.

    `held` names the clocks whose files cover enough; outcomes of other clocks are withheld.
    Where the gate is shut, matched estimates are withheld with its reason.
    """
    rows: list[Row] = []
    if gate.is_open:
        rows += _matched(maker, design, gate, counts, held)
    else:
        for choice, _ in maker.study.counted:
            rows += _matched_withheld(maker, choice, gate.reason or "")
    return rows + _described(maker, design, counts, held)


def _matched(
    maker: RowMaker, design: SchemeDesign, gate: Gate, counts: Counts, held: frozenset[str]
) -> list[Row]:
    weighted = matched_counts(design, design.primary, counts, Censoring(design.censoring()))
    found = {
        choice.name: _tried(weighted, counts, outcome, held)
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
    held: frozenset[str],
    method: str = "matched_rate_ratio",
) -> MatchedRates | str:
    if outcome.clock not in held:
        return _not_covered(outcome)
    try:
        return matched_estimate(weighted, counts.history, outcome, method=method)
    except TooFewEventsError as error:
        return str(error)


def sensitivity_rows(
    maker: RowMaker,
    design: SchemeDesign,
    counts: Counts,
    primary: pl.DataFrame,
) -> list[Row]:
    """The same contrast made in other ways, for every outcome whose primary was released.

    `primary`: the scheme's rows of `published.estimate` so far; outcomes withheld there are
    withheld here for the same reason.
    """
    first = primary.filter(pl.col("role") == "primary", pl.col("scale") == _RATIO)
    told = {row["outcome"]: row for row in first.iter_rows(named=True)}
    weights = design.censoring()
    ways: dict[str, tuple[PoolDesign | None, Censoring]] = {
        "matched_follow_on": (design.primary, Censoring(None)),
        "matched_uncapped": (design.primary, Censoring(weights, cap=None)),
        "matched_cap_10": (design.primary, Censoring(weights, cap=10.0)),
        "matched_non_referring": (design.other, Censoring(weights)),
    }
    every = frozenset(outcome.clock for _, outcome in maker.study.counted)
    rows: list[Row] = []
    for method in maker.study.estimators.sensitivity:
        pool, censoring = ways[method]
        is_wanted = pool is not None and any(r["status"] == "released" for r in told.values())
        weighted = matched_counts(design, pool, counts, censoring) if pool and is_wanted else None
        for choice, outcome in maker.study.counted:
            before = told[choice.name]
            found: MatchedRates | str = "no practice that does not refer can be compared with"
            if before["status"] == "withheld":
                found = str(before["withheld_reason"])
            elif weighted is not None:
                found = _tried(weighted, counts, outcome, every, method)
            if isinstance(found, str):
                rows.append(_withheld(maker, choice, method, _RATIO, "sensitivity", found))
            else:
                row = maker.released(choice, found.ratio, role="sensitivity")
                rows.append(row | _as_primary(before))
    return rows


def hidden_cause_rows(maker: RowMaker, primary: pl.DataFrame) -> list[Row]:
    """The E-value of every primary rate ratio; see `sensitivity_rows` for `primary`."""
    first = primary.filter(pl.col("role") == "primary", pl.col("scale") == _RATIO)
    told = {row["outcome"]: row for row in first.iter_rows(named=True)}
    rows: list[Row] = []
    for choice, _ in maker.study.counted:
        row = told[choice.name]
        if row["status"] == "withheld":
            reason = str(row["withheld_reason"])
            rows.append(_withheld(maker, choice, "e_value", _RATIO, "sensitivity", reason))
            continue
        found = e_value(row["point"], row["ci_low"], row["ci_high"])
        as_estimate = Estimate(
            "e_value",
            _RATIO,
            found.point,
            ci_low=found.interval,
            ci_level=row["ci_level"],
            n_analysed=row["n_analysed"],
            n_comparison=row["n_comparison"],
        )
        made = maker.released(choice, as_estimate, role="sensitivity")
        rows.append(made | _as_primary(row))
    return rows


def _as_primary(primary: Row) -> Row:
    """What a sensitivity estimate shares with the primary one beside it."""
    return {name: primary[name] for name in ("evidence_grade", "notes")}


def _described(
    maker: RowMaker, design: SchemeDesign, counts: Counts, held: frozenset[str]
) -> list[Row]:
    described = described_rows(design, counts, Censoring(design.censoring()))
    rows: list[Row] = []
    for choice, outcome in maker.study.counted:
        for method in _DESCRIBED:
            try:
                if outcome.clock not in held:
                    raise TooFewEventsError(_not_covered(outcome))
                found = described_estimate(
                    described, design, outcome, method=method, seed=maker.study.seed
                )
            except TooFewEventsError as error:
                told = str(error)
                rows.append(_withheld(maker, choice, method, _RATIO, "descriptive", told))
            else:
                rows.append(maker.released(choice, found, role="descriptive"))
    return rows


def _nothing(maker: RowMaker, choice: OutcomeChoice, reason: str) -> list[Row]:
    described = [
        _withheld(maker, choice, method, _RATIO, "descriptive", reason) for method in _DESCRIBED
    ]
    return _matched_withheld(maker, choice, reason) + described


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


def _not_covered(outcome: Outcome) -> str:
    kinds = ", ".join(source.replace("_", " ") for source in outcome.sources)
    return f"no file covers {kinds} activity for long enough around the referrals"
