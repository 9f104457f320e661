"""The people who make the effect: against fits made anew without them, and statsmodels."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
import statsmodels.api as sm

from sp_eval.models.influence import dispersion, influential_people
from sp_eval.models.poisson import PoissonFit, fit_poisson
from sp_eval_tests.support.matched_frames import matched_rows


def _arrays(rows: pl.DataFrame) -> tuple[np.ndarray, ...]:
    y, days, weight = (rows[c].to_numpy() for c in ("events", "days", "weight"))
    exposed = rows["exposed"].to_numpy().astype(float)
    return y, days, np.column_stack([np.ones(len(y)), exposed, rows["x"].to_numpy()]), weight


def _fitted(rows: pl.DataFrame) -> tuple[PoissonFit, np.ndarray]:
    return fit_poisson(*_arrays(rows)), np.unique(rows["person_number"], return_inverse=True)[1]


def _without(rows: pl.DataFrame, people: list[int]) -> float:
    left = rows.filter(~pl.col("person_number").is_in(people))
    return float(fit_poisson(*_arrays(left)).beta[1])


@pytest.mark.parametrize("seed", range(3))
def test_one_step_is_close_to_fits_made_anew(seed: int) -> None:
    rows = matched_rows(seed, sets=80)
    fit, person = _fitted(rows)
    b = float(fit.beta[1])
    people = np.unique(rows["person_number"])
    anew = np.array([_without(rows, [one]) for one in people])
    found = influential_people(b, fit.influence(person)[:, 1], person, top=5)
    largest = np.abs(anew - b).max()
    assert found.lowest == pytest.approx(anew.min(), abs=0.1 * largest)
    assert found.highest == pytest.approx(anew.max(), abs=0.1 * largest)
    assert found.people == len(people)
    moved = np.sort(np.abs(b - anew))[::-1]
    assert found.top_share == pytest.approx(moved[:5].sum() / moved.sum(), rel=0.05)


def test_without_a_few_and_the_fewest_that_undo_it_as_fits_made_anew_say() -> None:
    rows = matched_rows(2, sets=60)
    fit, person = _fitted(rows)
    b, influence = float(fit.beta[1]), fit.influence(person)[:, 1]
    found = influential_people(b, influence, person, top=4)
    moved = np.bincount(person, weights=influence) * np.sign(b)
    people = np.unique(rows["person_number"])[np.argsort(moved)[::-1]]
    anew = _without(rows, people[:4].tolist())
    assert found.without_top == pytest.approx(anew, abs=0.15 * abs(b - anew))
    fewest = found.fewest_to_nought
    assert fewest is not None
    turned = next(k for k in range(1, 60) if _without(rows, people[:k].tolist()) * b <= 0)
    assert abs(fewest - turned) <= max(1, round(0.15 * turned))
    assert found.share_to_nought == fewest / found.people


def test_by_hand() -> None:
    """Persons 7, 8 and 9 move it by 0.5, -0.25 and 0.25; one has two rows."""
    influence = np.array([0.2, 0.3, -0.25, 0.25])
    found = influential_people(0.6, influence, np.array([7, 7, 8, 9]), top=1)
    assert found.to_dict() == {
        "people": 3, "top": 1, "top_share": pytest.approx(0.5), "lowest": pytest.approx(0.1),
        "highest": pytest.approx(0.85), "without_top": pytest.approx(0.1), "fewest_to_nought": 2,
        "share_to_nought": pytest.approx(2 / 3),
    }  # fmt: skip
    below = influential_people(-0.6, -influence, np.array([7, 7, 8, 9]), top=1)
    assert (below.without_top, below.fewest_to_nought) == (pytest.approx(-0.1), 2)
    held = influential_people(2.0, influence, np.array([7, 7, 8, 9]), top=10)
    assert (held.top, held.fewest_to_nought, held.share_to_nought) == (3, None, None)
    assert held.without_top == pytest.approx(2 - 0.75)
    nothing = influential_people(0.0, np.zeros(2), np.array([0, 1]))
    assert (nothing.top_share, nothing.fewest_to_nought) == (0, 0)


@pytest.mark.parametrize(
    ("influence", "person", "top"),
    [([], [], 1), ([0.1], [1, 2], 1), ([0.1], [1], 0), ([float("nan")], [1], 1)],
)
def test_what_has_no_influence_is_refused(influence: list, person: list, top: int) -> None:
    with pytest.raises(ValueError, match="influence"):
        influential_people(0.1, np.array(influence), np.array(person, dtype=int), top=top)


@pytest.mark.parametrize("seed", range(3))
def test_dispersion_is_statsmodels(seed: int) -> None:
    rows = matched_rows(seed)
    y, days, x, weight = _arrays(rows)
    fit = fit_poisson(y, days, x, weight)
    model = sm.GLM(y, x, family=sm.families.Poisson(), offset=np.log(days), var_weights=weight)
    theirs = model.fit(tol=1e-13)
    found = dispersion(y, fit.mean, parameters=3, weight=weight)
    assert found == pytest.approx(theirs.pearson_chi2 / theirs.df_resid, rel=1e-7)


def test_dispersion_by_hand_and_refused() -> None:
    assert dispersion(np.array([0, 2, 4]), np.array([2.0, 2, 2]), parameters=1) == 2
    with pytest.raises(ValueError, match="more rows than parameters"):
        dispersion(np.array([1.0]), np.array([1.0]), parameters=1)
    with pytest.raises(ValueError, match="above nought"):
        dispersion(np.array([1.0, 2]), np.array([1.0, 0]), parameters=1)
