"""The bootstrap at the edges."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from sp_eval.models.mean_difference import bca_levels, bootstrap_difference

GIVEN = {"outcome": "cost", "exposed": "e", "seed": 1, "draws": 400}


def costs(n: int = 60, seed: int = 1) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    return pl.DataFrame(
        {
            "cost": rng.lognormal(5, 1, n),
            "e": np.arange(n) % 3 == 0,
            "practice": np.arange(n) % 12,
            "w": rng.uniform(0.5, 2, n),
        }
    )


def test_the_same_seed_gives_the_same_interval() -> None:
    one, two = (bootstrap_difference(costs(), **GIVEN) for _ in range(2))
    assert one == two
    other = bootstrap_difference(costs(), **(GIVEN | {"seed": 2}))
    assert other.point == one.point
    assert other.ci_low != one.ci_low


def test_point_and_counts() -> None:
    rows = costs()
    found = bootstrap_difference(rows, **GIVEN, weights="w")
    groups = (rows.filter("e"), rows.filter(~pl.col("e")))
    means = [np.average(g["cost"], weights=g["w"]) for g in groups]
    assert found.point == pytest.approx(means[0] - means[1])
    assert (found.n_analysed, found.n_comparison) == (20, 40)
    assert found.p_value is None
    assert found.method == "bootstrap_percentile"
    assert found.details["draws"] == 400


def test_draws_in_pieces_have_the_size_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sp_eval.models.mean_difference._AT_ONCE", 40 * 7)
    found = bootstrap_difference(costs(), **GIVEN)
    assert found.details["draws"] == 400


@pytest.mark.parametrize("method", ["percentile", "bca"])
def test_values_that_never_vary_have_no_width(method: str) -> None:
    rows = costs().with_columns(cost=pl.lit(7.0))
    found = bootstrap_difference(rows, **GIVEN, method=method)
    assert (found.point, found.ci_low, found.ci_high) == (0.0, 0.0, 0.0)


def test_bca_moves_towards_the_long_tail() -> None:
    rows = costs(200)
    percentile = bootstrap_difference(rows, **(GIVEN | {"draws": 4_000}))
    bca = bootstrap_difference(rows, **(GIVEN | {"draws": 4_000}), method="bca")
    assert bca.details["acceleration"] != 0
    assert bca.details["level_high"] > bca.details["level_low"]
    assert bca.ci_low != percentile.ci_low
    assert bca.standard_error == percentile.standard_error


def test_few_clusters_are_told() -> None:
    found = bootstrap_difference(costs(), **GIVEN, cluster="practice")
    assert "12 clusters only" in found.notes[0]


def test_draws_on_one_group_alone_are_not_counted() -> None:
    rows = pl.DataFrame(
        {"cost": [1.0, 2.0, 3.0, 5.0], "e": [True, True, False, False], "c": [0, 1, 1, 2]}
    )
    found = bootstrap_difference(rows, **GIVEN, cluster="c")
    assert 0 < found.details["draws"] < 400
    assert np.isfinite(found.ci_high)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"draws": 50}, "100 draws or more"),
        ({"ci_level": 1.0}, "between 0 and 1"),
        ({"method": "normal"}, "'method' must be"),
        ({"outcome": "gone"}, "no column 'gone'"),
        ({"cluster": "gone"}, "no column 'gone'"),
        ({"cluster": ("practice", "w")}, "name one column"),
    ],
)
def test_bad_arguments_are_refused(given: dict, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        bootstrap_difference(costs(), **(GIVEN | given))


def test_each_group_needs_two_units() -> None:
    one = costs().head(2)
    with pytest.raises(ValueError, match="two units or more"):
        bootstrap_difference(one, **GIVEN)
    with pytest.raises(ValueError, match="two units or more"):
        bootstrap_difference(costs().filter("e"), **GIVEN)
    with pytest.raises(ValueError, match="nothing to fit"):
        bootstrap_difference(costs().clear(), **GIVEN)


def test_nulls_are_refused_by_name() -> None:
    rows = costs().with_columns(cost=pl.when(pl.col("e")).then(None).otherwise("cost"))
    with pytest.raises(ValueError, match="'cost' is null in 20 rows"):
        bootstrap_difference(rows, **GIVEN)


def test_draws_that_all_lie_on_one_side_are_no_ground_for_bca() -> None:
    with pytest.raises(ValueError, match="one side"):
        bca_levels(0.0, np.ones(10), [np.arange(4.0)], 0.95)
