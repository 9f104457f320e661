"""The scientific story on one screen: cohort, comparison, gate, models, verdict."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import polars as pl
from threadpoolctl import threadpool_limits

from sp_eval.cohort.build import (
    build_candidates,
    build_core,
    read_carers,
    read_ended,
    read_held_clocks,
    read_history,
    read_responses,
    read_use_counted,
    read_use_counts,
    schemes_found,
)
from sp_eval.cohort.extract_tables import store_extracts
from sp_eval.contracts.frames import conform, empty_frame
from sp_eval.contracts.odcs import load_contract
from sp_eval.framework.comparability import comparability_rows
from sp_eval.framework.design_store import forget_compared, load_all, save_compared
from sp_eval.framework.detectable import detectable_rows
from sp_eval.framework.diagnostic import diagnostic_rows
from sp_eval.framework.followed import count_everybody, counts_of, referred_alone
from sp_eval.framework.grade import graded, grades
from sp_eval.framework.instrument_rows import instrument_rows
from sp_eval.framework.other_lengths import other_length_rows
from sp_eval.framework.outcome_diagnostics import after_outcomes
from sp_eval.framework.overlap_rows import before_outcomes
from sp_eval.framework.rows import RowMaker
from sp_eval.framework.scheme_compared import compare_scheme, gate_of
from sp_eval.framework.scheme_rows import not_answerable_rows, scheme_rows
from sp_eval.framework.sensitivity_rows import (
    hidden_cause_rows,
    sensitivity_rows,
    unsensitive_rows,
)
from sp_eval.framework.sides import side_of
from sp_eval.framework.subgroup_rows import subgroup_rows, undivided_rows
from sp_eval.framework.use_count_rows import with_use_counts
from sp_eval.models.person_time import Censoring
from sp_eval.models.scheme_estimates import described_people
from sp_eval.study.design import StudyDesign
from sp_eval.warehouse.connection import Connection, open_memory

__all__ = [
    "can_be_answered",
    "compare",
    "diagnose",
    "estimate",
    "evaluate_tables",
    "look_at_overlap",
    "primary_of_tables",
    "set_side_by_side",
    "subgroups_of",
    "try_other_ways",
]

Told = Callable[[str], None]
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
        optionally `outcome_response`, `use_count` and `coverage`; see `store_extracts`.
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


def primary_of_tables(tables: Mapping[str, pl.DataFrame], study: StudyDesign) -> pl.DataFrame:
    """As `evaluate_tables`, without grades and other ways: the rows of `estimate`."""
    conn = open_memory()
    try:
        store_extracts(conn, tables, observed=study.observed)
        build_core(conn)
        compare(conn, study)
        return estimate(conn, study, run_id="")
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
        save_compared(conn, compare_scheme(conn, study, scheme))


@_one_thread
def can_be_answered(conn: Connection, study: StudyDesign) -> list[dict[str, Any]]:
    """The smallest change that would show, by scheme and outcome; no outcome is read."""
    rows: list[dict[str, Any]] = []
    for compared in load_all(conn):
        scheme = compared.scheme_code
        history, held = read_history(conn, scheme), read_held_clocks(conn, scheme)
        rows += detectable_rows(study, compared, history, held)
    return rows


@_one_thread
def look_at_overlap(conn: Connection, study: StudyDesign) -> list[dict[str, Any]]:
    """Rows of `published.diagnostic` of every scheme that no outcome is needed for."""
    rows: list[dict[str, Any]] = []
    for compared in load_all(conn):
        if compared.design is not None:
            found = before_outcomes(study, compared.design)
            rows += diagnostic_rows(study, compared.scheme_code, "before_outcomes", found)
    return rows


@_one_thread
def estimate(
    conn: Connection, study: StudyDesign, *, run_id: str, told: Told | None = None
) -> pl.DataFrame:
    """Read the outcomes, and make the primary and described estimates of every scheme."""
    schemes = list(load_all(conn))
    count_everybody(conn, study, schemes)
    rows: list[dict[str, Any]] = []
    for compared in schemes:
        _tell(told, f"{compared.scheme_code}: estimating the difference made")
        maker, gate = RowMaker.of(study, compared, run_id), gate_of(compared, study)
        scheme = compared.scheme_code
        counts, held = counts_of(conn, scheme), read_held_clocks(conn, scheme)
        if compared.design is None or gate is None:
            alone = described_people(referred_alone(conn, scheme), counts, Censoring(None))
            own = not_answerable_rows(maker, compared.reason or "", alone, held)
        else:
            own = scheme_rows(maker, compared.design, gate, counts, held)
        counted = read_use_counted(conn, scheme)
        rows += with_use_counts(maker, own, read_use_counts(conn, scheme), counted, held)
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
    for compared in load_all(conn):
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
    for compared in load_all(conn):
        _tell(told, f"{compared.scheme_code}: trying other ways of comparing")
        maker = RowMaker.of(study, compared, run_id)
        if compared.design is None:
            rows += unsensitive_rows(maker, compared.reason or "")
        else:
            own = primary.filter(pl.col("scheme_code") == compared.scheme_code)
            rows += sensitivity_rows(
                maker, compared.design, counts_of(conn, compared.scheme_code), own
            )
            rows += hidden_cause_rows(maker, own)
    rows += other_length_rows(conn, study, primary, run_id=run_id, told=told)
    return _as_estimates(rows)


@_one_thread
def subgroups_of(
    conn: Connection, study: StudyDesign, primary: pl.DataFrame, *, told: Told | None = None
) -> list[dict[str, Any]]:
    """The primary outcome's estimate in each level of each subgroup: rows of `published.subgroup`.

    `primary`: the rows that `estimate` made; a scheme whose own is withheld has none here either.
    """
    own = primary.filter(role="primary", scale="rate_ratio", outcome=study.primary.name)
    rows: list[dict[str, Any]] = []
    for compared in load_all(conn) if study.subgroups else ():
        scheme, design = compared.scheme_code, compared.design
        _tell(told, f"{scheme}: looking for whom it makes a difference")
        first = own.filter(scheme_code=scheme).row(0, named=True)
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
    for compared in load_all(conn):
        scheme, gate = compared.scheme_code, gate_of(compared, study)
        history, held = read_history(conn, scheme), read_held_clocks(conn, scheme)
        passed = None if gate is None else gate.passed
        counted = read_use_counted(conn, scheme)
        sides.append(side_of(study, compared, history, held, counted=counted, is_fair=passed))
    return comparability_rows(study, sides, primary)


def _as_estimates(rows: list[dict[str, Any]]) -> pl.DataFrame:
    contract = load_contract("estimate", "published")
    if not rows:
        return empty_frame(contract)
    return conform(pl.DataFrame(rows, infer_schema_length=None), contract)


def _tell(told: Told | None, sentence: str) -> None:
    if told is not None:
        told(sentence)
