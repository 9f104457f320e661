"""A delivery without faults is taken in as exactly the tables of the world it was made from."""

from __future__ import annotations

import polars as pl
import pytest

from sp_eval.contracts.odcs import load_contract
from sp_eval.contracts.scheme_mapping import load_mapping
from sp_eval.synthetic.deliveries import write_deliveries
from sp_eval.synthetic.faults import FaultRates
from sp_eval.synthetic.settings import SCHEMES
from sp_eval.synthetic.wishes import settings_of
from sp_eval.synthetic.world import simulate
from sp_eval_tests.support.taking_in import taken

SAMPLED = {"city_and_hackney"}  # their export holds part of the people
ASKED_AGAIN = {"ways_to_wellness"}  # a world asks twice; their Stars go on to eighteen months
# the others send no records of use: see test_small_senders
SENDERS = tuple(code for code in SCHEMES if "person" not in load_mapping(code).absent)
SIZE = {"people": 1_500, "referred": 150, "seed": 4}


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    out = tmp_path_factory.mktemp("sound")
    write_deliveries(out, schemes=SENDERS, **SIZE)
    return out


def not_sent(mapping):
    """Contract -> columns that none of the scheme's files holds."""
    found = {}
    for dataset in mapping.datasets.values():
        absent = {name for name, rule in dataset.columns.items() if getattr(rule, "absent", None)}
        found[dataset.contract] = found.get(dataset.contract, absent) & absent
    return found


@pytest.mark.parametrize("scheme", SENDERS)
def test_sound_delivery_is_the_world_in_contract_form(sound, scheme):
    found = taken(sound, scheme)
    assert found.stopped is None
    assert found.rejection.is_empty()
    (settings,) = settings_of([scheme], rates=FaultRates.none(), effects=None, **SIZE)
    world = simulate(settings)
    absent = not_sent(load_mapping(scheme))
    assert set(found.accepted) == set(absent)
    for name, made in world.tables.items():
        if name not in absent:
            continue
        sent = made.with_columns(
            pl.lit(None, dtype=made.schema[column]).alias(column) for column in absent[name]
        )
        # keys differ: a world draws its own, an installation derives them under its secret
        columns = [
            column for column in load_contract(name).names if not column.endswith(("_key", "_id"))
        ]
        accepted = found.accepted[name].select(columns).sort(columns)
        whole = sent.select(columns).sort(columns)
        if scheme in SAMPLED and name in {"person", "gp_contact"}:
            # cases and some of the others: every row is one of the world's, and not all are there
            assert accepted.join(whole, on=columns, how="anti", nulls_equal=True).is_empty(), name
            assert 0.2 * whole.height < accepted.height < 0.9 * whole.height
            continue
        if scheme in ASKED_AGAIN and name == "outcome_response":
            assert whole.join(accepted, on=columns, how="anti", nulls_equal=True).is_empty()
            again = accepted.height - whole.height
            assert 0 < again < whole.filter(pl.col("stage") == "follow_up").height
            continue
        assert accepted.equals(whole), name
    if scheme in SAMPLED:
        return
    people = found.accepted["person"]["person_key"].n_unique()
    assert people == world.tables["person"]["person_key"].n_unique()


@pytest.mark.parametrize("scheme", SENDERS)
def test_every_planted_fault_is_found_and_no_sound_row_refused(tmp_path, scheme):
    write_deliveries(tmp_path, schemes=[scheme], faults=FaultRates(), **SIZE)
    found = taken(tmp_path, scheme)
    place = ["file", "sheet", "row_number"]
    planted = pl.read_csv(
        tmp_path / "truth" / "faults.csv", schema_overrides={"sheet": pl.String}
    ).with_columns(pl.col("file").str.strip_prefix("2019-04/"), pl.col("sheet").fill_null(""))
    no_errors = [
        "consent_no",
        "unlinked_not_on_register",
        "rereferral_within_28d",
        "referral_without_number",
    ]
    errors = planted.filter(~pl.col("rule").is_in([*no_errors, "exact_duplicate"]))
    refused = found.rejection.with_columns(pl.col("row_number").cast(pl.Int64))
    assert errors.height > 60
    assert errors.join(refused, on=place, how="anti").is_empty()
    assert refused.join(errors, on=place, how="anti").is_empty()
    repeated = planted.filter(pl.col("rule") == "exact_duplicate").height
    assert found.delivery["rows_duplicate"].sum() == repeated
