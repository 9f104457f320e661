"""How strong a hidden cause would have to be to explain an estimate away."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from math import sqrt
from typing import Any

__all__ = ["EValue", "e_value"]


@dataclass(frozen=True, slots=True)
class EValue:
    """The E-value of a point and of the end of its interval nearer 1; 1 = no strength needed.

    `interval` is None where the estimate has no interval.
    """

    point: float
    interval: float | None

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def e_value(point: float, ci_low: float | None = None, ci_high: float | None = None) -> EValue:
    """The E-value of a risk or rate ratio.

    The smallest ratio by which a hidden cause would have to go with both the exposure and the
    outcome, each given all that was measured, to explain the whole of the estimate; and the same
    to bring the interval to 1.

    Parameters
    ----------
    point, ci_low, ci_high : ratios above nought. Rate ratios of rare and of common outcomes are
        used as they are: the transformation by square root is for odds ratios and hazard ratios
        of common outcomes alone.

    Raises
    ------
    ValueError : a ratio is not above nought, or the interval leaves the point out.

    Source: VanderWeele and Ding, Annals of Internal Medicine 2017;167:268-274,
    doi 10.7326/M16-2607: RR + sqrt(RR (RR - 1)), of 1 / RR where RR is below 1.
    """
    given = [value for value in (ci_low, point, ci_high) if value is not None]
    if not all(value > 0 for value in given):
        raise ValueError("the point and both ends of the interval must be above nought")
    if given != sorted(given):
        raise ValueError("the interval leaves the point out")
    nearer = ci_low if point > 1 else ci_high
    interval = None
    if nearer is not None:
        is_past = nearer > 1 if point > 1 else nearer < 1
        interval = _strength(nearer) if is_past else 1.0
    return EValue(_strength(point), interval)


def _strength(ratio: float) -> float:
    ratio = max(ratio, 1 / ratio)
    return ratio + sqrt(ratio * (ratio - 1))
