"""Counts a scheme made itself: before and after is described, all else has a reason."""

from __future__ import annotations

from datetime import date, timedelta
from math import exp, sqrt
from typing import Any

import polars as pl
import pytest
from scipy import stats

from sp_eval.contracts.frames import empty_frame
from sp_eval.contracts.odcs import load_contract
from sp_eval.evaluation import evaluate_tables
from sp_eval.framework.rows import RowMaker
from sp_eval.framework.use_count_rows import HELD_AS_COUNTS, with_use_counts
from sp_eval.models.before_after import paired_change
from sp_eval_tests.support.studies import a_study

STUDY = a_study(
    outcomes=[{"name": "gp_contact", "role": "primary"}, {"name": "ae_attendance"}]
)  # fmt: skip
BEFORE = [14, 9, 22, 3, 11, 7, 30, 5]
AFTER = [9, 8, 17, 4, 6, 7, 19, 0]


def by_hand(before: list[int], after: list[int]) -> tuple[float, float, float]:
    """Ratio of two totals over equal days, delta method on persons, in plain arithmetic."""
    n, total_before, total_after = len(before), sum(before), sum(after)
    shares = [
        (a - total_after / n) / total_after - (b - total_before / n) / total_before
        for b, a in zip(before, after, strict=True)
    ]
    error = sqrt(n / (n - 1) * sum(share**2 for share in shares))
    ratio, z = total_after / total_before, float(stats.norm.ppf(0.975))
    return ratio, ratio * exp(-z * error), ratio * exp(z * error)


def counts(
    before: list[int], after: list[int], days: int, outcome: str = "gp_contact"
) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "person_key": [f"{days}-{number}" for number in range(len(before))],
            "outcome": outcome,
            "period_days": days,
            "events_pre": before,
            "events": after,
        }
    )


def made(found: pl.DataFrame, *, held: frozenset[str] = frozenset()) -> list[dict[str, Any]]:
    maker = RowMaker(STUDY, "s", 12, "")
    withheld = [
        maker.withheld(choice, method=method, scale="rate_ratio", role=role, reason="none sent")
        for choice, _ in STUDY.counted
        for method, role in (("matched_rate_ratio", "primary"), ("before_after", "descriptive"))
    ]
    return with_use_counts(maker, withheld, found, frozenset(found["outcome"]), held)


def test_counts_are_described_over_their_own_days_and_all_else_is_withheld() -> None:
    primary, described, other, other_described = made(counts(BEFORE, AFTER, 182))
    assert primary["withheld_reason"] == HELD_AS_COUNTS
    assert primary["verdict"] == "not_answerable"
    assert described["status"] == "released"
    assert described["role"] == "descriptive"
    windows = ("window_pre_days", "window_post_days", "washout_days")
    assert [described[name] for name in windows] == [182, 182, 0]
    assert "182 days before their referral" in described["comparator"]
    assert described["estimand"] == "change within the same people; not an effect"
    assert "seasons" in described["notes"]
    figures = (described["point"], described["ci_low"], described["ci_high"])
    assert figures == pytest.approx(by_hand(BEFORE, AFTER), rel=1e-12)
    assert described["n_analysed"] == len(BEFORE)
    assert described["events_exposed"] == sum(AFTER)
    assert described["person_years_exposed"] == pytest.approx(len(BEFORE) * 182 / 365.25)
    # of the care it did not count, the reason stays
    assert other["withheld_reason"] == other_described["withheld_reason"] == "none sent"


def test_the_same_as_the_paired_change_of_models() -> None:
    found = made(counts(BEFORE, AFTER, 365))[1]
    rows = pl.DataFrame({"b": BEFORE, "a": AFTER, "d": [365] * len(BEFORE)})
    same = paired_change(rows, before="b", after="a", days_before="d", days_after="d")
    assert (found["point"], found["ci_low"], found["ci_high"]) == pytest.approx(
        (same.point, same.ci_low, same.ci_high)
    )
    assert "seasons" not in found["notes"]


def test_of_two_lengths_that_of_most_people_is_used() -> None:
    both = pl.concat([counts(BEFORE, AFTER, 182), counts(BEFORE[:7], AFTER[:7], 365)])
    assert made(both)[1]["window_pre_days"] == 182


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ([], [], "nobody first referred"),
        ([9], [12], "fewer than three people"),
        ([3, 1, 2], [2, 0, 1], "fewer than 10 events"),
        ([0] * 20, [0] * 20, "fewer than 10 events"),
    ],
)
def test_too_few_end_in_a_reason(before: list[int], after: list[int], told: str) -> None:
    maker = RowMaker(STUDY, "s", 12, "")
    row = maker.withheld(
        STUDY.primary, method="before_after", scale="rate_ratio", role="descriptive", reason="-"
    )
    found = counts(before, after, 365).cast({"events_pre": pl.Int64, "events": pl.Int64})
    (row,) = with_use_counts(maker, [row], found, frozenset({"gp_contact"}), frozenset())
    assert row["status"] == "withheld"
    assert told in row["withheld_reason"]


def test_dated_use_comes_before_counts() -> None:
    primary, described, *_ = made(counts(BEFORE, AFTER, 365), held=frozenset({"gp_contact"}))
    assert primary["withheld_reason"] == described["withheld_reason"] == "none sent"


def test_a_scheme_of_counts_alone_is_evaluated_to_reasons_and_a_description() -> None:
    """Nobody on a register, no dated use: the whole chain, from frames in contract form."""
    names = ("person", "gp_contact", "hospital_activity")
    tables = {
        name: empty_frame(load_contract(name)).with_columns(scheme_code=pl.lit("small"))
        for name in names
    }
    people = range(len(BEFORE))
    tables["referral"] = pl.DataFrame(
        {
            "scheme_code": "small",
            "referral_id": [f"small:{number:016x}" for number in people],
            "person_key": [f"{number:064x}" for number in people],
            "practice_code": "A85001",
            "referral_date": [date(2017, 6, 1) + timedelta(days=number) for number in people],
            "outcome": "accepted",
        }
    )
    sides = (("gp_contact_before", BEFORE), ("gp_contact_after", [*AFTER[:-1], None]))
    tables["use_count"] = pl.concat(
        pl.DataFrame(
            {
                "scheme_code": "small",
                "referral_id": tables["referral"]["referral_id"],
                "measure": measure,
                "period_days": 365,
                "events": pl.Series(events, dtype=pl.Int32),
                "counted_on": date(2019, 4, 1),
            }
        )
        for measure, events in sides
    )
    found = evaluate_tables(tables, STUDY)
    primary = found.filter(role="primary")
    assert set(primary["verdict"]) == {"not_answerable"}
    assert set(found.filter(pl.col("status") == "released")["method"]) == {"before_after"}
    row = found.filter(method="before_after", outcome="gp_contact").row(0, named=True)
    # the blank is not nought: the eighth person is left out
    assert (row["point"], row["ci_low"], row["ci_high"]) == pytest.approx(
        by_hand(BEFORE[:-1], AFTER[:-1])
    )
    assert (row["n_referred"], row["n_analysed"]) == (8, 7)
    assert row["evidence_grade"] in ("weak", "none")
