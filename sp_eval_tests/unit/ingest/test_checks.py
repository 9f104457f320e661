"""Checks of columns that are enforced and not carried."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sp_eval.contracts.scheme_mapping import SchemeMapping
from sp_eval.ingest.taken import TakenIn

Told = Callable[[TakenIn], set[tuple[int | None, str, str | None]]]
Judge = Callable[[dict[str, str], dict[str, Any]], set[tuple[int | None, str, str | None]]]
ITEMS = [f"q{n}" for n in range(1, 8)]


@pytest.fixture
def judge(
    mapping: Callable[..., SchemeMapping],
    take: Callable[..., TakenIn],
    csv_file: Callable[..., Path],
    told: Told,
) -> Judge:
    """Return what is refused of one questionnaire with further cells under checks."""

    def run(
        cells: dict[str, str], checks: dict[str, Any]
    ) -> set[tuple[int | None, str, str | None]]:
        whole = {"Ref": "R1", "Date": "01/06/2017", **dict.fromkeys(ITEMS, "2"), **cells}
        csv_file("w.csv", [list(whole), list(whole.values())])
        dataset = {
            "contract": "outcome_response",
            "file": "w.csv",
            "reference": "Ref",
            "columns": {
                "referral_id": {"from": "Ref"},
                "instrument": {"const": "swemwbs"},
                "stage": {"const": "baseline"},
                "response_date": {"from": "Date", "parse": "date"},
            },
            "unpivot": {
                "name": "item",
                "value": "score",
                "parse": "integer",
                "columns": dict(zip(ITEMS, ITEMS, strict=True)),
            },
            "check": checks,
        }
        return told(take(mapping(wellbeing=dataset)))

    return run


@pytest.mark.parametrize(
    ("check", "good", "bad", "rule"),
    [
        ({"one_of": ["01", "02"]}, "01", "1", "unknown_code"),
        ({"code": "snomed_ct"}, "871731000000106", "871731000000107", "snomed_bad_check_digit"),
        ({"code": "snomed_ct"}, "871731000000106", "8.71731E+14", "snomed_rounded"),
        ({"pattern": "E01[0-9]{6}"}, "E01007001", "E010070012", "out_of_range"),
        ({"minimum": 0, "maximum": 120}, "120", "121", "out_of_range"),
        ({"minimum": 0}, "", "-1", "out_of_range"),
        ({"minimum": 0}, "5", "five", "out_of_range"),
        ({"parse": "date"}, "", "31/02/2017", "date_impossible"),
        ({"parse": "date"}, "30/04/2019", "01/05/2019", "date_future"),
        ({"required": True}, "x", "", "mandatory_missing"),
    ],
)
def test_checks_of_one_column(
    judge: Judge, check: dict[str, Any], good: str, bad: str, rule: str
) -> None:
    assert judge({"X": good}, {"X": check}) == set()
    assert judge({"X": bad}, {"X": check}) == {(2, rule, "X")}


def test_two_dates_in_order(judge: Judge) -> None:
    checks = {"From": {"parse": "date"}, "To": {"parse": "date", "not_before": "From"}}
    assert judge({"From": "01/05/2017", "To": "01/05/2017"}, checks) == set()
    assert judge({"From": "02/05/2017", "To": "01/05/2017"}, checks) == {(2, "date_order", "To")}
    assert judge({"From": "31/02/2017", "To": "01/05/2016"}, checks) == {
        (2, "date_impossible", "From")
    }


TOTAL = {"Total": {"minimum": 7, "maximum": 35, "total_of": ITEMS}}


@pytest.mark.parametrize(
    ("cells", "refused"),
    [
        ({"Total": "14"}, set()),
        ({"Total": ""}, set()),
        ({"Total": "15"}, {(2, "total_disagrees", "Total")}),
        ({"Total": "36"}, {(2, "out_of_range", "Total")}),
        ({"q1": "", "Total": ""}, set()),
        ({"q1": "", "Total": "13"}, set()),
        ({"q1": "6", "Total": "14"}, {(2, "out_of_range", "q1")}),
    ],
)
def test_a_total_is_held_against_its_items(
    judge: Judge, cells: dict[str, str], refused: set[Any]
) -> None:
    assert judge(cells, TOTAL) == refused


METRIC = {"Metric": {"metric_of": ITEMS, "metric_table": "swemwbs_metric"}}


@pytest.mark.parametrize(
    ("cells", "refused"),
    [
        ({"Metric": "15.32"}, set()),
        ({"Metric": ""}, set()),
        ({"Metric": "14"}, {(2, "metric_holds_raw", "Metric")}),
        ({"Metric": "14.00"}, {(2, "metric_holds_raw", "Metric")}),
        ({"Metric": "15.33"}, {(2, "total_disagrees", "Metric")}),
        ({"Metric": "high"}, {(2, "out_of_range", "Metric")}),
        ({"q1": "", "Metric": "14"}, set()),
        (dict.fromkeys(ITEMS, "1") | {"Metric": "7"}, set()),  # here raw and metric are the same
        (dict.fromkeys(ITEMS, "5") | {"Metric": "35.00"}, set()),
        (dict.fromkeys(ITEMS, "4") | {"q1": "5", "Metric": "26.02"}, set()),
        (
            dict.fromkeys(ITEMS, "4") | {"q1": "5", "Metric": "25.99"},
            {(2, "total_disagrees", "Metric")},
        ),
    ],
)
def test_a_metric_score_is_held_against_the_published_table(
    judge: Judge, cells: dict[str, str], refused: set[Any]
) -> None:
    assert judge(cells, METRIC) == refused
