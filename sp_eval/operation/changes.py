"""Look for changes: deliveries unlike what their contracts and all before them lead to expect.

What is unusual is told and stops nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from sp_eval.contracts.expectations import Suite, evaluate_suites, suite_of
from sp_eval.contracts.expectations_words import told
from sp_eval.contracts.figures import Figures
from sp_eval.contracts.frames import conform
from sp_eval.contracts.odcs import load_contract
from sp_eval.operation.run import Run, definitions_hash, digest
from sp_eval.warehouse.connection import Connection, open_file, transaction
from sp_eval.warehouse.contract_tables import ensure_table, forget_if_changed
from sp_eval.warehouse.frames import append_frame, read_frame
from sp_eval.warehouse.profile import datasets_delivered, delivery_query, read_profiles
from sp_eval.warehouse.steps import is_done, record_done

__all__ = ["look_for_changes"]

_STEP = "look_for_changes"


@dataclass(frozen=True, slots=True)
class _Month:
    """A delivery to be looked at: its datasets, each with what all earlier deliveries lead to."""

    scheme_code: str
    month: str
    inputs: str
    suites: tuple[Suite, ...]


def look_for_changes(run: Run) -> None:
    """Hold each new or changed delivery, or one whose forerunners changed, against its suites."""
    contract = load_contract("delivery_check", "published")
    with open_file(run.settings.warehouse) as conn:
        forget_if_changed(conn, contract, schema="meta")
        ensure_table(conn, contract, schema="meta")
        delivered = datasets_delivered(conn)
        _forget_what_left(conn, delivered)
        months = _to_look_at(conn, delivered)
    if not months:
        return
    run.told("looking for changes since the deliveries before")
    run.has_worked = True
    suites = [suite for month in months for suite in month.suites]
    answers = evaluate_suites(suites, database=run.settings.warehouse)
    rows = [
        told(suite, expectation, found)
        for suite in suites
        for expectation, found in zip(
            suite.expectations,
            answers[suite.scheme_code, suite.month, suite.contract.name],
            strict=True,
        )
    ]
    with open_file(run.settings.warehouse) as conn, transaction(conn):
        for month in months:
            conn.execute(
                "delete from meta.delivery_check where scheme_code = $scheme and month = $month",
                {"scheme": month.scheme_code, "month": month.month},
            )
            record_done(conn, _STEP, f"{month.scheme_code}/{month.month}", month.inputs)
        append_frame(conn, "meta.delivery_check", conform(pl.DataFrame(rows), contract))
    run.notices += [
        f"{row['scheme_code']}/{row['month']}: {row['sentence']}"
        for row in rows
        if row["status"] == "unusual"
    ]


def _forget_what_left(conn: Connection, delivered: pl.DataFrame) -> None:
    """Months of which no row is held any more have nothing to be looked at."""
    held = delivered.select("scheme_code", "month").unique()
    checked = read_frame(conn, "select distinct scheme_code, month from meta.delivery_check")
    for scheme, month in checked.join(held, on=["scheme_code", "month"], how="anti").iter_rows():
        where = {"scheme": scheme, "month": month}
        conn.execute(
            "delete from meta.delivery_check where scheme_code = $scheme and month = $month", where
        )
        conn.execute(
            "delete from meta.step where step = $step and part = $part",
            {"step": _STEP, "part": f"{scheme}/{month}"},
        )


def _to_look_at(conn: Connection, delivered: pl.DataFrame) -> list[_Month]:
    """Return the deliveries not yet looked at as they and all before them now are."""
    new: list[tuple[str, str, str, list[dict[str, str]]]] = []
    before: dict[tuple[str, str], str] = {}
    ordered = delivered.sort("scheme_code", "month", "contract")
    for (scheme, month), own in ordered.group_by("scheme_code", "month", maintain_order=True):
        rows = own.to_dicts()
        parts = []
        for row in rows:
            key = (str(scheme), row["contract"])
            before[key] = digest(before.get(key, ""), row["inputs"])
            parts.append(f"{row['contract']} {before[key]}")
        inputs = digest(definitions_hash(), *parts)
        if not is_done(conn, _STEP, f"{scheme}/{month}", inputs):
            new.append((str(scheme), str(month), inputs, rows))
    if not new:
        return []
    profiles = read_profiles(conn, delivered, definitions=definitions_hash())
    return [
        _Month(scheme, month, inputs, tuple(_suite(row, profiles) for row in rows))
        for scheme, month, inputs, rows in new
    ]


def _suite(row: Mapping[str, str], profiles: Mapping[tuple[str, str, str], Figures]) -> Suite:
    contract, scheme, month = load_contract(row["contract"]), row["scheme_code"], row["month"]
    before = [
        figures
        for (s, m, c), figures in sorted(profiles.items(), key=lambda item: item[0])
        if (s, c) == (scheme, row["contract"]) and m < month
    ]
    return Suite(
        scheme_code=scheme,
        month=month,
        contract=contract,
        query=delivery_query(contract, scheme=scheme, month=month),
        expectations=suite_of(
            contract,
            profiles[scheme, month, row["contract"]],
            supply=row["supply"],
            before=before,
        ),
    )
