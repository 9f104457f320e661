"""Evaluate each study in four steps, each kept, so that any may be done again by itself."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import polars as pl

from sp_eval.cohort.build import (
    build_analysed_months,
    read_analysed_months,
    read_held_clocks,
    read_person_keys,
)
from sp_eval.contracts.frames import empty_frame, polars_schema
from sp_eval.contracts.odcs import load_contract
from sp_eval.evaluation import (
    can_be_answered,
    compare,
    diagnose,
    estimate,
    look_at_overlap,
    set_side_by_side,
    subgroups_of,
    try_other_ways,
)
from sp_eval.framework.design_store import load_all
from sp_eval.framework.followed import counts_of
from sp_eval.framework.grade import graded
from sp_eval.framework.research import analysed, analysis_rows
from sp_eval.framework.scheme_compared import gate_of
from sp_eval.framework.study_card import study_rows
from sp_eval.framework.trend import trend_rows
from sp_eval.operation.run import Run, digest
from sp_eval.operation.study_file import open_study, study_inputs
from sp_eval.study.design import StudyDesign
from sp_eval.warehouse.build import create_schemas
from sp_eval.warehouse.connection import Connection, transaction
from sp_eval.warehouse.frames import read_frame, store_frame
from sp_eval.warehouse.ledger import schemes_delivering
from sp_eval.warehouse.steps import is_done, record_done

__all__ = ["compare_people", "estimate_differences", "judge_designs", "try_others"]

Body = Callable[[Run, Connection, StudyDesign], None]


def compare_people(run: Run) -> None:
    """Who can be followed, and who they are compared with."""
    _each(run, "compare", _compare)


def judge_designs(run: Run) -> None:
    """Balance, the design checks and overlap, before any outcome is read."""
    _each(run, "judge", _judge)


def estimate_differences(run: Run) -> None:
    """What happened, what difference referral made, and how far that can be trusted."""
    _each(run, "estimate", _estimate)


def try_others(run: Run) -> None:
    """The same contrast made in other ways."""
    _each(run, "other_ways", _other_ways)


def _each(run: Run, step: str, body: Body) -> None:
    for study in run.studies:
        inputs = digest(step, study_inputs(run, study))
        with open_study(run, study) as conn:
            if is_done(conn, step, study.study_id, inputs):
                continue
            run.has_worked = True
            with transaction(conn):
                create_schemas(conn, ["result"])
                body(run, conn, study)
                record_done(conn, step, study.study_id, inputs)


def _compare(run: Run, conn: Connection, study: StudyDesign) -> None:
    delivering = schemes_delivering(conn, ledger="warehouse.meta")
    compare(conn, study, run.told, delivering=delivering)
    rows = [row for compared in load_all(conn) for row in compared.attrition]
    _keep_rows(conn, "attrition", rows)
    _keep_rows(conn, "detectable_change", can_be_answered(conn, study))
    store_frame(conn, "result.study", study_rows(study))


def _judge(run: Run, conn: Connection, study: StudyDesign) -> None:
    balance = [_NO_BALANCE.clear()]
    checks = [_NO_CHECK.clear()]
    for compared in load_all(conn):
        scheme = compared.scheme_code
        run.told(f"{scheme}: judging whether the groups are alike")
        gate = gate_of(compared, study)
        if compared.design is None or gate is None:
            continue
        named = {"study_id": pl.lit(study.study_id), "scheme_code": pl.lit(scheme)}
        balance.append(
            compared.design.primary.balance.with_columns(**named).select(_NO_BALANCE.columns)
        )
        rows: list[tuple[Any, ...]] = [
            (study.study_id, scheme, c.name, c.value, c.limit, c.passed, c.sentence)
            for c in gate.checks
        ]
        rows += [
            (study.study_id, scheme, f.name, f.value, None, None, f.sentence) for f in gate.facts
        ]
        checks.append(pl.DataFrame(rows, schema=_NO_CHECK.schema, orient="row"))
    store_frame(conn, "result.balance", pl.concat(balance))
    store_frame(conn, "result.design_check", pl.concat(checks))
    _keep_rows(conn, "diagnostic", look_at_overlap(conn, study), table="overlap")


def _estimate(run: Run, conn: Connection, study: StudyDesign) -> None:
    rows = estimate(conn, study, run_id=run.run_id, told=run.told)
    before = read_frame(conn, "from result.overlap").to_dicts()
    found = diagnose(conn, study, rows, before, run.told)
    store_frame(conn, "result.estimate", graded(rows, found))
    _keep_rows(conn, "diagnostic", found)
    people, followed = [], []
    for compared in load_all(conn):
        scheme, gate = compared.scheme_code, gate_of(compared, study)
        if compared.design is None or gate is None or not gate.is_open:
            continue
        keys = read_person_keys(conn, scheme)
        people.append(analysis_rows(study, scheme, compared.design, counts_of(conn, scheme), keys))
        followed.append(analysed(compared.design))
    _keep(conn, "result.analysis", people)
    build_analysed_months(conn, study, followed)
    _keep_trend(conn, study)


def _other_ways(run: Run, conn: Connection, study: StudyDesign) -> None:
    primary = read_frame(conn, "from result.estimate")
    rows = try_other_ways(conn, study, primary, run_id=run.run_id, told=run.told)
    store_frame(conn, "result.sensitivity", rows)
    _keep_rows(conn, "subgroup", subgroups_of(conn, study, primary, told=run.told))
    _keep_rows(conn, "comparability", set_side_by_side(conn, study, primary))


def _keep_trend(conn: Connection, study: StudyDesign) -> None:
    """The month-by-month picture, of the schemes whose people were analysed."""
    frames = [empty_frame(load_contract("trend", "published"))]
    analysed_schemes = read_frame(
        conn, "select distinct scheme_code from outcome.analysed_month order by all"
    )
    for scheme in analysed_schemes["scheme_code"]:
        held = read_held_clocks(conn, scheme)
        frames.append(trend_rows(study, scheme, held, partial(read_analysed_months, conn)))
    store_frame(conn, "result.trend", pl.concat(frames))


def _keep_rows(
    conn: Connection, name: str, rows: list[dict[str, Any]], *, table: str | None = None
) -> None:
    """Keep the rows of a published contract, in its columns and types."""
    contract = load_contract(name, "published")
    frame = pl.DataFrame(rows, schema=polars_schema(contract))
    store_frame(conn, f"result.{table or name}", frame)


def _keep(conn: Connection, table: str, frames: list[pl.DataFrame]) -> None:
    if frames:
        store_frame(conn, table, pl.concat(frames))
    else:
        conn.execute(f"drop table if exists {table}")


_NO_BALANCE = pl.DataFrame(
    schema={
        "study_id": pl.String,
        "scheme_code": pl.String,
        "covariate": pl.String,
        "smd_before": pl.Float64,
        "smd_after": pl.Float64,
        "variance_ratio_after": pl.Float64,
    }
)
_NO_CHECK = pl.DataFrame(
    schema={
        "study_id": pl.String,
        "scheme_code": pl.String,
        "check_name": pl.String,
        "value": pl.Float64,
        "pass_mark": pl.Float64,
        "passed": pl.Boolean,
        "sentence": pl.String,
    }
)
