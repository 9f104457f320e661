"""Can this be answered: from what lies before the index date alone."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
import pytest

from sp_eval.comparison.balance import effective_size
from sp_eval.contracts.frames import conform, failures
from sp_eval.contracts.odcs import load_contract
from sp_eval.evaluation import can_be_answered, compare
from sp_eval.framework.design_store import SchemeCompared, load_compared
from sp_eval.framework.detectable import detectable_rows
from sp_eval.models.power import minimum_detectable_rate_ratio
from sp_eval.models.weight_facts import effective_persons
from sp_eval.study.outcomes import OUTCOMES
from sp_eval_tests.support.studies import a_study
from sp_eval_tests.support.worlds import ONE_DAY, candidates_of, one_day_world, small_world

Tables = dict[str, pl.DataFrame]
STUDY = a_study()
SAME_DAY = a_study(
    index={"from": date(2017, 5, 1), "to": ONE_DAY},
    observed={"from": date(2016, 4, 1), "to": date(2019, 3, 31)},
)
CLOCKS = frozenset(outcome.clock for outcome in OUTCOMES.values())


def answered(tables: Tables, study=STUDY) -> list[dict[str, object]]:
    conn = candidates_of(tables, study)
    compare(conn, study)
    rows = can_be_answered(conn, study)
    conn.close()
    return rows


@pytest.fixture(scope="module")
def compared() -> tuple[SchemeCompared, list[dict[str, object]]]:
    conn = candidates_of(small_world().tables, STUDY)
    compare(conn, STUDY)
    found, rows = load_compared(conn, "rotherham"), can_be_answered(conn, STUDY)
    conn.close()
    return found, rows


def test_one_row_an_outcome_in_the_contracts_form(compared) -> None:
    scheme, rows = compared
    contract = load_contract("detectable_change", "published")
    frame = conform(pl.DataFrame(rows), contract)
    assert failures(frame, contract).is_empty()
    assert frame["outcome"].to_list() == [choice.name for choice, _ in STUDY.counted]
    assert set(frame["people_followed"]) == {scheme.design.primary.n_matched}
    assert (frame["smallest_fall"].drop_nulls() > 0).all()


def test_no_outcome_is_read() -> None:
    """Everything from the index date on is trebled for the people referred."""
    tables = one_day_world().tables
    expected = answered(tables, SAME_DAY)
    referred = set(tables["referral"]["person_key"])
    changed = dict(tables)
    for name, day in (("gp_contact", "contact_date"), ("hospital_activity", "start_date")):
        before = tables[name].filter(pl.col(day) < ONE_DAY)
        after = tables[name].filter(pl.col(day) >= ONE_DAY)
        own = after.filter(pl.col("person_key").is_in(list(referred)))
        changed[name] = pl.concat([before, after, own, own])
    assert answered(changed, SAME_DAY) == expected
    # and what lies before it is: people who come twice as often differ less, by chance
    busier = dict(tables)
    earlier = tables["gp_contact"].filter(pl.col("contact_date") < ONE_DAY)
    busier["gp_contact"] = pl.concat([tables["gp_contact"], earlier])
    assert answered(busier, SAME_DAY) != expected


def test_figures_by_hand(compared) -> None:
    """200 people who came 0 or 4 times between 365 and 90 days before, and often since."""
    scheme = compared[0]
    assert scheme.design is not None
    referred = scheme.design.primary.matched.filter("exposed")["candidate_id"]
    history = pl.DataFrame(
        [
            row
            for at, person in enumerate(referred)
            for row in (
                [(person, "gp_contact", "d180_90", 1), (person, "gp_contact", "d365_180", 3)]
                if at % 2
                else []
            )
            + [(person, "gp_contact", "d30_0", 5)]
        ],
        schema={"candidate_id": pl.Int64, "outcome": pl.String, "band": pl.String,
                "quantity": pl.Int32},
        orient="row",
    )  # fmt: skip
    row = detectable_rows(STUDY, scheme, history, CLOCKS)[0]
    n = len(referred)
    counts = np.array([4 * (at % 2) for at in range(n)])
    mean, variance = counts.mean(), counts.var(ddof=1)
    assert row["rate_before"] == pytest.approx(1000 * (mean + 5) * 365.25 / 365)
    rate, between = mean * 365.25 / 275, (variance - mean) / mean**2
    years = 365 / 365.25
    expected = minimum_detectable_rate_ratio(
        n,
        rate=rate,
        years=years,
        matching_ratio=effective_persons(scheme.design, STUDY.post) / n,
        dispersion=1 + between * rate * years,
    )
    assert row["smallest_fall"] == round(1 - expected.fall, 3)
    assert row["smallest_rise"] == round(expected.rise - 1, 3)
    assert row["answer"] == ("large_only" if row["smallest_fall"] <= 0.25 else "no")
    needed = row["people_needed"]
    assert needed > n
    assert str(needed).rstrip("0") == str(needed)[:2].rstrip("0")
    # others have no use before referral to tell from
    assert {r["answer"] for r in detectable_rows(STUDY, scheme, history, CLOCKS)[1:]} == {"no"}


def test_a_large_margin_is_answered_with_yes(compared) -> None:
    scheme = compared[0]
    study = a_study(outcomes=[{"name": "gp_contact", "role": "primary", "worthwhile": 0.6}])
    conn = candidates_of(small_world().tables, study)
    compare(conn, study)
    (row,) = can_be_answered(conn, study)
    conn.close()
    assert row["answer"] == "yes"
    assert row["sentence"].startswith("A fall of 60% would show")
    assert row["people_needed"] < scheme.design.primary.n_matched


def test_what_cannot_be_answered_says_why(compared) -> None:
    scheme = compared[0]
    nothing = SchemeCompared("rotherham", None, [], "no referral of this scheme was received")
    history = pl.DataFrame(schema={"candidate_id": pl.Int64, "outcome": pl.String,
                                   "band": pl.String, "quantity": pl.Int32})  # fmt: skip
    for row in detectable_rows(STUDY, nothing, history, CLOCKS):
        assert row["sentence"] == (
            "This cannot be answered: no referral of this scheme was received."
        )
        assert (row["people_followed"], row["smallest_fall"]) == (0, None)
    held = frozenset({"gp_contact"})
    uncovered = detectable_rows(STUDY, scheme, history, held)[1]
    assert uncovered["sentence"] == "This cannot be answered: no file covers A&E for long enough."
    generous = a_study(disclosure={"suppress_to": 100_000})
    for row in detectable_rows(generous, scheme, history, CLOCKS):
        assert row["answer"] == "no"
        assert row["rate_before"] is None
        assert "100000 people or fewer" in row["sentence"]


def test_persons_count_once_and_people_referred_later_for_less(compared) -> None:
    design = compared[0].design
    assert design is not None
    comparison = design.primary.matched.filter(~pl.col("exposed"))
    rows = effective_size(comparison["weight"].to_numpy())
    persons = effective_persons(design, STUDY.post)
    assert 0 < persons < rows
    assert persons <= comparison["candidate_id"].n_unique()
