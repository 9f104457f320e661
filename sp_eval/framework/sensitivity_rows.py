"""The same question asked in other ways, and for other lengths of time: rows beside the primary."""

from __future__ import annotations

from typing import Any

import polars as pl

from sp_eval.comparison.scheme_design import SchemeDesign
from sp_eval.framework.rows import RowMaker
from sp_eval.models.estimate import Estimate, TooFewEventsError
from sp_eval.models.matched_rate_ratio import MatchedRates
from sp_eval.models.other_ways import NotPossibleError, OtherWay, other_way
from sp_eval.models.person_time import Censoring
from sp_eval.models.scheme_estimates import Counts, matched_counts, matched_estimate
from sp_eval.models.sensitivity import e_value
from sp_eval.study.design import Horizon, OutcomeChoice, StudyDesign
from sp_eval.study.outcomes import Outcome

__all__ = [
    "hidden_cause_rows",
    "horizon_method",
    "horizon_rows",
    "sensitivity_methods",
    "sensitivity_rows",
    "unsensitive_rows",
]

_RATIO = "rate_ratio"
_LEAST_FOLLOWED = 0.75  # of the days of a window: with fewer it is about who came early
Row = dict[str, Any]


def sensitivity_methods(study: StudyDesign) -> tuple[str, ...]:
    """The ways a study asks for, and the one that goes with flagged comparison people."""
    asked: tuple[str, ...] = study.estimators.sensitivity
    comparison = study.comparison
    if comparison.own_schemes and comparison.own_schemes_are == "flagged":
        asked = (*asked, "matched_uncontaminated")
    return asked


def horizon_method(months: Horizon) -> str:
    """The name under which the estimate of another length of time is published."""
    return f"matched_{months}_months"


def unsensitive_rows(maker: RowMaker, reason: str) -> list[Row]:
    """The withheld rows of a scheme of which nothing can be estimated."""
    methods = (*sensitivity_methods(maker.study), "e_value")
    return [
        _withheld(maker, choice, method, reason)
        for method in methods
        for choice, _ in maker.study.counted
    ]


def sensitivity_rows(
    maker: RowMaker, design: SchemeDesign, counts: Counts, primary: pl.DataFrame
) -> list[Row]:
    """The same contrast made in other ways, for every outcome whose primary was released.

    `primary`: the scheme's rows of `published.estimate` so far; outcomes withheld there are
    withheld here for the same reason.
    """
    told = _primary_rows(primary)
    is_wanted = any(row["status"] == "released" for row in told.values())
    rows: list[Row] = []
    for method in sensitivity_methods(maker.study):
        way: OtherWay | str = ""
        if is_wanted:
            way = _prepared(method, design, maker.study, counts)
        for choice, outcome in maker.study.counted:
            before = told[choice.name]
            if before["status"] == "withheld":
                rows.append(_withheld(maker, choice, method, str(before["withheld_reason"])))
                continue
            found = way if isinstance(way, str) else _tried(way, counts, outcome)
            rows.append(_row(maker, choice, method, found, before))
    return rows


def horizon_rows(
    maker: RowMaker,
    design: SchemeDesign,
    counts: Counts,
    primary: pl.DataFrame,
    *,
    months: Horizon,
) -> list[Row]:
    """The primary contrast over another length of time.

    Parameters
    ----------
    maker : of the study with that window after.
    counts : events and days of that window.
    primary : see `sensitivity_rows`.
    """
    told = _primary_rows(primary)
    method = horizon_method(months)
    weighed = matched_counts(design, design.primary, counts, Censoring(design.censoring()))
    rows: list[Row] = []
    for choice, outcome in maker.study.counted:
        before = told[choice.name]
        if before["status"] == "withheld":
            rows.append(_withheld(maker, choice, method, str(before["withheld_reason"])))
            continue
        own = weighed.rows(outcome, counts.history).filter("exposed")
        share = float(own["days"].sum()) / (max(1, own.height) * maker.study.post.days)
        found: MatchedRates | str = (
            f"the files cover less than three quarters of the {months} months after referral"
        )
        if share >= _LEAST_FOLLOWED:
            try:
                found = matched_estimate(weighed, counts.history, outcome, method=method)
            except TooFewEventsError as error:
                found = str(error)
        rows.append(_row(maker, choice, method, found, before))
    return rows


def hidden_cause_rows(maker: RowMaker, primary: pl.DataFrame) -> list[Row]:
    """The E-value of every primary rate ratio; see `sensitivity_rows` for `primary`."""
    told = _primary_rows(primary)
    rows: list[Row] = []
    for choice, _ in maker.study.counted:
        row = told[choice.name]
        if row["status"] == "withheld":
            rows.append(_withheld(maker, choice, "e_value", str(row["withheld_reason"])))
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


def _primary_rows(primary: pl.DataFrame) -> dict[str, Row]:
    first = primary.filter(pl.col("role") == "primary", pl.col("scale") == _RATIO)
    return {row["outcome"]: row for row in first.iter_rows(named=True)}


def _prepared(
    method: str, design: SchemeDesign, study: StudyDesign, counts: Counts
) -> OtherWay | str:
    try:
        return other_way(method, design, study, counts)
    except NotPossibleError as error:
        return str(error)


def _tried(way: OtherWay, counts: Counts, outcome: Outcome) -> MatchedRates | str:
    try:
        return way.estimate(counts, outcome)
    except TooFewEventsError as error:
        return str(error)


def _row(
    maker: RowMaker, choice: OutcomeChoice, method: str, found: MatchedRates | str, before: Row
) -> Row:
    if isinstance(found, str):
        return _withheld(maker, choice, method, found)
    row = maker.released(choice, found.ratio, role="sensitivity")
    return row | _as_primary(before)


def _as_primary(primary: Row) -> Row:
    """What a sensitivity estimate shares with the primary one beside it."""
    return {name: primary[name] for name in ("evidence_grade", "notes")}


def _withheld(maker: RowMaker, choice: OutcomeChoice, method: str, reason: str) -> Row:
    return maker.withheld(choice, method=method, scale=_RATIO, role="sensitivity", reason=reason)
