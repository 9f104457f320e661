from copy import deepcopy
from typing import Any

import pytest

from sp_eval.contracts.subset import ContractError, check_subset

SOUND: dict[str, Any] = {
    "apiVersion": "v3.1.0",
    "kind": "DataContract",
    "id": "sp_eval.extract.visit",
    "name": "visit",
    "version": "1.0.0",
    "status": "active",
    "description": {"purpose": "Who came."},
    "schema": [
        {
            "name": "visit",
            "logicalType": "object",
            "physicalType": "table",
            "dataGranularityDescription": "One row a visit.",
            "customProperties": [{"property": "person_level", "value": True}],
            "properties": [
                {
                    "name": "kind",
                    "logicalType": "string",
                    "physicalType": "VARCHAR",
                    "description": "What kind of visit.",
                    "quality": [
                        {
                            "type": "library",
                            "metric": "invalidValues",
                            "arguments": {"validValues": ["short", "long"]},
                            "mustBe": 0,
                        }
                    ],
                }
            ],
            "quality": [
                {
                    "name": "date_order",
                    "type": "custom",
                    "engine": "sp_eval",
                    "description": "Check both dates.",
                    "implementation": {"columns": ["kind"], "expression": "kind = 'short'"},
                }
            ],
        }
    ],
}


def edited(*path: str | int, to: object) -> dict[str, Any]:
    contract = deepcopy(SOUND)
    place: Any = contract
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = to
    return contract


def test_a_contract_in_the_subset_passes() -> None:
    check_subset(SOUND, source="visit.odcs.yaml")


COLUMN = ("schema", 0, "properties", 0)
RULE = ("schema", 0, "quality", 0)


@pytest.mark.parametrize(
    ("contract", "said"),
    [
        (edited("versoin", to="2"), "unknown key 'versoin'"),
        (edited("description", to={"purposes": "x"}), "unknown key 'purposes'"),
        (edited("apiVersion", to="v2.2.2"), "apiVersion v3.1.0"),
        (edited("schema", to=[]), "exactly one table"),
        (edited("schema", 0, "name", to="visits"), "the contract's name"),
        (edited("schema", 0, "propertees", to=[]), "unknown key 'propertees'"),
        (edited(*COLUMN, "requierd", to=True), "column kind: unknown key 'requierd'"),
        (edited(*COLUMN, "description", to=None), "column kind: key 'description' is missing"),
        (edited(*COLUMN, "physicalType", to="BIGINT"), "does not go with"),
        (edited(*COLUMN, "physicalType", to="BLOB"), "does not go with"),
        (edited(*COLUMN, "logicalTypeOptions", to={"min": 1}), "unknown key 'min'"),
        (edited(*COLUMN, "relationships", to=[{"to": "a.b"}]), "key 'type' is missing"),
        (edited(*COLUMN, "quality", 0, "metric", to="nullValues"), "invalidValues"),
        (edited(*COLUMN, "quality", 0, "arguments", to={"values": []}), "unknown key 'values'"),
        (
            edited(*COLUMN, "customProperties", to=[{"property": "untis", "value": "d"}]),
            "unknown custom property 'untis'",
        ),
        (edited(*RULE, "engine", to="soda"), "engine sp_eval"),
        (edited(*RULE, "implementation", to={"columns": ["kind"]}), "expression or registry"),
        (edited(*RULE, "implementation", "scope", to="table"), "row or dataset"),
        ("text", "a mapping of keys"),
    ],
)
def test_anything_else_is_refused_by_file_and_key(contract: object, said: str) -> None:
    with pytest.raises(ContractError, match=r"visit\.odcs\.yaml") as refusal:
        check_subset(contract, source="visit.odcs.yaml")
    assert said in str(refusal.value)
