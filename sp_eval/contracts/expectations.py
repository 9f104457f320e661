"""What is expected of a delivery, derived from its contract and from the last delivery.

One suite a dataset. The suites are evaluated by Great Expectations in a process of its own
(`expectations_engine`), which ends with it: the library takes seconds and a third of a gigabyte
to load. Nothing here names a cell: a median or a share of few rows is not told.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Literal

from sp_eval.contracts.contract import Column, Contract
from sp_eval.settings import project_root

__all__ = [
    "FEW_ROWS",
    "Check",
    "Expectation",
    "Figures",
    "Suite",
    "evaluate_suites",
    "event_date",
    "known_share",
    "month_end",
    "suite_of",
]

Kind = Literal["volume", "completeness", "freshness", "range", "category"]

FEW_ROWS = 100
"""With fewer rows than this a mix of values or a median moves by chance, and could tell a cell."""

SHRINK, GROWTH = 0.95, 1.5
"""A snapshot holds what the last one held, and more."""
INCREMENT_LOW, INCREMENT_HIGH = 0.5, 2.0
"""A month's additions may be half or twice the last month's."""
MORE_BLANKS = 0.10
"""A share of blanks may rise by this much."""
LATE_DAYS = 21
"""The newest date may lag so many days more than it did."""
MANY_ROWS = 1_000
"""With fewer rows than this a month may well bring nothing newer."""
STALE_DAYS = 731
"""The newest date of a first delivery may lie so long before the end of its month."""
MIX_MOVED = 0.15
"""The share of one value may move by this much."""
_HIDDEN = 7
_BASE = 5


@dataclass(frozen=True, slots=True)
class Figures:
    """What an earlier delivery of a dataset was like.

    `rows`; `nulls` column -> rows without a value; `quartiles` column -> lower and upper, null
    where no row has a value; `shares` column -> value -> share of the rows with one; `newest` the
    newest date of the dataset's events.
    """

    month: str
    rows: int
    nulls: Mapping[str, int] = field(default_factory=dict)
    quartiles: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    shares: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    newest: date | None = None

    def has_many(self, column: str) -> bool:
        """Tell whether enough rows have a value that a mix or a median of them says something."""
        return self.rows - self.nulls.get(column, self.rows) >= FEW_ROWS


@dataclass(frozen=True, slots=True)
class Check:
    """One expectation in the words of Great Expectations: its class and arguments."""

    name: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Expectation:
    """What is expected of a dataset or of one column: one row of `published.delivery_check`.

    It is met if every check of it is. `low` and `high`, if given, bound what is observed;
    `compared_with` is the month of the delivery the bounds come from.
    """

    kind: Kind
    column: str
    checks: tuple[Check, ...]
    low: float | None = None
    high: float | None = None
    compared_with: str | None = None


@dataclass(frozen=True, slots=True)
class Suite:
    """Everything expected of one dataset of one delivery; `query` gives its rows."""

    scheme_code: str
    month: str
    contract: Contract
    query: str
    expectations: tuple[Expectation, ...]


def event_date(contract: Contract) -> Column | None:
    """Return the date by which a dataset is as new as it is: its last required one, or none."""
    dates = [c for c in contract.columns if c.logical_type == "date" and c.required]
    return dates[-1] if dates else None


def known_share(count: int, rows: int) -> float:
    """Return the share of `count` in `rows` as it may be told: 1 to 7 as 7, others to the next 5.

    Bounds made from it, and shares told by it, give back no number of people under eight.
    """
    if not rows or not count:
        return 0.0
    told = _HIDDEN if count <= _HIDDEN else -(-count // _BASE) * _BASE
    return min(told / rows, 1.0)


def suite_of(
    contract: Contract, this: Figures, *, supply: str, last: Figures | None
) -> tuple[Expectation, ...]:
    """Return what is expected of a dataset.

    Parameters
    ----------
    contract : of the dataset.
    this : the delivery; of an empty dataset only the volume is looked at.
    supply : `snapshot` or `increment`.
    last : the last delivery that held the dataset; without one the contract alone speaks.
    """
    found = [_volume(supply, last)]
    if not this.rows:
        return tuple(found)
    found += [e for c in contract.columns if (e := _completeness(c, this, last))]
    newest = event_date(contract)
    if newest is not None:
        found.append(_freshness(contract, newest, this, last))
    found += [e for c in contract.columns if (e := _range(c, this, last))]
    found += [e for c in contract.columns if (e := _category(c, this, last))]
    return tuple(found)


def _volume(supply: str, last: Figures | None) -> Expectation:
    low, high = 1, None
    if last is not None:
        slack = 20  # a handful of rows more or fewer is nobody's alarm
        few, many = (INCREMENT_LOW, INCREMENT_HIGH) if supply == "increment" else (SHRINK, GROWTH)
        low = max(1, int(last.rows * few) - (slack if supply == "increment" else 0))
        high = int(last.rows * many) + slack
    check = Check("ExpectTableRowCountToBeBetween", {"min_value": low, "max_value": high})
    return Expectation("volume", "", (check,), low, high, last.month if last else None)


def _completeness(column: Column, this: Figures, last: Figures | None) -> Expectation | None:
    if column.required:
        check = Check("ExpectColumnValuesToNotBeNull", {"column": column.name})
        return Expectation("completeness", column.name, (check,), None, 0.0)
    if last is None or last.nulls.get(column.name, last.rows) == last.rows:
        return None  # never supplied: nothing to compare with
    allowed = known_share(last.nulls[column.name], last.rows) + max(MORE_BLANKS, 10 / this.rows)
    high = round(min(allowed, 1.0), 3)
    arguments = {"column": column.name, "mostly": round(1 - high, 3)}
    check = Check("ExpectColumnValuesToNotBeNull", arguments)
    return Expectation("completeness", column.name, (check,), None, high, last.month)


def _freshness(
    contract: Contract, column: Column, this: Figures, last: Figures | None
) -> Expectation:
    end = month_end(this.month)
    oldest = end - timedelta(days=STALE_DAYS)
    compared = last.month if last is not None and last.newest is not None else None
    if last is not None and last.newest is not None:
        gap = (end - month_end(last.month)).days
        # what is not of people may rightly stay as it is for a year
        is_of_events = any(c.name in ("person_key", "referral_id") for c in contract.columns)
        moves = is_of_events and min(this.rows, last.rows) >= MANY_ROWS
        oldest = last.newest + timedelta(days=max(gap - LATE_DAYS, 0) if moves else 0)
    arguments: dict[str, Any] = {"column": column.name, "min_value": oldest.isoformat()}
    if not column.may_be_future:
        arguments["max_value"] = end.isoformat()
    check = Check("ExpectColumnMaxToBeBetween", arguments)
    weeks = float(-(-(end - oldest).days // 7))
    return Expectation("freshness", column.name, (check,), None, weeks, compared)


def _range(column: Column, this: Figures, last: Figures | None) -> Expectation | None:
    if column.logical_type not in ("integer", "number"):
        return None
    checks = []
    if column.minimum is not None or column.maximum is not None:
        bounds = {"min_value": column.minimum, "max_value": column.maximum}
        checks.append(Check("ExpectColumnValuesToBeBetween", {"column": column.name, **bounds}))
    low = high = compared = None
    if last is not None and last.has_many(column.name) and this.has_many(column.name):
        low, high = (round(quartile, 2) for quartile in last.quartiles[column.name])
        bounds = {"min_value": low, "max_value": high}
        checks.append(Check("ExpectColumnMedianToBeBetween", {"column": column.name, **bounds}))
        compared = last.month
    if not checks:
        return None
    return Expectation("range", column.name, tuple(checks), low, high, compared)


def _category(column: Column, this: Figures, last: Figures | None) -> Expectation | None:
    if column.allowed is None or column.separator is not None:
        return None
    among = {"column": column.name, "value_set": list(column.allowed)}
    checks = [Check("ExpectColumnValuesToBeInSet", among)]
    compared = None
    if last is not None and last.has_many(column.name) and this.has_many(column.name):
        query = _moved_query(column.name, column.allowed, last.shares[column.name])
        checks.append(Check("UnexpectedRowsExpectation", {"unexpected_rows_query": query}))
        compared = last.month
    return Expectation("category", column.name, tuple(checks), None, 0.0, compared)


def _moved_query(column: str, allowed: tuple[str, ...], shares: Mapping[str, float]) -> str:
    """Text of a query for the values whose share has moved; only agreed values stand in it."""
    before = ", ".join(
        f"('{value.replace(chr(39), chr(39) * 2)}', {shares.get(value, 0.0):.4f})"
        for value in allowed
    )
    return f"""select b.value from (values {before}) as b (value, share)
        left join (
            select {column} as value, count(*) / sum(count(*)) over () as share
            from {{batch}} where {column} is not null group by all
        ) as n on b.value = n.value
        where abs(coalesce(n.share, 0) - b.share) > {MIX_MOVED}"""  # noqa: S608


def month_end(month: str) -> date:
    """Return the last day of a month written YYYY-MM."""
    first = date.fromisoformat(f"{month}-01")
    return (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def evaluate_suites(
    suites: Iterable[Suite], *, database: Path
) -> dict[tuple[str, str, str], list[list[dict[str, Any]]]]:
    """Evaluate suites on a database nobody has open for writing.

    Returns
    -------
    dict
        scheme, month and dataset -> for each expectation, for each of its checks: `met`
        (null: it could not be looked at) and `observed` (a number, a date as text, or null).
        Where the library fails as a whole nothing is met or unmet: every `met` is null.
    """
    asked = list(suites)
    request = {
        "database": str(database),
        "suites": [
            {
                "query": suite.query,
                "checks": [
                    {"name": c.name, "arguments": dict(c.arguments)}
                    for e in suite.expectations
                    for c in e.checks
                ],
            }
            for suite in asked
        ],
    }
    answers = _in_a_process(request) or [
        [{"met": None, "observed": None}] * len(s["checks"])  # type: ignore[index]
        for s in request["suites"]
    ]
    return {
        (s.scheme_code, s.month, s.contract.name): _per_expectation(s, answer)
        for s, answer in zip(asked, answers, strict=True)
    }


def _per_expectation(suite: Suite, flat: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    left = iter(flat)
    return [[next(left) for _ in e.checks] for e in suite.expectations]


def _in_a_process(request: Mapping[str, Any]) -> list[list[dict[str, Any]]] | None:
    quiet = {"GX_ANALYTICS_ENABLED": "false", "DO_NOT_TRACK": "1"}
    with subprocess.Popen(
        [sys.executable, "-m", "sp_eval.contracts.expectations_engine"],
        env=os.environ | quiet,
        cwd=project_root(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as child:
        if child.stdin is None or child.stdout is None:
            return None
        with suppress(BrokenPipeError):  # it ended by itself: its status tells
            child.stdin.write(json.dumps(request) + "\n")
            child.stdin.flush()
        # the input stays open until the answer is there: its end is how the child learns of ours
        lines = child.stdout.read().splitlines()
        child.kill()
    answers: list[list[dict[str, Any]]] | None = json.loads(lines[-1]) if lines else None
    return answers
