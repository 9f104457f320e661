"""Exposure may be told as true and false, or as 1 and 0; nothing else is taken for it."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from sp_eval.comparison.balance import balance_table
from sp_eval.comparison.matching import coarsened_exact, match_exact, match_nearest
from sp_eval.comparison.units import with_exposed
from sp_eval.comparison.weighting import entropy_balance, propensity_weights


def units() -> pl.DataFrame:
    rng = np.random.default_rng(4)
    exposed = rng.random(200) < 0.3
    score = 1 / (1 + np.exp(-rng.normal(exposed - 1.0)))
    return pl.DataFrame(
        {"person_key": range(200), "treat": exposed, "score": score, "sex": rng.integers(0, 2, 200)}
    )


WAYS = {
    "nearest": lambda u: match_nearest(u, exposed="treat", score="score"),
    "exact": lambda u: match_exact(u, exposed="treat", on=["sex"], id="person_key"),
    "coarsened": lambda u: coarsened_exact(
        u, exposed="treat", on={"score": [0.3, 0.6]}, id="person_key"
    ),
    "balance": lambda u: balance_table(u, exposed="treat", covariates=["score"]),
    "entropy": lambda u: entropy_balance(u, exposed="treat", covariates=["score"]).weights,
    "propensity": lambda u: propensity_weights(u, exposed="treat", score="score").weights,
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", [pl.Int64, pl.Float64, pl.UInt8])
def test_ones_and_noughts_are_true_and_false(way: str, kind: pl.DataType) -> None:
    told = units().with_columns(pl.col("treat").cast(kind))
    assert WAYS[way](told).equals(WAYS[way](units()))


@pytest.mark.parametrize("values", [[0, 2], ["0", "1"], [0.5, 1.0], [None, True]])
def test_anything_else_is_refused(values: list) -> None:
    with pytest.raises(ValueError, match="'treat'"):
        with_exposed(pl.DataFrame({"treat": values}), "treat")
