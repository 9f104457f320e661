"""Rows of `published.estimate`: released whole, or withheld whole with the reason."""

from __future__ import annotations

from datetime import date
from functools import cache

import polars as pl
import pytest

from sp_eval.contracts.frames import failures
from sp_eval.contracts.odcs import load_contract
from sp_eval.evaluation import evaluate_tables, primary_of_tables
from sp_eval.models.sensitivity import e_value
from sp_eval.study.design import SENSITIVITY
from sp_eval.study.outcomes import OUTCOMES
from sp_eval.synthetic.settings import WorldSettings
from sp_eval.synthetic.world import World, simulate
from sp_eval_tests.support.studies import a_study

FIGURES = (
    "point", "ci_low", "ci_high", "p_value", "n_analysed", "n_comparison", "events_exposed",
    "person_years_exposed",
)  # fmt: skip
WAYS = SENSITIVITY
TOTALS_ONLY = ["age", "sex", "deprivation", "ltc_count", "history_total"]


@cache
def world() -> World:
    return simulate(WorldSettings(people=3_500, referred=280, seed=3, hazard_slope=0.5))


@cache
def released() -> pl.DataFrame:
    return evaluate_tables(world().tables, a_study(estimators={"sensitivity": list(WAYS)}))


@cache
def shut() -> pl.DataFrame:
    """A study that matches on yearly totals only."""
    study = a_study(comparison={"covariates": TOTALS_ONLY}, estimators={"sensitivity": list(WAYS)})
    return evaluate_tables(world().tables, study)


def test_a_match_on_yearly_totals_fails_on_the_lag_columns() -> None:
    primary = shut().filter(role="primary")
    assert set(primary["status"]) == {"withheld"}
    for reason in primary["withheld_reason"]:
        assert "the groups differ most before referral in GP and nurse contacts, " in reason
        assert "standard deviations (at most" in reason
        assert "Ways on:" in reason
    assert set(primary["verdict"]) == {"not_answerable"}
    assert set(primary["evidence_grade"]) == {"none"}
    # The same people matched on their lags pass.
    assert set(released().filter(role="primary")["status"]) == {"released"}


@pytest.mark.parametrize("made", [released, shut])
def test_withheld_rows_have_a_reason_and_no_figure_released_ones_a_point(made) -> None:
    withheld = made().filter(status="withheld")
    assert withheld["withheld_reason"].null_count() == 0
    assert withheld.select(pl.col(FIGURES).is_null().all()).row(0) == (True,) * len(FIGURES)
    shown = made().filter(status="released")
    assert shown["withheld_reason"].null_count() == shown.height
    assert shown["point"].is_finite().all()
    assert made().height == withheld.height + shown.height


@pytest.mark.parametrize("made", [released, shut])
def test_rows_keep_their_contract(made) -> None:
    assert failures(made(), load_contract("estimate", "published")).is_empty()


def test_whatever_else_is_withheld_what_was_seen_is_described() -> None:
    described = shut().filter(pl.col("method").is_in(["before_after", "expected_from_selection"]))
    assert set(described["status"]) == {"released"}
    assert described.height == 2 * len(OUTCOMES)


@pytest.mark.parametrize("made", [released, shut])
def test_before_and_after_is_never_the_answer(made) -> None:
    naive = made().filter(pl.col("method") == "before_after")
    assert naive.height == len(OUTCOMES)
    assert set(naive["role"]) == {"descriptive"}
    assert naive["verdict"].null_count() == naive.height
    assert set(naive["evidence_grade"]) == {"weak"}
    assert set(made().filter(role="primary")["method"]) == {"matched_rate_ratio"}


def test_each_outcome_has_one_primary_row_a_scale() -> None:
    primary = released().filter(role="primary")
    assert primary.group_by("outcome", "scale").len()["len"].to_list() == [1] * 2 * len(OUTCOMES)
    assert set(primary["scale"]) == {"rate_ratio", "rate_difference_per_1000_person_years"}


def test_the_three_figures_add_up_to_the_last_digit() -> None:
    for outcome in OUTCOMES:
        own = released().filter(outcome=outcome)
        point = dict(own.select("method", "point").iter_rows())
        difference = own.filter(role="primary", scale="rate_difference_per_1000_person_years").row(
            0, named=True
        )
        assert point["observed_after"] - difference["point"] == point["expected_without_scheme"], (
            outcome
        )
        expected = own.filter(method="expected_without_scheme").row(0, named=True)
        assert expected["ci_low"] == point["observed_after"] - difference["ci_high"]
        assert expected["ci_high"] == point["observed_after"] - difference["ci_low"]
        ratio = own.filter(role="primary", scale="rate_ratio")["point"].item()
        # After over what would have happened anyway is the rate ratio itself.
        assert point["observed_after"] / point["expected_without_scheme"] == pytest.approx(
            ratio, rel=1e-9
        )


def test_the_after_is_events_over_person_years_of_those_analysed() -> None:
    for row in released().filter(method="observed_after").iter_rows(named=True):
        rate = 1000 * row["events_exposed"] / row["person_years_exposed"]
        assert row["point"] == pytest.approx(rate, rel=1e-9)


def test_verdicts_stand_on_the_ratio_and_are_said_of_both_scales() -> None:
    primary = released().filter(role="primary")
    said = primary.group_by("outcome").agg(pl.col("verdict").n_unique())
    assert said["verdict"].to_list() == [1] * len(OUTCOMES)
    assert primary["verdict"].null_count() == 0
    assert released().filter(pl.col("role") != "primary")["verdict"].null_count() > 0


def test_other_ways_are_sensitivity_and_follow_the_primary() -> None:
    others = released().filter(role="sensitivity")
    assert set(others["method"]) == {*WAYS, "e_value"}
    assert set(others["scale"]) == {"rate_ratio"}
    assert others.height == (len(WAYS) + 1) * len(OUTCOMES)
    withheld = shut().filter(role="sensitivity")
    assert set(withheld["status"]) == {"withheld"}
    told = dict(shut().filter(role="primary").select("outcome", "withheld_reason").iter_rows())
    for row in withheld.iter_rows(named=True):
        assert row["withheld_reason"] == told[row["outcome"]]


def test_the_hidden_cause_is_that_of_the_primary_ratio() -> None:
    ratios = released().filter(role="primary", scale="rate_ratio")
    for row in ratios.iter_rows(named=True):
        found = released().filter(outcome=row["outcome"], method="e_value").row(0, named=True)
        expected = e_value(row["point"], row["ci_low"], row["ci_high"])
        assert (found["point"], found["ci_low"]) == (expected.point, expected.interval)
        assert found["ci_high"] is None
        assert "not an effect" in found["estimand"]
        assert found["comparator"] == "a world in which referral makes no difference"
        assert found["n_analysed"] == row["n_analysed"]
    assert ratios.height == len(OUTCOMES)


def test_every_row_says_what_it_is_of() -> None:
    for column in (
        "estimand",
        "comparator",
        "population",
        "study_id",
        "design_hash",
        "scheme_code",
    ):
        assert released()[column].null_count() == 0
        assert (released()[column].str.len_chars() > 0).all()
    assert set(released()["n_referred"]) == {released()["n_referred"][0]}
    windows = released().select("window_pre_days", "washout_days", "window_post_days").unique()
    assert windows.row(0) == (365, 30, 365)


def test_an_outcome_no_file_covers_is_withheld_alone() -> None:
    tables = dict(world().tables)
    tables["hospital_activity"] = tables["hospital_activity"].filter(
        pl.col("activity") != "outpatient"
    )
    found = evaluate_tables(tables, a_study())
    primary = dict(found.filter(role="primary").select("outcome", "status").iter_rows())
    assert primary["outpatient_attendance"] == "withheld"
    assert primary["hospital_attendance"] == "withheld"
    assert primary["gp_contact"] == primary["ae_attendance"] == "released"
    # also where four kinds of care are needed, the one that is missing is named alone
    for outcome in ("outpatient_attendance", "hospital_attendance"):
        assert set(found.filter(outcome=outcome)["withheld_reason"]) == {
            "no file covers outpatient visits for long enough around the referrals"
        }


@pytest.mark.parametrize("is_said", [True, False])
def test_without_planned_stays_the_outcomes_that_need_them_are_not_covered(
    *, is_said: bool
) -> None:
    tables = dict(world().tables)
    emergencies_only = ~pl.col("activity").is_in(["elective", "day_case"])
    tables["hospital_activity"] = tables["hospital_activity"].filter(emergencies_only)
    if is_said:
        sources = ["gp_contact", "ae", "emergency_inpatient", "outpatient"]
        tables["coverage"] = pl.DataFrame({
            "scheme_code": "rotherham", "source": sources, "practice_code": None,
            "covered_from": date(2016, 4, 1), "covered_to": date(2019, 4, 1),
        })  # fmt: skip
    found = primary_of_tables(tables, a_study())
    for outcome in ("elective_admission", "hospital_attendance"):
        assert set(found.filter(outcome=outcome)["withheld_reason"]) == {
            "no file covers planned admissions for long enough around the referrals"
        }
    figures = ("point", "ci_low", "ci_high")
    for outcome in ("emergency_admission", "ae_attendance"):
        own = found.filter(outcome=outcome, role="primary")
        assert set(own["status"]) == {"released"}
        assert own.select(figures).null_count().row(0) == (0, 0, 0)


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ("referral", "no referral of this scheme was received"),
        ("gp_contact", "nobody referred in the index period can be followed back"),
        ("person", "nobody referred in the index period can be followed back"),
    ],
)
def test_a_scheme_without_a_file_is_withheld_with_the_reason(table: str, told: str) -> None:
    tables = dict(world().tables)
    tables[table] = tables[table].clear()
    found = evaluate_tables(tables, a_study()).filter(pl.col("method") != "paired_change")
    assert set(found["status"]) == {"withheld"}
    assert all(reason.startswith(told) for reason in found["withheld_reason"])
    assert set(found.filter(role="primary")["verdict"]) == {"not_answerable"}


def test_a_study_of_other_dates_than_the_schemes_says_which_are_its_own() -> None:
    later = a_study(index={"event": "referral", "from": "2021-04-01", "to": "2022-03-31"})
    found = primary_of_tables(dict(world().tables), later)
    dates = world().tables["referral"]["referral_date"]
    run = f"from {dates.min():%B %Y} to {dates.max():%B %Y}"
    (reason,) = set(found.filter(role="primary")["withheld_reason"])
    assert reason.startswith(
        "nobody of this scheme was referred between 1 April 2021 and 31 March 2022; its referrals"
        f" run {run}."
    )
    assert "study_id" in reason
    assert "--study" in reason


def test_five_people_referred_are_withheld_and_break_nothing() -> None:
    tiny = simulate(WorldSettings(people=300, referred=5, seed=1)).tables
    found = evaluate_tables(tiny, a_study(estimators={"sensitivity": list(WAYS)}))
    assert set(found.filter(role="primary")["status"]) == {"withheld"}
    shown = found.filter(status="released")
    assert shown.select(pl.col("point", "ci_low", "ci_high").fill_null(0).is_finite().all()).row(
        0
    ) == (True, True, True)


def test_two_schemes_are_two_answers() -> None:
    other = simulate(
        WorldSettings(
            scheme_code="gloucestershire", people=1_500, referred=100, seed=8, hazard_slope=0.5
        )
    ).tables  # fmt: skip
    both = {
        name: pl.concat([frame, other[name]], how="diagonal_relaxed")
        for name, frame in world().tables.items()
    }
    found = evaluate_tables(both, a_study())
    own = found.filter(scheme_code="rotherham").drop("design_hash")
    alone = released().filter(~pl.col("method").is_in(WAYS)).drop("design_hash")
    assert set(found["scheme_code"]) == {"rotherham", "gloucestershire"}
    assert own.equals(alone)


def test_with_nobody_to_compare_with_before_and_after_is_described_and_answers_nothing() -> None:
    tables = dict(world().tables)
    referred = tables["referral"]["person_key"].unique().implode()
    tables["person"] = tables["person"].filter(pl.col("person_key").is_in(referred))
    late = (
        pl.col("referral_date").dt.month_start() == pl.col("referral_date").dt.month_start().min()
    )
    tables["referral"] = tables["referral"].with_columns(
        referral_date=pl.when(~late).then(pl.col("referral_date").min()).otherwise("referral_date")
    )  # all in one month: nobody is left who was not referred in it
    observed = {"from": "2016-04-01", "to": "2019-03-31"}
    found = evaluate_tables(tables, a_study(observed=observed))
    gp = found.filter(outcome="gp_contact", scale="rate_ratio")
    primary = gp.filter(role="primary").row(0, named=True)
    assert (primary["status"], primary["verdict"]) == ("withheld", "not_answerable")
    described = gp.filter(method="before_after").row(0, named=True)
    assert (described["status"], described["evidence_grade"]) == ("released", "weak")
    assert described["verdict"] is None
    assert "not an effect" in described["estimand"]
    assert gp.filter(method="expected_from_selection")["status"].item() == "withheld"
