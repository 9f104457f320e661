"""The month's message and the deadline: pure of the ledger, the due days and a date."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from sp_eval.operation.deadline import expected_deliveries
from sp_eval.operation.message import message_of_the_month

DUE = {"rotherham": 15, "gloucestershire": 15, "nowhere": 1}


def ledger(*rows: tuple[str, str, str, int, int]) -> pl.DataFrame:
    """`scheme, month, status, rows_in, rows_accepted`, a file each."""
    return pl.DataFrame(
        [
            {
                "scheme_code": scheme,
                "month": month,
                "file": f"file_{n}.csv",
                "sheet": "",
                "sha256": None if status == "missing" else "ab",
                "status": status,
                "rows_in": came,
                "rows_accepted": used,
            }
            for n, (scheme, month, status, came, used) in enumerate(rows)
        ],
        schema_overrides={"sha256": pl.String},
    )


OCTOBER = ledger(
    ("gloucestershire", "2026-09", "current", 300, 300),
    ("rotherham", "2026-09", "superseded", 400, 400),
    ("rotherham", "2026-10", "current", 215, 212),
    ("rotherham", "2026-10", "current", 200, 200),
)


@pytest.mark.parametrize(
    ("today", "told"),
    [
        (
            date(2026, 11, 10),
            "Gloucestershire October: not received (due 15 November), last month's figures stand."
            " Rotherham October: used 412 of 415 rows. Release 2026-10 is out.",
        ),
        (
            date(2026, 11, 16),
            "Gloucestershire October: not received (was due 15 November), last month's figures"
            " stand. Rotherham October: used 412 of 415 rows. Release 2026-10 is out.",
        ),
        (
            date(2026, 10, 31),  # October is not over: nobody waits for it
            "Gloucestershire September: used 300 of 300 rows. Rotherham October: used 412 of 415"
            " rows. Release 2026-10 is out.",
        ),
        (
            date(2026, 12, 2),
            "Gloucestershire October: not received (was due 15 November), the figures of September"
            " stand. Rotherham November: not received (due 15 December), last month's figures"
            " stand. Release 2026-10 is out.",
        ),
    ],
)
def test_the_month_in_one_sentence_a_scheme(today: date, told: str) -> None:
    assert message_of_the_month(OCTOBER, DUE, today=today).text == told


def test_what_could_not_be_used_is_said() -> None:
    stopped = ledger(("rotherham", "2026-10", "refused", 90, 0))
    told = message_of_the_month(stopped, DUE, today=date(2026, 11, 1)).text
    assert told == "Rotherham October: received but not used, the figures of before stand."
    partly = ledger(
        ("rotherham", "2026-10", "current", 90, 89), ("rotherham", "2026-10", "refused", 10, 0)
    )
    told = message_of_the_month(partly, DUE, today=date(2026, 11, 1)).text
    assert told.startswith(
        "Rotherham October: used 89 of 100 rows; 1 file or sheet could not be used."
    )


def test_what_came_is_news_and_what_has_not_is_none() -> None:
    month = message_of_the_month(OCTOBER, DUE, today=date(2026, 11, 10))
    assert [(one.scheme, one.month, one.has_come) for one in month.messages] == [
        ("gloucestershire", "2026-10", False),
        ("rotherham", "2026-10", True),
    ]


@pytest.mark.parametrize(
    ("today", "is_late"), [(date(2026, 11, 15), False), (date(2026, 11, 16), True)]
)
def test_a_month_is_late_after_its_day(today: date, is_late: bool) -> None:
    waited = expected_deliveries(OCTOBER, DUE, today=today)[0]
    assert (waited.month, waited.due, waited.is_late) == ("2026-10", date(2026, 11, 15), is_late)


def test_each_scheme_has_its_own_day_and_years_turn() -> None:
    december = ledger(("rotherham", "2025-11", "current", 1, 1))
    (waited,) = expected_deliveries(december, {"rotherham": 3}, today=date(2026, 1, 4))
    assert (waited.month, waited.due, waited.is_late) == ("2025-12", date(2026, 1, 3), True)
    told = message_of_the_month(december, {"rotherham": 3}, today=date(2025, 12, 31)).text
    assert told.startswith("Rotherham November: used 1 of 1 rows.")


def test_nothing_is_expected_of_the_silent_the_unknown_and_the_never_heard() -> None:
    old = ledger(
        ("rotherham", "2025-10", "current", 1, 1), ("atlantis", "2026-10", "current", 1, 1)
    )
    assert expected_deliveries(old, DUE, today=date(2026, 11, 1)) == ()
    assert len(expected_deliveries(old, DUE, today=date(2026, 10, 31))) == 1
    told = message_of_the_month(old, DUE, today=date(2026, 12, 1)).text
    assert "Rotherham October 2025: used 1 of 1 rows." in told


def test_a_month_whose_files_are_all_missing_has_not_come() -> None:
    empty = ledger(
        ("rotherham", "2026-09", "current", 1, 1), ("rotherham", "2026-10", "missing", 0, 0)
    )
    told = message_of_the_month(empty, DUE, today=date(2026, 11, 20)).text
    assert told.startswith("Rotherham October: not received (was due 15 November)")


def test_where_nothing_came_nothing_is_told() -> None:
    assert message_of_the_month(OCTOBER.clear(), DUE, today=date(2026, 11, 1)).text == ""
