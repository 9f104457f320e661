"""E-values as printed by those who proposed them."""

from __future__ import annotations

import pytest

from sp_eval.models.sensitivity import e_value


@pytest.mark.parametrize(
    ("point", "low", "high", "of_point", "of_interval"),
    [
        # VanderWeele and Ding 2017: breastfeeding and deaths from respiratory infection
        (3.9, 1.8, 8.7, 7.26, 3.00),
        # the same: breastfeeding and childhood leukaemia, a ratio below 1
        (0.80, 0.71, 0.91, 1.81, 1.43),
        # the same: maternal breastfeeding and ovarian cancer
        (0.5, 0.3, 0.8, 3.41, 1.81),
    ],
)
def test_to_the_printed_digit(
    point: float, low: float, high: float, of_point: float, of_interval: float
) -> None:
    found = e_value(point, low, high)
    assert found.interval is not None
    assert (round(found.point, 2), round(found.interval, 2)) == (of_point, of_interval)
    mirrored = e_value(1 / point, 1 / high, 1 / low)
    assert mirrored.point == pytest.approx(found.point)
    assert mirrored.interval == pytest.approx(found.interval)


def test_an_interval_that_holds_one_needs_no_hidden_cause() -> None:
    assert e_value(0.9, 0.7, 1.1).interval == 1
    assert e_value(1.1, 0.9, 1.4).interval == 1
    assert e_value(1.2, 1.0, 1.4).interval == 1
    assert e_value(1.0, 0.9, 1.1).to_dict() == {"point": 1.0, "interval": 1.0}


def test_without_an_interval() -> None:
    assert e_value(2.0).interval is None
    assert e_value(2.0).point == pytest.approx(2 + 2**0.5)


@pytest.mark.parametrize("given", [(0.0, None, None), (0.9, -0.1, 1.0), (0.9, 0.95, 1.0)])
def test_what_is_no_ratio_is_refused(given: tuple[float, float | None, float | None]) -> None:
    with pytest.raises(ValueError, match="interval"):
        e_value(*given)
