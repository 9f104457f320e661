"""Change in questionnaire scores by hand."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest
from scipy import stats

from sp_eval.models.estimate import TooFewEventsError
from sp_eval.models.paired_change import paired_change, paired_scores
from sp_eval.study.outcomes import INSTRUMENTS

MEAN = INSTRUMENTS["rotherham_wellbeing"]
SUM = INSTRUMENTS["swemwbs"]


def answers(*given: tuple[str, str, date, dict[str, float | None]]) -> pl.DataFrame:
    rows = [
        (person, item, stage, day, score)
        for person, stage, day, scores in given
        for item, score in scores.items()
    ]
    schema = {
        "person_key": pl.String, "item": pl.String, "stage": pl.String,
        "response_date": pl.Date, "score": pl.Float64,
    }  # fmt: skip
    return pl.DataFrame(rows, schema=schema, orient="row")


def every(score: float, *, of=SUM) -> dict[str, float | None]:
    return dict.fromkeys(of.items, score)


def scored(instrument, *given) -> list[tuple]:
    conversion = {raw: raw * 10.0 for raw in range(7, 36)}
    return paired_scores(answers(*given), instrument, conversion=conversion).rows()


def test_first_baseline_and_last_follow_up_are_converted_as_sums() -> None:
    found = scored(
        SUM,
        ("aa", "baseline", date(2017, 6, 1), every(2)),
        ("aa", "baseline", date(2017, 6, 9), every(5)),
        ("aa", "follow_up", date(2017, 9, 1), every(3)),
        ("aa", "follow_up", date(2017, 12, 1), every(4)),
    )
    assert found == [("aa", 140.0, 280.0)]


def test_a_sum_needs_every_item_both_times() -> None:
    found = scored(
        SUM,
        ("aa", "baseline", date(2017, 6, 1), every(2) | {"q3": None}),
        ("aa", "follow_up", date(2017, 9, 1), every(3)),
        ("bb", "baseline", date(2017, 6, 1), every(2)),
    )
    assert found == []


def test_a_mean_is_over_the_items_answered_both_times_and_needs_half() -> None:
    items = list(MEAN.items)
    half, fewer = items[:4], items[:3]
    found = scored(
        MEAN,
        ("aa", "baseline", date(2017, 6, 1), every(2, of=MEAN)),
        ("aa", "follow_up", date(2017, 9, 1), dict(zip(half, (2, 3, 4, 5), strict=True))),
        ("bb", "baseline", date(2017, 6, 1), every(2, of=MEAN)),
        ("bb", "follow_up", date(2017, 9, 1), dict.fromkeys(fewer, 5)),
    )
    assert found == [("aa", 2.0, 3.5)]


def test_a_sum_counts_items_left_out_like_the_others_if_there_are_enough() -> None:
    whole = INSTRUMENTS["wemwbs"]
    eleven, ten = (dict.fromkeys(whole.items[:count], 3) for count in (11, 10))
    found = scored(
        whole,
        ("aa", "baseline", date(2017, 6, 1), every(2, of=whole)),
        ("aa", "follow_up", date(2017, 9, 1), eleven),
        ("bb", "baseline", date(2017, 6, 1), every(2, of=whole)),
        ("bb", "follow_up", date(2017, 9, 1), ten),
    )
    assert found == [("aa", 28.0, 42.0)]


def test_where_lower_is_better_a_gain_is_a_fall_of_the_score() -> None:
    mycaw = INSTRUMENTS["mycaw"]
    assert not mycaw.higher_is_better
    before, after = ({"concern1": c, "concern2": None, "wellbeing": w} for c, w in ((6, 4), (3, 2)))
    pairs = paired_scores(
        answers(
            *(
                (person, stage, day, scores)
                for person in ("aa", "bb", "cc")
                for stage, day, scores in (
                    ("baseline", date(2017, 6, 1), before),
                    ("follow_up", date(2017, 8, 1), after),
                )
            ),
            # another concern than at first is no later answer to it
            ("dd", "baseline", date(2017, 6, 1), {"concern1": 6.0}),
            ("dd", "follow_up", date(2017, 8, 1), {"concern2": 0.0}),
        ),
        mycaw,
        conversion={},
    )
    assert pairs.rows() == [(person, 5.0, 2.5) for person in ("aa", "bb", "cc")]
    assert paired_change(pairs).point == -2.5


def test_a_follow_up_no_later_than_the_baseline_is_none() -> None:
    found = scored(
        SUM,
        ("aa", "baseline", date(2017, 6, 1), every(2)),
        ("aa", "follow_up", date(2017, 6, 1), every(3)),
    )
    assert found == []


def test_mean_change_with_students_interval() -> None:
    pairs = pl.DataFrame({"baseline": [1.0, 2.0, 3.0, 4.0], "follow_up": [2.0, 2.0, 5.0, 5.0]})
    found = paired_change(pairs)
    assert found.point == 1.0
    se = ((0 + 1 + 1 + 0) / 3) ** 0.5 / 2
    assert found.ci_high == pytest.approx(1 + stats.t.ppf(0.975, 3) * se)
    assert found.n_analysed == 4
    theirs = stats.ttest_rel(pairs["follow_up"], pairs["baseline"])
    assert found.p_value == pytest.approx(theirs.pvalue)


def test_two_people_tell_nothing() -> None:
    with pytest.raises(TooFewEventsError):
        paired_change(pl.DataFrame({"baseline": [1.0, 2.0], "follow_up": [2.0, 2.0]}))


def test_a_questionnaire_that_came_as_its_total_alone_is_scored() -> None:
    first, later = date(2017, 6, 1), date(2017, 9, 1)
    found = scored(
        SUM,
        ("raw", "baseline", first, {"total": 14.0}),
        ("raw", "follow_up", later, {"total": 21.0}),
        ("converted", "baseline", first, {"metric": 140.0}),
        ("converted", "follow_up", later, {"metric": 210.0}),
        ("answers, then total", "baseline", first, every(2)),
        ("answers, then total", "follow_up", later, {"total": 21.0, "metric": 70.0}),
        ("no later one", "baseline", first, {"total": 14.0}),
        ("same day", "baseline", first, {"total": 14.0}),
        ("same day", "follow_up", first, {"total": 21.0}),
    )
    assert found == [
        (person, 140.0, 210.0) for person in ("answers, then total", "converted", "raw")
    ]


def test_what_no_conversion_gives_and_a_total_of_some_answers_are_no_scores() -> None:
    first, later = date(2017, 6, 1), date(2017, 9, 1)
    found = scored(
        SUM,
        ("raw as metric", "baseline", first, {"metric": 14.0}),
        ("raw as metric", "follow_up", later, {"metric": 21.0}),
        ("six answers", "baseline", first, every(2) | {"q3": None, "total": 12.0}),
        ("six answers", "follow_up", later, {"total": 21.0}),
        ("all answers", "baseline", first, every(2) | {"total": 35.0}),
        ("all answers", "follow_up", later, every(3) | {"total": 7.0}),
    )
    assert found == [("all answers", 140.0, 210.0)]


def test_a_total_that_is_not_converted_stands_as_it_is() -> None:
    whole = INSTRUMENTS["wemwbs"]
    eleven = dict.fromkeys(whole.items[:11], 3)
    found = scored(
        whole,
        ("aa", "baseline", date(2017, 6, 1), {"total": 40.0}),
        ("aa", "follow_up", date(2017, 9, 1), eleven),
    )
    assert found == [("aa", 40.0, 42.0)]
