"""What was found of an expectation, as a row of `published.delivery_check` and in words.

Figures are told so that nothing about one to seven people can be read or subtracted from them:
shares are of counts made coarse, dates in whole weeks, medians only of many rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from sp_eval.contracts.expectations import Expectation, Suite
from sp_eval.contracts.figures import known_share, month_end
from sp_eval.contracts.usual import FEW_DELIVERIES

__all__ = ["DATASETS", "told"]

DATASETS = {
    "activity": "Support passed on to",
    "code_count": "Codes in GP records, counted",
    "contact": "Contacts with the scheme",
    "gp_contact": "GP contacts",
    "hospital_activity": "Hospital care",
    "outcome_response": "Questionnaires",
    "patient": "Facts about people",
    "person": "People registered",
    "population": "List sizes",
    "programme_cost": "Costs",
    "referral": "Referrals",
    "residence": "Addresses",
    "use_count": "Care used before and after, counted",
}


def told(
    suite: Suite, expectation: Expectation, answers: Sequence[dict[str, Any]]
) -> dict[str, Any]:
    """Return the row of `published.delivery_check` for one expectation and its checks' answers."""
    verdicts = [answer["met"] for answer in answers]
    status = "met"
    if False in verdicts:
        status = "unusual"
    elif None in verdicts:
        status = "not_evaluated"
    observed = None if status == "not_evaluated" else _observed(suite, expectation, answers)
    return {
        "scheme_code": suite.scheme_code,
        "month": suite.month,
        "dataset": suite.contract.name,
        "column_name": expectation.column,
        "expectation": expectation.kind,
        "status": status,
        "observed": observed,
        "expected_low": expectation.low,
        "expected_high": expectation.high,
        "compared_with": expectation.compared_with,
        "deliveries_compared": expectation.deliveries,
        "sentence": f"{DATASETS.get(suite.contract.name, suite.contract.name)}:"
        f" {_sentence(expectation, status, observed)}",
    }


def _observed(
    suite: Suite, expectation: Expectation, answers: Sequence[dict[str, Any]]
) -> float | None:
    last = answers[-1]["observed"]
    match expectation.kind:
        case "completeness":
            return round(known_share(last["found"], last["rows"]), 3)
        case "freshness":
            days = (month_end(suite.month) - date.fromisoformat(last)).days
            return float(-(-days // 7))
        case "category":
            # the values that moved, or the rows with a value not agreed: the gate lets none in
            return float(last if expectation.compared_with else last["found"])
        case "range":
            return float(last) if expectation.compared_with else None
        case _:
            return float(last)


def _sentence(expectation: Expectation, status: str, observed: float | None) -> str:
    column = expectation.column.replace("_", " ")
    if status == "not_evaluated":
        return f"{column or 'the number of rows'} could not be looked at."
    odd = status == "unusual"
    match expectation.kind:
        case "volume":
            return _volume(expectation, observed or 0, odd=odd)
        case "completeness":
            return _completeness(expectation, column, observed or 0.0, odd=odd)
        case "freshness":
            return _freshness(expectation, column, observed or 0.0, odd=odd)
        case "range":
            return _range(expectation, column, observed, odd=odd)
        case _:
            return _category(expectation, column, observed or 0, odd=odd)


def _volume(expectation: Expectation, rows: float, *, odd: bool) -> str:
    if not rows:
        return "no row could be used."
    told = f"{rows:,.0f} rows"
    if odd:
        usual = f"{expectation.low:,.0f} to {expectation.high:,.0f}"
        return f"{told}, where {usual} would be usual after {_before(expectation)}."
    return f"{told}, as expected."


def _completeness(expectation: Expectation, column: str, share: float, *, odd: bool) -> str:
    if not share:
        return f"{column} is filled in in every row."
    if not odd:
        return f"{column} is blank in about {share:.0%} of the rows, as expected."
    usual = expectation.high or 0.0
    return (
        f"{column} is blank in about {share:.0%} of the rows, where up to {usual:.0%} would be"
        f" usual after {_before(expectation)}."
    )


def _freshness(expectation: Expectation, column: str, weeks: float, *, odd: bool) -> str:
    newest = column if column.endswith("date") else f"date in '{column}'"
    said = f"the newest {newest} lies about {weeks:.0f} weeks before the end of the month"
    if weeks <= 1:
        said = f"the newest {newest} lies in or after the last week of the month"
    if not odd:
        return f"{said}, as expected."
    usual = f"up to {expectation.high:.0f} weeks would be usual"
    if expectation.compared_with:
        usual += f" after {_before(expectation)}"
    return f"{said}, where {usual}."


def _range(expectation: Expectation, column: str, middle: float | None, *, odd: bool) -> str:
    if middle is None or expectation.low is None or expectation.high is None:
        return f"{column} holds values that are not possible." if odd else (
            f"every value of {column} is possible."
        )  # fmt: skip
    if not odd:
        return f"the middle value of {column} is as expected."
    return (
        f"the middle value of {column} is {middle:,.6g}; in {_before(expectation)}"
        f" half of the values lay between {expectation.low:,.6g} and {expectation.high:,.6g}."
    )


def _category(expectation: Expectation, column: str, found: float, *, odd: bool) -> str:
    if not odd:
        return f"the values of {column} are as expected."
    if not expectation.compared_with:
        return f"{column} holds values that are not agreed."
    of_them = "one value" if found == 1 else f"{found:.0f} values"
    return (
        f"the mix of {column} differs from {_before(expectation)}: the share of {of_them} moved"
        " further than is usual."
    )


def _before(expectation: Expectation) -> str:
    """What it is held against, with a word of caution where that is little."""
    if expectation.deliveries <= 1:
        return f"the delivery of {expectation.compared_with or 'before'}"
    told = f"the {expectation.deliveries} deliveries before it"
    if expectation.deliveries < FEW_DELIVERIES:
        told += " (few to judge by)"
    return told
