"""Pictures hold what they are given, stay small, and say so where there is nothing to draw."""

from __future__ import annotations

import base64

import polars as pl

from sp_eval.orchestration import pictures
from sp_eval.orchestration.markdown import MOST_PICTURE_BYTES, picture_or_words, table


def _files(number: int) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "file": [f"practices/P{at:03}.csv" for at in range(number)],
            "sheet": [""] * number,
            "rows_in": [1_000] * number,
            "rows_accepted": [990] * number,
            "rows_quarantined": [7] * number,
            "rows_duplicate": [3] * number,
        }
    )


def test_each_file_has_its_rows_and_many_stand_together() -> None:
    few = (pictures.rows_of_files(_files(3), "a title") or b"").decode()
    assert few.startswith("<svg")
    assert few.count("990 of 1,000 rows used") == 3
    assert "a title" in few
    many = (pictures.rows_of_files(_files(40), "a title") or b"").decode()
    assert "practices/ (all files)" in many
    assert "39,600 of 40,000 rows used" in many


def test_people_hidden_are_said_to_be_hidden() -> None:
    steps = pl.DataFrame(
        {
            "scheme_code": ["a", "a"],
            "step_number": [1, 2],
            "step": ["referrals", "analysed"],
            "people": [25, None],
        }
    )
    drawn = (pictures.flow_of_people(steps, "flow") or b"").decode()
    assert "hidden: too few to show" in drawn
    assert ">25<" in drawn


def test_lines_of_both_arms_are_drawn() -> None:
    rows = [
        {"scheme_code": "a", "arm": arm, "month_number": month, "rate": float(month + 20)}
        for arm in ("referred", "similar")
        for month in range(-12, 13)
    ]
    drawn = (pictures.months_around(pl.DataFrame(rows), "months") or b"").decode()
    assert drawn.count("<path") > 2
    for colour in ("#2c7fb8", "#9a9a9a"):
        assert drawn.count(colour) > 20  # a line and its points, not the legend alone


def test_a_large_picture_stays_within_what_is_kept() -> None:
    outcomes = [f"outcome {at}" for at in range(7)]
    whats = ["before referral", "without the scheme", "with the scheme"]
    rows = [
        {"scheme_code": scheme, "outcome": outcome, "what": what, "rate": 100.0}
        for scheme in ("a", "b", "c")
        for outcome in outcomes
        for what in whats
    ]
    drawn = pictures.three_bars(pl.DataFrame(rows), "bars")
    assert drawn is not None
    assert len(base64.b64encode(drawn)) <= MOST_PICTURE_BYTES


def test_nothing_to_draw_is_said() -> None:
    nothing = _files(0)
    assert pictures.rows_of_files(nothing, "files") is None
    assert "nothing to draw" in (picture_or_words(None, "files").value or "")
    assert "nothing to draw" in (picture_or_words(b"x" * 200_000, "files").value or "")


def test_a_long_table_says_how_much_is_left() -> None:
    told = table(pl.DataFrame({"n": range(100)})).value or ""
    assert "And 40 more rows." in told
    assert told.count("|\n") < 70
