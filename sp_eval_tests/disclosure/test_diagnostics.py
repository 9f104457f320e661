"""Diagnostics in the release: no number of people, no maximum, nothing of what is withheld."""

from __future__ import annotations

import re
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sp_eval.contracts.frames import conform, empty_frame
from sp_eval.contracts.odcs import load_contract
from sp_eval.framework.diagnostic import tenths
from sp_eval.framework.diagnostic_disclosure import outcomes_hidden
from sp_eval.framework.disclosure import protect, protect_count
from sp_eval.framework.overlap_rows import _can_be_described
from sp_eval.study.design import Disclosure
from sp_eval_tests.disclosure.test_protect import estimate, rows
from sp_eval_tests.support.runs import Made, published

USUAL = Disclosure()
CONTRACT = load_contract("diagnostic", "published")
ESTIMATE = load_contract("estimate", "published")
FIGURES = ("value", "low", "high")


def diagnostic(**changes: Any) -> dict[str, Any]:
    return {
        "study_id": "s", "scheme_code": "leeds", "outcome": "all", "diagnostic": "mortality",
        "item": "rate_ratio", "value": 1.23456, "low": 0.98765, "high": 1.54321,
        "pass_mark": 1.25, "passed": True, "stage": "after_outcomes", "sentence": "1.23 times",
    } | changes  # fmt: skip


def shown(*made: dict[str, Any], **more: Any) -> list[dict[str, Any]]:
    frame = conform(pl.DataFrame(made, schema=empty_frame(CONTRACT).schema), CONTRACT)
    return protect(frame, CONTRACT, USUAL, **more).to_dicts()


@pytest.mark.parametrize(
    ("kind", "item"),
    [("overlap", "outside_range"), ("equipoise", "matched"), ("equipoise", "pool"),
     ("influence", "one_person")],
)  # fmt: skip
def test_shares_of_people_and_one_persons_weight_stay_in_the_house(kind: str, item: str) -> None:
    """A share of 23 people is a number of them; what one person moves is a maximum."""
    (row,) = shown(diagnostic(diagnostic=kind, item=item, value=3 / 23))
    assert [row[name] for name in FIGURES] == [None, None, None]
    assert (row["passed"], row["pass_mark"], row["sentence"]) == (True, 1.25, "1.23 times")


def test_other_figures_have_three_digits() -> None:
    (row,) = shown(diagnostic())
    assert [row[name] for name in FIGURES] == [1.23, 0.988, 1.54]


def test_nothing_of_a_hidden_scheme() -> None:
    own, other = shown(
        diagnostic(sentence="3 of them"), diagnostic(scheme_code="kent"), hidden={"leeds"}
    )
    assert [own[name] for name in FIGURES] == [None, None, None]
    assert own["sentence"] == "hidden: it rests on 7 people or fewer"
    assert other["value"] == 1.23


def test_nothing_of_an_estimate_that_is_withheld() -> None:
    """A control's ratio, or the range around an estimate, would give it back."""
    few = [
        estimate(outcome="elective_admission", events_exposed=5),
        estimate(outcome="gp_contact"),
    ]
    untold = outcomes_hidden(rows(ESTIMATE, *few), USUAL)
    assert untold == {("leeds", "elective_admission")}
    found = shown(
        diagnostic(diagnostic="negative_control", outcome="elective_admission"),
        diagnostic(diagnostic="influence", item="few_people", outcome="elective_admission"),
        diagnostic(diagnostic="influence", item="few_people", outcome="gp_contact"),
        diagnostic(),
        outcomes=untold,
    )
    assert [row["value"] for row in found] == [None, None, 1.23, 1.23]
    assert [row["sentence"].startswith("hidden") for row in found] == [True, True, False, False]


def test_what_was_withheld_before_is_not_said_to_rest_on_few() -> None:
    never = {"status": "withheld", "withheld_reason": "this scheme sends no GP contact file"}
    none = dict.fromkeys(("point", "ci_low", "ci_high"))
    untold = outcomes_hidden(rows(ESTIMATE, estimate(outcome="gp_contact", **never, **none)), USUAL)
    assert untold == frozenset()
    (told,) = shown(
        diagnostic(diagnostic="grade", item="none", outcome="gp_contact", sentence="None."),
        outcomes=untold,
    )
    assert told["sentence"] == "None."


def test_a_total_goes_with_its_part() -> None:
    parts = [
        estimate(outcome="emergency_admission", events_exposed=5),
        estimate(outcome="hospital_attendance", events_exposed=45),
    ]
    untold = outcomes_hidden(rows(ESTIMATE, *parts), USUAL)
    assert ("leeds", "hospital_attendance") in untold
    assert outcomes_hidden(empty_frame(ESTIMATE), USUAL) == frozenset()


@given(st.integers(8, 3_000), st.integers(0, 40))
def test_whether_the_lost_are_described_tells_no_more_than_the_flow_of_people(
    exposed: int, lost: int
) -> None:
    """The answer is the same for every pair of counts that the published cells stand for."""
    matched = max(0, exposed - lost)
    policy = USUAL
    cells = cell(exposed), cell(matched)
    answer = _can_be_described(exposed, matched, policy)
    around = [
        (a, b)
        for a in range(exposed - 5, exposed + 6)
        for b in range(max(0, matched - 7), matched + 8)
        if a >= b >= 0 and (cell(a), cell(b)) == cells
    ]
    assert {_can_be_described(a, b, policy) for a, b in around} == {answer}
    if answer:
        assert min(a - b for a, b in around) > policy.suppress_to


def cell(count: int) -> int | None:
    return pl.DataFrame({"n": [count]}).select(protect_count(pl.col("n"), USUAL)).item()


@given(st.integers(8, 400))
def test_a_band_of_a_tenth_fits_more_than_one_number_of_people_lost(people: int) -> None:
    """Where 20 people or more stand behind it, of each band two counts or more are possible."""
    if people < 20:
        return
    said = [tenths(n / people) for n in range(people + 1)]
    assert min(said.count(band) for band in set(said)) >= 2


def test_no_sentence_of_the_release_holds_a_number_of_people(whole: Made) -> None:
    """Only fixed numbers do: the ten people who count as few, and the lengths of windows."""
    days = {("395", "days"), *((str(n), "days") for n in (30, 60, 90, 180, 365))}
    sql = "select diagnostic, sentence from published.diagnostic"
    told = published(whole.home, sql, "release")
    assert len(told) > 60
    for _, sentence in told:
        for number, what in re.findall(r"(\d+) (people|persons|of the people|days)\b", sentence):
            assert (number, what) in {("10", "people"), *days}, sentence


def test_the_release_differs_from_the_research_file_in_what_is_hidden_alone(whole: Made) -> None:
    sql = """select scheme_code, outcome, diagnostic, item, passed, pass_mark, sentence, {}
        from published.diagnostic order by all"""
    exact = published(whole.home, sql.format("value"))
    told = published(whole.home, sql.format("value"), "release")
    assert [row[:7] for row in exact] == [row[:7] for row in told]
    for one, two in zip(exact, told, strict=True):
        if one[2] in ("overlap", "equipoise") or one[3] == "one_person":
            assert one[7] is not None
            assert two[7] is None
        elif two[7] is not None:
            assert two[7] == pytest.approx(one[7], rel=0.01)
