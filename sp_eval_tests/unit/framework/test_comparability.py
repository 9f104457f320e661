"""May the schemes be set side by side: criterion by criterion, from facts made by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from math import exp, log, sqrt
from typing import Any

import polars as pl
import pytest
from scipy import stats

from sp_eval.contracts.frames import conform, failures
from sp_eval.contracts.odcs import load_contract
from sp_eval.framework.comparability import Side, comparability_rows
from sp_eval.study.outcomes import OUTCOMES
from sp_eval_tests.support.studies import a_study

STUDY = a_study(
    outcomes=[{"name": "gp_contact", "role": "primary"}, {"name": "ae_attendance"}]
)  # fmt: skip
ONE = Side(
    scheme_code="one", title="Scheme One", identifier="nhs_number", records_consent=True,
    held=frozenset(o.clock for o in OUTCOMES.values()), is_fair=True, people=400,
    months=(date(2017, 5, 1), date(2018, 3, 1)),
    before={"age": (60.0, 100.0), "sex": (0.4, 0.24)},
)  # fmt: skip
TWO = replace(
    ONE,
    scheme_code="two",
    title="Scheme Two",
    before={"age": (61.0, 300.0), "sex": (0.4, 0.24)},
)


def ratio(scheme: str, outcome: str, point: float, error: float, **other: Any) -> dict[str, Any]:
    z = stats.norm.ppf(0.975)
    return {
        "scheme_code": scheme, "outcome": outcome, "role": "primary", "scale": "rate_ratio",
        "status": "released", "point": point, "ci_low": point * exp(-z * error),
        "ci_high": point * exp(z * error), "ci_level": 0.95, "n_analysed": 400,
        "person_years_exposed": 380.0, "method": "matched_rate_ratio", "window_pre_days": 365,
    } | other  # fmt: skip


ESTIMATES = [
    ratio("one", "gp_contact", 0.85, 0.04), ratio("two", "gp_contact", 0.90, 0.05),
    ratio("one", "ae_attendance", 0.70, 0.05), ratio("two", "ae_attendance", 1.00, 0.06),
    ratio(
        "two", "gp_contact", 0.60, 0.05, role="descriptive", method="before_after",
        window_pre_days=182,
    ),
]  # fmt: skip


def asked(*sides: Side, estimates: list[dict[str, Any]] = ESTIMATES) -> dict[tuple[str, str], Any]:
    rows = comparability_rows(STUDY, sides or (ONE, TWO), pl.DataFrame(estimates))
    contract = load_contract("comparability", "published")
    frame = conform(pl.DataFrame(rows, infer_schema_length=None), contract)
    assert failures(frame, contract).is_empty()
    assert frame.select("criterion", "outcome").is_unique().all()
    return {(row["criterion"], row["outcome"]): row for row in rows}


def test_schemes_alike_may_be_set_side_by_side() -> None:
    rows = asked()
    assert rows["side_by_side", "all"]["passed"] is True
    assert rows["side_by_side", "all"]["sentence"].startswith("Yes: the same care is counted")
    assert {rows[key]["schemes"] for key in rows} == {"one, two"}
    assert rows["same_months", "all"]["sentence"] == (
        "Referrals of the same months are looked at, May 2017 to March 2018."
    )
    assert rows["case_mix", "all"]["passed"] is None


def test_a_gap_within_chance_is_not_to_be_ranked() -> None:
    row = asked()["within_chance", "gp_contact"]
    z = (log(0.85) - log(0.90)) / sqrt(0.04**2 + 0.05**2)
    assert row["value"] == pytest.approx(z * z)
    assert row["p_value"] == pytest.approx(2 * stats.norm.sf(abs(z)))
    assert row["passed"] is True
    assert row["sentence"] == (
        "GP and nurse contacts: the gap between them is within chance; do not rank them."
    )


def test_a_gap_beyond_chance_is_said_as_such() -> None:
    row = asked()["within_chance", "ae_attendance"]
    assert row["p_value"] < 0.001
    assert row["passed"] is False
    assert "more than chance makes" in row["sentence"]


@pytest.mark.parametrize(
    ("change", "criterion", "told"),
    [
        ({"held": frozenset({"ae"})}, "same_care", "no file of Scheme Two covers them"),
        ({"identifier": "pseudonym"}, "same_identifier", "somebody's pseudonym"),
        ({"records_consent": False}, "same_consent_rule", "Only some schemes record consent"),
        ({"is_fair": False}, "design_checks", "did not pass in Scheme Two"),
        ({"is_fair": None}, "design_checks", "did not pass in Scheme Two"),
        ({"is_fair": None}, "same_comparison", "In Scheme Two nobody could be compared: at most"),
        (
            {"is_fair": None, "has_register": False},
            "same_comparison",
            "In Scheme Two there is nobody to compare with: at most the same people before",
        ),
        (
            {"held": frozenset({"ae"}), "unsent": frozenset({"gp_contact"})},
            "same_care",
            "GP and nurse contacts: no file of them comes from Scheme Two.",
        ),
        (
            {"held": frozenset({"ae"}), "people": 0},
            "same_care",
            "nobody of Scheme Two could be followed for long enough",
        ),
        (
            {"held": frozenset(), "counted": frozenset({"gp_contact"})},
            "same_care",
            "Scheme Two (182 days) sent own counts before and after, and no dates",
        ),
        ({"months": (date(2017, 8, 1), date(2018, 3, 1))}, "same_months", "different months"),
        ({"months": None}, "same_months", "Nobody of Scheme Two is analysed"),
    ],
)
def test_what_differs_is_told_and_forbids(
    change: dict[str, Any], criterion: str, told: str
) -> None:
    rows = asked(ONE, replace(TWO, **change))
    row = rows[criterion, "gp_contact" if criterion == "same_care" else "all"]
    assert row["passed"] is False
    assert told in row["sentence"]
    whole = rows["side_by_side", "all"]
    assert whole["passed"] is False
    assert whole["sentence"].startswith("No. ")
    assert row["sentence"] in whole["sentence"]


def test_an_outcome_one_does_not_hold_forbids_only_itself() -> None:
    gp_alone = replace(TWO, held=frozenset({"gp_contact"}))
    rows = asked(ONE, gp_alone, estimates=ESTIMATES[:3])
    assert rows["same_care", "ae_attendance"]["passed"] is False
    assert rows["side_by_side", "all"]["passed"] is True
    assert rows["within_chance", "ae_attendance"]["passed"] is None
    assert rows["within_chance", "ae_attendance"]["schemes"] == "one"


def test_months_may_be_one_apart_and_follow_up_a_tenth() -> None:
    later = replace(TWO, months=(date(2017, 6, 1), date(2018, 3, 1)))
    assert asked(ONE, later)["same_months", "all"]["passed"] is True
    shorter = [
        *ESTIMATES[:1], ESTIMATES[1] | {"person_years_exposed": 335.0}, *ESTIMATES[2:],
    ]  # fmt: skip
    row = asked(estimates=shorter)["same_follow_up", "all"]
    assert row["passed"] is False
    assert row["value"] == pytest.approx((380 - 335) * 365.25 / 400 / 365, abs=5e-4)
    assert "95% in Scheme One and 84% in Scheme Two" in row["sentence"]


def test_who_the_people_were_is_a_fact() -> None:
    """Ages 60 and 61, variances 100 and 300: 1 / sqrt(200)."""
    row = asked()["case_mix", "all"]
    assert row["value"] == round(1 / sqrt(200), 3)
    assert "much alike; they differ most in age" in row["sentence"]
    older = replace(TWO, before={"age": (75.0, 100.0), "sex": (0.4, 0.24)})
    assert "different people" in asked(ONE, older)["case_mix", "all"]["sentence"]


def test_a_withheld_scheme_leaves_nothing_to_set_beside() -> None:
    rows = asked(estimates=ESTIMATES[:1])
    assert rows["within_chance", "gp_contact"]["passed"] is None
    assert rows["same_follow_up", "all"]["passed"] is None
    assert rows["side_by_side", "all"]["passed"] is False


def test_a_scheme_of_seven_lends_no_figure() -> None:
    rows = asked(ONE, replace(TWO, people=7))
    for key in (("case_mix", "all"), ("within_chance", "gp_contact")):
        assert (rows[key]["value"], rows[key]["p_value"], rows[key]["passed"]) == (None,) * 3


def test_three_schemes_share_one_test() -> None:
    three = replace(ONE, scheme_code="three", title="Scheme Three")
    estimates = [*ESTIMATES, ratio("three", "gp_contact", 0.6, 0.03)]
    row = asked(ONE, TWO, three, estimates=estimates)["within_chance", "gp_contact"]
    assert row["schemes"] == "one, two, three"
    assert row["passed"] is False
    assert "the gaps between them are more than chance makes" in row["sentence"]


def test_one_scheme_has_nothing_beside_it() -> None:
    ((key, row),) = asked(ONE).items()
    assert key == ("only_one_scheme", "all")
    assert row["passed"] is None
    assert "nothing to set side by side" in row["sentence"]
