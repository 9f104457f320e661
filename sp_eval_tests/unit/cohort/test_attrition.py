"""From everyone in the referral files to everyone analysed."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl
import pytest

from sp_eval.cohort.attrition import attrition_rows, referred_count
from sp_eval.contracts.frames import conform, failures
from sp_eval.contracts.odcs import load_contract
from sp_eval.warehouse.frames import read_frame
from sp_eval_tests.support.studies import a_study
from sp_eval_tests.support.worlds import candidates_of, small_world

DAY = date(2017, 9, 6)


def person(key: str, since: date = date(2010, 1, 1), until: date | None = None, **more) -> dict:
    return {
        "scheme_code": "s", "person_key": key, "practice_code": "A12345", "registered_from": since,
        "registered_to": until, "birth_year": 1950, "death_date": None,
    } | more  # fmt: skip


def referral(number: int, key: str, day: date = DAY, *, consent: bool | None = True) -> dict:
    return {
        "scheme_code": "s", "referral_id": f"s:{number:016x}", "person_key": key,
        "referral_date": day, "outcome": "accepted", "has_consent": consent,
    }  # fmt: skip


def made(people: list[dict], referrals: list[dict], **changes) -> dict[str, tuple[int, str]]:
    """Attrition by step, with contacts of somebody every day so that files cover everything."""
    study = a_study(observed={"from": "2016-04-01", "to": "2019-03-31"}, **changes)
    days = [date(2016, 4, 1) + timedelta(days=n) for n in range(1095)]
    tables = {
        "person": pl.DataFrame([*people, person("busy")], infer_schema_length=None),
        "referral": pl.DataFrame(referrals, infer_schema_length=None),
        "gp_contact": pl.DataFrame(
            {
                "scheme_code": "s", "person_key": "busy", "practice_code": "A12345",
                "contact_date": days, "staff": "gp", "mode": "telephone", "status": "attended",
            }
        ),
        "hospital_activity": pl.DataFrame(
            {
                "scheme_code": "s", "person_key": "busy", "start_date": days * 3,
                "activity": ["ae"] * 1095 + ["emergency"] * 1095 + ["outpatient"] * 1095,
            }
        ),
    }  # fmt: skip
    conn = candidates_of(tables, study)
    rows = attrition_rows(conn, study, "s", matched=None)
    conn.close()
    assert [r["step_number"] for r in rows] == list(range(1, len(rows) + 1))
    return {r["step"]: (r["people"], r["reason"]) for r in rows}


def counts(found: dict[str, tuple[int, str]]) -> list[int]:
    return [people for people, _ in found.values()]


def test_each_step_loses_just_its_own() -> None:
    found = made(
        [
            person("followed"),
            person("no consent"),
            person("before"),
            person("after"),
            person("newcomer", since=DAY - timedelta(days=364)),
            person("twice"),
            person("again"),
            person("gone", until=DAY),
            person("dead", death_date=DAY - timedelta(days=1)),
            person("died that day", death_date=DAY),
        ],
        [
            referral(1, "followed"),
            referral(2, "no consent", consent=False),
            referral(3, "before", date(2017, 4, 30)),
            referral(4, "after", date(2018, 4, 1)),
            referral(5, "newcomer"),
            referral(6, "twice"),
            referral(7, "twice", DAY + timedelta(days=28)),
            referral(8, "again"),
            referral(9, "again", DAY + timedelta(days=29)),
            referral(10, "nobody"),
            referral(11, "gone"),
            referral(12, "dead"),
            referral(13, "died that day"),
        ],
    )
    assert {step: people for step, (people, _) in found.items()} == {
        "referrals": 13,
        "first of an episode": 12,
        "people": 11,
        "consented": 10,
        "linked": 9,
        "first referral in the study": 8,
        "in the index period": 7,
        "followed back": 4,  # followed, twice, again, and who died that day
        "covered": 4,
        "matched and analysed": 0,
    }
    assert "28 days" in found["first of an episode"][1]
    assert "365 days" in found["followed back"][1]


def test_ages_are_a_step_only_where_asked() -> None:
    people = [person("old"), person("young", birth_year=2001)]
    referrals = [referral(1, "old"), referral(2, "young")]
    assert "of the ages studied" not in made(people, referrals)
    found = made(people, referrals, eligibility={"age_from": 18})
    assert found["followed back"][0] == 2
    assert found["of the ages studied"][0] == 1
    assert found["covered"][0] == 1


def test_a_practice_without_a_file_is_a_step_of_its_own() -> None:
    many = [person(f"elsewhere {n}", practice_code="B12345") for n in range(40)]
    found = made(
        [person("followed"), person("elsewhere", practice_code="B12345"), *many],
        [referral(1, "followed"), referral(2, "elsewhere")],
    )
    assert found["followed back"][0] == 2
    assert found["covered"][0] == 1
    assert found["covered"][1].startswith("coverage:")


def test_without_a_referral_every_step_is_nought() -> None:
    conn = candidates_of(
        dict(small_world().tables) | {"referral": small_world().tables["referral"].clear()},
        a_study(),
    )
    rows = attrition_rows(conn, a_study(), "rotherham", matched=None)
    conn.close()
    assert {r["people"] for r in rows} == {0}
    assert referred_count(rows) == 0


@pytest.mark.parametrize("matched", [None, 150])
def test_steps_never_rise_and_keep_their_contract(matched: int | None) -> None:
    conn = candidates_of(small_world().tables, a_study())
    rows = attrition_rows(conn, a_study(), "rotherham", matched=matched)
    exposed = read_frame(
        conn,
        """select count(*) as n from cohort.candidate
        where is_exposed and is_in_study and is_registered and is_covered and is_of_age""",
    )["n"][0]
    conn.close()
    people = [r["people"] for r in rows]
    assert people == sorted(people, reverse=True)
    assert people[-1] == (matched or 0)
    assert people[-2] == exposed
    contract = load_contract("attrition", "published")
    assert failures(conform(pl.DataFrame(rows), contract), contract).is_empty()
