"""The brake, the ledger it writes in, and what is usual."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sp_eval.contracts.mapping_verbs import Closed
from sp_eval.contracts.scheme_mapping import Brake, SchemeMapping
from sp_eval.ingest.brake import braked
from sp_eval.ingest.ledger import Entry, Place, usual_rows
from sp_eval.ingest.taken import TakenIn

Make = Callable[..., SchemeMapping]
Take = Callable[..., TakenIn]
Write = Callable[..., Path]
Number = Callable[[int], str]
HEAD = ["NHS", "Date", "Who", "How", "Came"]


@pytest.mark.parametrize(
    ("rows_in", "rows_refused", "usual", "stops"),
    [
        (10, 2, None, False),
        (10, 3, None, True),
        (0, 0, None, False),
        (100, 0, 200, False),
        (99, 0, 200, True),
        (0, 0, 200, True),
        (500, 0, 200, False),
    ],
)
def test_when_it_stops(rows_in: int, rows_refused: int, usual: int | None, stops: bool) -> None:
    reason = braked(Brake(), rows_in=rows_in, rows_refused=rows_refused, usual=usual)
    assert (reason is not None) is stops


def test_the_reason_gives_the_figures() -> None:
    reason = braked(Brake(), rows_in=1000, rows_refused=600, usual=None)
    assert reason is not None
    assert "600 of 1,000 rows" in reason
    assert "20%" in reason


def test_brake_is_a_closed_model() -> None:
    assert issubclass(Brake, Closed)


@pytest.fixture
def delivery(gp_book: Make, take: Take, csv_file: Write, number: Number) -> Callable[..., TakenIn]:
    """Take in a book with so many good and bad rows, under the brake of 20%."""

    def run(*, good: int, bad: int, **settings: Any) -> TakenIn:
        rows = [[number(n), "01/04/2019", "GP", "Phone", "Y"] for n in range(good)]
        rows += [[number(n), "31/02/2019", "GP", "Phone", "Y"] for n in range(bad)]
        csv_file("gp.csv", [HEAD, *rows])
        made = gp_book().model_copy(update={"brake": Brake()})
        return take(made, **settings)

    return run


def test_a_month_with_too_many_refused_rows_is_stopped(
    delivery: Callable[..., TakenIn],
) -> None:
    taken = delivery(good=3, bad=1)
    assert taken.stopped is not None
    assert "1 of 4 rows" in taken.stopped
    assert taken.delivery["status"].to_list() == ["refused"]
    assert taken.rejection.filter(rule="brake")["row_number"].to_list() == [None]


def test_a_month_with_few_refused_rows_goes_on(delivery: Callable[..., TakenIn]) -> None:
    taken = delivery(good=4, bad=1)
    assert taken.stopped is None
    assert taken.delivery["status"].to_list() == ["current"]


def test_a_named_person_may_accept_it(delivery: Callable[..., TakenIn]) -> None:
    stopped = delivery(good=3, bad=1)
    delivery_id = stopped.delivery["delivery_id"][0]
    taken = delivery(good=3, bad=1, accepted_brakes={delivery_id: "A. Analyst: a known export"})
    assert taken.stopped is None
    assert any("A. Analyst" in notice for notice in taken.notices)
    other = delivery(good=4, bad=2, accepted_brakes={delivery_id: "A. Analyst"})
    assert other.stopped is not None, "an acceptance is of one version of one file"


def test_far_fewer_rows_than_usual_stop_the_month(delivery: Callable[..., TakenIn]) -> None:
    assert delivery(good=4, bad=0, usual_rows={"gp": 9}).stopped is not None
    assert delivery(good=5, bad=0, usual_rows={"gp": 9}).stopped is None


def test_two_files_for_one_table_stop_the_month_whoever_accepts(
    gp_book: Make, take: Take, csv_file: Write, number: Number
) -> None:
    row = [number(0), "01/04/2019", "GP", "Phone", "Y"]
    csv_file("gp_march.csv", [HEAD, row])
    csv_file("gp_april.csv", [HEAD, row, [number(1), *row[1:]]])
    made = gp_book(file="gp_*.csv")
    stopped = take(made)
    assert stopped.stopped is not None
    assert sorted(stopped.rejection["file"].to_list()) == ["gp_april.csv", "gp_march.csv"]
    ids = stopped.delivery["delivery_id"].to_list()
    assert take(made, accepted_brakes=dict.fromkeys(ids, "somebody")).stopped is not None


def test_what_is_usual_is_the_median_of_earlier_months(
    delivery: Callable[..., TakenIn], gp_book: Make
) -> None:
    import polars as pl

    months = [delivery(good=n, bad=0).delivery for n in (2, 4, 9)]
    refused = delivery(good=5, bad=95).delivery
    assert usual_rows(pl.concat([*months, refused]), gp_book()) == {"gp": 4}


def test_usual_rows_of_files_named_by_practice(
    gp_book: Make, take: Take, csv_file: Write, number: Number
) -> None:
    made = gp_book(file="{practice}.csv", columns={"practice_code": {"from_path": "practice"}})
    for who, practice in enumerate(("L84001", "L84002")):
        csv_file(f"{practice}.csv", [HEAD, [number(who), "01/04/2019", "GP", "Phone", "Y"]])
    taken = take(made)
    usual = usual_rows(taken.delivery, made)
    assert usual == {"gp/L84001": 1, "gp/L84002": 1}
    assert taken.tables["table"].to_list() == ["gp/L84001", "gp/L84002"]


def test_a_practice_that_used_to_send_is_missed(
    gp_book: Make, take: Take, csv_file: Write, number: Number
) -> None:
    made = gp_book(file="{practice}.csv", columns={"practice_code": {"from_path": "practice"}})
    csv_file("L84001.csv", [HEAD, [number(0), "01/04/2019", "GP", "Phone", "Y"]])
    taken = take(made, usual_rows={"gp/L84001": 1, "gp/L84002": 1})
    assert taken.rejection.select("file", "rule").rows() == [("L84002.csv", "missing")]


def test_rows_that_do_not_add_up_cannot_be_entered() -> None:
    place = Place("s", "2019-04", "f.csv")
    with pytest.raises(AssertionError, match="do not add up"):
        Entry(place, "current", rows_in=3, rows_accepted=1, rows_quarantined=1)
