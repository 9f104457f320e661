"""The month-by-month picture and the smallest change: no figure that rests on few people."""

from __future__ import annotations

import polars as pl
import pytest

from sp_eval.contracts.frames import conform
from sp_eval.contracts.odcs import load_contract
from sp_eval.framework.disclosure import protect
from sp_eval.study.design import Disclosure

RATES = ["rate", "ci_low", "ci_high"]


def shown(people: int, events: int) -> dict[str, object]:
    contract = load_contract("trend", "published")
    row = {
        "study_id": "s", "scheme_code": "one", "outcome": "gp_contact", "arm": "referred",
        "month_number": 1, "people": people, "events": events, "rate": 5123.4,
        "ci_low": 4000.1, "ci_high": 6000.2,
    }  # fmt: skip
    frame = conform(pl.DataFrame([row]), contract)
    return protect(frame, contract, Disclosure()).row(0, named=True)


@pytest.mark.parametrize(("people", "events"), [(1, 20), (7, 20), (40, 1), (40, 7), (5, 5)])
def test_a_month_of_few_people_or_events_has_no_rate(people: int, events: int) -> None:
    row = shown(people, events)
    assert [row[name] for name in RATES] == [None] * 3
    assert row["people"] is None if people <= 7 else row["people"] == 40
    assert row["events"] is None if events <= 7 else row["events"] == 20


def test_a_month_of_many_has_its_rate_and_rounded_counts() -> None:
    row = shown(43, 58)
    assert (row["people"], row["events"]) == (45, 60)
    assert all(row[name] is not None for name in RATES)


@pytest.mark.parametrize("people", [1, 7])
def test_a_change_told_of_few_people_is_hidden(people: int) -> None:
    contract = load_contract("detectable_change", "published")
    row = {
        "study_id": "s", "scheme_code": "one", "outcome": "gp_contact", "outcome_role": "primary",
        "people_followed": people, "rate_before": 9000.0, "worthwhile": 0.05,
        "smallest_fall": 0.2, "smallest_rise": 0.3, "people_needed": 5000, "power": 0.8,
        "answer": "large_only", "sentence": "Only a fall of 20.0% or more would show.",
    }  # fmt: skip
    frame = conform(pl.DataFrame([row]), contract)
    found = protect(frame, contract, Disclosure(), hidden={"one"}).row(0, named=True)
    hidden = ("people_followed", "rate_before", "smallest_fall", "smallest_rise", "people_needed")
    assert [found[name] for name in hidden] == [None] * 5
    assert "20.0" not in str(found["sentence"])
