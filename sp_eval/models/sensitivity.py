"""How strong a hidden cause would have to be to explain an estimate away."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from math import inf, sqrt
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from sp_eval.models.robustness import RobustnessValue, robustness_value
from sp_eval.models.rosenbaum import rosenbaum_bounds, rosenbaum_bounds_of_events

__all__ = [
    "Benchmark",
    "EValue",
    "RobustnessValue",
    "benchmark",
    "e_value",
    "measured_strength",
    "robustness_value",
    "rosenbaum_bounds",
    "rosenbaum_bounds_of_events",
]


@dataclass(frozen=True, slots=True)
class EValue:
    """The E-value of a point and of the end of its interval nearer 1; 1 = no strength needed.

    `interval` is None where the estimate has no interval.
    """

    point: float
    interval: float | None

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Benchmark:
    """What is left of an estimate if a hidden cause is as strong as something that was measured.

    `bounding_factor`: the most by which such a cause can have moved a ratio; `point, ci_low,
    ci_high`: the estimate moved towards 1 by so much. `explains_point, explains_interval`: that
    it then reaches 1; None where there is no interval.
    """

    name: str
    with_exposure: float
    with_outcome: float
    bounding_factor: float
    point: float
    ci_low: float | None
    ci_high: float | None
    explains_point: bool
    explains_interval: bool | None

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    def sentence(self) -> str:
        """The same in words."""
        cause = (
            f"A hidden cause as strong as {self.name} (ratios {self.with_exposure:.2f} with the"
            f" exposure and {self.with_outcome:.2f} with the outcome)"
        )
        if self.explains_point:
            return f"{cause} could explain the whole estimate."
        left = f"at worst {self.point:.2f} would be left"
        end = ", its interval holding 1." if self.explains_interval else "."
        return f"{cause} could not explain the whole estimate: {left}{end}"


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
    _refuse(point, ci_low, ci_high)
    nearer = ci_low if point > 1 else ci_high
    interval = None
    if nearer is not None:
        is_past = nearer > 1 if point > 1 else nearer < 1
        interval = _strength(nearer) if is_past else 1.0
    return EValue(_strength(point), interval)


def benchmark(
    point: float,
    ci_low: float | None = None,
    ci_high: float | None = None,
    *,
    with_exposure: float,
    with_outcome: float,
    name: str = "what was measured",
) -> Benchmark:
    """Hold an estimate against a hidden cause as strong as a measured covariate.

    Parameters
    ----------
    point, ci_low, ci_high : ratios above nought.
    with_exposure, with_outcome : how the covariate goes with either, as ratios; see
        `measured_strength`. A ratio below 1 is turned over.
    name : of the covariate, for the sentence: "prior-year A&E use".

    Raises
    ------
    ValueError : a ratio is not above nought, or the interval leaves the point out.

    Assumes
    -------
    A hidden cause beside all that was adjusted for, no stronger than the covariate. The bound is
    the worst case: such a cause may have moved the estimate less, or away from 1.

    Source: Ding and VanderWeele, Epidemiology 2016;27:368-377, doi 10.1097/EDE.0000000000000457:
    B = EU x UD / (EU + UD - 1), the estimate over B, or times B where it is below 1.
    """
    _refuse(point, ci_low, ci_high)
    if not (0 < with_exposure < inf and 0 < with_outcome < inf):
        raise ValueError("the strengths of the covariate must be ratios above nought")
    exposure, outcome = (max(ratio, 1 / ratio) for ratio in (with_exposure, with_outcome))
    factor = exposure * outcome / (exposure + outcome - 1)
    by = 1 / factor if point > 1 else factor
    low, high = (None if end is None else end * by for end in (ci_low, ci_high))
    nearer = low if point > 1 else high
    return Benchmark(
        name=name,
        with_exposure=exposure,
        with_outcome=outcome,
        bounding_factor=factor,
        point=point * by,
        ci_low=low,
        ci_high=high,
        explains_point=_is_past(point * by, point),
        explains_interval=None if nearer is None else _is_past(nearer, point),
    )


def measured_strength(
    exposed: ArrayLike, covariate: ArrayLike, events: ArrayLike, days: ArrayLike
) -> tuple[float, float]:
    """How strongly a measured yes or no goes with exposure and outcome, for `benchmark`.

    Parameters
    ----------
    exposed, covariate : (N,) Boolean, of everybody eligible: after matching, a matched covariate
        goes with nothing. events, days : (N,) counts and person-days.

    Returns
    -------
    (share of the exposed who have it over the share of the others, rate of those others who have
    it over the rate of those who have not), each as found, below 1 or above.

    Raises
    ------
    ValueError : columns of different length, or a share or rate of nought to divide by.
    """
    is_exposed, has = np.asarray(exposed, dtype=bool), np.asarray(covariate, dtype=bool)
    y, time = np.asarray(events, dtype=np.float64), np.asarray(days, dtype=np.float64)
    if not len(is_exposed) == len(has) == len(y) == len(time):
        raise ValueError("all four columns must be of one length")
    with_it, without = ~is_exposed & has, ~is_exposed & ~has
    if not (is_exposed.any() and y[with_it].sum() > 0 and y[without].sum() > 0):
        raise ValueError("some must be exposed, and of the others both kinds must have events")
    shares = float(has[is_exposed].mean()), float(has[~is_exposed].mean())
    rates = (float(y[kind].sum() / time[kind].sum()) for kind in (with_it, without))
    rate_with, rate_without = rates
    return shares[0] / shares[1], rate_with / rate_without


def _refuse(point: float, ci_low: float | None, ci_high: float | None) -> None:
    given = [value for value in (ci_low, point, ci_high) if value is not None]
    if not all(value > 0 for value in given):
        raise ValueError("the point and both ends of the interval must be above nought")
    if given != sorted(given):
        raise ValueError("the interval leaves the point out")


def _is_past(moved: float, point: float) -> bool:
    """Whether a ratio moved towards 1 has reached it."""
    return moved <= 1 if point > 1 else moved >= 1


def _strength(ratio: float) -> float:
    ratio = max(ratio, 1 / ratio)
    return ratio + sqrt(ratio * (ratio - 1))
