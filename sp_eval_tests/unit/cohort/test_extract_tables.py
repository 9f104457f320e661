"""Contract-form frames into the warehouse, and what is taken for covered."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from sp_eval.cohort.extract_tables import outcome_sources, store_extracts
from sp_eval.contracts.frames import empty_frame
from sp_eval.contracts.odcs import load_contract
from sp_eval.study.design import Period
from sp_eval.study.outcomes import OUTCOMES
from sp_eval.warehouse.connection import Connection, open_memory
from sp_eval.warehouse.frames import read_frame

CONTRACTS = ("person", "referral", "gp_contact", "hospital_activity")


def tables() -> dict[str, pl.DataFrame]:
    found = {
        name: empty_frame(load_contract(name)).with_columns(scheme_code=pl.lit("s"))
        for name in CONTRACTS
    }
    found["gp_contact"] = pl.DataFrame(
        {
            "scheme_code": "s",
            "person_key": ["a" * 64] * 2,
            "contact_date": [date(2017, 5, 9), date(2018, 2, 3)],
            "staff": "gp",
            "mode": "telephone",
            "status": "attended",
            "something_else": 1,
        }
    )
    found["hospital_activity"] = pl.DataFrame(
        {
            "scheme_code": "s",
            "person_key": ["a" * 64] * 4,
            "start_date": [date(2016, 5, 9), date(2017, 1, 1), date(2017, 9, 30), date(2018, 1, 1)],
            "activity": ["ae", "maternity", "emergency", "other"],
        }
    )
    return found


def declared(conn: Connection) -> dict[str, tuple]:
    found = read_frame(conn, "select * exclude (scheme_code) from extract.declared_coverage")
    return {row[0]: row[1:] for row in found.iter_rows()}


def stored(**more) -> Connection:
    conn = open_memory()
    observed = more.pop("observed", None)
    store_extracts(conn, tables() | more, observed=observed)
    return conn


def test_with_nothing_declared_the_whole_months_with_activity_are_covered() -> None:
    assert declared(stored()) == {
        "gp_contact": (None, date(2017, 5, 1), date(2018, 3, 1)),
        "ae": (None, date(2016, 5, 1), date(2016, 6, 1)),
        "inpatient": (None, date(2017, 1, 1), date(2017, 10, 1)),
    }


def test_the_study_may_say_what_was_observed() -> None:
    period = Period.model_validate({"from": date(2016, 4, 1), "to": date(2019, 3, 31)})
    whole = (None, date(2016, 4, 1), date(2019, 4, 1))
    assert declared(stored(observed=period)) == dict.fromkeys(
        ("gp_contact", "ae", "inpatient"), whole
    )


def test_what_is_declared_goes_before_what_is_seen() -> None:
    coverage = pl.DataFrame(
        {
            "scheme_code": ["s"],
            "source": ["gp_contact"],
            "practice_code": ["A"],
            "covered_from": [date(2016, 4, 1)],
            "covered_to": [date(2017, 4, 1)],
            "delivery_id": ["ignored"],
        }
    )
    assert declared(stored(coverage=coverage)) == {
        "gp_contact": ("A", date(2016, 4, 1), date(2017, 4, 1))
    }


def test_columns_of_no_contract_are_left_out_and_absent_ones_are_null() -> None:
    found = read_frame(stored(), "select * from extract.gp_contact")
    names = {"scheme_code", *load_contract("gp_contact").names}
    assert names <= set(found.columns)
    assert "something_else" not in found.columns
    assert found["practice_code"].null_count() == 2


def test_the_registers_order_is_kept() -> None:
    person = pl.DataFrame(
        {
            "scheme_code": "s",
            "person_key": ["c" * 64, "a" * 64, "b" * 64],
            "practice_code": "A12345",
            "registered_from": date(2010, 1, 1),
        }
    )
    found = read_frame(stored(person=person), "select * from extract.person order by row_order")
    assert [key[0] for key in found["person_key"]] == ["c", "a", "b"]


def test_a_frame_or_its_scheme_that_is_absent_is_named() -> None:
    with pytest.raises(KeyError, match="referral"):
        store_extracts(open_memory(), {k: v for k, v in tables().items() if k != "referral"})
    with pytest.raises(KeyError, match="'gp_contact' lacks the column 'scheme_code'"):
        stored(gp_contact=tables()["gp_contact"].drop("scheme_code"))


def test_each_outcome_needs_its_sources() -> None:
    rows = outcome_sources()
    assert set(rows["outcome"]) == set(OUTCOMES)
    assert rows.filter(outcome="hospital_attendance")["source"].to_list() == [
        "ae", "emergency_inpatient", "planned_inpatient", "outpatient",
    ]  # fmt: skip
