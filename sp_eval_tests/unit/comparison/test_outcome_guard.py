"""Which names tell an outcome; no real frame of a design is mistaken for one, no result is not."""

from __future__ import annotations

import polars as pl
import pytest

from sp_eval.comparison.covariates import build_covariates
from sp_eval.comparison.outcome_guard import outcome_columns, refuse_outcomes
from sp_eval.contracts.odcs import load_contract
from sp_eval.study.outcomes import OUTCOMES
from sp_eval.study.windows import LOOKBACK_COLUMNS

OUTCOME_TABLES = [
    ["candidate_id", "outcome", "months_after", "events"],
    ["candidate_id", "clock", "months_after", "days"],
    ["candidate_id", "outcome", "days", "events"],
    ["candidate_id", "arm", "outcome", "month_number", "events", "person_days"],
]


@pytest.mark.parametrize("columns", OUTCOME_TABLES)
def test_outcome_tables_are_known(columns):
    with pytest.raises(ValueError, match="whoever sees the outcome can steer the match"):
        refuse_outcomes(columns)


def test_the_published_person_tables_are_known():
    names = [column.name for column in load_contract("analysis", "published").columns]
    found = outcome_columns(names)
    assert set(found) == {
        "outcome", "weighted_events", "weighted_person_days", "events_post", "person_days_post",
    }  # fmt: skip
    assert {"events_pre", "person_days_pre", "log_own_365"} <= set(names) - set(found)
    months = [column.name for column in load_contract("month", "published").columns]
    assert {"outcome", "events", "person_days"} <= set(outcome_columns(months))


@pytest.mark.parametrize(
    "name",
    [
        "y", "Y", "events", "days", "person_days", "person_years", "outcome", "outcome_gp",
        "events_post", "post_events", "post365", "post_12m", "gp_contact_after", "after_30_395",
        "eventsAfter", "PostCount", "gp.contact.post", "follow_up_days", "followup", "death_date",
        "weighted_person_days", "time_at_risk", "future_contacts",
    ],
)  # fmt: skip
def test_names_that_tell_an_outcome(name):
    assert outcome_columns(["age", name]) == (name,)


@pytest.mark.parametrize(
    "name",
    [
        "postcode", "post_code", "postal_area", "postnatal", "afternoon_contacts",
        "days_registered", "events_before", "gp_contact_90", "gp_contact_d30_0", "year", "yes",
        "first_referral_date",
        "index_month", "score", "weight", "ps_logit", "re78", "daysleeper", "yhat_before",
    ],
)  # fmt: skip
def test_names_that_do_not(name):
    assert outcome_columns([name]) == ()


def test_no_column_of_a_design_is_refused():
    names = [f"{o}_{band}" for o in OUTCOMES for band in (*LOOKBACK_COLUMNS, "90", "log_365")]
    people = pl.DataFrame(
        {"candidate_id": [1, 2], "is_exposed": [True, False], "age": [5, 6], "sex": ["male", None],
         "imd_quintile": [1, 2], "imd_decile": [1, 4], "ltc_count": [0, None]}
    )  # fmt: skip
    history = pl.DataFrame(
        {"candidate_id": [1], "outcome": ["gp_contact"], "band": ["d30_0"], "quantity": [3]},
        schema_overrides={"quantity": pl.Int32},
    )
    covariates = build_covariates(people, history, primary="gp_contact", others=["ae_attendance"])
    columns = [*names, *covariates.frame.columns, *people.columns]
    refuse_outcomes(columns)
    assert outcome_columns(columns) == ()
