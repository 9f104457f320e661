"""People of practices with a scheme of their own: flagged by date, never the referred."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from sp_eval.comparison.contamination import flag_contaminated, without_contaminated
from sp_eval.study.design import OwnScheme

INDEX = date(2017, 6, 1)


def candidates() -> pl.DataFrame:
    return pl.DataFrame(
        {
            "candidate_id": [1, 2, 3, 4],
            "practice_code": ["A", "A", "B", None],
            "index_date": [INDEX] * 4,
            "is_exposed": [True, False, False, False],
        }
    )


def own(day: date, practice: str = "A") -> OwnScheme:
    return OwnScheme.model_validate({"practice": practice, "from": day})


@pytest.mark.parametrize(
    ("began", "flagged"),
    [
        (date(2016, 1, 1), [2]),  # before the index date
        (date(2018, 5, 31), [2]),  # on the last day looked at, 364 days after
        (date(2018, 6, 1), []),  # the first day no longer looked at
    ],
)
def test_the_flag_hangs_on_the_day_the_other_scheme_began(began: date, flagged: list[int]) -> None:
    found = flag_contaminated(candidates(), [own(began)], follow_up_days=365)
    assert found.filter("is_contaminated")["candidate_id"].to_list() == flagged
    assert found["candidate_id"].to_list() == [1, 2, 3, 4]


def test_without_other_schemes_nobody_is_flagged() -> None:
    assert not flag_contaminated(candidates(), [], follow_up_days=365)["is_contaminated"].any()


def test_of_two_days_given_for_a_practice_the_first_counts() -> None:
    days = [own(date(2020, 1, 1)), own(date(2016, 1, 1))]
    found = flag_contaminated(candidates(), days, follow_up_days=365)
    assert found.height == 4
    assert found.filter("is_contaminated")["candidate_id"].to_list() == [2]


def test_sets_share_their_weight_anew_and_go_where_nobody_is_left() -> None:
    matched = pl.DataFrame(
        {
            "candidate_id": [10, 1, 2, 20, 3],
            "match_set": [10, 10, 10, 20, 20],
            "exposed": [True, False, False, True, False],
            "weight": [1.0, 0.5, 0.5, 1.0, 1.0],
        }
    )
    flags = pl.DataFrame({"candidate_id": [1, 2, 3], "is_contaminated": [True, False, True]})
    found = without_contaminated(matched, flags)
    assert found.rows() == [(10, 10, True, 1.0), (2, 10, False, 1.0)]
