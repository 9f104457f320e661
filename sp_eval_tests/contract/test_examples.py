"""Every extract contract beside rows that keep it and rows that break it.

`data.valid.csv` keeps it whole. The last column of `data.invalid.csv`, `breaks`, names what its
row breaks, as `column:rule` separated by semicolons; an empty one is a sound row among them.
"""

from pathlib import Path

import polars as pl
import pytest

from sp_eval.contracts.codes import code_values
from sp_eval.contracts.contract import Contract
from sp_eval.contracts.frames import failures, polars_schema
from sp_eval.contracts.odcs import contract_names, load_contract

HERE = Path(__file__).parent
NAMES = contract_names("extract")


def typed(path: Path, contract: Contract) -> pl.DataFrame:
    def cell(name: str, dtype: pl.DataType) -> pl.Expr:
        if dtype == pl.Boolean:
            return pl.col(name) == "true"
        return pl.col(name).str.to_date() if dtype == pl.Date else pl.col(name).cast(dtype)

    frame = pl.read_csv(path, infer_schema=False)
    return frame.with_columns(cell(*column) for column in polars_schema(contract).items())


def test_the_extract_contracts_are_there() -> None:
    assert NAMES == (
        "activity",
        "code_count",
        "contact",
        "gp_contact",
        "hospital_activity",
        "outcome_response",
        "patient",
        "person",
        "population",
        "programme_cost",
        "referral",
        "residence",
        "use_count",
    )


@pytest.mark.parametrize("name", NAMES)
def test_sound_rows_pass(name: str) -> None:
    contract = load_contract(name)
    frame = typed(HERE / name / "data.valid.csv", contract)
    assert frame.height >= 3
    assert failures(frame, contract).rows() == []


@pytest.mark.parametrize("name", NAMES)
def test_unsound_rows_fail_for_every_reason_and_no_other(name: str) -> None:
    contract = load_contract(name)
    frame = typed(HERE / name / "data.invalid.csv", contract)
    expected = {
        (row, *one.split(":"))
        for row, breaks in enumerate(frame["breaks"])
        for one in (breaks or "").split(";")
        if one
    }
    assert set(failures(frame, contract).rows()) == expected


@pytest.mark.parametrize("name", NAMES)
def test_every_rule_of_a_contract_is_broken_by_an_example(name: str) -> None:
    contract = load_contract(name)
    broken = pl.read_csv(HERE / name / "data.invalid.csv", infer_schema=False)["breaks"]
    seen = {one for breaks in broken.drop_nulls() for one in breaks.split(";")}
    wanted = {f"{rule.columns[0]}:{rule.rule}" for rule in contract.rules}
    for column in contract.columns:
        if column.required:
            wanted.add(f"{column.name}:mandatory_missing")
        if column.allowed is not None:
            wanted.add(f"{column.name}:unknown_code")
        if column.minimum is not None and column.name != "registered_list":
            wanted.add(f"{column.name}:out_of_range")
    assert wanted <= seen


@pytest.mark.parametrize("name", NAMES)
def test_rules_bear_public_names(name: str) -> None:
    assert {rule.rule for rule in load_contract(name).rules} <= set(code_values("rule.rule"))
