"""What leaves the house: small counts hidden, others rounded, nothing to be worked back."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sp_eval.contracts.frames import conform, empty_frame, failures
from sp_eval.contracts.odcs import Contract, load_contract
from sp_eval.framework.disclosure import protect, protect_count, schemes_hidden
from sp_eval.study.design import Disclosure

USUAL = Disclosure()
POLICIES = st.builds(
    Disclosure,
    suppress_from=st.just(1),
    suppress_to=st.integers(0, 12),
    round_to=st.sampled_from([1, 2, 5, 10]),
)
FIGURES = ("point", "ci_low", "ci_high", "p_value", "n_analysed", "n_comparison",
           "events_exposed", "person_years_exposed")  # fmt: skip


def protected(counts: list[int] | list[float], policy: Disclosure = USUAL) -> list[Any]:
    frame = pl.DataFrame({"n": counts})
    return frame.select(protect_count(pl.col("n"), policy)).to_series().to_list()


@given(st.lists(st.integers(0, 10**7), min_size=1), POLICIES)
def test_hidden_or_the_nearest_multiple(counts: list[int], policy: Disclosure) -> None:
    for count, shown in zip(counts, protected(counts, policy), strict=True):
        if 1 <= count <= policy.suppress_to:
            assert shown is None
        else:
            assert shown % policy.round_to == 0
            assert abs(shown - count) <= policy.round_to / 2


@given(st.lists(st.floats(0, 10**6), min_size=1))
def test_time_is_treated_as_people_are(years: list[float]) -> None:
    for time, shown in zip(years, protected(years), strict=True):
        if shown is None:
            assert 0 < time < 8
        else:
            assert shown % 5 == 0
            assert abs(shown - time) <= 2.5


def test_the_rule_by_hand() -> None:
    told = protected([0, 1, 7, 8, 12, 13, 17, 18, 102, 103])
    assert told == [0, None, None, 10, 10, 15, 15, 20, 100, 105]


def test_no_figure_shown_stands_for_fewer_than_five_counts() -> None:
    """Whoever sees a figure, or its absence, has at least five counts to choose from."""
    counts = list(range(2_003))
    meant: dict[int | None, list[int]] = {}
    for count, shown in zip(counts, protected(counts), strict=True):
        meant.setdefault(shown, []).append(count)
    assert meant.pop(0) == [0]
    assert {len(of) for of in meant.values()} == {5, 7}


@given(st.lists(st.integers(0, 7), min_size=1, max_size=12), st.integers(0, 400))
def test_a_small_step_cannot_be_found_by_subtraction(drops: list[int], last: int) -> None:
    """Each step between two figures of the attrition table could as well have been another."""
    people = [last]
    for drop in drops:
        people.append(people[-1] + drop)
    shown = protected(people)
    for before, after, drop in zip(shown[1:], shown, drops, strict=False):
        if before is None or after is None or before == 0 or after == 0 or drop == 0:
            continue
        others = {b - a for b in meant(before) for a in meant(after) if b >= a}
        assert len(others - {drop}) >= 4


def meant(shown: int) -> list[int]:
    return [count for count in range(max(8, shown - 4), shown + 5) if protected([count]) == [shown]]


def estimate(**changes: Any) -> dict[str, Any]:
    return {
        "study_id": "s", "scheme_code": "leeds", "outcome": "gp_contact",
        "outcome_role": "primary", "role": "primary", "method": "matched_rate_ratio",
        "estimand": "e", "comparator": "c", "population": "p", "window_pre_days": 365,
        "window_post_days": 365, "washout_days": 30, "scale": "rate_ratio", "point": 0.8,
        "ci_low": 0.7, "ci_high": 0.9, "ci_level": 0.95, "p_value": 0.01, "n_referred": 100,
        "n_analysed": 90, "n_comparison": 400, "events_exposed": 371,
        "person_years_exposed": 88.4, "status": "released", "withheld_reason": None,
        "verdict": "fewer", "evidence_grade": "moderate", "design_hash": "0" * 64, "run_id": "r",
    } | changes  # fmt: skip


def rows(contract: Contract, *made: dict[str, Any]) -> pl.DataFrame:
    return conform(pl.DataFrame(made, schema=empty_frame(contract).schema), contract)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "n_analysed": st.integers(0, 40),
                "n_comparison": st.one_of(st.none(), st.integers(0, 40)),
                "events_exposed": st.one_of(st.none(), st.integers(0, 40)),
                "n_referred": st.integers(0, 60),
                "verdict": st.sampled_from(["fewer", "cannot_tell", None]),
            }
        ),
        min_size=1,
        max_size=8,
    )
)
def test_estimates_of_few_people_are_withheld_whole(made: list[dict[str, Any]]) -> None:
    contract = load_contract("estimate", "published")
    given_rows = [estimate(**one) for one in made]
    shown = protect(rows(contract, *given_rows), contract, USUAL)
    assert failures(shown, contract).is_empty()
    for before, after in zip(given_rows, shown.iter_rows(named=True), strict=True):
        people = [n for n in (before["n_analysed"], before["n_comparison"]) if n is not None]
        if any(1 <= n <= 7 for n in people):
            assert [after[name] for name in FIGURES] == [None] * len(FIGURES)
            assert after["status"] == "withheld"
            assert after["withheld_reason"] == "it rests on 7 people or fewer"
            assert after["verdict"] == ("not_answerable" if before["verdict"] else None)
        elif any(1 <= (one["events_exposed"] or 0) <= 7 for one in given_rows):
            assert [after[name] for name in FIGURES] == [None] * len(FIGURES)
            assert after["withheld_reason"] == "it rests on 7 events or fewer"
        else:
            assert after["point"] == before["point"]
            assert after["status"] == "released"
        for name in ("n_referred", "n_analysed", "n_comparison", "events_exposed"):
            assert after[name] is None or after[name] % 5 == 0


def test_what_is_withheld_already_keeps_its_reason() -> None:
    contract = load_contract("estimate", "published")
    nothing = dict.fromkeys(FIGURES)
    withheld = estimate(**nothing, status="withheld", withheld_reason="no file", verdict=None)
    (shown,) = protect(rows(contract, withheld), contract, USUAL).to_dicts()
    assert shown["withheld_reason"] == "no file"
    assert shown["n_referred"] == 100


def test_the_study_decides_how_few_are_few() -> None:
    contract = load_contract("estimate", "published")
    strict = Disclosure(suppress_to=90, round_to=10)
    (shown,) = protect(rows(contract, estimate()), contract, strict).to_dicts()
    assert (shown["status"], shown["point"]) == ("withheld", None)
    assert shown["withheld_reason"] == "it rests on 90 people or fewer"


NO_ESTIMATE = empty_frame(load_contract("estimate", "published"))


def attrition(scheme: str, *people: int) -> list[dict[str, Any]]:
    return [
        {"study_id": "s", "scheme_code": scheme, "step_number": n, "step": str(n), "people": count,
         "reason": None}
        for n, count in enumerate(people, start=1)
    ]  # fmt: skip


def test_schemes_too_small_to_show() -> None:
    steps = [
        *attrition("leeds", 900, 800), *attrition("kent", 90, 7), *attrition("bath", 9, 1),
        *attrition("york", 7, 0), *attrition("hull", 12, 8),
    ]  # fmt: skip
    frame = rows(load_contract("attrition", "published"), *steps)
    assert schemes_hidden(frame, NO_ESTIMATE, USUAL) == {"kent", "bath"}


@pytest.mark.parametrize("table", ["balance", "study_version"])
def test_no_rate_of_them_in_any_other_table(table: str) -> None:
    contract = load_contract(table, "published")
    made = {
        "balance": {"study_id": "s", "covariate": "age", "smd_before": 0.2, "smd_after": 0.01,
                    "variance_ratio_after": 1.1},
        "study_version": {"study_id": "s", "version_number": 1, "outcome": "gp_contact",
                          "scale": "rate_ratio", "point": 0.8, "ci_low": 0.7, "ci_high": 0.9},
    }[table]  # fmt: skip
    schema = empty_frame(contract).schema
    both = pl.DataFrame([made | {"scheme_code": s} for s in ("leeds", "kent")], schema=schema)
    large, small = protect(both, contract, USUAL, hidden={"kent"}).to_dicts()
    rates = [column.name for column in contract.columns if column.disclosure == "rate"]
    assert len(rates) == 3
    assert [small[name] for name in rates] == [None, None, None]
    assert [large[name] for name in rates] == [made[name] for name in rates]


def test_every_count_and_rate_of_people_is_declared() -> None:
    """A figure of people that no contract calls one would go out as it is."""
    told = {
        (name, column.name): column.disclosure
        for name in ("estimate", "attrition", "balance", "study_version")
        for column in load_contract(name, "published").columns
        if column.logical_type in ("integer", "number")
    }
    harmless = {"step_number", "version_number", "window_pre_days", "window_post_days",
                "washout_days"}  # fmt: skip
    assert {key for key, kind in told.items() if kind == "none"} == {
        key for key in told if key[1] in harmless
    }
