"""The quality page's sections on the files themselves: states, blanks, refusals, time."""

from __future__ import annotations

import polars as pl

from sp_eval.contracts.codes import code_table
from sp_eval.contracts.expectations_words import DATASETS
from sp_eval.contracts.figures import known_share
from sp_eval.contracts.usual import FEW_DELIVERIES
from sp_eval.framework.delivery_quality import NOT_RECOGNISED, STATES
from sp_eval.report.quality_facts import QualityFacts, Section, Shown, in_months_words, share

__all__ = ["completeness", "named", "over_time", "plausibility", "states", "timeliness"]

_LETTERS = {"clean": "clean", "passed_with_failures": "passed", "failed": "FAILED"}
_MOST_MONTHS = 12
_YEAR = 366  # days
_MOST_UNUSUAL = 12


def named(dataset: str) -> str:
    """A dataset as people call it."""
    return "Files not recognised" if dataset == NOT_RECOGNISED else DATASETS.get(dataset, dataset)


def states(facts: QualityFacts) -> Section:
    """Each table: clean, passed with failures, or failed."""
    rows = facts.own.to_dicts()
    table = Shown(
        "Each table of this delivery",
        ("table", "state", "rows received", "used", "refused", "repeated", "unusual"),
        tuple(
            (
                named(r["dataset"]), STATES[r["state"]], f"{r['rows_in']:,}", f"{r['rows_used']:,}",
                f"{r['rows_refused']:,}", f"{r['rows_repeated']:,}", f"{r['unusual']:,}",
            )
            for r in rows
        ),
        tuple(r["state"] for r in rows),
    )  # fmt: skip
    count = {state: sum(r["state"] == state for r in rows) for state in STATES}
    told = ", ".join(
        f"{number} {_lower(STATES[state])}" for state, number in count.items() if number
    )
    said = [f"Of {_many(len(rows), 'table')}: {told}."]
    before = max((r["deliveries_compared"] for r in rows), default=0)
    if not before:
        said.append(
            "It is the first delivery: it was held against what was agreed, and against nothing"
            " before it."
        )
    elif before < FEW_DELIVERIES:
        said.append(
            f"It was held against {_many(before, 'earlier delivery', 'earlier deliveries')}: few to"
            " judge by, so that only large changes are told."
        )
    else:
        said.append(f"It was held against all {before} earlier deliveries.")
    said.append(
        "Failed: no row of the table is in use. Passed with failures: in use, but rows or files"
        " were refused, or something is unlike what is usual. Clean: neither."
    )
    return Section("states", "How did each table do?", tuple(said), _unusual(facts), (table,))


def _unusual(facts: QualityFacts) -> tuple[str, ...]:
    odd = facts.checks.filter(pl.col("status") != "met")["sentence"].to_list()
    whole = [f"{r['file']}: {r['reason']}" for r in facts.whole.to_dicts()]
    told = [*dict.fromkeys(whole), *odd]
    if len(told) > _MOST_UNUSUAL:
        left = len(told) - _MOST_UNUSUAL
        told = [*told[:_MOST_UNUSUAL], f"And {left} more, in published.delivery_check."]
    return tuple(told)


def over_time(facts: QualityFacts) -> Section:
    """Every table in the last twelve deliveries, newest first: a screen shows the first of them."""
    months = sorted(set(facts.quality["month"]))
    shown = [month for month in months if month <= facts.month][-_MOST_MONTHS:][::-1]
    held = {(r["dataset"], r["month"]): r for r in facts.quality.to_dicts()}
    datasets = sorted({dataset for dataset, month in held if month in shown})
    rows = [
        (named(dataset), *(_cell(held.get((dataset, month))) for month in shown))
        for dataset in datasets
    ]  # fmt: skip
    caption = "State and rows used, by month of delivery, newest first"
    table = Shown(caption, ("table", *shown), tuple(rows))
    said = () if len(shown) > 1 else ("There is one delivery so far.",)
    return Section("over-time", "Over time", said, (), (table,))


def _cell(row: dict[str, object] | None) -> str:
    if row is None:
        return "not sent"
    return f"{_LETTERS[str(row['state'])]}, {row['rows_used']:,}"


def completeness(facts: QualityFacts) -> Section:
    """Blanks of each column, beside what is usual."""
    odd = {
        (r["dataset"], r["column_name"])
        for r in facts.checks.filter(expectation="completeness", status="unusual").to_dicts()
    }
    tables, said = [], []
    for dataset, deliveries in sorted(facts.figures.items()):
        if deliveries[-1].month != facts.month or not deliveries[-1].rows:
            continue
        this, before = deliveries[-1], deliveries[:-1]
        rows, marks = [], []
        for column, nulls in this.nulls.items():
            if column in facts.absent.get(dataset, []):
                continue
            shares = [known_share(f.nulls.get(column, f.rows), f.rows) for f in before]
            usual = share(sorted(shares)[len(shares) // 2]) if shares else "not known yet"
            is_odd = (dataset, column) in odd
            now = known_share(nulls, this.rows)
            verdict = "more than is usual" if is_odd else ("" if now < 1 else "never filled in")
            rows.append((column.replace("_", " "), share(now), usual, verdict))
            marks.append("passed_with_failures" if is_odd else "")
        heads = ("column", "blank now", "blank before", "")
        tables.append(Shown(f"{named(dataset)}: blanks", heads, tuple(rows), tuple(marks)))
        lacking = facts.absent.get(dataset, [])
        if lacking:
            listed = ", ".join(name.replace("_", " ") for name in lacking)
            said.append(f"{named(dataset)}: not supplied, as agreed: {listed}.")
    first = (
        "The share of the rows used in which a column is blank. What is required is never blank"
        " here: rows without it were refused and are counted under plausibility."
    )
    if not tables:
        first = "No row of this delivery is in use, so there is nothing to look at for blanks."
    return Section("completeness", "Is it complete?", (first, *said), (), (), tuple(tables))


def plausibility(facts: QualityFacts) -> Section:
    """Rules broken, by share of the rows received."""
    meanings = {row["rule"]: row["meaning"] for row in code_table("rule")}
    rows_in = {r["dataset"]: r["rows_in"] for r in facts.own.to_dicts()}
    rows = [
        (
            named(r["dataset"]),
            r["column_name"] or "the row as a whole",
            meanings.get(r["rule"], r["rule"]),
            share(known_share(r["rows"], rows_in.get(r["dataset"], 0))),
        )
        for r in facts.refused.sort(
            ["dataset", "rows", "column_name", "rule"], descending=[False, True, False, False]
        ).to_dicts()
    ]
    if not rows:
        return Section("plausibility", "Is it plausible?", ("No row was refused.",))
    said = (
        "Rows that break a rule are refused and waited for; nothing is corrected here. A row may"
        " break several rules.",
    )
    heads = ("table", "column", "rule broken", "share of the rows received")
    table = Shown("Rules broken", heads, tuple(rows))
    return Section("plausibility", "Is it plausible?", said, (), (table,))


def timeliness(facts: QualityFacts) -> Section:
    """When it came, and how new it is."""
    said = []
    if facts.received is not None:
        late = (facts.received - facts.due).days
        when = f"Received on {_day(facts.received)}; due by {_day(facts.due)}"
        if late > _YEAR:
            said.append(f"{when}, more than a year earlier: a delivery of the past.")
        elif late > 0:
            said.append(f"{when}: {_many(late, 'day')} late.")
        else:
            said.append(f"{when}: in time.")
    rows, marks = [], []
    for r in facts.checks.filter(expectation="freshness").sort("dataset").to_dicts():
        weeks = "not known" if r["observed"] is None else _weeks(r["observed"])
        usual = "not known yet"
        if r["deliveries_compared"]:
            usual = f"up to {_weeks(r['expected_high'])}"
        is_odd = r["status"] == "unusual"
        rows.append((named(r["dataset"]), weeks, usual, "older than is usual" if is_odd else ""))
        marks.append("passed_with_failures" if is_odd else "")
    month = in_months_words(facts.month)
    heads = ("table", f"newest date before the end of {month}", "usual", "")
    table = Shown("How new it is", heads, tuple(rows), tuple(marks))
    return Section(
        "timeliness", "Is it in time?", tuple(said), (), (table,) if rows else ()
    )  # fmt: skip


def _weeks(weeks: float) -> str:
    return "within a week" if weeks <= 1 else f"{weeks:.0f} weeks"


def _day(day: object) -> str:
    return f"{day:%d %B %Y}".lstrip("0")


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


def _many(count: int, noun: str, several: str = "") -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {several or noun + 's'}"
