"""Use before referral by hand."""

from __future__ import annotations

import numpy as np
import pytest

from sp_eval.models.earlier_use import earlier_use


def test_rate_and_difference_between_persons() -> None:
    """Counts 0, 2, 10 over 275 days: mean 4, variance 28, so (28 - 4) / 16 = 1.5."""
    found = earlier_use(np.array([0, 2, 10]), days=275)
    assert found.rate == pytest.approx(4 * 365.25 / 275)
    assert found.between == pytest.approx(1.5)
    assert found.dispersion(275 / 365.25) == pytest.approx(28 / 4)


@pytest.mark.parametrize("counts", [[], [3], [0, 0], [2, 2, 2]])
def test_where_nothing_is_known_of_it_persons_do_not_differ(counts: list[int]) -> None:
    found = earlier_use(np.array(counts, dtype=int), days=275)
    assert (found.between, found.dispersion(1)) == (0, 1)
