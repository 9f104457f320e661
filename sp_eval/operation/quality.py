"""The quality of each delivery, kept: a state for every table, and who links to the register."""

from __future__ import annotations

import polars as pl

from sp_eval.contracts.odcs import load_contract
from sp_eval.framework.delivery_quality import quality_rows
from sp_eval.operation.run import Run, definitions_hash, digest
from sp_eval.warehouse.connection import open_file, transaction
from sp_eval.warehouse.contract_tables import ensure_table, fill_table
from sp_eval.warehouse.frames import read_frame
from sp_eval.warehouse.received import received_digest, versions_that_stand
from sp_eval.warehouse.steps import is_done, record_done

__all__ = ["keep_quality"]

_STEP = "keep_quality"


def keep_quality(run: Run) -> None:
    """Say of every table of every delivery whether it is clean, passed with failures, or failed."""
    contract = load_contract("quality", "published")
    with open_file(run.settings.warehouse) as conn:
        inputs = digest(received_digest(conn), definitions_hash())
        if is_done(conn, _STEP, "", inputs):
            return
        run.has_worked = True
        rows = quality_rows(versions_that_stand(conn), read_frame(conn, "from meta.delivery_check"))
        with transaction(conn):
            ensure_table(conn, contract, schema="meta")
            fill_table(conn, contract, [rows], schema="meta")
            record_done(conn, _STEP, "", inputs)
    run.rows["quality"] = rows.height
    run.notices += _failed(rows)


def _failed(rows: pl.DataFrame) -> list[str]:
    """One sentence a month of which a table failed; what was refused is told by itself."""
    failed = rows.filter(pl.col("state") == "failed")
    return [f"{r['scheme_code']}/{r['month']}: {r['sentence']}" for r in failed.to_dicts()]
