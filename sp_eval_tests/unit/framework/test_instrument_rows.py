"""Questionnaires: scored from answers or a total; withheld with what was sent and what to send."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
import pytest

from sp_eval.framework.instrument_rows import NOT_ASKED, instrument_rows
from sp_eval.framework.rows import RowMaker
from sp_eval_tests.support.studies import a_study

FIRST, LATER = date(2017, 6, 1), date(2017, 9, 1)


def row_of(outcome: str, given: dict[str, tuple[float, float]], *, people: int = 3) -> dict:
    """The row of one outcome, of people who all gave the same: item -> score at first, later."""
    questionnaire = {"eq5d5l_vas": "eq5d5l"}.get(outcome, outcome)
    rows = [
        (f"p{person}", questionnaire, item, stage, day, float(score))
        for person in range(people)
        for item, scores in given.items()
        for stage, day, score in zip(
            ("baseline", "follow_up"), (FIRST, LATER), scores, strict=True
        )
    ]  # fmt: skip
    schema = {
        "person_key": pl.String, "instrument": pl.String, "item": pl.String, "stage": pl.String,
        "response_date": pl.Date, "score": pl.Float64,
    }  # fmt: skip
    study = a_study(outcomes=[{"name": "gp_contact", "role": "primary"}, {"name": outcome}])
    maker = RowMaker(study, "s", 12, "")
    (row,) = instrument_rows(maker, pl.DataFrame(rows, schema=schema, orient="row"))
    return row


def test_raw_totals_alone_are_converted_by_the_published_table() -> None:
    row = row_of("swemwbs", {"total": (18, 21)})
    assert (row["status"], row["n_analysed"]) == ("released", 3)
    assert row["point"] == pytest.approx(19.25 - 17.43)
    assert row_of("swemwbs", {"metric": (17.43, 19.25)})["point"] == pytest.approx(19.25 - 17.43)


def test_a_score_of_several_answers_is_also_made_of_its_total() -> None:
    assert row_of("wemwbs", {"total": (40, 44)})["point"] == 4
    assert row_of("phq9", {"total": (15, 11)})["point"] == -4


@pytest.mark.parametrize(
    ("outcome", "given", "told"),
    [
        ("swemwbs", {}, [NOT_ASKED]),
        ("swemwbs", {"metric": (18, 21)}, ["as converted", "under item 'total'"]),
        ("swemwbs", {"q1": (3, 4), "q2": (2, 2)}, [
            "fewer than three people have a score both at first and later",
            "all of the items q1, q2, q3, q4, q5, q6, q7, or item 'total' alone, or item 'metric'",
        ]),
        ("eq5d5l_vas", {"pain": (3, 2)}, ["the scheme sent pain only", "made of item 'vas'"]),
    ],
)  # fmt: skip
def test_what_cannot_be_scored_says_what_came_and_what_to_send(
    outcome: str, given: dict[str, Any], told: list[str]
) -> None:
    row = row_of(outcome, given)
    assert row["status"] == "withheld"
    for words in told:
        assert words in row["withheld_reason"]


def test_scores_of_no_table_are_told_of_beside_the_sound_ones() -> None:
    row = row_of("swemwbs", {"total": (18, 21), "metric": (18, 21)})
    assert row["point"] == pytest.approx(19.25 - 17.43)
    assert "as converted" in row["notes"]
