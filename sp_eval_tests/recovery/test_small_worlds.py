"""Small worlds with a known truth, every time the tests run; the full simulations are beside.

What chance does to a few hundred referred people is large. So the sharp tests here compare worlds
that differ in nothing but the effect: the same people, referrals and events but those removed or
added by the scheme.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import polars as pl
import pytest

from sp_eval.cohort.build import build_core
from sp_eval.cohort.extract_tables import store_extracts
from sp_eval.evaluation import compare, estimate
from sp_eval.models.estimate import Estimate
from sp_eval.study.outcomes import OUTCOMES
from sp_eval.synthetic.settings import AFFECTED, WorldSettings
from sp_eval.synthetic.world import World, simulate
from sp_eval.warehouse.connection import open_memory
from sp_eval_tests.recovery.prepared import prepared
from sp_eval_tests.recovery.right_methods import DIFFERENCE, FALL, PRIMARY, right_estimates
from sp_eval_tests.recovery.wrong_methods import SETS, wrong_estimates
from sp_eval_tests.support.studies import a_study

COUNTED = tuple(OUTCOMES)

NONE = tuple(dict.fromkeys(AFFECTED, 1.0).items())
FEWER = (*NONE, ("gp_contact", 0.85), ("ae_attendance", 0.7))
MORE = (*NONE, ("gp_contact", 1.15), ("ae_attendance", 1.3))
SEEDS = (21, 22)
STUDY = a_study(observed={"from": "2016-04-01", "to": "2019-03-31"})


@cache
def world(seed: int, effects: tuple[tuple[str, float], ...]) -> World:
    return simulate(
        WorldSettings(
            people=3_000, referred=260, seed=seed, effects=dict(effects), hazard_slope=0.5
        )
    )


@cache
def evaluated(seed: int, effects: tuple[tuple[str, float], ...]) -> pl.DataFrame:
    """Rows of `published.estimate` for the study's own window and for the one without a washout.

    The design is made once; only the window after differs. `days` says which window.
    """
    conn = open_memory()
    try:
        store_extracts(conn, world(seed, effects).tables, observed=STUDY.observed)
        build_core(conn)
        compare(conn, STUDY)
        rows = []
        for washout in (30,) if effects == MORE else (30, 1):
            windows = STUDY.windows.model_copy(update={"washout_days": washout})
            other = STUDY.model_copy(update={"windows": windows})
            found = estimate(conn, other, run_id="")
            rows.append(found.with_columns(days=pl.lit(f"days_{washout}_{washout + 365}")))
        return pl.concat(rows)
    finally:
        conn.close()


@cache
def by_pieces(seed: int) -> dict[tuple[str, str], Estimate | str]:
    """What the long simulations estimate of the world without effect; and one wrong way."""
    outcomes = tuple(OUTCOMES[name] for name in ("gp_contact", "elective_admission"))
    sets = {"demographics": SETS["demographics"]}
    with prepared(world(seed, NONE), STUDY, sets) as ready:
        found = [
            *right_estimates(ready, outcomes),
            *wrong_estimates(ready, outcomes, ("matched_on_demographics_did",)),
        ]
    return {(method, outcome.name): told for method, outcome, told in found}


def ratio(seed: int, effects: tuple, outcome: str = "gp_contact") -> dict:
    rows = evaluated(seed, effects).filter(
        outcome=outcome, role="primary", scale="rate_ratio", days="days_30_395"
    )
    return rows.row(0, named=True)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    ("effects", "outcome", "true", "within"),
    [
        (FEWER, "gp_contact", 0.85, 0.03),
        (FEWER, "ae_attendance", 0.7, 0.12),
        (MORE, "gp_contact", 1.15, 0.03),
        (MORE, "ae_attendance", 1.3, 0.12),
    ],
)
def test_the_effect_put_in_is_the_effect_that_comes_out(
    seed: int, effects: tuple, outcome: str, true: float, within: float
) -> None:
    with_it, without = (ratio(seed, e, outcome)["point"] for e in (effects, NONE))
    assert np.log(with_it / without) == pytest.approx(np.log(true), abs=within)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_scheme_that_does_nothing_is_not_credited(seed: int) -> None:
    row = ratio(seed, NONE)
    assert row["status"] == "released"
    assert row["ci_low"] <= 1 <= row["ci_high"]
    assert row["verdict"] not in ("fewer", "more")
    naive = evaluated(seed, NONE).filter(
        outcome="gp_contact", method="before_after", days="days_30_395"
    )
    assert naive["ci_high"].item() < 0.95  # before/after credits it with a fall


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("effects", [NONE, FEWER])
def test_what_was_seen_before_and_after_is_exact(seed: int, effects: tuple) -> None:
    """Same people, same days, same events as the truth counts, to its last digit."""
    for days in ("days_30_395", "days_1_366"):
        truth = world(seed, effects).truth["analysable"][days]
        for outcome in COUNTED:
            row = evaluated(seed, effects).filter(
                outcome=outcome, method="before_after", days=days
            ).row(0, named=True)  # fmt: skip
            counted = truth["outcomes"][outcome]
            assert row["events_exposed"] == counted["events_after"], (days, outcome)
            assert row["person_years_exposed"] == pytest.approx(
                truth["person_years_after"], abs=6e-4
            )
            assert row["point"] == pytest.approx(counted["before_after_ratio"], abs=6e-6)
            assert row["n_analysed"] == truth["people"]


@pytest.mark.parametrize("seed", SEEDS)
def test_the_fall_expected_from_selection_covers_the_true_one(seed: int) -> None:
    for days in ("days_30_395", "days_1_366"):
        truth = world(seed, NONE).truth["analysable"][days]["outcomes"]["gp_contact"]
        row = evaluated(seed, NONE).filter(
            outcome="gp_contact", method="expected_from_selection", days=days
        ).row(0, named=True)  # fmt: skip
        assert row["ci_low"] <= truth["before_after_ratio_without_scheme"] <= row["ci_high"]
        assert row["point"] < 0.95


def test_the_effect_hardly_moves_the_fall_expected() -> None:
    """It is read off people not referred; only those referred later carry some effect."""
    with_it, without = (
        evaluated(21, e).filter(
            outcome="gp_contact", method="expected_from_selection", days="days_30_395"
        )["point"].item()
        for e in (FEWER, NONE)
    )  # fmt: skip
    assert with_it == pytest.approx(without, rel=1e-9)


@pytest.mark.parametrize(
    ("way", "method", "scale"),
    [
        (PRIMARY, PRIMARY, "rate_ratio"),
        (DIFFERENCE, PRIMARY, "rate_difference_per_1000_person_years"),
        (FALL, FALL, "rate_ratio"),
    ],
)
def test_what_the_long_simulations_count_is_what_is_published(
    way: str, method: str, scale: str
) -> None:
    for outcome in ("gp_contact", "elective_admission"):
        found = by_pieces(21)[way, outcome]
        row = evaluated(21, NONE).filter(
            outcome=outcome, method=method, scale=scale, days="days_30_395"
        ).row(0, named=True)  # fmt: skip
        for name in ("point", "ci_low", "ci_high"):
            assert row[name] == pytest.approx(getattr(found, name), rel=1e-4), (outcome, name)


def test_matched_on_age_and_sex_a_scheme_that_does_nothing_is_credited() -> None:
    wrong = by_pieces(21)["matched_on_demographics_did", "gp_contact"]
    assert wrong.ci_high < 0.95
    assert wrong.point < ratio(21, NONE)["ci_low"]
