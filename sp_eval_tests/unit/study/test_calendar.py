"""Windows that touch March 2020 to June 2021, to the day."""

from __future__ import annotations

from datetime import date

import pytest

from sp_eval.study.calendar import PANDEMIC_SENTENCE, touches_pandemic


@pytest.mark.parametrize(
    ("first", "end", "touches"),
    [
        (date(2019, 3, 1), date(2020, 3, 1), False),  # the end is outside
        (date(2019, 3, 1), date(2020, 3, 2), True),
        (date(2021, 6, 30), date(2022, 6, 30), True),
        (date(2021, 7, 1), date(2022, 7, 1), False),
        (date(2019, 1, 1), date(2023, 1, 1), True),
        (date(2020, 9, 1), date(2020, 9, 2), True),
        (date(2020, 9, 1), date(2020, 9, 1), False),  # no day
        (date(2017, 5, 1), date(2018, 4, 1), False),
    ],
)
def test_to_the_day(first: date, end: date, *, touches: bool) -> None:
    assert touches_pandemic(first, end) is touches


def test_a_window_back_to_front_is_refused() -> None:
    with pytest.raises(ValueError, match="ends before it begins"):
        touches_pandemic(date(2020, 5, 1), date(2020, 4, 1))


def test_the_sentence_names_the_months() -> None:
    assert "March 2020 to June 2021" in PANDEMIC_SENTENCE
