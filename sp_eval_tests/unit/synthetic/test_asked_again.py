"""Asked again and again: fewer people each time, as they answered before, none after the end."""

from __future__ import annotations

import polars as pl

from sp_eval.synthetic.asked_again import asked_again
from sp_eval.synthetic.settings import WorldSettings


def test_half_answer_each_time_and_the_world_ends() -> None:
    settings = WorldSettings()
    people = 400
    day = [10] * people + [200] * people
    responses = pl.DataFrame(
        {
            "reference": [f"R{n % people}" for n in range(2 * people)],
            "stage": ["baseline"] * people + ["follow_up"] * people,
            "day": pl.Series(day, dtype=pl.Int32),
            "score": [1] * people + [4] * people,
        }
    )
    later = [("third", 182), ("fourth", 183), ("never", settings.days)]
    found = asked_again(settings, responses, first="one", second="two", later=later)
    counts = dict(found["stage"].value_counts().iter_rows())
    assert counts["one"] == counts["two"] == people
    assert 0.4 * people < counts["third"] < 0.6 * people
    assert 0.4 * counts["third"] < counts["fourth"] < 0.6 * counts["third"]
    assert "never" not in counts
    last = found.filter(pl.col("stage") == "fourth")
    assert set(last["day"]) == {200 + 182 + 183}
    assert set(last["score"]) == {4}
    assert set(last["reference"]) <= set(found.filter(pl.col("stage") == "third")["reference"])
