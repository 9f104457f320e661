"""What `scheme check` finds beyond cells: raw totals as metric scores, gaps, dropped files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from sp_eval.contracts.mapping_gaps import gaps_of
from sp_eval.contracts.scheme_mapping import SchemeMapping
from sp_eval.ingest.examination import examine
from sp_eval.ingest.taken import TakenIn

Make = Callable[..., SchemeMapping]
Write = Callable[..., Path]


def scores(**columns: Any) -> dict[str, Any]:
    """A table of metric scores, one a row, kept without its items."""
    return {
        "contract": "outcome_response", "file": "scores.csv", "reference": "Ref",
        "columns": {
            "referral_id": {"from": "Ref"}, "instrument": {"const": "swemwbs"},
            "item": {"const": "metric"}, "stage": {"const": "baseline"},
            "response_date": {"from": "Date", "parse": "date"},
            "score": {"from": "Score", "parse": "money"}, **columns,
        },
    }  # fmt: skip


@pytest.mark.parametrize(
    ("given", "found"),
    [
        (["24.11", "21.54", "7", "35"], False),  # both ends convert to themselves
        (["24", "21", "19", "28"], True),
        (["24.11", "21.54", "19.25", "28"], True),
    ],
)
def test_raw_totals_given_as_metric_scores(
    mapping: Make, csv_file: Write, tmp_path: Path, given: Sequence[str], found: bool
) -> None:
    rows = [[f"R{n}", f"{13 + n}/06/2018", score] for n, score in enumerate(given)]
    csv_file("scores.csv", [["Ref", "Date", "Score"], *rows])
    (looked,) = examine(tmp_path, mapping(scores=scores()), month="2018-07")
    told = {doubt.source: doubt.sentence for doubt in looked.doubts if doubt.kind == "metric"}
    assert bool(told) is found
    assert not told or "SWEMWBS metric scores" in told["Score"]


def test_what_an_evaluation_would_miss_is_told(gp_book: Make, mapping: Make) -> None:
    told = {(gap.table, gap.place): gap.sentence for gap in gaps_of(gp_book())}
    assert set(told) == {
        (None, "referral"), (None, "person"), ("gp", "covers"), ("gp", "practice_code"),
    }  # fmt: skip
    assert "nobody can be followed in them" in told["gp", "practice_code"].replace("\n", " ")
    whole = gp_book(
        covers={"sources": ["gp_contact"], "from": "2016-04-01"},
        columns={"practice_code": {"const": "A00001"}},
    )
    assert {gap.place for gap in gaps_of(whole)} == {"referral", "person"}
    said = whole.model_copy(update={"absent": {"referral": "no", "person": "no"}})
    assert list(gaps_of(said)) == []
    assert [gap.place for gap in gaps_of(mapping(scores=scores()))][-1] == "gp_contact"


def test_a_file_that_is_dropped_is_passed_over_with_its_reason(
    gp_book: Make, csv_file: Write, take: Callable[..., TakenIn]
) -> None:
    csv_file("rooms 2019.csv", [["Room"], ["Hall"]])
    csv_file("gp.csv", [["NHS", "Date", "Who", "How", "Came"]])
    plain = take(gp_book())
    assert "rooms 2019.csv" in plain.delivery["file"].to_list()  # a stranger, refused
    dropped = take(gp_book().model_copy(update={"drop": {"rooms *.csv": "about rooms"}}))
    assert dropped.delivery["file"].to_list() == ["gp.csv"]
    assert "rooms 2019.csv was not read: about rooms." in dropped.notices
