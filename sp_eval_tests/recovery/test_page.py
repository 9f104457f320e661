"""The sums over worlds, the file a run goes on from, and the page: true to what was planned."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from sp_eval_tests.recovery.experiment import ROWS
from sp_eval_tests.recovery.figures import summarise
from sp_eval_tests.recovery.kept_worlds import keep_world, kept_worlds
from sp_eval_tests.recovery.page import PAGE, page_of
from sp_eval_tests.recovery.page_tables import world_table
from sp_eval_tests.recovery.page_words import LIMITS, OUTCOMES_TOLD, RIGHT_TOLD, WRONG_TOLD
from sp_eval_tests.recovery.right_methods import DIFFERENCE, FALL, PRIMARY
from sp_eval_tests.recovery.worlds import JUDGED, PLAN, STUDY
from sp_eval_tests.recovery.wrong_methods import WRONG


def rows_of(*told: dict) -> pl.DataFrame:
    base = {"world": "w", "kind": "fewer", "outcome": "gp_contact", "method": PRIMARY}
    made = [base | {"is_right": True, "se": 0.1, "cpu_seconds": 1.0} | row for row in told]
    return pl.DataFrame(made, schema=dict(ROWS))


def test_bias_coverage_and_size_of_four_worlds() -> None:
    rows = rows_of(
        {"true": 1.0, "point": 1.1, "low": 0.9, "high": 1.3},
        {"true": 1.0, "point": 0.8, "low": 0.7, "high": 0.9},
        {"true": 0.85, "point": 0.85, "low": 0.7, "high": 0.99},
        {"true": 0.85, "withheld": "too few"},
    )
    found = summarise(rows).row(0, named=True)
    errors = np.log([1.1, 0.8, 1.0])
    assert found["bias"] == pytest.approx(errors.mean())
    assert found["mc_error"] == pytest.approx(errors.std(ddof=1) / np.sqrt(3))
    assert found["coverage"] == pytest.approx(2 / 3)
    assert (found["size"], found["worlds_of_nothing"]) == (0.5, 2)
    assert (found["worlds"], found["withheld"]) == (4, 1)
    assert found["estimate"] == pytest.approx((1.1 * 0.8 * 0.85) ** (1 / 3))
    assert found["true"] == pytest.approx(0.85 ** (1 / 3))
    assert found["se_over_sd"] == pytest.approx(0.1 / errors.std(ddof=1))


def test_differences_are_judged_on_their_own_scale() -> None:
    rows = rows_of(
        {"method": DIFFERENCE, "true": 0.0, "point": -30.0, "low": -50.0, "high": -10.0},
        {"method": DIFFERENCE, "true": -100.0, "point": -90.0, "low": -120.0, "high": -60.0},
    )
    found = summarise(rows).row(0, named=True)
    assert found["bias"] == pytest.approx(-10)
    assert found["estimate"] == pytest.approx(-60)
    assert (found["coverage"], found["size"], found["worlds_of_nothing"]) == (0.5, 1.0, 1)


def test_a_stopped_run_goes_on_and_a_finished_one_begins_anew(tmp_path: Path) -> None:
    path = tmp_path / "var" / "kept.ndjson"
    first, second = PLAN[:2]
    assert kept_worlds(path, PLAN[:2]) == {}
    keep_world(path, first, [{"world": first.key}])
    assert kept_worlds(path, PLAN[:2]) == {first.key: [{"world": first.key}]}
    other = replace(first, kind=replace(first.kind, settings={"swing_sd": 0.1}))
    assert kept_worlds(path, [other, second]) == {}
    keep_world(path, first, [])
    keep_world(path, second, [])
    assert kept_worlds(path, PLAN[:2]) == {}
    assert not path.read_text(encoding="utf-8")


def test_more_than_two_hundred_worlds_and_none_twice() -> None:
    assert len({planned.key for planned in PLAN}) == len(PLAN) >= 200
    assert len({(planned.scheme, planned.seed) for planned in PLAN}) == len(PLAN)


def test_every_way_has_its_words() -> None:
    assert set(RIGHT_TOLD) == {PRIMARY, *STUDY.estimators.sensitivity}
    assert list(WRONG_TOLD) == list(WRONG)
    assert list(OUTCOMES_TOLD) == [outcome.name for outcome in JUDGED]


def test_a_page_is_made_of_any_full_set_of_rows() -> None:
    ways = [*RIGHT_TOLD, DIFFERENCE, FALL]
    told = [
        {"world": kind, "kind": kind, "outcome": outcome, "method": method}
        | {"true": 1.0, "point": 0.9, "low": 0.8, "high": 1.1}
        for kind in {planned.kind.name for planned in PLAN}
        for _ in range(2)
        for outcome in OUTCOMES_TOLD
        for method in [*ways, *WRONG_TOLD]
    ]
    text = page_of(rows_of(*told))
    assert "nan" not in text
    assert text.count("| -10.5 (") >= len(WRONG_TOLD)


def test_the_page_tells_the_worlds_and_ways_that_are_planned() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert world_table() in text
    assert f"{len(PLAN)} made-up worlds" in text
    plain = " ".join(text.split())
    for name in [*RIGHT_TOLD.values(), *(told for told, _ in WRONG_TOLD.values())]:
        assert f"| {name} |" in plain, name
    for sentence in [*(shows for _, shows in WRONG_TOLD.values()), *LIMITS]:
        assert sentence in plain
