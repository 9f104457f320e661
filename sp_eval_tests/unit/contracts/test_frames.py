from datetime import date, datetime
from time import perf_counter

import polars as pl
import pytest

from sp_eval.contracts.contract import Column, Contract
from sp_eval.contracts.frames import conform, empty_frame, failures, polars_schema
from sp_eval.contracts.odcs import ContractError, load_contract

CONTACT = load_contract("gp_contact")


def contacts(rows: int = 1, **cells: object) -> pl.DataFrame:
    """Sound entries of an appointment book, with `cells` in their place."""
    row = {
        "person_key": "0" * 64,
        "practice_code": "C87003",
        "contact_date": date(2017, 5, 1),
        "staff": "gp",
        "mode": "telephone",
        "status": "attended",
    }
    frame = pl.DataFrame([row | cells] * rows, schema_overrides=polars_schema(CONTACT))
    return frame.select(CONTACT.names)


def test_all_failures_come_with_row_column_and_rule() -> None:
    frame = pl.concat(
        [
            contacts(),
            contacts(staff="porter", practice_code="87"),
            contacts(),
            contacts(staff=None, mode=None),
        ]
    )
    found = failures(frame, CONTACT)
    assert found.schema == {"row": pl.UInt32, "column": pl.String, "rule": pl.String}
    assert found.rows() == [
        (1, "practice_code", "out_of_range"),
        (1, "staff", "unknown_code"),
        (3, "mode", "mandatory_missing"),
        (3, "staff", "mandatory_missing"),
    ]


def test_sound_and_empty_frames_have_none() -> None:
    assert failures(contacts(3), CONTACT).is_empty()
    assert failures(empty_frame(CONTACT), CONTACT).is_empty()


def test_further_columns_are_ignored() -> None:
    frame = contacts().with_columns(source_row=pl.lit(7), row=pl.lit(9))
    assert failures(frame, CONTACT).is_empty()


def test_a_frame_that_cannot_be_judged_is_refused_without_its_values() -> None:
    with pytest.raises(ContractError, match="gp_contact: column staff is missing"):
        failures(contacts().drop("staff"), CONTACT)
    with pytest.raises(ContractError, match="column contact_date is String, must be Date") as told:
        failures(contacts().with_columns(contact_date=pl.lit("1 May")), CONTACT)
    assert "1 May" not in str(told.value)


def test_rules_about_rows_beyond_the_contract_are_not_broken_by_null() -> None:
    contract = load_contract("person")
    row = {"person_key": "1" * 64, "practice_code": "C87003", "registered_from": date(2010, 1, 1)}
    frame = conform(pl.DataFrame([row | {"birth_year": 1950}]), contract)
    assert failures(frame, contract).is_empty()


def test_a_baseline_that_is_itself_refused_condemns_no_follow_up() -> None:
    contract = load_contract("outcome_response")
    rows = [
        ("baseline", date(2019, 1, 1), 9.0),
        ("follow_up", date(2017, 9, 1), 3.0),
    ]
    frame = pl.DataFrame(rows, schema=["stage", "response_date", "score"], orient="row")
    frame = frame.with_columns(
        referral_id=pl.lit("rotherham:" + "0" * 16),
        instrument=pl.lit("swemwbs"),
        item=pl.lit("q1"),
    )
    frame = conform(frame, contract)
    assert failures(frame, contract).rows() == [(0, "score", "out_of_range")]
    sound_baseline = frame.with_columns(score=pl.lit(3.0))
    assert failures(sound_baseline, contract).rows() == [(1, "response_date", "date_order")]
    future = pl.Series([True, False])
    assert failures(sound_baseline, contract, unsound=future).is_empty()


def test_a_unique_column_names_every_copy() -> None:
    column = Column(
        name="run_id",
        logical_type="string",
        physical_type="VARCHAR",
        description="A run.",
        unique=True,
    )
    contract = Contract(
        name="run", kind="published", version="1", description="-", grain="-", columns=(column,)
    )
    found = failures(pl.DataFrame({"run_id": ["a", "b", "a"]}), contract)
    assert found.rows() == [(0, "run_id", "not_unique"), (2, "run_id", "not_unique")]


def test_conform_orders_adds_and_drops() -> None:
    frame = contacts().select(reversed(CONTACT.names)).drop("practice_code")
    shaped = conform(frame.with_columns(extra=pl.lit(1)), CONTACT)
    assert dict(shaped.schema) == polars_schema(CONTACT)
    assert shaped["practice_code"].to_list() == [None]


def test_conform_adds_where_a_row_came_from_only_when_asked() -> None:
    came_from = {"scheme_code": "a", "delivery_id": "b", "source_file": "c", "source_row": 3}
    frame = contacts().with_columns(pl.lit(value).alias(key) for key, value in came_from.items())
    assert conform(frame, CONTACT).columns == list(CONTACT.names)
    assert conform(frame, CONTACT, provenance=True).columns == [*CONTACT.names, *came_from]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([1.5], "Float64, which cannot be read as Int32"),
        ([2**40], "Int64, which cannot be read as Int32"),
        (["five"], "String, which cannot be read as Int32"),
        ([object()], "Object, which cannot be read as Int32"),
    ],
)
def test_conform_loses_nothing_silently(values: list[object], said: str) -> None:
    contract = load_contract("contact")
    row = {"referral_id": ["a:" + "0" * 16], "contact_date": [date(2017, 5, 1)]}
    with pytest.raises(ContractError, match=f"column minutes holds {said}"):
        conform(pl.DataFrame(row | {"minutes": values}), contract)
    assert conform(pl.DataFrame(row | {"minutes": [45.0]}), contract)["minutes"].to_list() == [45]


def test_conform_keeps_the_time_of_day_from_being_cut_off() -> None:
    with pytest.raises(ContractError, match="contact_date holds Datetime"):
        conform(contacts().with_columns(contact_date=datetime(2017, 5, 1, 9, 30)), CONTACT)
    at_midnight = contacts().with_columns(contact_date=datetime(2017, 5, 1))
    assert conform(at_midnight, CONTACT)["contact_date"].to_list() == [date(2017, 5, 1)]


def test_conform_asks_for_what_is_required() -> None:
    with pytest.raises(ContractError, match="column staff is missing"):
        conform(contacts().drop("staff"), CONTACT)


def test_three_hundred_thousand_rows_are_judged_in_seconds() -> None:
    frame = pl.concat([contacts(290_000), contacts(10_000, staff="porter", mode=None)])
    failures(contacts(), CONTACT)
    started = perf_counter()
    assert failures(frame, CONTACT).height == 20_000
    assert perf_counter() - started < 5
