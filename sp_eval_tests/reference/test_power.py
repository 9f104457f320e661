"""The smallest change that would show: against print, statsmodels, and simulated studies."""

from __future__ import annotations

from math import ceil, exp, log, sqrt

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.rates import power_negbin_ratio_2indep

from sp_eval.models.power import minimum_detectable_rate_ratio, people_needed, standard_error

CASES = [
    # people, rate, years, comparison people for each, between persons (variance / mean squared)
    (1316, 0.8, 0.75, 1.0, 0.4),
    (200, 0.3, 1.0, 5.0, 0.0),
    (1300, 7.0, 1.0, 1.3, 0.8),
    (90, 2.0, 2.0, 0.8, 3.0),
]


def test_zhu_and_lakkis_table_one() -> None:
    """Rate 0.8, ratio 0.85, k 0.4, 0.75 years, power 0.8: 1,316 people a group (approach 2)."""
    dispersion = 1 + 0.4 * 0.8 * 0.75
    assert people_needed(0.85, rate=0.8, years=0.75, dispersion=dispersion) == 1316


@pytest.mark.parametrize(
    ("rate", "ratio", "between", "years", "comparison", "power", "people"),
    [  # R's MKpower 1.2, power.nb.test, approach 2, at the settings of Zhu and Lakkis' tables I-IV
        (0.8, 0.85, 0.4, 0.75, 1.0, 0.8, 1315.68986755566),
        (1.4, 1.15, 1.5, 0.75, 1.0, 0.8, 1920.90824789855),
        (2.0, 0.5, 1.0, 1.0, 1.0, 0.8, 57.177451851512),
        (10.0, 1.5, 5.0, 1.0, 2 / 3, 0.8, 607.119227751599),
        (5.0, 2.0, 0.5, 1.0, 1.0, 0.8, 21.237339259133),
        (5.9 / 3, 0.4, 1 / 0.49, 3.0, 1.0, 0.9, 58.5056204618881),
        (13 / 6, 0.2, 1 / 0.52, 6.0, 1.0, 0.9, 17.4740043049327),
    ],
)
def test_mkpower(
    rate: float, ratio: float, between: float, years: float, comparison: float, power: float,
    people: float,
) -> None:  # fmt: skip
    given = {
        "rate": rate, "years": years, "matching_ratio": comparison,
        "dispersion": 1 + between * rate * years, "power": power,
    }  # fmt: skip
    assert people_needed(ratio, **given) == ceil(people)
    found = minimum_detectable_rate_ratio(people, **given)
    assert (found.fall if ratio < 1 else found.rise) == pytest.approx(ratio, abs=1e-9)


def test_without_a_change_clustering_is_the_design_effect() -> None:
    given = {"rate": 2.0, "years": 0.5, "matching_ratio": 3.0, "dispersion": 2.5}
    plain = standard_error(800, **given)
    clustered = standard_error(800, **given, cluster_size=25, icc=0.04)
    assert clustered == pytest.approx(plain * sqrt(1 + 24 * 0.04))
    assert standard_error(800, **given, cluster_size=25) == plain
    assert standard_error(800, **given, icc=0.5) == plain


def test_what_a_cluster_shares_does_not_shrink_with_the_counts() -> None:
    """By hand: mean 1, dispersion 2, ICC 0.1, clusters of 11: k = 1 + 10 x 0.1 x 2 = 3."""
    given = {"rate": 1.0, "dispersion": 2.0, "cluster_size": 11.0, "icc": 0.1}
    at_half = standard_error(100, **given, ratio=0.5)
    assert at_half == pytest.approx(sqrt((1 / 0.5 + 3 + 1 + 3) / 100))
    found = minimum_detectable_rate_ratio(5000, **given)
    assert people_needed(found.rise, **given) in (5000, 5001)
    assert found.rise > minimum_detectable_rate_ratio(5000, rate=1.0, dispersion=2.0).rise


@pytest.mark.parametrize(("people", "rate", "years", "ratio", "between"), CASES)
@pytest.mark.parametrize("power", [0.8, 0.9])
@pytest.mark.parametrize("side", ["fall", "rise"])
def test_statsmodels_gives_the_detectable_change_that_power(
    people: int, rate: float, years: float, ratio: float, between: float, power: float, side: str
) -> None:
    found = minimum_detectable_rate_ratio(
        people, rate=rate, years=years, matching_ratio=ratio,
        dispersion=1 + between * rate * years, power=power,
    )  # fmt: skip
    detectable = getattr(found, side)
    if detectable is None:
        pytest.skip("no fall would show")
    theirs = power_negbin_ratio_2indep(
        rate * detectable, rate, people, nobs_ratio=ratio, exposure=years, dispersion=between,
        alternative="two-sided", method_var="alt", return_results=False,
    )  # fmt: skip
    assert theirs == pytest.approx(power, abs=1e-5)


def test_error_where_nothing_changes_is_that_of_the_counts() -> None:
    found = minimum_detectable_rate_ratio(400, rate=2, years=0.5, matching_ratio=4, dispersion=3)
    assert found.standard_error == pytest.approx(sqrt(3 / (400 * 2 * 0.5) * (1 + 1 / 4)))
    assert found.standard_error == pytest.approx(
        standard_error(400, rate=2, years=0.5, matching_ratio=4, dispersion=3)
    )


def test_poisson_against_equal_events() -> None:
    """Without dispersion the error is sqrt(1 / events + 1 / events)."""
    found = standard_error(100, rate=1.5, years=2, ratio=0.5)
    assert found == pytest.approx(sqrt(1 / 300 + 1 / 150))


def test_people_needed_and_change_detectable_answer_each_other() -> None:
    given = {"rate": 0.6, "matching_ratio": 1.3, "dispersion": 1.6}
    fall = minimum_detectable_rate_ratio(1500, **given).fall
    assert fall is not None
    assert people_needed(fall, **given) in (1500, 1501)
    rise = minimum_detectable_rate_ratio(1500, **given).rise
    assert people_needed(rise, **given) in (1500, 1501)
    assert 1 / fall > rise  # a fall takes away the events that would show it


def test_where_no_fall_would_show() -> None:
    found = minimum_detectable_rate_ratio(20, rate=0.05)
    assert found.fall is None
    assert found.rise > 10


def test_more_alike_than_chance_is_taken_as_chance() -> None:
    one = minimum_detectable_rate_ratio(100, rate=1, dispersion=0.3)
    assert one == minimum_detectable_rate_ratio(100, rate=1)
    assert one.to_dict()["fall"] == one.fall


@pytest.mark.parametrize(
    "wrong",
    [
        {"rate": 0.0},
        {"rate": 1.0, "years": -1.0},
        {"rate": 1.0, "matching_ratio": 0.0},
        {"rate": 1.0, "power": 1.0},
        {"rate": 1.0, "alpha": 0.0},
        {"rate": 1.0, "cluster_size": 0.5},
        {"rate": 1.0, "cluster_size": float("inf")},
        {"rate": 1.0, "icc": -0.1},
        {"rate": 1.0, "icc": 1.1},
    ],
)
def test_what_cannot_be_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="must"):
        minimum_detectable_rate_ratio(100, **wrong)
    with pytest.raises(ValueError, match="other than 1"):
        people_needed(1.0, rate=1.0)


@pytest.mark.parametrize(
    ("people", "rate", "ratio", "dispersion"),
    [(200, 0.3, 5, 1.4), (300, 0.6, 2, 2.0), (150, 6.0, 5, 6.0)],
)
@pytest.mark.parametrize("side", ["fall", "rise"])
def test_of_simulated_studies_at_the_detectable_change_four_of_five_show_it(
    people: int, rate: float, ratio: int, dispersion: float, side: str
) -> None:
    found = minimum_detectable_rate_ratio(
        people, rate=rate, matching_ratio=ratio, dispersion=dispersion
    )
    shown = _share_that_show(getattr(found, side), people, rate, ratio, dispersion)
    assert 0.74 <= shown <= 0.87
    assert _share_that_show(1.0, people, rate, ratio, dispersion) < 0.09


def _share_that_show(
    truth: float, people: int, rate: float, ratio: int, dispersion: float, studies: int = 600
) -> float:
    """Studies of persons whose own rates vary by a gamma, tested with persons as clusters."""
    rng = np.random.default_rng(20170501)
    between = (dispersion - 1) / rate
    own = rng.gamma(1 / between, between, (studies, people * (1 + ratio)))
    exposed = np.arange(own.shape[1]) < people
    counts = rng.poisson(own * rate * np.where(exposed, truth, 1.0))
    logs, variance = [], np.zeros(studies)
    for arm in (counts[:, exposed], counts[:, ~exposed]):
        total, mean = arm.sum(axis=1), arm.mean(axis=1)
        logs.append(np.log(mean))
        variance += ((arm - mean[:, None]) ** 2).sum(axis=1) / total**2
    return float((np.abs(logs[0] - logs[1]) > stats.norm.ppf(0.975) * np.sqrt(variance)).mean())


def test_a_small_study_by_hand() -> None:
    """100 of each, two events each, Poisson: |b| sqrt(100) = 2.801585 sqrt(1/2 + 1/(2 RR))."""
    fall = minimum_detectable_rate_ratio(100, rate=2).fall
    assert fall is not None
    assert abs(log(fall)) * 10 == pytest.approx(2.8015852 * sqrt(0.5 + 0.5 / fall), rel=1e-7)
    assert 0 < fall < exp(-0.28)
