"""Three states of each table of a delivery, from the ledger and what was unusual."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import polars as pl
import pytest

from sp_eval.contracts.frames import conform, empty_frame
from sp_eval.contracts.odcs import load_contract
from sp_eval.contracts.scheme_mapping import load_mapping
from sp_eval.framework.delivery_quality import datasets_of, quality_rows
from sp_eval.ingest.folder import shown_pattern

DELIVERY = load_contract("delivery", "published")
CHECK = load_contract("delivery_check", "published")


def files(*rows: tuple[str, str, str, int, int]) -> pl.DataFrame:
    """Rows `file, sheet, status, rows_in, rows_accepted` of Rotherham's April."""
    made = [
        {
            "delivery_id": f"{file}#{sheet}",
            "scheme_code": "rotherham",
            "month": "2019-04",
            "file": file,
            "sheet": sheet,
            "rows_in": rows_in,
            "rows_accepted": accepted,
            "rows_quarantined": rows_in - accepted,
            "rows_duplicate": 0,
            "status": status,
            "received_at": datetime(2019, 5, 2),
        }
        for file, sheet, status, rows_in, accepted in rows
    ]
    return conform(pl.DataFrame(made), DELIVERY)


def checks(**statuses: str) -> pl.DataFrame:
    made: list[dict[str, Any]] = [
        {
            "scheme_code": "rotherham",
            "month": "2019-04",
            "dataset": dataset,
            "column_name": "",
            "expectation": "volume",
            "status": status,
            "deliveries_compared": 5,
            "sentence": "said",
        }
        for dataset, status in statuses.items()
    ]
    return conform(pl.DataFrame(made), CHECK) if made else empty_frame(CHECK)


def state(deliveries: pl.DataFrame, looked: pl.DataFrame) -> dict[str, str]:
    return dict(quality_rows(deliveries, looked).select("dataset", "state").iter_rows())


@pytest.mark.parametrize(
    ("status", "rows_in", "used", "looked", "expected"),
    [
        ("current", 10, 10, "met", "clean"),
        ("superseded", 10, 10, "met", "clean"),
        ("current", 10, 9, "met", "passed_with_failures"),
        ("current", 10, 10, "unusual", "passed_with_failures"),
        ("current", 10, 10, "not_evaluated", "passed_with_failures"),
        ("current", 10, 0, "met", "failed"),
        ("refused", 10, 10, "met", "failed"),
        ("missing", 0, 0, "met", "failed"),
    ],
)
def test_the_three_states(status: str, rows_in: int, used: int, looked: str, expected: str) -> None:
    deliveries = files(("GP_EVENTS.csv", "", status, rows_in, used))
    assert state(deliveries, checks(gp_contact=looked)) == {"gp_contact": expected}


def test_one_file_of_several_lost_is_passed_and_all_lost_is_failed() -> None:
    one = files(("SUS_AE.csv", "", "current", 5, 5), ("SUS_OP.csv", "", "missing", 0, 0))
    assert state(one, checks()) == {"hospital_activity": "passed_with_failures"}
    both = files(("SUS_AE.csv", "", "refused", 5, 0), ("SUS_OP.csv", "", "missing", 0, 0))
    assert state(both, checks()) == {"hospital_activity": "failed"}
    assert "2 of 2 files not used" in quality_rows(both, checks())["sentence"][0]


def test_a_workbook_lost_is_every_table_of_it_and_a_stranger_is_named_so() -> None:
    name = "VAR_SPS_*.xlsx"
    lost = files((name, "", "missing", 0, 0), ("holiday.csv", "", "refused", 0, 0))
    found = state(lost, checks())
    assert found.pop("not_recognised") == "failed"
    assert {"referral", "outcome_response", "activity", "programme_cost"} <= set(found)
    assert set(found.values()) == {"failed"}
    assert datasets_of("rotherham", "2019-04", "VAR_SPS_Apr19.xlsx", "Referrals") == ("referral",)
    for dataset in load_mapping("gloucestershire").datasets.values():
        expected = datasets_of("gloucestershire", "2019-04", shown_pattern(dataset.file), "")
        assert dataset.contract in expected
    assert datasets_of("nowhere", "2019-04", "a.csv", "") == ("not_recognised",)
