"""Adjusted p-values by R's p.adjust, and two estimates compared as Altman and Bland print it."""

from __future__ import annotations

from math import exp, log

import numpy as np
import polars as pl
import pytest
from statsmodels.stats.multitest import multipletests

from sp_eval.models.estimate import Estimate
from sp_eval.models.multiplicity import benjamini_hochberg, holm, interaction

# Benjamini and Hochberg 1995, section 4.2: fifteen tests of one trial
P = [
    0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262,
    0.5719, 0.6528, 0.7590, 1.0000,
]  # fmt: skip


def test_as_printed() -> None:
    """They reject four at 5%; by the chance of any false alarm only three are."""
    assert (benjamini_hochberg(P) <= 0.05).sum() == 4
    assert (holm(P) <= 0.05).sum() == 3


def test_p_adjust() -> None:
    """reference/r/multiplicity.R"""
    assert holm(P) == pytest.approx(
        [0.0015, 0.0056, 0.0247, 0.114, 0.2211, 0.278, 0.278, 0.278, 0.3213, 1, 1, 1, 1, 1, 1],
        abs=1e-12,
    )
    assert benjamini_hochberg(P) == pytest.approx(
        [0.0015, 0.003, 0.0095, 0.035625, 0.0603, 0.0638571428571, 0.0638571428571, 0.0645, 0.0765,
         0.486, 0.581181818182, 0.714875, 0.753230769231, 0.813214285714, 1],
        abs=1e-12,
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(4))
def test_statsmodels(seed: int) -> None:
    p = np.random.default_rng(seed).uniform(size=12).round(1)  # with ties
    assert holm(p) == pytest.approx(multipletests(p, method="holm")[1])
    assert benjamini_hochberg(p) == pytest.approx(multipletests(p, method="fdr_bh")[1])


def test_order_and_families() -> None:
    turned = P[::-1]
    assert holm(turned).tolist() == holm(P)[::-1].tolist()
    families = ["primary", "explored"] * 7 + ["primary"]
    found = holm(P, families=families)
    assert found[::2].tolist() == holm(P[::2]).tolist()
    assert found[1::2].tolist() == holm(P[1::2]).tolist()
    assert holm([0.04]).tolist() == [0.04]
    assert holm([0.02, 0.02]).tolist() == [0.04, 0.04]
    assert len(benjamini_hochberg([])) == 0


@pytest.mark.parametrize("wrong", [[0.1, 1.2], [-0.1], [float("nan")], [[0.1]]])
def test_what_is_no_p_value_is_refused(wrong: list) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        holm(wrong)


def test_families_of_another_length_are_refused() -> None:
    with pytest.raises(ValueError, match="one family for each"):
        benjamini_hochberg([0.1, 0.2], families=["a"])


def _estimate(point: float, low: float, high: float, **changes: object) -> Estimate:
    return Estimate(**({"method": "m", "scale": "risk_ratio", "point": point, "ci_low": low,
                        "ci_high": high} | changes))  # fmt: skip


def test_altman_and_bland() -> None:
    """Hormones and fractures, younger and older women: ratio of ratios 0.76 (0.49 to 1.17)."""
    found = interaction([_estimate(0.67, 0.46, 0.98), _estimate(0.88, 0.71, 1.08)])
    ratio = found.contrast
    assert ratio is not None
    assert [round(v, 2) for v in (ratio.point, ratio.ci_low, ratio.ci_high)] == [0.76, 0.49, 1.17]
    assert log(ratio.point) == pytest.approx(-0.2726, abs=5e-5)
    assert ratio.standard_error == pytest.approx(0.2206, abs=5e-4)  # theirs from rounded logs
    z = log(ratio.point) / ratio.standard_error
    assert (round(z, 2), round(found.p_value, 1)) == (-1.24, 0.2)
    assert found.q == pytest.approx(z * z)
    assert ratio.scale == "ratio_of_risk_ratio"
    assert found.to_dict()["contrast"]["method"] == "interaction"


def test_more_than_two_by_hand() -> None:
    rows = pl.DataFrame({"log_point": [0.1, 0.3, -0.5], "standard_error": [0.1, 0.2, 0.5]})
    found = interaction(rows)
    mean = (100 * 0.1 + 25 * 0.3 - 4 * 0.5) / 129
    q = 100 * (0.1 - mean) ** 2 + 25 * (0.3 - mean) ** 2 + 4 * (-0.5 - mean) ** 2
    assert (found.q, found.degrees_of_freedom, found.contrast) == (pytest.approx(q), 2, None)


def test_differences_are_subtracted() -> None:
    pair = [Estimate("m", "rate_difference", p, standard_error=s) for p, s in ((-30, 3), (-10, 4))]
    found = interaction(pair).contrast
    assert found is not None
    assert (found.point, found.standard_error, found.scale) == (-20, 5, "rate_difference")


def test_subgroups_of_one_question_only() -> None:
    one = _estimate(0.67, 0.46, 0.98)
    with pytest.raises(ValueError, match="different scale"):
        interaction([one, Estimate("m", "rate_difference", -3.0, standard_error=1.0)])
    with pytest.raises(ValueError, match="two estimates or more"):
        interaction([one])
    rows = pl.DataFrame(
        {"log_point": [0.1, 0.3], "standard_error": [0.1, 0.2], "population": ["men", "women"]}
    )
    assert interaction(rows).contrast.point == pytest.approx(exp(-0.2))
    with pytest.raises(ValueError, match="different outcome"):
        interaction(rows.with_columns(outcome=pl.col("population")))
