import polars as pl
import pytest

from sp_eval.contracts.codes import code_table, code_values, registry_expression
from sp_eval.contracts.subset import ContractError


def test_values_are_distinct_and_in_file_order() -> None:
    assert code_values("instrument.instrument")[:3] == ("swemwbs", "rotherham_wellbeing", "ons4")


def test_a_list_or_column_that_is_not_there_is_named() -> None:
    with pytest.raises(ContractError, match=r"codes/needs\.csv"):
        code_values("needs.code")
    with pytest.raises(ContractError, match="no column 'codes'"):
        code_values("need.codes")
    with pytest.raises(ContractError, match="unknown registry 'scores'"):
        registry_expression("scores")


def test_each_item_is_held_to_its_own_scale() -> None:
    rows = [
        (row["instrument"], row["item"], score, inside)
        for row in code_table("instrument")
        for low, high in [(float(row["minimum"]), float(row["maximum"]))]
        for score, inside in [
            (low, True),
            (high, True),
            (low - 0.01, False),
            (high + 0.01, False),
            (low + 0.5, row["whole_numbers"] == "false"),
        ]
    ]
    frame = pl.DataFrame(rows, schema=["instrument", "item", "score", "inside"], orient="row")
    judged = frame.select(pl.sql_expr(registry_expression("instrument_range")).alias("found"))
    assert judged["found"].to_list() == frame["inside"].to_list()


def test_an_item_belongs_to_its_instrument_alone() -> None:
    frame = pl.DataFrame(
        {
            "instrument": ["swemwbs", "swemwbs", "ons4", "other"],
            "item": ["q1", "happy", "happy", "q1"],
        }
    )
    judged = frame.select(pl.sql_expr(registry_expression("instrument_item")).alias("found"))
    assert judged["found"].to_list() == [True, False, True, None]
