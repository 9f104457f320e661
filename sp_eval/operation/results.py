"""Everything to be published, gathered from the warehouse and the studies' own files."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from sp_eval.contracts.frames import conform, empty_frame
from sp_eval.contracts.odcs import load_contract
from sp_eval.operation.run import Run
from sp_eval.warehouse.connection import Connection, open_file
from sp_eval.warehouse.contract_tables import has_table
from sp_eval.warehouse.frames import read_frame
from sp_eval.warehouse.ledger import (
    published_deliveries,
    published_rejections,
    published_resubmissions,
)

__all__ = ["Results", "gather_results"]

_APPEARS_WITH_ROWS = ("resubmission",)  # until a reply comes back there is no such table


@dataclass(slots=True)
class Results:
    """What is to be published.

    `tables`: contract name -> rows of schema `published`. `analysis` and `months`: frames of
    the research tables, one a study.
    """

    tables: dict[str, pl.DataFrame]
    analysis: list[pl.DataFrame]
    months: list[pl.DataFrame]


def gather_results(run: Run) -> Results:
    """Read what the steps left, of every study that has a file in the home."""
    tables = _of_the_warehouse(run)
    found: dict[str, list[pl.DataFrame]] = {
        "estimate": [],
        "balance": [],
        "design_check": [],
        "diagnostic": [],
        "attrition": [],
        "study": [],
        "detectable_change": [],
        "trend": [],
        "comparability": [],
        "subgroup": [],
    }
    results = Results({}, [], [])
    for path in sorted(run.settings.work.glob("*.duckdb")):
        if path == run.settings.warehouse:
            continue
        with open_file(path, read_only=True) as conn:
            _read_study(conn, found, results)
    for name, frames in found.items():
        contract = load_contract(name, "published")
        tables[name] = pl.concat([empty_frame(contract), *(conform(f, contract) for f in frames)])
    results.tables = tables
    return results


def _of_the_warehouse(run: Run) -> dict[str, pl.DataFrame]:
    """Read what is known of deliveries and schemes."""
    with open_file(run.settings.warehouse) as conn:
        tables = {
            "delivery": published_deliveries(conn),
            "rejection": published_rejections(conn),
            "resubmission": published_resubmissions(conn),
            "coverage": read_frame(conn, "from core.coverage order by all"),
            "scheme": read_frame(conn, "from meta.scheme order by all"),
            "delivery_check": read_frame(conn, "from meta.delivery_check order by all"),
            "quality": read_frame(conn, "from meta.quality order by all"),
            "vocabulary": read_frame(conn, "from meta.vocabulary order by all"),
            "standard_item": read_frame(conn, "from meta.standard_item order by all"),
        }
    return {
        name: conform(frame, load_contract(name, "published"))
        for name, frame in tables.items()
        if frame.height or name not in _APPEARS_WITH_ROWS
    }


def _read_study(conn: Connection, found: dict[str, list[pl.DataFrame]], results: Results) -> None:
    for table, name in (
        ("estimate", "estimate"),
        ("sensitivity", "estimate"),
        ("balance", "balance"),
        ("design_check", "design_check"),
        ("overlap", "diagnostic"),
        ("diagnostic", "diagnostic"),
        ("attrition", "attrition"),
        *((name, name) for name in ("study", "detectable_change", "trend", "comparability")),
        ("subgroup", "subgroup"),
    ):
        if has_table(conn, "result", table):
            frame = read_frame(conn, f"from result.{table}")
            if frame.width and frame.height:
                found[name].append(frame)
    if has_table(conn, "result", "analysis"):
        results.analysis.append(read_frame(conn, "from result.analysis"))
        study_id = results.analysis[-1]["study_id"][0]
        results.months.append(
            read_frame(
                conn,
                """select $study as study_id, * from outcome.analysed_month
                order by scheme_code, match_set, candidate_id, outcome, month_number""",
                {"study": study_id},
            )
        )
