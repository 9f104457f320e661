"""What the SQL is bound to, and that the tables of a world agree with a plain count."""

from __future__ import annotations

from datetime import date

import polars as pl

from sp_eval.cohort.build import build_outcomes, read_eligible, read_outcomes, study_parameters
from sp_eval.warehouse.catalogue import models_of
from sp_eval.warehouse.frames import read_frame
from sp_eval_tests.support.studies import a_study
from sp_eval_tests.support.worlds import candidates_of, small_world

STUDY = a_study(observed={"from": "2016-04-01", "to": "2019-03-31"})


def test_every_parameter_of_every_model_is_bound() -> None:
    wanted = {p for m in models_of(["service", "cohort", "outcome"]) for p in m.params}
    assert wanted <= study_parameters(STUDY).keys()


def test_days_and_dates_come_from_the_study() -> None:
    bound = study_parameters(
        a_study(
            windows={"washout_days": 7, "post_days": 100, "pre_days": 200, "lookback_days": 400},
            index={"from": "2017-05-10", "to": "2017-12-31"},
            eligibility={"age_from": 18, "age_to": 64, "rereferral_days": 14},
            outcomes=[{"name": "gp_contact", "role": "primary", "staff": ["gp"]}],
            seed=42,
        )
    )
    assert bound == {
        "seed": 42,
        "index_from": date(2017, 5, 10),
        "index_before": date(2018, 1, 1),
        "followed_before": date(2018, 4, 18),  # 107 days on
        "lookback_days": 400,
        "pre_days": 200,
        "post_from": 7,
        "post_before": 107,
        "age_from": 18,
        "age_to": 64,
        "rereferral_days": 14,
        "primary_clock": "gp_contact",
        "gp_staff": ["gp"],
    }


def test_person_time_of_a_world_is_exact_to_the_day() -> None:
    """Every day of every window counted one by one, against the tables."""
    conn = candidates_of(small_world().tables, STUDY)
    people = read_eligible(conn, "rotherham").filter("is_exposed")
    build_outcomes(conn, STUDY, people)
    time, count, pre = read_outcomes(conn, "rotherham")
    keys = read_frame(conn, "select person_number, person_key from core.person_number")
    conn.close()
    spells = small_world().tables["person"].join(keys, on="person_key")
    days = (
        people.select("candidate_id", "person_number", "index_date")
        .join(pl.DataFrame({"since": range(-365, 395)}), how="cross")
        .with_columns(day=pl.col("index_date") + pl.duration(days=pl.col("since")))
        .join(spells.select("person_number", "registered_from", "registered_to", "death_date"),
              on="person_number")
        .filter(
            pl.col("day") >= pl.col("registered_from"),
            pl.col("registered_to").is_null() | (pl.col("day") < pl.col("registered_to")),
            pl.col("death_date").is_null() | (pl.col("day") <= pl.col("death_date")),
            pl.col("day").is_between(date(2016, 4, 1), date(2019, 3, 31)),
        )
        .unique(["candidate_id", "day"])
    )  # fmt: skip
    after = days.filter(pl.col("since") >= 30)
    by_month = (
        after.with_columns(
            months_after=(pl.col("day").dt.year() - pl.col("index_date").dt.year()) * 12
            + pl.col("day").dt.month().cast(pl.Int32)
            - pl.col("index_date").dt.month()
        )
        .group_by("candidate_id", "months_after")
        .agg(days=pl.len().cast(pl.Int32))
        .sort("candidate_id", "months_after")
    )
    ours = time.filter(clock="gp_contact").select("candidate_id", "months_after", "days")
    assert ours.sort("candidate_id", "months_after").equals(
        by_month.cast(dict(zip(ours.columns, ours.dtypes, strict=True)))
    )
    before = days.filter(pl.col("since") < 0).group_by("candidate_id").len().sort("candidate_id")
    found = pre.filter(outcome="gp_contact").sort("candidate_id")
    assert found["days"].to_list() == before["len"].to_list()
    contacts = small_world().tables["gp_contact"].filter(
        pl.col("staff").is_in(["gp", "nurse"]), pl.col("status") == "attended",
        pl.col("mode") != "admin",
    ).join(keys, on="person_key")  # fmt: skip
    counted = contacts.join(
        after, left_on=["person_number", "contact_date"], right_on=["person_number", "day"]
    )
    assert count.filter(outcome="gp_contact")["events"].sum() == counted.height
    assert counted.height > 500
