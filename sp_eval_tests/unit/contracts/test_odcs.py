import subprocess
import sys
from pathlib import Path

import pytest

from sp_eval.contracts.odcs import ContractError, contract_names, load_contract, read_contract
from sp_eval.settings import project_root

EXTRACT = project_root() / "data_contracts" / "extract"


def test_a_column_is_read_whole() -> None:
    column = load_contract("person").column("imd_quintile")
    assert (column.logical_type, column.physical_type) == ("integer", "INTEGER")
    assert (column.minimum, column.maximum, column.required) == (1, 5, False)
    assert column.unit == "fifth (1 = most deprived)"
    assert column.description.startswith("Deprivation fifth")
    key = load_contract("referral").column("person_key")
    assert (key.required, key.relationship) == (True, "person.person_key")
    assert key.pattern == "^[0-9a-f]{64}$"
    assert load_contract("person").column("registered_to").may_be_future
    assert load_contract("run", "published").column("run_id").unique
    assert load_contract("attrition", "published").column("people").disclosure == "count"


def test_values_come_from_the_column_or_from_a_code_list() -> None:
    referral = load_contract("referral")
    assert referral.column("outcome").allowed == (
        "accepted",
        "declined",
        "uncontactable",
        "inappropriate",
        "pending",
    )
    needs = referral.column("secondary_needs")
    assert needs.separator == ";"
    assert needs.allowed is not None
    assert "bereavement" in needs.allowed


def test_a_rule_names_first_the_column_that_is_at_fault() -> None:
    rules = {rule.columns[0]: rule for rule in load_contract("referral").rules}
    assert set(rules) == {"first_contact_date", "closed_date"}
    rule = rules["closed_date"]
    assert (rule.rule, rule.scope) == ("date_order", "row")
    assert rule.expression == "closed_date >= referral_date"


def test_what_is_not_there_is_said_with_what_is() -> None:
    with pytest.raises(ContractError, match=r"no extract contract 'refferal'.*referral"):
        load_contract("refferal")
    with pytest.raises(ContractError, match="contract person has no column 'age'"):
        load_contract("person").column("age")
    assert "estimate" in contract_names("published")
    assert "estimate" not in contract_names("extract")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("required: true", "requird: true", "column referral_id: unknown key 'requird'"),
        ("- name: minutes", "- name: mode", "declared twice"),
        ("columns: [start_date, result]", "columns: [begun, result]", "no column 'begun'"),
        ("person_level, value: true", "person_level, value: false", "disclosure"),
        ("physicalType: table", "physicalType: table\n    physicalType: table", "written twice"),
        ("schema:", "schema: [", "not readable as YAML"),
    ],
)
def test_a_slip_in_a_contract_stops_the_reading(
    old: str, new: str, said: str, tmp_path: Path
) -> None:
    name = "activity" if "start_date" in old else "contact"
    text = (EXTRACT / f"{name}.odcs.yaml").read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / f"{name}.odcs.yaml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ContractError, match=f"{name}") as refusal:
        read_contract(path, kind="extract")
    assert said in str(refusal.value)


def test_values_listed_twice_are_refused(tmp_path: Path) -> None:
    text = (EXTRACT / "contact.odcs.yaml").read_text(encoding="utf-8")
    old = "        quality:\n          - type: library"
    new = "        customProperties: [{property: codes, value: need.code}]\n" + old
    assert old in text
    path = tmp_path / "contact.odcs.yaml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ContractError, match="column mode lists its values twice"):
        read_contract(path, kind="extract")


def test_importing_the_reader_is_cheap() -> None:
    code = (
        "import sys, sp_eval.contracts.odcs as _;"
        "print(sorted({'pandera', 'polars', 'pydantic', 'yaml', 'duckdb'} & set(sys.modules)))"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert loaded.stdout.decode().strip() == "[]"


def test_importing_the_frames_leaves_pandera_for_the_gate() -> None:
    code = "import sys, sp_eval.contracts.frames as _; print('pandera' in sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert loaded.stdout.decode().strip() == "False"
