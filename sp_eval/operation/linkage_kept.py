"""Who links to the register, worked out once a delivery and kept: it reads every row of it."""

from __future__ import annotations

import polars as pl

from sp_eval.operation.run import definitions_hash, digest
from sp_eval.warehouse.connection import Connection, transaction
from sp_eval.warehouse.contract_tables import has_table
from sp_eval.warehouse.frames import append_frame, read_frame
from sp_eval.warehouse.linkage import people_linked
from sp_eval.warehouse.steps import is_done, record_done

__all__ = ["linkage_of"]

_STEP = "linkage"


def linkage_of(conn: Connection, delivered: pl.DataFrame, scheme: str, month: str) -> pl.DataFrame:
    """Return `people_linked` of one month, counted anew if it or a register up to it changed.

    `delivered`: as `datasets_delivered` returns it.
    """
    where = {"scheme": scheme, "month": month}
    registers = (pl.col("contract") == "person") & (pl.col("month") <= month)
    bears = delivered.filter(
        pl.col("scheme_code") == scheme, (pl.col("month") == month) | registers
    ).sort("month", "contract")
    inputs = digest(definitions_hash(), *bears["inputs"])
    part = f"{scheme}/{month}"
    if not (has_table(conn, "meta", "linkage") and is_done(conn, _STEP, part, inputs)):
        counted = people_linked(conn, scheme, month)
        with transaction(conn):
            _keep(conn, counted, where)
            record_done(conn, _STEP, part, inputs)
        return counted
    return read_frame(
        conn,
        """select * exclude (scheme_code, month) from meta.linkage
        where scheme_code = $scheme and month = $month order by all""",
        where,
    )


def _keep(conn: Connection, counted: pl.DataFrame, where: dict[str, str]) -> None:
    conn.execute(
        """create table if not exists meta.linkage (
            scheme_code varchar, month varchar, dataset varchar, is_linked boolean,
            is_registered boolean, sex varchar, ethnic_category varchar, imd_quintile integer,
            third_of_deprivation integer, third_of_ethnicity integer, people bigint
        )"""
    )
    conn.execute("delete from meta.linkage where scheme_code = $scheme and month = $month", where)
    named = counted.with_columns(
        scheme_code=pl.lit(where["scheme"]), month=pl.lit(where["month"])
    )  # fmt: skip
    append_frame(conn, "meta.linkage", named)
