"""A simulated world is reproducible, consistent in person-time, and its truth is its own."""

from __future__ import annotations

from functools import cache

import numpy as np
import polars as pl
import pytest

from sp_eval.contracts.frames import failures
from sp_eval.contracts.odcs import load_contract
from sp_eval.synthetic.settings import AFFECTED, EXAMPLE, WorldSettings
from sp_eval.synthetic.truth import WINDOWS
from sp_eval.synthetic.world import World, simulate


@cache
def world(scheme: str = "rotherham", people: int = 6_000, referred: int = 600, **more) -> World:
    effects = more.pop("effects", ())
    return simulate(
        WorldSettings(
            scheme_code=scheme, people=people, referred=referred, effects=dict(effects), **more
        )
    )


def index_dates(one: World) -> pl.DataFrame:
    return (
        one.tables["referral"]
        .sort("referral_date", "referral_id")
        .group_by("person_key", maintain_order=True)
        .first()
    )


def spans(one: World) -> pl.DataFrame:
    """First day seen and first day no longer seen, by person."""
    return (
        one.tables["person"]
        .group_by("person_key")
        .agg(
            pl.col("registered_from").min(),
            pl.when(pl.col("registered_to").is_null().any())
            .then(None)
            .otherwise(pl.col("registered_to").max())
            .alias("registered_to"),
            pl.col("death_date").max(),
        )
    )


@pytest.mark.parametrize("scheme", EXAMPLE)
def test_every_table_keeps_its_contract(scheme):
    for name, frame in world(scheme).tables.items():
        assert frame.height > 0
        assert failures(frame, load_contract(name)).is_empty(), name


def test_same_settings_same_world_and_another_seed_another():
    settings = WorldSettings(people=1_000, referred=100, seed=5)
    one, two = simulate(settings), simulate(settings)
    other = simulate(WorldSettings(people=1_000, referred=100, seed=6))
    for name, frame in one.tables.items():
        assert frame.equals(two.tables[name]), name
    assert one.truth == two.truth
    assert not one.tables["gp_contact"].equals(other.tables["gp_contact"])


def test_schemes_of_one_seed_differ():
    keys = set(world("rotherham").tables["person"]["person_key"])
    assert keys.isdisjoint(world("gloucestershire").tables["person"]["person_key"])


def test_effect_changes_nothing_before_referral():
    some, none = world(), world(effects=tuple(dict.fromkeys(AFFECTED, 1.0).items()))
    assert some.tables["person"].equals(none.tables["person"])
    assert some.tables["referral"].equals(none.tables["referral"])
    first = index_dates(some).select("person_key", "referral_date")

    def before(one: World) -> pl.DataFrame:
        frame = one.tables["gp_contact"].join(first, on="person_key", how="left")
        return frame.filter(
            pl.col("referral_date").is_null() | (pl.col("contact_date") <= pl.col("referral_date"))
        ).drop("referral_date")

    assert before(some).equals(before(none))
    assert some.tables["gp_contact"].height < none.tables["gp_contact"].height


@pytest.mark.parametrize(
    "effects",
    [
        {},
        dict.fromkeys(AFFECTED, 1.0),
        {"gp_contact": 1.15, "ae_attendance": 1.3, "emergency_admission": 1.5},
    ],
)
def test_realised_effect_is_near_the_one_set(effects):
    one = world(effects=tuple(effects.items()))
    for window in WINDOWS:
        for name, figures in one.truth["referred_followed"][window]["outcomes"].items():
            true, events = figures["true_rate_ratio"], figures["events_after_without_scheme"]
            error = 4 * np.sqrt(abs(true - 1) * max(true, 1) / events) + 1e-9
            if name == "emergency_bed_days":
                error *= 6  # nights come in stays
            assert abs(figures["realised_rate_ratio"] - true) < error + 0.01, (window, name)


@pytest.mark.parametrize("mortality", [1.0, 12.0])
def test_truth_counts_what_the_tables_hold(mortality):
    one = world(mortality=mortality)
    figures = one.truth["referred_followed"]["days_30_395"]["outcomes"]
    known = index_dates(one).join(spans(one), on="person_key", how="inner")
    known = known.filter(
        pl.col("referral_date") - pl.duration(days=365)
        >= pl.max_horizontal(pl.col("registered_from"), pl.lit(one.settings.observed_from))
    )
    assert known.height == one.truth["followed_365_days_before"]
    contacts = one.tables["gp_contact"].filter(
        pl.col("staff").is_in(["gp", "nurse"])
        & (pl.col("status") == "attended")
        & (pl.col("mode") != "admin")
    )
    hospital = one.tables["hospital_activity"].rename({"start_date": "contact_date"})
    rows = {
        "gp_contact": contacts,
        "ae_attendance": hospital.filter(pl.col("activity") == "ae"),
        "emergency_admission": hospital.filter(pl.col("activity") == "emergency"),
        "elective_admission": hospital.filter(pl.col("activity").is_in(["elective", "day_case"])),
        "outpatient_attendance": hospital.filter(
            (pl.col("activity") == "outpatient") & pl.col("attended")
        ),
    }
    stays = (
        rows["emergency_admission"]
        .drop_nulls("end_date")
        .with_columns((pl.col("end_date") - pl.col("contact_date")).dt.total_days().alias("nights"))
    )
    assert rows["emergency_admission"].height > stays.height
    happened = one.records.events["emergency_admission"].happened
    assert one.records.stays.recorded[happened].sum() == stays["nights"].sum()
    rows["emergency_bed_days"] = stays.select(
        pl.exclude("nights").repeat_by("nights").explode(keep_nulls=False, empty_as_null=False)
    )
    for name, frame in rows.items():
        after = frame.join(known, on="person_key").with_columns(
            (pl.col("contact_date") - pl.col("referral_date")).dt.total_days().alias("since")
        )
        assert (
            figures[name]["events_before"]
            == after.filter(pl.col("since").is_between(-365, -1)).height
        ), name
        assert (
            figures[name]["events_after"]
            == after.filter(pl.col("since").is_between(30, 394)).height
        ), name


@pytest.mark.parametrize("mortality", [1.0, 12.0])
@pytest.mark.parametrize("scheme", EXAMPLE)
def test_nothing_happens_outside_registration_or_after_death(scheme, mortality):
    one = world(scheme, mortality=mortality)
    span = spans(one)
    for name, column in (("gp_contact", "contact_date"), ("hospital_activity", "start_date")):
        joined = one.tables[name].join(span, on="person_key", how="left")
        assert joined["registered_from"].null_count() == 0
        day = pl.col(column)
        outside = joined.filter(
            (day < pl.col("registered_from"))
            | (day >= pl.col("registered_to"))
            | (day > pl.col("death_date"))
            | (day < one.settings.observed_from)
            | (day >= one.settings.observed_to)
        )
        assert outside.is_empty()
    stays = one.tables["hospital_activity"].join(span, on="person_key")
    assert stays.filter(pl.col("end_date") > pl.col("death_date")).is_empty()


def test_who_refuses_consent_is_not_analysable():
    truth = world(consent_refused=0.2).truth
    assert truth["consent_refused"] > 100
    lost = truth["followed_365_days_before"] - truth["analysable_people"]
    assert 0.9 * truth["consent_refused"] < lost <= truth["consent_refused"]
    assert truth["analysable"]["days_1_366"]["people"] == truth["analysable_people"]


def test_spells_follow_each_other_and_the_last_ends_with_death():
    person = world().tables["person"].sort("person_key", "registered_from")
    following = person.with_columns(
        pl.col("registered_from").shift(-1).over("person_key").alias("next"),
        pl.col("practice_code").shift(-1).over("person_key").alias("next_practice"),
    ).drop_nulls("next")
    assert following.height > 50
    assert (following["registered_to"] == following["next"]).all()
    assert (following["practice_code"] != following["next_practice"]).all()
    dead = person.drop_nulls("death_date")
    assert dead.height > 100
    assert (dead["registered_to"] == dead["death_date"].dt.offset_by("1d")).all()


def test_contacts_stand_in_the_book_of_the_practice_of_the_day():
    one = world()
    joined = one.tables["gp_contact"].join(one.tables["person"], on="person_key", suffix="_reg")
    at = joined.filter(
        (pl.col("contact_date") >= pl.col("registered_from"))
        & (pl.col("contact_date") < pl.col("registered_to").fill_null(one.settings.observed_to))
    )
    assert at.height == one.tables["gp_contact"].height
    assert (at["practice_code"] == at["practice_code_reg"]).all()


@pytest.mark.parametrize("scheme", EXAMPLE)
def test_only_referring_practices_refer_and_in_time(scheme):
    one = world(scheme)
    practices = one.records.practices
    referring = set(practices.code[practices.refers])
    assert len(referring) == 15
    assert set(one.tables["referral"]["practice_code"]) <= referring
    first = index_dates(one)
    assert first["referral_date"].min() >= one.settings.referrals_from
    assert first["referral_date"].max() <= one.settings.referrals_to


@pytest.mark.parametrize(("people", "referred"), [(1_000, 100), (20_000, 1_500)])
def test_number_referred_is_about_the_one_wanted(people, referred):
    found = world(people=people, referred=referred).truth["referred"]
    assert abs(found - referred) < 4 * np.sqrt(referred)


def test_referral_rises_with_contacts_only_where_asked():
    def contacts_before(one: World) -> float:
        return one.truth["referred_followed"]["days_1_366"]["outcomes"]["gp_contact"]["rate_before"]

    steep, flat = world(), world(hazard_slope=0.0)
    assert contacts_before(steep) > 1.6 * contacts_before(flat)


def test_doing_nothing_shows_a_fall_that_steady_people_chosen_at_random_do_not_have():
    def fall(one: World) -> float:
        found = one.truth["referred_followed"]["days_1_366"]["outcomes"]["gp_contact"]
        return found["before_after_ratio_without_scheme"]

    chosen = [fall(world(people=20_000, referred=1_500, seed=seed)) for seed in (2, 3)]
    steady = {"hazard_slope": 0.0, "swing_sd": 0.0, "season": 0.0}
    drawn = [fall(world(people=20_000, referred=1_500, seed=seed, **steady)) for seed in (2, 3)]
    assert 0.74 < np.mean(chosen) < 0.89
    assert 0.96 < np.mean(drawn) < 1.04


def test_seasons_come_and_can_be_left_out():
    def winter_over_summer(one: World) -> float:
        months = one.tables["gp_contact"]["contact_date"].dt.month()
        return (months == 1).sum() / (months == 8).sum()

    assert winter_over_summer(world()) > 1.12
    assert 0.93 < winter_over_summer(world(season=0.0)) < 1.07


def test_no_two_rows_of_a_table_are_alike():
    for scheme in EXAMPLE:
        tables = world(scheme).tables
        for name in ("person", "referral", "gp_contact", "outcome_response", "activity"):
            assert not tables[name].is_duplicated().any(), name


def test_counting_rules_matter():
    one = world()
    contacts, hospital = one.tables["gp_contact"], one.tables["hospital_activity"]
    assert set(contacts["staff"]) == {"gp", "nurse", "hca", "pharmacist", "link_worker"}
    assert set(contacts["status"]) == {"attended", "dna", "cancelled"}
    assert set(hospital["activity"]) == {
        "ae", "emergency", "elective", "day_case", "outpatient", "maternity", "other",
    }  # fmt: skip
    missed = hospital.filter((pl.col("activity") == "outpatient") & ~pl.col("attended"))
    assert missed.height > 100


def test_second_referrals_and_unlinked_ones_are_there():
    referral = world().tables["referral"]
    keys = world().tables["person"].select("person_key").unique()
    assert referral.join(keys, on="person_key", how="anti").height >= 1
    assert (~referral["has_consent"]).sum() >= 1
    gaps = (
        referral.sort("referral_date")
        .filter(pl.col("person_key").is_duplicated())
        .group_by("person_key")
        .agg((pl.col("referral_date").max() - pl.col("referral_date").min()).dt.total_days())
    )
    assert gaps.height >= 1
    assert gaps["referral_date"].is_between(1, 27).all()


@pytest.mark.parametrize(
    "wrong",
    [{"effects": {"gp": 0.9}}, {"effects": {"gp_contact": -1}}, {"referred": 5_000}],
)
def test_impossible_settings_are_refused(wrong):
    with pytest.raises(ValueError, match=r"unknown outcome|rate ratio|number referred"):
        WorldSettings(**wrong)
