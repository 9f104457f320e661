"""Attempts to get hidden numbers back from what is released, and what does come back."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from sp_eval.contracts.frames import conform, empty_frame
from sp_eval.contracts.odcs import contract_names, load_contract
from sp_eval.framework.disclosure import protect, protect_count
from sp_eval.study.design import Disclosure
from sp_eval_tests.disclosure.test_protect import estimate, rows
from sp_eval_tests.support.runs import Made, published

USUAL = Disclosure()
ESTIMATE = load_contract("estimate", "published")
YEAR = 365.25


def cell(count: int) -> int | None:
    return pl.DataFrame({"n": [count]}).select(protect_count(pl.col("n"), USUAL)).item()


CELL = {count: cell(count) for count in range(500)}


def fitting(shown: int | None) -> set[int]:
    return {count for count, told in CELL.items() if told == shown}


@given(st.lists(st.integers(0, 9), min_size=1, max_size=6), st.integers(0, 400))
def test_no_step_of_1_to_7_people_comes_back_from_the_chain(drops: list[int], last: int) -> None:
    """Of all chains that fit what is shown, each small step could as well be another."""
    people = [last]
    for drop in drops:
        people.insert(0, people[0] + drop)
    shown = [CELL[n] for n in people]
    for at, drop in enumerate(reversed(drops)):
        if not 1 <= drop <= 7:
            continue
        upper, lower = feasible(shown, at), feasible(shown, at + 1)
        possible = {a - b for a in upper for b in lower if a >= b}
        assert len(possible) >= 5


def feasible(shown: list[int | None], at: int) -> set[int]:
    """Counts at a step in some chain that fits: between its neighbours' extremes."""
    least = max((min(fitting(cell)) for cell in shown[at:]), default=0)
    most = min((max(fitting(cell)) for cell in shown[: at + 1]), default=10**6)
    return {count for count in fitting(shown[at]) if least <= count <= most}


def family(events: int, days: int, before: int, people: int) -> list[dict[str, Any]]:
    """The figures that add up, of so many people fully followed before."""
    after = 1000 * YEAR * events / days
    ratio = 0.83
    named = {"n_analysed": people, "n_comparison": 400, "role": "descriptive", "verdict": None,
             "scale": "rate_per_1000_person_years", "ci_low": None, "ci_high": None}  # fmt: skip
    counted = {"events_exposed": events, "person_years_exposed": days / YEAR}
    none = {"events_exposed": None, "person_years_exposed": None}
    difference = after * (1 - 1 / ratio)
    return [
        estimate(point=ratio, n_analysed=people, **counted),
        estimate(point=difference, ci_low=difference - 9, ci_high=difference + 9,
                 scale="rate_difference_per_1000_person_years", n_analysed=people, **counted),
        estimate(**named | none, method="observed_before",
                 point=1000 * YEAR * before / (365 * people)),
        estimate(**named | none, method="expected_without_scheme", point=after - difference),
        estimate(**named | counted, method="observed_after", point=after),
    ]  # fmt: skip


@settings(max_examples=80, deadline=None)
@given(st.integers(10, 300), st.integers(0, 300), st.integers(8, 400), st.integers(0, 90))
def test_rates_are_functions_of_the_cells_shown(
    events: int, before: int, people: int, lost: int
) -> None:
    """Whoever has the cells learns nothing from the rates: not by fractions, not by division."""
    given_rows = family(events, 365 * people - lost, before, people)
    shown = protect(rows(ESTIMATE, *given_rows), ESTIMATE, USUAL).to_dicts()
    ratio, difference, earlier, without, after = shown
    if any(row["status"] == "withheld" for row in (ratio, difference)):
        return
    years = after["person_years_exposed"]
    if after["status"] == "released" and years:
        told = 1000 * after["events_exposed"] / years
        assert abs(after["point"] - told) < 1e-9 * told
        assert abs(difference["point"] - told * (1 - 1 / 0.83)) < 1e-9 * told
        assert abs(after["point"] - without["point"] - difference["point"]) < 1e-6
    if earlier["status"] == "released" and before:
        told = 1000 * YEAR * CELL[before] / (365 * CELL[people])
        assert abs(earlier["point"] - told) < 1e-9 * told
    assert (earlier["status"] == "withheld") == (1 <= before <= 7)


def test_the_exact_rate_would_have_given_people_and_events_back() -> None:
    """The attack on full digits, so that the test above is known to guard something."""
    exact = 1000 * YEAR * 37 / (365 * 189)
    found = [
        people
        for people in range(188, 193)
        if Fraction(exact * 365 * people / 1000 / YEAR).limit_denominator(1) is not None
        and abs(exact * 365 * people / 1000 / YEAR - round(exact * 365 * people / 1000 / YEAR))
        < 1e-9
    ]
    assert found == [189]


def test_few_events_before_take_everything_along_that_would_tell_them() -> None:
    made = family(40, 36_000, 3, 100)
    change = estimate(method="before_after", role="descriptive", point=13.3, ci_low=9, ci_high=15)
    shown = protect(rows(ESTIMATE, *made, change), ESTIMATE, USUAL)
    told = dict(zip(shown["method"], shown["status"], strict=True))
    assert told["before_after"] == told["observed_before"] == "withheld"
    assert told["matched_rate_ratio"] == "released"


def test_a_total_is_hidden_with_its_part() -> None:
    parts = [
        estimate(outcome="ae_attendance", events_exposed=40),
        estimate(outcome="emergency_admission", status="withheld", withheld_reason="fewer than 10",
                 **dict.fromkeys(("point", "ci_low", "ci_high", "p_value", "events_exposed"))),
    ]  # fmt: skip
    total = estimate(outcome="hospital_attendance", events_exposed=45)
    shown = protect(rows(ESTIMATE, *parts, total), ESTIMATE, USUAL).to_dicts()
    assert [row["status"] for row in shown] == ["released", "withheld", "withheld"]
    assert shown[2]["events_exposed"] is None


def _other_way(outcome: str, events: int | None, **more: Any) -> dict[str, Any]:
    """Another way of comparing, that of a part withheld by the models: `events` unknown."""
    held: dict[str, Any] = (
        {} if events is not None else {
            "status": "withheld", "withheld_reason": "fewer than 10 events",
            **dict.fromkeys(("point", "ci_low", "ci_high", "p_value")),
        }
    )  # fmt: skip
    row = {"method": "matched_6_months", "role": "sensitivity", "events_exposed": events}
    return estimate(outcome=outcome, **row, **held, **more)


def test_a_total_by_another_way_is_hidden_with_its_part_and_nothing_else() -> None:
    made = [
        row | {"outcome": outcome}
        for outcome in ("ae_attendance", "emergency_admission", "hospital_attendance")
        for row in family(40, 36_000, 60, 100)
    ]
    ways = [
        _other_way("ae_attendance", 30),
        _other_way("emergency_admission", None),
        _other_way("hospital_attendance", 35),
    ]
    shown = protect(rows(ESTIMATE, *made, *ways), ESTIMATE, USUAL)
    hidden = shown.filter(pl.col("status") == "withheld").select("outcome", "method")
    assert set(hidden.rows()) == {
        ("emergency_admission", "matched_6_months"),
        ("hospital_attendance", "matched_6_months"),
    }


def test_an_e_value_goes_with_its_primary() -> None:
    few = estimate(n_comparison=5)
    told = estimate(method="e_value", role="sensitivity", n_analysed=None, n_comparison=None)
    shown = protect(rows(ESTIMATE, few, told), ESTIMATE, USUAL)
    assert shown["status"].to_list() == ["withheld", "withheld"]
    assert shown["point"].null_count() == 2


@given(st.lists(st.integers(0, 60), min_size=2, max_size=5))
def test_pooled_counts_are_sums_of_published_cells(people: list[int]) -> None:
    made = [estimate(scheme_code=f"s{n}", n_referred=count) for n, count in enumerate(people)]
    made.append(estimate(scheme_code="all", n_referred=sum(people)))
    shown = protect(rows(ESTIMATE, *made), ESTIMATE, USUAL)["n_referred"].to_list()
    assert shown[-1] is None or shown[-1] == sum(CELL[n] or 0 for n in people)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 300), st.integers(0, 60)), min_size=1, max_size=20))
def test_monthly_rates_tell_no_small_number(months: list[tuple[int, int]]) -> None:
    contract = load_contract("trend", "published")
    schema = empty_frame(contract).schema
    made = [
        {"study_id": "s", "scheme_code": "leeds", "outcome": "gp_contact", "arm": "referred",
         "month_number": n - 12, "people": people, "events": events if people else 0,
         "rate": 1000 * YEAR * events / (30 * people) if people else None}
        for n, (people, events) in enumerate(months)
    ]  # fmt: skip
    frame = conform(pl.DataFrame([{k: r.get(k) for k in schema} for r in made], schema=schema),
                    contract)  # fmt: skip
    for row, (people, events) in zip(
        protect(frame, contract, USUAL).to_dicts(), months, strict=True
    ):
        if people and (1 <= people <= 7 or 1 <= events <= 7):
            assert row["rate"] is None
        elif people and events:
            told = 1000 * YEAR * CELL[events] / (30 * CELL[people])
            assert abs(row["rate"] - told) < 1e-9 * told


def test_what_one_person_more_tells() -> None:
    """Said openly: who knows that just one person was added, and sees a cell change, knows it.

    The same count is always the same cell, so nothing comes back by asking again; but 7 to 8
    and 0 to 1 show, as does each fifth step. See docs/adr/0013.
    """
    changed = {n for n in range(60) if CELL[n] != CELL[n + 1]}
    assert changed == {0, 7, *range(12, 60, 5)}
    assert all(CELL[n] == cell(n) for n in range(60))


def test_nothing_that_counts_leaves_the_research_file(whole: Made) -> None:
    for name in contract_names("published"):
        for column in load_contract(name, "published").columns:
            if column.disclosure == "research":
                sql = f"select count({column.name}) from published.{name}"
                assert published(whole.home, sql, "release") == [(0,)]
                assert published(whole.home, sql) > [(0,)]
