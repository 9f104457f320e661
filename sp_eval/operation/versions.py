"""Every version of a study run after outcomes were seen: the answer to "how many tries?"."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import polars as pl
from pydantic import ValidationError

from sp_eval.contracts.frames import conform
from sp_eval.contracts.odcs import load_contract
from sp_eval.operation.run import Run
from sp_eval.study.design import Disclosure, StudyDesign
from sp_eval.warehouse.connection import Connection
from sp_eval.warehouse.contract_tables import ensure_table, has_table
from sp_eval.warehouse.frames import append_frame, read_frame

__all__ = ["known_policies", "record_versions"]


def record_versions(conn: Connection, run: Run, estimates: pl.DataFrame) -> pl.DataFrame:
    """Add the versions seen for the first time, and return the whole register."""
    contract = load_contract("study_version", "published")
    ensure_table(conn, contract, schema="meta")
    conn.execute(
        """create table if not exists meta.study_design (
            study_id varchar, version_number integer, design_hash varchar, design varchar
        )"""
    )
    for study in run.studies:
        known = read_frame(
            conn,
            "from meta.study_design where study_id = $study order by version_number",
            {"study": study.study_id},
        )
        if study.design_hash() in set(known["design_hash"] if known.height else []):
            continue
        design = json.dumps(study.model_dump(mode="json", by_alias=True), sort_keys=True)
        number = known.height + 1
        conn.execute(
            "insert into meta.study_design values ($study, $number, $hash, $design)",
            {
                "study": study.study_id,
                "number": number,
                "hash": study.design_hash(),
                "design": design,
            },
        )
        before = json.loads(known["design"][-1]) if known.height else None
        rows = _version_rows(run, study, estimates, number, before)
        if rows:
            append_frame(conn, "meta.study_version", conform(pl.DataFrame(rows), contract))
    return read_frame(
        conn,
        """from meta.study_version
        order by study_id, version_number, scheme_code, outcome, scale""",
    )


def known_policies(conn: Connection) -> dict[str, Disclosure]:
    """The disclosure policy of every study ever published, as its newest version says."""
    if not has_table(conn, "meta", "study_design"):
        return {}
    newest = read_frame(
        conn,
        """select study_id, arg_max(design, version_number) as design
        from meta.study_design group by study_id""",
    )
    return {
        study: Disclosure.model_validate(json.loads(design)["disclosure"])
        for study, design in newest.iter_rows()
    }


def _version_rows(
    run: Run,
    study: StudyDesign,
    estimates: pl.DataFrame,
    number: int,
    before: dict[str, Any] | None,
) -> list[dict[str, Any]]:
    own = estimates.filter(
        pl.col("study_id") == study.study_id,
        pl.col("role") == "primary",
        pl.col("outcome") == study.primary.name,
    )
    changed = "first version" if before is None else _changed(before, study)
    kept = ["study_id", "design_hash", "scheme_code", "outcome", "scale"]
    figures = ["point", "ci_low", "ci_high", "run_id"]
    return [
        {name: row[name] for name in (*kept, *figures)}
        | {"version_number": number, "first_run_at": run.started_at, "what_changed": changed}
        for row in own.iter_rows(named=True)
    ]


def _changed(before: dict[str, Any], study: StudyDesign) -> str:
    now = study.model_dump(mode="json", by_alias=True)
    # keys that the software has learned since are as they are without them
    with suppress(ValidationError):  # a key it no longer knows
        before = StudyDesign.model_validate(before).model_dump(mode="json", by_alias=True)
    keys = [key for key in {**before, **now} if before.get(key) != now.get(key)]
    return "changed: " + ", ".join(keys) if keys else "unchanged"
