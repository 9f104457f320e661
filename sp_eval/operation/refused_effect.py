"""What refused rows do to the main estimate: it is made again with those put back that can be.

Nothing of it enters a published table: the rows stay refused.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from sp_eval.cohort.extract_tables import EVALUATED, OPTIONAL, UNREAD
from sp_eval.contracts.odcs import load_contract
from sp_eval.contracts.scheme_mapping import load_mapping
from sp_eval.evaluation import primary_of_tables
from sp_eval.framework.estimate_disclosure import protect_estimates
from sp_eval.ingest.key import obtain_key
from sp_eval.ingest.put_back import PutBack, put_back
from sp_eval.operation.run import Run, definitions_hash, digest
from sp_eval.study.design import StudyDesign
from sp_eval.warehouse.connection import Connection, open_file, transaction
from sp_eval.warehouse.frames import read_frame
from sp_eval.warehouse.ledger import current_hash, read_known_deaths
from sp_eval.warehouse.query import QueryRefusedError, query_snapshot

__all__ = ["effect_inputs", "effects_kept", "ensure_effects", "main_only", "weigh_refused_rows"]

_KEPT = """create table if not exists meta.refused_effect (
    scheme_code varchar, month varchar, study_id varchar, inputs varchar, found varchar,
    primary key (scheme_code, month, study_id)
)"""
_ROW = ("status", "point", "ci_low", "ci_high", "n_analysed", "withheld_reason")


def ensure_effects(conn: Connection) -> None:
    """Create the table of what was found, if it is not there."""
    conn.execute(_KEPT)


def effect_inputs(conn: Connection) -> str:
    """A digest of what decides an effect besides its study: current rows and definitions."""
    return digest(current_hash(conn), definitions_hash())


def effects_kept(conn: Connection, scheme: str, month: str) -> list[dict[str, Any]]:
    """What was found of one month, by study; `is_current` where nothing has changed since."""
    rows = read_frame(
        conn,
        """select study_id, inputs, found from meta.refused_effect
        where scheme_code = $scheme and month = $month order by study_id""",
        {"scheme": scheme, "month": month},
    )
    now = effect_inputs(conn)
    return [
        json.loads(found) | {"study_id": study, "is_current": inputs == now}
        for study, inputs, found in rows.iter_rows()
    ]


def weigh_refused_rows(run: Run, scheme: str, month: str) -> None:
    """Make each study's main estimate again with refused rows of one month, and keep both."""
    settings = run.settings
    with open_file(settings.warehouse) as conn:
        inputs, only = effect_inputs(conn), _current_files(conn, scheme, month)
        deaths = read_known_deaths(conn, scheme)
        tables = _tables(conn, scheme)
    key = obtain_key(settings.given_key, settings.secret)
    run.told(f"{scheme}/{month}: reading the refused rows again")
    back = put_back(
        settings.landing / scheme / month,
        mapping=load_mapping(scheme),
        month=month,
        key=key.secret,
        unread=UNREAD,
        only=only,
        known_deaths=deaths,
    )
    for study in run.studies:
        if study.schemes != "all" and scheme not in study.schemes:
            continue
        run.told(f"{study.study_id}: estimating with them put back")
        found = _weigh(settings.published / "release.duckdb", study, scheme, tables, back)
        with open_file(settings.warehouse) as conn, transaction(conn):
            ensure_effects(conn)
            conn.execute(
                "insert or replace into meta.refused_effect values (?, ?, ?, ?, ?)",
                [scheme, month, study.study_id, inputs, json.dumps(found)],
            )
    run.has_worked = True


def _current_files(conn: Connection, scheme: str, month: str) -> list[str]:
    found = read_frame(
        conn,
        """select h.delivery_id from meta.holding as h
        inner join meta.current_holding as c on h.delivery_id = c.delivery_id
        where h.scheme_code = $scheme and h.month = $month""",
        {"scheme": scheme, "month": month},
    )
    return found["delivery_id"].to_list()


def _tables(conn: Connection, scheme: str) -> dict[str, pl.DataFrame]:
    """Return what is current of a scheme, as `evaluate_tables` asks for it."""
    where = {"scheme": scheme}
    tables = {
        name: read_frame(
            conn,
            f"""select * exclude (row_order) from extract.{name}
            where scheme_code = $scheme order by row_order""",  # noqa: S608
            where,
        )
        for name in (*EVALUATED, *OPTIONAL)
    }
    query = "from extract.declared_coverage where scheme_code = $scheme"
    return tables | {"coverage": read_frame(conn, query, where)}


def _weigh(
    release: Path,
    study: StudyDesign,
    scheme: str,
    tables: Mapping[str, pl.DataFrame],
    back: PutBack,
) -> dict[str, Any]:
    found: dict[str, Any] = {
        "title": study.title,
        "outcome": study.primary.name,
        "refused": back.refused,
        "back": back.back,
        "told": back.told.to_dicts(),
        "without": _published(release, study, scheme),
        "with": None,
    }
    if back.back:
        rows = primary_of_tables({**tables, **_together(tables, back)}, main_only(study, scheme))
        found["with"] = _main(protect_estimates(rows, study.disclosure), study, scheme)
    return found


def main_only(study: StudyDesign, scheme: str) -> StudyDesign:
    """Return the study asked of one scheme's main outcome alone: its estimate is the same."""
    alone = {"schemes": (scheme,), "outcomes": (study.primary,), "subgroups": (), "horizons": ()}
    return study.model_copy(update=alone)


def _together(tables: Mapping[str, pl.DataFrame], back: PutBack) -> dict[str, pl.DataFrame]:
    """Return the tables with rows put back at their end: other people's numbers stay as they are.

    Where a row with the same key is in use, that one stands.
    """
    made = {}
    for name, rows in back.rows.items():
        keys = [c.name for c in load_contract(name).columns if c.primary_key]
        new = rows.select(tables[name].columns)
        if keys:
            new = new.join(tables[name], on=keys, how="anti", maintain_order="left")
        made[name] = pl.concat([tables[name], new])
    return made


def _published(release: Path, study: StudyDesign, scheme: str) -> dict[str, Any] | None:
    try:
        rows = query_snapshot(release, "from published.estimate")
    except QueryRefusedError:
        return None
    return _main(rows.filter(study_id=study.study_id), study, scheme)


def _main(rows: pl.DataFrame, study: StudyDesign, scheme: str) -> dict[str, Any] | None:
    main = rows.filter(
        scheme_code=scheme, outcome=study.primary.name, role="primary", scale="rate_ratio"
    )
    return main.select(_ROW).row(0, named=True) if main.height else None
