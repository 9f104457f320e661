"""Matching and balance see nothing dated on or after the index date."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import polars as pl
import pytest

from sp_eval.cohort.build import read_eligible, read_history
from sp_eval.comparison.scheme_design import SchemeDesign, design_scheme
from sp_eval.warehouse.frames import read_frame
from sp_eval_tests.support.studies import a_study
from sp_eval_tests.support.worlds import ONE_DAY, candidates_of, one_day_world

Tables = dict[str, pl.DataFrame]
STUDY = a_study(
    index={"from": date(2017, 5, 1), "to": ONE_DAY},
    observed={"from": date(2016, 4, 1), "to": date(2019, 3, 31)},
    estimators={"sensitivity": ["matched_non_referring"]},
)


def designed(tables: Tables) -> tuple[SchemeDesign, pl.DataFrame]:
    conn = candidates_of(tables, STUDY)
    history = read_history(conn, "rotherham")
    design = design_scheme(read_eligible(conn, "rotherham"), history, STUDY)
    conn.close()
    return design, history


def people_on(tables: Tables, day: date) -> pl.Series:
    spells = tables["person"].filter(
        pl.col("registered_from") < day,
        pl.col("registered_to").is_null() | (pl.col("registered_to") > day + timedelta(days=2)),
    )
    return spells["person_key"].unique(maintain_order=True)


def with_other_events(tables: Tables) -> Tables:
    """From the index date on: everybody's use handed to somebody else, the referred's tripled."""
    keys = people_on(tables, ONE_DAY)
    other = dict(zip(keys, keys.shuffle(seed=3), strict=True))
    referred = tables["referral"]["person_key"].unique()
    changed = dict(tables)
    for name, day in (("gp_contact", "contact_date"), ("hospital_activity", "start_date")):
        before, after = tables[name].filter(pl.col(day) < ONE_DAY), tables[name].filter(
            pl.col(day) >= ONE_DAY
        )  # fmt: skip
        moved = after.with_columns(pl.col("person_key").replace(other))
        more = after.filter(pl.col("person_key").is_in(referred.implode()))
        on_the_day = before.with_columns(pl.lit(ONE_DAY).alias(day))
        changed[name] = pl.concat([before, moved, more, more, on_the_day])
    return changed


def with_other_ends(tables: Tables) -> Tables:
    """Every second person leaves soon after the index date, every third dies the day after it."""
    keys = people_on(tables, ONE_DAY)
    leaving, dying = keys.gather_every(2), keys.gather_every(3)
    last = pl.col("registered_to").is_null() | (pl.col("registered_to") > ONE_DAY)
    began = pl.col("registered_from") <= ONE_DAY
    soon = pl.lit(ONE_DAY + timedelta(days=1))
    person = tables["person"].with_columns(
        registered_to=pl.when(last & began & pl.col("person_key").is_in(leaving.implode()))
        .then(soon)
        .otherwise(pl.col("registered_to")),
        death_date=pl.when(last & began & pl.col("person_key").is_in(dying.implode()))
        .then(soon)
        .otherwise(pl.col("death_date")),
    )
    return tables | {"person": person}


def with_later_referrals(tables: Tables) -> Tables:
    """Every fifth person not yet referred is referred the month after."""
    referred = tables["referral"]["person_key"].unique()
    keys = people_on(tables, ONE_DAY).gather_every(5)
    keys = keys.filter(~keys.is_in(referred.implode()))
    model = tables["referral"].filter(pl.col("has_consent")).head(1)
    more = pl.concat([model] * len(keys)).with_columns(
        person_key=keys,
        referral_id=pl.concat_str(pl.lit("rotherham:later"), keys.str.head(12)),
        referral_date=pl.lit(ONE_DAY + timedelta(days=30)),
    )
    return tables | {"referral": pl.concat([tables["referral"], more])}


@pytest.mark.parametrize("poison", [with_other_events, with_other_ends, with_later_referrals])
def test_nothing_after_the_index_date_moves_a_match(poison: Callable[[Tables], Tables]) -> None:
    tables = one_day_world().tables
    clean, history = designed(tables)
    poisoned, history_then = designed(poison(dict(tables)))
    assert clean.primary.n_matched > 60
    assert clean.primary.matched.equals(poisoned.primary.matched)
    assert clean.primary.balance.equals(poisoned.primary.balance)
    assert clean.other is not None
    assert poisoned.other is not None
    assert clean.other.matched.equals(poisoned.other.matched)
    ids = clean.candidates["candidate_id"].implode()
    assert history.filter(pl.col("candidate_id").is_in(ids)).equals(
        history_then.filter(pl.col("candidate_id").is_in(ids))
    )
    assert clean.covariates.frame.equals(poisoned.covariates.frame)


def test_something_before_the_index_date_does() -> None:
    tables = dict(one_day_world().tables)
    clean, _ = designed(tables)
    referred = tables["referral"]["person_key"].unique()
    day_before = tables["gp_contact"].filter(
        pl.col("person_key").is_in(referred.implode()),
        pl.col("contact_date") >= ONE_DAY,
    ).with_columns(contact_date=pl.lit(ONE_DAY - timedelta(days=1)))  # fmt: skip
    tables["gp_contact"] = pl.concat([tables["gp_contact"], day_before])
    changed, _ = designed(tables)
    assert not clean.primary.matched.equals(changed.primary.matched)


def test_history_counts_only_what_lies_before_each_index_date() -> None:
    tables = one_day_world().tables
    conn = candidates_of(tables, STUDY)
    held = read_frame(conn, "select sum(quantity) as n from cohort.history")["n"][0]
    before, since = (
        read_frame(
            conn,
            f"""select sum(e.quantity) as n from cohort.candidate as c
            inner join core.event as e on c.person_number = e.person_number
            where c.is_registered and c.is_covered and c.index_date = $day
                and e.event_date - c.index_date between {days}""",
            {"day": ONE_DAY},
        )["n"][0]
        for days in ("-365 and -1", "0 and 365")
    )
    conn.close()
    assert held == before
    assert since > 0
