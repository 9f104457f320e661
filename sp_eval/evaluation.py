"""The scientific story on one screen: cohort, comparison, gate, models, verdict."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import polars as pl
from threadpoolctl import threadpool_limits

from sp_eval.cohort.attrition import attrition_rows, referred_count
from sp_eval.cohort.build import (
    build_candidates,
    build_core,
    build_outcomes,
    read_carers,
    read_eligible,
    read_ended,
    read_held_clocks,
    read_history,
    read_outcomes,
    read_responses,
    referrals_received,
    schemes_found,
)
from sp_eval.cohort.extract_tables import store_extracts
from sp_eval.comparison.propensity import NotConvergedError
from sp_eval.comparison.scheme_design import SchemeDesign, design_scheme
from sp_eval.contracts.frames import conform, empty_frame
from sp_eval.contracts.odcs import load_contract
from sp_eval.framework.comparability import comparability_rows
from sp_eval.framework.design_store import (
    SchemeCompared,
    forget_compared,
    kept_schemes,
    load_compared,
    save_compared,
)
from sp_eval.framework.detectable import detectable_rows
from sp_eval.framework.diagnostic import diagnostic_rows
from sp_eval.framework.gate import Gate, facts_in_words, judge_design
from sp_eval.framework.grade import graded, grades
from sp_eval.framework.instrument_rows import instrument_rows
from sp_eval.framework.outcome_diagnostics import after_outcomes
from sp_eval.framework.overlap_rows import before_outcomes
from sp_eval.framework.rows import RowMaker
from sp_eval.framework.scheme_rows import not_answerable_rows, scheme_rows
from sp_eval.framework.sensitivity_rows import (
    hidden_cause_rows,
    horizon_rows,
    sensitivity_rows,
    unsensitive_rows,
)
from sp_eval.framework.sides import side_of
from sp_eval.framework.subgroup_rows import subgroup_rows, undivided_rows
from sp_eval.models.person_time import Censoring
from sp_eval.models.scheme_estimates import Counts, described_people
from sp_eval.models.weight_facts import weight_facts
from sp_eval.study.design import HORIZON_DAYS, StudyDesign
from sp_eval.warehouse.connection import Connection, open_memory

__all__ = [
    "can_be_answered",
    "compare",
    "counts_of",
    "diagnose",
    "estimate",
    "evaluate_tables",
    "gate_of",
    "look_at_overlap",
    "set_side_by_side",
    "subgroups_of",
    "try_other_ways",
]

Told = Callable[[str], None]
_ID = pl.col("candidate_id").cast(pl.Int64)
P = ParamSpec("P")
T = TypeVar("T")


# The matrices are tall and narrow: a second thread costs more than it brings, and the order of
# summation, hence the last digits, would hang on how many there are.
def _one_thread(function: Callable[P, T]) -> Callable[P, T]:
    @wraps(function)
    def limited(*args: P.args, **kwargs: P.kwargs) -> T:
        with threadpool_limits(limits=1, user_api="blas"):
            return function(*args, **kwargs)

    return limited


def evaluate_tables(tables: Mapping[str, pl.DataFrame], study: StudyDesign) -> pl.DataFrame:
    """Evaluate contract-form tables and return the rows of `published.estimate`.

    Parameters
    ----------
    tables : `person`, `referral`, `gp_contact`, `hospital_activity` with `scheme_code`, and
        optionally `coverage`; see `store_extracts`.
    study : the question.

    Raises
    ------
    KeyError, ContractError : a table or a required column is absent or of another type.
    """
    conn = open_memory()
    try:
        store_extracts(conn, tables, observed=study.observed)
        build_core(conn)
        compare(conn, study)
        primary = estimate(conn, study, run_id="")
        primary = graded(primary, diagnose(conn, study, primary, look_at_overlap(conn, study)))
        return pl.concat([primary, try_other_ways(conn, study, primary, run_id="")])
    finally:
        conn.close()


@_one_thread
def compare(
    conn: Connection,
    study: StudyDesign,
    told: Told | None = None,
    *,
    delivering: Iterable[str] = (),
) -> None:
    """Find who can be followed and match them, by scheme; no outcome is read.

    `delivering` names schemes that sent something, be it all refused: they are reported as not
    answerable and do not vanish.
    """
    build_candidates(conn, study)
    forget_compared(conn)
    for scheme in schemes_found(conn, study, delivering):
        _tell(told, f"{scheme}: looking for similar people who were not referred")
        save_compared(conn, _compare_scheme(conn, study, scheme))


@_one_thread
def can_be_answered(conn: Connection, study: StudyDesign) -> list[dict[str, Any]]:
    """The smallest change that would show, by scheme and outcome; no outcome is read."""
    rows: list[dict[str, Any]] = []
    for compared in (load_compared(conn, scheme) for scheme in kept_schemes(conn)):
        scheme = compared.scheme_code
        history, held = read_history(conn, scheme), read_held_clocks(conn, scheme)
        rows += detectable_rows(study, compared, history, held)
    return rows


def gate_of(compared: SchemeCompared, study: StudyDesign) -> Gate | None:
    """Judge a scheme's design; None where there is none to judge."""
    if compared.design is None:
        return None
    facts = weight_facts(compared.design, study.post)
    gate = judge_design(compared.design.primary, study.thresholds, share_at_cap=facts.share_at_cap)
    return replace(gate, facts=facts_in_words(facts), override=study.override)


@_one_thread
def look_at_overlap(conn: Connection, study: StudyDesign) -> list[dict[str, Any]]:
    """Rows of `published.diagnostic` of every scheme that no outcome is needed for."""
    rows: list[dict[str, Any]] = []
    for compared in (load_compared(conn, scheme) for scheme in kept_schemes(conn)):
        if compared.design is not None:
            found = before_outcomes(study, compared.design)
            rows += diagnostic_rows(study, compared.scheme_code, "before_outcomes", found)
    return rows


@_one_thread
def estimate(
    conn: Connection, study: StudyDesign, *, run_id: str, told: Told | None = None
) -> pl.DataFrame:
    """Read the outcomes, and make the primary and described estimates of every scheme."""
    schemes = [load_compared(conn, scheme) for scheme in kept_schemes(conn)]
    build_outcomes(conn, study, _everybody_followed(conn, schemes))
    rows: list[dict[str, Any]] = []
    for compared in schemes:
        _tell(told, f"{compared.scheme_code}: estimating the difference made")
        maker, gate = _maker(study, compared, run_id), gate_of(compared, study)
        scheme = compared.scheme_code
        counts, held = counts_of(conn, scheme), read_held_clocks(conn, scheme)
        if compared.design is None or gate is None:
            alone = described_people(_alone(conn, scheme), counts, Censoring(None))
            rows += not_answerable_rows(maker, compared.reason or "", alone, held)
        else:
            rows += scheme_rows(maker, compared.design, gate, counts, held)
        rows += instrument_rows(maker, read_responses(conn, compared.scheme_code))
    return _as_estimates(rows)


@_one_thread
def diagnose(
    conn: Connection,
    study: StudyDesign,
    primary: pl.DataFrame,
    before: list[dict[str, Any]],
    told: Told | None = None,
) -> list[dict[str, Any]]:
    """Rows of `published.diagnostic` of outcomes read, with the grade that all of them lead to.

    `primary`: the rows of `estimate`, to be graded by `graded`; `before`: of `look_at_overlap`.
    """
    rows: list[dict[str, Any]] = []
    for compared in (load_compared(conn, scheme) for scheme in kept_schemes(conn)):
        scheme, gate = compared.scheme_code, gate_of(compared, study)
        _tell(told, f"{scheme}: looking at how far the answers can be trusted")
        own = primary.filter(pl.col("scheme_code") == scheme)
        found = []
        if compared.design is not None and gate is not None and gate.is_open:
            counts, ended = counts_of(conn, scheme), read_ended(conn, scheme)
            found = after_outcomes(study, compared.design, counts, ended, own)
        after = diagnostic_rows(study, scheme, "after_outcomes", found)
        known = [row for row in before if row["scheme_code"] == scheme] + after
        grade = grades(study, own, known, gate_passed=None if gate is None else gate.passed)
        rows += after + diagnostic_rows(study, scheme, "after_outcomes", grade)
    return rows


@_one_thread
def try_other_ways(
    conn: Connection,
    study: StudyDesign,
    primary: pl.DataFrame,
    *,
    run_id: str,
    told: Told | None = None,
) -> pl.DataFrame:
    """Make the sensitivity estimates of every scheme beside its primary ones."""
    rows: list[dict[str, Any]] = []
    for compared in (load_compared(conn, scheme) for scheme in kept_schemes(conn)):
        _tell(told, f"{compared.scheme_code}: trying other ways of comparing")
        maker = _maker(study, compared, run_id)
        if compared.design is None:
            rows += unsensitive_rows(maker, compared.reason or "")
        else:
            own = primary.filter(pl.col("scheme_code") == compared.scheme_code)
            rows += sensitivity_rows(
                maker, compared.design, counts_of(conn, compared.scheme_code), own
            )
            rows += hidden_cause_rows(maker, own)
    rows += _other_lengths(conn, study, primary, run_id=run_id, told=told)
    return _as_estimates(rows)


def _other_lengths(
    conn: Connection, study: StudyDesign, primary: pl.DataFrame, *, run_id: str, told: Told | None
) -> list[dict[str, Any]]:
    """The primary contrast over other lengths of time; the study's own counts stand afterwards."""
    schemes = [load_compared(conn, scheme) for scheme in kept_schemes(conn)]
    designs = [s.design for s in schemes if s.design is not None]
    others = [m for m in study.horizons if HORIZON_DAYS[m] != study.windows.post_days]
    rows: list[dict[str, Any]] = []
    if not designs or not others or primary.filter(role="primary", status="released").is_empty():
        return rows
    matched = pl.concat([_nobody(), *(d.primary.matched.select(_ID) for d in designs)])
    for months in others:
        _tell(told, f"the same over {months} months")
        windows = study.windows.model_copy(update={"post_days": HORIZON_DAYS[months]})
        longer = study.model_copy(update={"windows": windows})
        build_outcomes(conn, longer, matched)
        for compared in schemes:
            if compared.design is None:
                continue
            own = primary.filter(pl.col("scheme_code") == compared.scheme_code)
            maker = replace(_maker(study, compared, run_id), study=longer)
            counts = counts_of(conn, compared.scheme_code)
            rows += horizon_rows(maker, compared.design, counts, own, months=months)
    build_outcomes(conn, study, _everybody_followed(conn, schemes))
    return [row | {"design_hash": study.design_hash()} for row in rows]


@_one_thread
def subgroups_of(
    conn: Connection, study: StudyDesign, primary: pl.DataFrame, *, told: Told | None = None
) -> list[dict[str, Any]]:
    """The primary outcome's estimate in each level of each subgroup: rows of `published.subgroup`.

    `primary`: the rows that `estimate` made; a scheme whose own is withheld has none here either.
    """
    own = primary.filter(role="primary", scale="rate_ratio", outcome=study.primary.name)
    rows: list[dict[str, Any]] = []
    for scheme in kept_schemes(conn) if study.subgroups else ():
        _tell(told, f"{scheme}: looking for whom it makes a difference")
        first = own.filter(scheme_code=scheme).row(0, named=True)
        design = load_compared(conn, scheme).design
        if design is None or first["status"] == "withheld":
            rows += undivided_rows(study, first)
            continue
        rows += subgroup_rows(
            study, design, counts_of(conn, scheme), read_carers(conn, scheme), first
        )
    return rows


@_one_thread
def set_side_by_side(
    conn: Connection, study: StudyDesign, primary: pl.DataFrame
) -> list[dict[str, Any]]:
    """Say whether the schemes may be set side by side: rows of `published.comparability`."""
    sides = []
    for compared in (load_compared(conn, scheme) for scheme in kept_schemes(conn)):
        scheme, gate = compared.scheme_code, gate_of(compared, study)
        history, held = read_history(conn, scheme), read_held_clocks(conn, scheme)
        passed = None if gate is None else gate.passed
        sides.append(side_of(study, compared, history, held, is_fair=passed))
    return comparability_rows(study, sides, primary)


def _compare_scheme(conn: Connection, study: StudyDesign, scheme: str) -> SchemeCompared:
    candidates, history = read_eligible(conn, scheme), read_history(conn, scheme)
    design, reason = None, _hindrance(conn, candidates, scheme)
    if reason is None:
        try:
            design = design_scheme(candidates, history, study)
        except NotConvergedError as error:
            reason = f"no comparison can be made: {error}"
    matched = None if design is None else design.primary.n_matched
    attrition = attrition_rows(conn, study, scheme, matched=matched)
    return SchemeCompared(scheme, design, attrition, reason)


def _hindrance(conn: Connection, candidates: pl.DataFrame, scheme: str) -> str | None:
    """Why no comparison can be made of this scheme, or None."""
    exposed = candidates.filter("is_exposed", "is_in_study").height
    if exposed and candidates.filter(~pl.col("is_exposed")).height:
        return None
    if not referrals_received(conn, scheme):
        return "no referral of this scheme was received, or none could be used"
    if not exposed:
        return "nobody referred in the index period can be followed back for the whole look-back"
    return "nobody who was not referred can be compared with"


def _everybody_followed(conn: Connection, schemes: Iterable[SchemeCompared]) -> pl.DataFrame:
    people = [
        _alone(conn, s.scheme_code).select(_ID) if s.design is None else _followed(s.design)
        for s in schemes
    ]
    return pl.concat([_nobody(), *people])


def _alone(conn: Connection, scheme: str) -> pl.DataFrame:
    """The referred who could be followed, of a scheme without anybody to compare them with."""
    return read_eligible(conn, scheme).filter("is_exposed", "is_in_study")


def _followed(design: SchemeDesign) -> pl.DataFrame:
    exposed = design.candidates.filter("is_exposed")
    others = [design.primary.matched, design.sample, design.subgroups.matched]
    if design.other is not None:
        others.append(design.other.matched)
    return pl.concat([t.select(_ID) for t in [exposed, *others]])


def _nobody() -> pl.DataFrame:
    return pl.DataFrame(schema={"candidate_id": pl.Int64})


def counts_of(conn: Connection, scheme: str) -> Counts:
    """The counts of a scheme's followed people, once `estimate` has read them."""
    return Counts(*read_outcomes(conn, scheme), read_history(conn, scheme))


def _maker(study: StudyDesign, compared: SchemeCompared, run_id: str) -> RowMaker:
    return RowMaker(study, compared.scheme_code, referred_count(compared.attrition), run_id)


def _as_estimates(rows: list[dict[str, Any]]) -> pl.DataFrame:
    contract = load_contract("estimate", "published")
    if not rows:
        return empty_frame(contract)
    return conform(pl.DataFrame(rows, infer_schema_length=None), contract)


def _tell(told: Told | None, sentence: str) -> None:
    if told is not None:
        told(sentence)
