"""A study's tables as everybody may see them: what Dagster shows, it keeps."""

from __future__ import annotations

import polars as pl

from sp_eval.contracts.frames import conform, empty_frame
from sp_eval.contracts.odcs import load_contract
from sp_eval.framework.diagnostic_disclosure import outcomes_hidden
from sp_eval.framework.disclosure import protect, schemes_hidden
from sp_eval.operation.tables import Table
from sp_eval.study.design import StudyDesign
from sp_eval.warehouse.connection import Connection
from sp_eval.warehouse.contract_tables import has_table
from sp_eval.warehouse.frames import read_frame

__all__ = ["rows_to_show"]


def rows_to_show(conn: Connection, study: StudyDesign, table: Table) -> pl.DataFrame:
    """The rows of a published table of one study, small counts hidden as in the release.

    Raises
    ------
    ValueError : the table follows no contract of a published table, so nothing says what to hide.
    """
    kind, _, name = (table.contract or "").partition("/")
    if kind != "published":
        raise ValueError(f"{table.name} is not published: its rows are not shown")
    contract = load_contract(name, "published")
    schema, _, relation = table.relation.partition(".")
    if not has_table(conn, schema, relation):
        return empty_frame(contract)
    rows = conform(read_frame(conn, f"from {table.relation}"), contract)
    if rows.is_empty():
        return rows
    estimates, policy = _estimates(conn), study.disclosure
    untold = outcomes_hidden(estimates, policy) if name == "diagnostic" else ()
    hidden = _hidden(conn, estimates, study)
    return protect(rows, contract, policy, hidden=hidden, outcomes=untold)


def _estimates(conn: Connection) -> pl.DataFrame:
    """The study's estimates; none before outcomes are read."""
    if not has_table(conn, "result", "estimate"):
        return empty_frame(load_contract("estimate", "published"))
    return read_frame(conn, "from result.estimate")


def _hidden(conn: Connection, estimates: pl.DataFrame, study: StudyDesign) -> frozenset[str]:
    """Schemes of which no rate is shown; before outcomes are read, by their people alone."""
    if not has_table(conn, "result", "attrition"):
        return frozenset()
    return schemes_hidden(read_frame(conn, "from result.attrition"), estimates, study.disclosure)
