"""What is expected of a delivery, derived from its contract and from the deliveries before it.

One suite a dataset. The suites are evaluated by Great Expectations in a process of its own
(`expectations_engine`), which ends with it: the library takes seconds and a third of a gigabyte
to load. Nothing here names a cell: a median or a share of few rows is not told.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

from sp_eval.contracts import usual
from sp_eval.contracts.contract import Column, Contract
from sp_eval.contracts.figures import Figures, month_end
from sp_eval.settings import project_root

__all__ = [
    "Check",
    "Expectation",
    "Suite",
    "evaluate_suites",
    "event_date",
    "suite_of",
]

Kind = Literal["volume", "completeness", "freshness", "range", "category"]

_STALE_DAYS = 731
"""The newest date of a first delivery may lie so long before the end of its month."""


@dataclass(frozen=True, slots=True)
class Check:
    """One expectation in the words of Great Expectations: its class and arguments."""

    name: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Expectation:
    """What is expected of a dataset or of one column: one row of `published.delivery_check`.

    It is met if every check of it is. `low` and `high`, if given, bound what is observed;
    they come from `deliveries` earlier ones, the newest of them that of the month `compared_with`.
    """

    kind: Kind
    column: str
    checks: tuple[Check, ...]
    low: float | None = None
    high: float | None = None
    compared_with: str | None = None
    deliveries: int = 0


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


def suite_of(
    contract: Contract, this: Figures, *, supply: str, before: Sequence[Figures] = ()
) -> tuple[Expectation, ...]:
    """Return what is expected of a dataset.

    Parameters
    ----------
    contract : of the dataset.
    this : the delivery; of an empty dataset only the volume is looked at.
    supply : `snapshot` or `increment`.
    before : the earlier deliveries that held the dataset, oldest first; without one the contract
        alone speaks.
    """
    found = [_volume(this, supply, before)]
    if not this.rows:
        return tuple(found)
    found += [e for c in contract.columns if (e := _completeness(c, this, before))]
    newest = event_date(contract)
    if newest is not None:
        found.append(_freshness(contract, newest, this, before))
    found += [e for c in contract.columns if (e := _range(c, this, before))]
    found += [e for c in contract.columns if (e := _category(c, this, before))]
    return tuple(found)


def _volume(this: Figures, supply: str, before: Sequence[Figures]) -> Expectation:
    low: int
    high: int | None
    low, high = usual.volume(before, this.month, supply=supply) if before else (1, None)
    check = Check("ExpectTableRowCountToBeBetween", {"min_value": low, "max_value": high})
    return Expectation("volume", "", (check,), low, high, _newest(before), len(before))


def _newest(before: Sequence[Figures]) -> str | None:
    return before[-1].month if before else None


def _completeness(column: Column, this: Figures, before: Sequence[Figures]) -> Expectation | None:
    if column.required:
        check = Check("ExpectColumnValuesToNotBeNull", {"column": column.name})
        return Expectation("completeness", column.name, (check,), None, 0.0)
    high = usual.blanks(before, column.name, this.rows) if before else None
    if high is None:
        return None  # never supplied: nothing to compare with
    arguments = {"column": column.name, "mostly": round(1 - high, 3)}
    check = Check("ExpectColumnValuesToNotBeNull", arguments)
    compared = _newest(before)
    return Expectation(
        "completeness", column.name, (check,), None, high, compared, len(before)
    )  # fmt: skip


def _freshness(
    contract: Contract, column: Column, this: Figures, before: Sequence[Figures]
) -> Expectation:
    end = month_end(this.month)
    is_of_events = any(c.name in ("person_key", "referral_id") for c in contract.columns)
    lag, deliveries = usual.oldest_newest(before, this, of_events=is_of_events)
    oldest = end - (lag if deliveries else timedelta(days=_STALE_DAYS))
    arguments: dict[str, Any] = {"column": column.name, "min_value": oldest.isoformat()}
    if not column.may_be_future:
        arguments["max_value"] = end.isoformat()
    check = Check("ExpectColumnMaxToBeBetween", arguments)
    weeks = float(-(-(end - oldest).days // 7))
    compared = _newest([f for f in before if f.newest is not None])
    return Expectation("freshness", column.name, (check,), None, weeks, compared, deliveries)


def _range(column: Column, this: Figures, before: Sequence[Figures]) -> Expectation | None:
    if column.logical_type not in ("integer", "number"):
        return None
    checks = []
    if column.minimum is not None or column.maximum is not None:
        bounds = {"min_value": column.minimum, "max_value": column.maximum}
        checks.append(Check("ExpectColumnValuesToBeBetween", {"column": column.name, **bounds}))
    half = usual.middle_half(before, column.name) if this.has_many(column.name) else None
    if half is None:
        return Expectation("range", column.name, tuple(checks)) if checks else None
    low, high = half
    bounds = {"min_value": low, "max_value": high}
    checks.append(Check("ExpectColumnMedianToBeBetween", {"column": column.name, **bounds}))
    many = [f for f in before if f.has_many(column.name)]
    return Expectation("range", column.name, tuple(checks), low, high, _newest(many), len(many))


def _category(column: Column, this: Figures, before: Sequence[Figures]) -> Expectation | None:
    if column.allowed is None or column.separator is not None:
        return None
    among = {"column": column.name, "value_set": list(column.allowed)}
    checks = [Check("ExpectColumnValuesToBeInSet", among)]
    mix = None
    if this.has_many(column.name):
        mix = usual.mix(before, this, column.name, column.allowed)
    if mix is None:
        return Expectation("category", column.name, tuple(checks), None, 0.0)
    query = _moved_query(column.name, mix)
    checks.append(Check("UnexpectedRowsExpectation", {"unexpected_rows_query": query}))
    many = [f for f in before if f.has_many(column.name)]
    compared = _newest(many)
    return Expectation("category", column.name, tuple(checks), None, 0.0, compared, len(many))


def _moved_query(column: str, mix: Mapping[str, tuple[float, float]]) -> str:
    """Text of a query for the values whose share has moved; only agreed values stand in it."""
    before = ", ".join(
        f"('{value.replace(chr(39), chr(39) * 2)}', {share:.4f}, {room:.4f})"
        for value, (share, room) in mix.items()
    )
    return f"""select b.value from (values {before}) as b (value, share, room)
        left join (
            select {column} as value, count(*) / sum(count(*)) over () as share
            from {{batch}} where {column} is not null group by all
        ) as n on b.value = n.value
        where abs(coalesce(n.share, 0) - b.share) > b.room"""  # noqa: S608


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
