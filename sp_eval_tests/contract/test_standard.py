"""The contracts as documents: valid ODCS 3.1, consistent with each other and with the code."""

import json
from typing import Any

import pytest
import yaml
from open_data_contract_standard.model import OpenDataContractStandard

from sp_eval.contracts.codes import code_table
from sp_eval.contracts.odcs import Kind, contract_names, load_contract
from sp_eval.settings import project_root
from sp_eval.study.outcomes import INSTRUMENTS, SOURCES

ALL: list[tuple[Kind, str]] = [
    *(("extract", name) for name in contract_names("extract")),
    *(("published", name) for name in contract_names("published")),
    *(("reference", name) for name in contract_names("reference")),
]


def document(kind: Kind, name: str) -> dict[str, Any]:
    path = project_root() / "data_contracts" / kind / f"{name}.odcs.yaml"
    raw: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return raw


@pytest.mark.parametrize(("kind", "name"), ALL)
def test_every_key_is_one_of_the_standard(kind: Kind, name: str) -> None:
    raw = document(kind, name)
    model = OpenDataContractStandard.model_validate(raw)
    # the model forgets the keys it does not know, so what comes back is what it knows
    assert model.model_dump(exclude_unset=True, by_alias=True) == raw


@pytest.mark.parametrize(("kind", "name"), ALL)
def test_version_and_required_keys_are_of_the_standard(kind: Kind, name: str) -> None:
    standard = json.loads(OpenDataContractStandard.json_schema())
    raw = document(kind, name)
    assert raw["apiVersion"] in standard["properties"]["apiVersion"]["enum"]
    assert set(standard["required"]) <= set(raw)
    assert raw["status"] in standard["properties"]["status"]["examples"]
    assert raw["id"] == f"sp_eval.{kind}.{name}"


@pytest.mark.parametrize(("kind", "name"), ALL)
def test_relationships_point_at_columns_of_the_same_type(kind: Kind, name: str) -> None:
    for column in load_contract(name, kind).columns:
        if column.relationship is not None:
            table, _, target = column.relationship.partition(".")
            other = load_contract(table, kind).column(target)
            assert other.physical_type == column.physical_type


def test_links_between_extracts() -> None:
    links = {
        f"{name}.{column.name}": column.relationship
        for name in contract_names("extract")
        for column in load_contract(name).columns
        if column.relationship
    }
    assert links == {
        "activity.follows_activity_id": "activity.activity_id",
        "activity.referral_id": "referral.referral_id",
        "contact.referral_id": "referral.referral_id",
        "gp_contact.person_key": "person.person_key",
        "hospital_activity.person_key": "person.person_key",
        "outcome_response.referral_id": "referral.referral_id",
        "patient.person_key": "person.person_key",
        "referral.person_key": "person.person_key",
        "residence.person_key": "person.person_key",
        "use_count.referral_id": "referral.referral_id",
    }


def test_extracts_refuse_no_row_for_its_key() -> None:
    # design: a repeated key is not among the reasons for which a row is refused
    columns = [c for name in contract_names() for c in load_contract(name).columns]
    assert not any(column.unique for column in columns)


def test_person_level_tables_are_never_in_the_published_schema() -> None:
    schemas = {
        name: (contract.table_schema, contract.person_level)
        for name in contract_names("published")
        for contract in [load_contract(name, "published")]
    }
    assert schemas["analysis"] == schemas["month"] == ("research", True)
    assert {value for name, value in schemas.items() if name not in {"analysis", "month"}} == {
        ("published", False)
    }


def test_no_exact_date_or_place_leaves_in_the_research_tables() -> None:
    for name in ("analysis", "month"):
        contract = load_contract(name, "published")
        assert not {"lsoa_code", "practice_code", "index_date"} & set(contract.names)
        assert not any(c.physical_type in {"DATE", "TIMESTAMP"} for c in contract.columns)


def test_sources_and_instruments_are_those_a_study_can_name() -> None:
    coverage = load_contract("coverage", "published")
    assert coverage.column("source").allowed == tuple(SOURCES)
    registry = {(row["instrument"], row["item"]): row for row in code_table("instrument")}
    for instrument in INSTRUMENTS.values():
        for item in instrument.items:
            direction = registry[instrument.questionnaire, item]["direction"]
            assert (direction == "higher_is_better") is instrument.higher_is_better
        for item in instrument.whole:
            assert registry[instrument.questionnaire, item]["kind"] == item
    # every total and score that may be sent is scored, alone
    summed = {key for key, row in registry.items() if row["kind"] in ("total", "metric")}
    assert summed == {
        (instrument.questionnaire, item)
        for instrument in INSTRUMENTS.values()
        for item in (*instrument.whole, *(instrument.items if instrument.enough == 1 else ()))
        if registry[instrument.questionnaire, item]["kind"] in ("total", "metric")
    }


def test_swemwbs_conversion_is_the_published_one() -> None:
    table = {int(row["raw"]): float(row["metric"]) for row in code_table("swemwbs_metric")}
    assert list(table) == list(range(7, 36))
    known = {7: 7.0, 14: 15.32, 21: 19.25, 28: 25.03, 29: 26.02, 35: 35.0}
    assert {raw: table[raw] for raw in known} == known
    assert list(table.values()) == sorted(table.values())
