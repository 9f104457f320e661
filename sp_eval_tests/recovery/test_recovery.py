"""The primary estimate finds the truth it was made with: bias, coverage, and the expected fall.

The small version runs with the tests; `make recovery` runs the full one (hours on two cores).
"""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from sp_eval_tests.recovery.experiment import KINDS, every, replicate, summarise

BY_NAME = {kind.name: kind for kind in KINDS}


def test_small_worlds_come_out_near_their_truth() -> None:
    found = pl.concat(
        [
            replicate(
                BY_NAME["fewer"], seed=seed, scheme="rotherham", people=5_000, referred=450
            ).filter(pl.col("days") == "days_30_395", pl.col("outcome") == "gp_contact")
            for seed in (31, 32, 33)
        ],
        how="diagonal_relaxed",
    )
    assert found["status"].to_list() == ["released"] * 3
    error = found["error"].to_numpy()
    # Three worlds with a standard error of some .06 each: their mean lies within 3 x .06 / root 3.
    assert abs(error.mean()) < 0.105
    assert found["covered"].sum() >= 2
    naive = np.log(found["naive"].to_numpy() / found["true"].to_numpy())
    assert naive.mean() < -0.1  # what a before/after alone would have claimed on top
    assert abs((found["expected_fall"] - found["true_fall"]).mean()) < 0.1


def test_no_effect_is_not_taken_for_one() -> None:
    found = replicate(
        BY_NAME["no effect"], seed=34, scheme="gloucestershire", people=5_000, referred=450
    ).filter(pl.col("days") == "days_30_395", pl.col("outcome") == "gp_contact")
    row = found.row(0, named=True)
    assert row["covered"]
    assert row["naive"] < 0.95  # although contacts fell


@pytest.mark.recovery
@pytest.mark.parametrize("name", ["fewer", "no effect", "more", "steady people", "gentle hazard"])
def test_many_worlds(name: str) -> None:
    rows = pl.concat(
        list(every((BY_NAME[name],), seeds=range(1001, 1021), people=20_000, referred=1_500)),
        how="diagonal_relaxed",
    )
    table = summarise(rows).filter(pl.col("days") == "days_30_395")
    by_outcome = {row["outcome"]: row for row in table.iter_rows(named=True)}
    primary = by_outcome["gp_contact"]
    assert primary["withheld"] == 0
    assert abs(primary["mean_error"]) <= 0.02 + 2 * primary["mc_error"]
    assert primary["coverage"] >= 52 / 60
    for outcome, row in by_outcome.items():
        assert abs(row["fall_bias"]) <= 0.03 + 2 * row["fall_mc_error"], outcome
