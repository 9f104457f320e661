"""The scientific story on one screen: cohort, comparison, gate, models, verdict."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from sp_eval.cohort.attrition import attrition_rows, referred_count
from sp_eval.cohort.build import (
    build_candidates,
    build_core,
    build_outcomes,
    read_eligible,
    read_history,
)
from sp_eval.cohort.extract_tables import store_extracts
from sp_eval.comparison.propensity import NotConvergedError
from sp_eval.comparison.scheme_design import SchemeDesign, design_scheme
from sp_eval.contracts.frames import conform
from sp_eval.contracts.odcs import load_contract
from sp_eval.framework.gate import Gate, judge_design
from sp_eval.framework.rows import RowMaker
from sp_eval.framework.scheme_rows import not_answerable_rows, scheme_rows
from sp_eval.models.person_time import share_at_cap
from sp_eval.models.scheme_estimates import Counts
from sp_eval.study.design import StudyDesign
from sp_eval.warehouse.connection import Connection, open_memory
from sp_eval.warehouse.frames import read_frame

__all__ = ["Compared", "SchemeCompared", "compare", "estimate", "evaluate_tables"]

Told = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class SchemeCompared:
    """One scheme up to the gate; `design` None where no comparison can be made, `reason` why."""

    scheme_code: str
    design: SchemeDesign | None
    gate: Gate | None
    attrition: list[dict[str, Any]]
    history: pl.DataFrame
    reason: str | None


Compared = tuple[SchemeCompared, ...]


def evaluate_tables(tables: Mapping[str, pl.DataFrame], study: StudyDesign) -> pl.DataFrame:
    """Evaluate contract-form tables and return the rows of `published.estimate`.

    Parameters
    ----------
    tables : `person`, `referral`, `gp_contact`, `hospital_activity` with `scheme_code`, and
        optionally `coverage` and `outcome_response`; see `store_extracts`.
    study : the question.

    Raises
    ------
    KeyError, ContractError : a table or a required column is absent or of another type.
    """
    conn = open_memory()
    try:
        store_extracts(conn, tables, observed=study.observed)
        build_core(conn)
        compared = compare(conn, study)
        rows = estimate(conn, study, compared, run_id="")
    finally:
        conn.close()
    return rows


def compare(conn: Connection, study: StudyDesign, told: Told | None = None) -> Compared:
    """Find who can be followed, match them, and judge the design; no outcome is read."""
    build_candidates(conn, study)
    return tuple(_compare_scheme(conn, study, s, told) for s in _schemes(conn, study))


def estimate(
    conn: Connection,
    study: StudyDesign,
    compared: Compared,
    *,
    run_id: str,
    told: Told | None = None,
) -> pl.DataFrame:
    """Read outcomes of the schemes whose design stands, and make every row of their estimates."""
    followed = [_followed(s.design) for s in compared if s.design is not None]
    empty = pl.DataFrame(schema={"candidate_id": pl.Int32})
    build_outcomes(conn, study, pl.concat([empty, *followed]))
    rows: list[dict[str, Any]] = []
    for scheme in compared:
        if told:
            told(f"estimating {scheme.scheme_code}")
        maker = RowMaker(study, scheme.scheme_code, referred_count(scheme.attrition), run_id)
        if scheme.design is None or scheme.gate is None:
            rows += not_answerable_rows(maker, scheme.reason or "no comparison can be made")
        else:
            counts = _read_counts(conn, scheme)
            rows += scheme_rows(maker, scheme.design, scheme.gate, counts, _held(conn, scheme))
    contract = load_contract("estimate", "published")
    return conform(pl.DataFrame(rows, infer_schema_length=None), contract)


def _compare_scheme(
    conn: Connection, study: StudyDesign, scheme: str, told: Told | None
) -> SchemeCompared:
    if told:
        told(f"comparing {scheme}")
    candidates, history = read_eligible(conn, scheme), read_history(conn, scheme)
    design, gate, reason = None, None, _hindrance(conn, candidates, scheme)
    if reason is None:
        try:
            design = design_scheme(candidates, history, study)
        except NotConvergedError as error:
            reason = f"no comparison can be made: {error}"
    if design is not None:
        capped = share_at_cap(design, study.post)
        gate = judge_design(design.primary, study.thresholds, share_at_cap=capped)
    matched = None if design is None else design.primary.n_matched
    attrition = attrition_rows(conn, study, scheme, matched=matched)
    return SchemeCompared(scheme, design, gate, attrition, history, reason)


def _hindrance(conn: Connection, candidates: pl.DataFrame, scheme: str) -> str | None:
    """Why no comparison can be made of this scheme, or None."""
    exposed = candidates.filter("is_exposed", "is_in_study").height
    if exposed and candidates.height > exposed:
        return None
    referred = read_frame(
        conn,
        "select count(*) as n from core.referral where scheme_code = $scheme",
        {"scheme": scheme},
    )["n"][0]
    if not referred:
        return "no referral of this scheme was received"
    if not exposed:
        return "none of the people referred in the index period can be followed back a year"
    return "nobody who was not referred can be compared with"


def _schemes(conn: Connection, study: StudyDesign) -> tuple[str, ...]:
    if study.schemes != "all":
        return study.schemes
    found = read_frame(
        conn,
        """select scheme_code from core.person union select scheme_code from core.referral
        order by scheme_code""",
    )
    return tuple(found["scheme_code"])


def _followed(design: SchemeDesign) -> pl.DataFrame:
    exposed = design.candidates.filter("is_exposed")
    others = [design.primary.matched, design.sample]
    if design.other is not None:
        others.append(design.other.matched)
    return pl.concat([t.select(pl.col("candidate_id").cast(pl.Int32)) for t in [exposed, *others]])


def _held(conn: Connection, scheme: SchemeCompared) -> frozenset[str]:
    held = read_frame(
        conn,
        "select clock from cohort.clock_held where scheme_code = $scheme",
        {"scheme": scheme.scheme_code},
    )
    return frozenset(held["clock"])


def _read_counts(conn: Connection, scheme: SchemeCompared) -> Counts:
    def of(table: str) -> pl.DataFrame:
        return read_frame(
            conn,
            f"""select t.* from {table} as t
            inner join cohort.candidate as c on t.candidate_id = c.candidate_id
            where c.scheme_code = $scheme order by all""",  # noqa: S608
            {"scheme": scheme.scheme_code},
        )

    tables = ("outcome.month_time", "outcome.month_count", "outcome.pre_total")
    month_time, month_count, pre_total = (of(table) for table in tables)
    return Counts(month_time, month_count, pre_total, scheme.history)
