"""A randomised offer: print, linearmodels, and the test of each effect by hand.

linearmodels' figures are by `python/offer_by_linearmodels.py`.
"""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from scipy import stats

from sp_eval.models.instrument import late
from sp_eval.models.rate_ratio import fit_rate_ratio
from sp_eval.models.sandwich import linear_variance
from sp_eval_tests.support.published_data import offers, vitamin_a
from sp_eval_tests.support.shared_files import shared_file

OFFER = {"offered": "offered", "taken_up": "taken"}


def test_vitamin_a_as_printed() -> None:
    """Imbens & Rubin (1997), Annals of Statistics 25:305: -0.0026 (0.0009), -0.0032 (0.0012);

    Sommer & Zeger (1991): 80% took it, and of those who did so 0.28 times as many died.
    """
    found = late(vitamin_a(), outcome="died", **OFFER)
    assert found.headline == "itt"
    assert (round(found.itt.point, 4), round(found.itt.standard_error, 4)) == (-0.0026, 0.0009)
    assert (round(found.late.point, 4), round(found.late.standard_error, 4)) == (-0.0032, 0.0012)
    assert round(found.first_stage.point, 2) == 0.8
    assert found.late_ratio is not None
    assert round(found.late_ratio.point, 2) == 0.28


def test_vitamin_a_by_hand() -> None:
    found = late(vitamin_a(), outcome="died", **OFFER)
    itt = 46 / 12094 - 74 / 11588
    uptake = 9675 / 12094
    assert found.itt.point == pytest.approx(itt, abs=1e-12)
    assert found.late.point == pytest.approx(itt / uptake, abs=1e-12)
    p, q = 46 / 12094, 74 / 11588
    n = 12094 + 11588
    robust = np.sqrt((p * (1 - p) / 12094 + q * (1 - q) / 11588) * n / (n - 2))
    assert found.itt.standard_error == pytest.approx(robust, rel=1e-9)
    # those who would have taken it died at this rate where it was not offered
    not_taking = (q - 34 / 12094) / uptake
    assert found.late_ratio is not None
    assert found.late_ratio.details["not_taking_it_up"] == pytest.approx(not_taking, abs=1e-12)
    assert found.late_ratio.point == pytest.approx(12 / 9675 / not_taking, rel=1e-10)


def test_smoking_as_hernan_and_robins_print_it() -> None:
    """Causal Inference: What If, section 16.2: 25.8% and 19.5%, 2.686 and 2.536 kg, ratio 2.4 kg

    (-36.5 to 41.3), first-stage F 0.8.
    """
    path = shared_file("data", "nhefs", "nhefs.csv")
    rows = pl.read_csv(path, null_values=["NA", ""], infer_schema_length=None)
    rows = rows.drop_nulls(["wt82", "price82"]).with_columns(dear=pl.col("price82") >= 1.5)
    found = late(rows, outcome="wt82_71", offered="dear", taken_up="qsmk")
    shares = found.first_stage.details
    assert round(shares["taken_up_offered"], 3) == 0.258
    assert round(shares["taken_up_not_offered"], 3) == 0.195
    assert round(found.late.point, 1) == 2.4
    reach = stats.norm.ppf(0.975) * found.late.details["model_standard_error"]
    ends = (found.late.point - reach, found.late.point + reach)
    assert tuple(round(end, 1) for end in ends) == (-36.5, 41.3)
    assert found.first_stage_f is not None
    assert found.first_stage_f < 1.0
    assert found.anderson_rubin.kind == "everything"
    assert "Anderson and Rubin" in found.late.notes[1]


@pytest.mark.parametrize("cluster", [(), "practice"])
def test_the_error_of_compliers_ratio_is_that_of_units_left_out(cluster: tuple | str) -> None:
    rows = offers().with_row_index("own")
    given = {"outcome": "contacts", **OFFER, "person_days": "days"}
    unit = cluster or "own"
    logs = []
    for one in rows[unit].unique():
        found = late(rows.filter(pl.col(unit) != one), **given).late_ratio
        assert found is not None
        logs.append(np.log(found.point))
    n = len(logs)
    jackknife = np.sqrt(((np.array(logs) - np.mean(logs)) ** 2).sum() * (n - 1) / n)
    found = late(rows, **given, cluster=cluster).late_ratio
    assert found is not None
    assert found.standard_error == pytest.approx(jackknife, rel=0.03)


LINEARMODELS = [
    # given, outcome's late, model's, robust and practices' errors; the same of the first stage
    ({}, -91.9724334601, (51.528977118, 51.1480229521, 49.6566487022),
     0.595022624434, (0.049247991765, 0.033589376796)),
    ({"covariates": "age"}, -80.0772045066, (50.4659872188, 50.2786046693, 46.7419595498),
     0.588819119014, (0.049528063743, 0.033450598152)),
    ({"covariates": "age", "weights": "weight"}, -82.1223066816,
     (50.734819279, 53.1277720535, 48.4967027438),
     0.585759716092, (0.050998025310, 0.034753626409)),
]  # fmt: skip


@pytest.mark.parametrize(("given", "point", "errors", "first", "first_errors"), LINEARMODELS)
def test_two_stage_least_squares_as_linearmodels_has_it(
    given: dict, point: float, errors: tuple, first: float, first_errors: tuple
) -> None:
    robust = late(offers(), outcome="cost", **OFFER, **given)
    grouped = late(offers(), outcome="cost", **OFFER, **given, cluster="practice")
    assert robust.late.point == pytest.approx(point, abs=1e-9)
    assert robust.late.details["model_standard_error"] == pytest.approx(errors[0], abs=1e-9)
    assert robust.late.standard_error == pytest.approx(errors[1], abs=1e-9)
    assert grouped.late.standard_error == pytest.approx(errors[2], abs=1e-9)
    for found, error in zip((robust, grouped), first_errors, strict=True):
        assert found.first_stage.point == pytest.approx(first, abs=1e-11)
        assert found.first_stage.standard_error == pytest.approx(error, abs=1e-11)
        assert found.first_stage_f == pytest.approx((first / error) ** 2, rel=1e-9)


def test_rates_as_linearmodels_has_them_and_the_offer_as_a_ratio() -> None:
    given = {"outcome": "contacts", **OFFER, "person_days": "days"}
    robust, grouped = late(offers(), **given), late(offers(), **given, cluster="practice")
    assert robust.late.scale == "rate_difference_per_1000_person_years"
    assert robust.late.point == pytest.approx(1034.6050971689, abs=1e-8)
    assert robust.late.standard_error == pytest.approx(1090.6158616714, abs=1e-8)
    assert grouped.late.standard_error == pytest.approx(849.2530039525, abs=1e-8)
    ratio = fit_rate_ratio(
        offers(), outcome="contacts", exposed="offered", person_days="days", cluster="practice"
    )
    assert grouped.itt.scale == "rate_ratio"
    assert grouped.itt.method == "intention_to_treat"
    assert (grouped.itt.point, grouped.itt.standard_error) == (ratio.point, ratio.standard_error)
    assert grouped.itt.difference is not None
    # late is what the offer does to the rate, per person-year more of taking it up
    assert grouped.late.point == pytest.approx(
        grouped.itt.difference.point / grouped.first_stage.point, rel=1e-9
    )


@pytest.mark.parametrize("cluster", [(), "practice"])
def test_anderson_and_rubin_by_trying_every_effect(cluster: tuple | str) -> None:
    """Of each effect: is what is left of the outcome moved by the offer?"""
    rows = offers()
    found = late(rows, outcome="cost", **OFFER, covariates="age", cluster=cluster).anderson_rubin
    assert found.kind == "inside"
    y, d, z, age = (rows[c].to_numpy().astype(float) for c in ("cost", "taken", "offered", "age"))
    x = np.column_stack([np.ones(240), z, age])
    codes = (rows["practice"].to_numpy(),) if cluster else ()

    def statistic(effect: float) -> float:
        rest = y - effect * d
        beta = np.linalg.lstsq(x, rest, rcond=None)[0]
        influence = ((x * (rest - x @ beta)[:, None]) @ np.linalg.inv(x.T @ x))[:, 1]
        variance, df = linear_variance(influence, codes, parameters=3)
        return abs(beta[1]) / np.sqrt(variance) - stats.t.ppf(0.975, df)

    assert found.low is not None
    assert found.high is not None
    assert statistic(found.low) == pytest.approx(0, abs=1e-8)
    assert statistic(found.high) == pytest.approx(0, abs=1e-8)
    assert statistic((found.low + found.high) / 2) < 0
    assert statistic(found.low - 1) > 0
    assert statistic(found.high + 1) > 0


def test_where_everybody_does_as_offered_late_is_the_itt() -> None:
    rows = offers().with_columns(taken="offered")
    found = late(rows, outcome="cost", **OFFER, covariates="age", cluster="practice")
    assert found.first_stage_f is None
    for name in ("point", "ci_low", "ci_high", "standard_error", "p_value"):
        assert getattr(found.late, name) == pytest.approx(getattr(found.itt, name), rel=1e-12)
    assert found.anderson_rubin.low == pytest.approx(found.itt.ci_low)
    assert found.anderson_rubin.high == pytest.approx(found.itt.ci_high)
