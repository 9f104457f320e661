"""Cochran's Q by hand, and as the z test it is for two."""

from __future__ import annotations

from math import sqrt

import pytest
from scipy import stats

from sp_eval.models.heterogeneity import cochran_q


def test_of_two_it_is_the_square_of_the_z_test() -> None:
    found = cochran_q([-0.15, -0.02], [0.04, 0.05])
    z = 0.13 / sqrt(0.04**2 + 0.05**2)
    assert found.q == pytest.approx(z * z)
    assert found.p_value == pytest.approx(2 * stats.norm.sf(z))
    assert found.degrees_of_freedom == 1


def test_three_by_hand() -> None:
    """Weights 100, 25, 4: mean 0.2 / 129 x ..., Q = sum of weight x squared distance."""
    mean = (100 * 0.1 + 25 * 0.3 - 4 * 0.5) / 129
    q = 100 * (0.1 - mean) ** 2 + 25 * (0.3 - mean) ** 2 + 4 * (-0.5 - mean) ** 2
    found = cochran_q([0.1, 0.3, -0.5], [0.1, 0.2, 0.5])
    assert found.q == pytest.approx(q)
    assert found.p_value == pytest.approx(stats.chi2.sf(q, 2))
    assert found.to_dict()["degrees_of_freedom"] == 2


@pytest.mark.parametrize(
    ("points", "errors"), [([0.1], [0.2]), ([0.1, 0.2], [0.1]), ([0.1, 0.2], [0.1, 0.0])]
)
def test_what_cannot_be_compared_is_refused(points: list[float], errors: list[float]) -> None:
    with pytest.raises(ValueError, match="two estimates or more"):
        cochran_q(points, errors)
