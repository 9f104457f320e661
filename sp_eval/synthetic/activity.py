"""How often people use care: lasting differences, seasons, ups and downs; and drawing events."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sp_eval.synthetic.hidden_driver import use_factor
from sp_eval.synthetic.months import Days, Month, months_between
from sp_eval.synthetic.population import People, Practices
from sp_eval.synthetic.settings import AFFECTED, WorldSettings, part_rng

__all__ = ["Intensity", "draw_intensity", "draw_points", "is_on", "once_a_day"]

Floats = npt.NDArray[np.float64]
Points = tuple[Days, Days]  # person numbers and days, ordered by both

_YEAR = 365.25
_SATURDAY = 5
_KEY_STEP = 2**14  # more days than are ever observed

# Log change of the rate per unit: age (years over 54), female, deprivation (deciles below
# 5.5), long-term condition; then the power of the lasting difference.
_DRIVERS: dict[str, tuple[float, float, float, float, float]] = {
    "gp_contact": (0.008, 0.18, 0.03, 0.16, 1.0),
    "ae_attendance": (0.002, -0.02, 0.06, 0.14, 0.8),
    "emergency_admission": (0.025, -0.05, 0.05, 0.20, 0.8),
    "elective_admission": (0.010, 0.00, -0.01, 0.14, 0.7),
    "outpatient_attendance": (0.010, 0.08, 0.00, 0.16, 0.8),
}
# Share of the year's mean, January to December.
_SEASONS: dict[str, tuple[float, ...]] = {
    "gp_contact": (1.09, 1.05, 1.03, 0.97, 0.97, 0.94, 0.93, 0.90, 0.98, 1.04, 1.06, 1.04),
    "ae_attendance": (1.02, 0.98, 1.00, 0.98, 1.03, 1.02, 1.04, 0.96, 0.98, 0.99, 0.98, 1.02),
    "emergency_admission": (1.09, 1.03, 1.01, 0.97, 0.96, 0.95, 0.96, 0.94, 0.96, 1.00, 1.04, 1.09),
    "elective_admission": (1.01, 1.01, 1.04, 0.97, 1.00, 1.02, 1.02, 0.96, 1.00, 1.04, 1.04, 0.89),
    "outpatient_attendance": (
        1.03, 1.01, 1.03, 0.97, 1.00, 1.01, 1.00, 0.95, 1.00, 1.05, 1.05, 0.90,
    ),
}  # fmt: skip
_SWINGS_WHOLLY = frozenset({"gp_contact"})
_SWINGS_PARTLY = frozenset({"ae_attendance", "emergency_admission"})


@dataclass(frozen=True, slots=True)
class Intensity:
    """Expected events per person and day, by outcome: `rate[o][i] * swing(o)[i, m] * season`."""

    months: list[Month]
    rate: dict[str, Floats]
    by_month: dict[str, npt.NDArray[np.float32]]  # people x months, mean about 1
    weekdays: npt.NDArray[np.bool_]  # by day: Monday to Friday

    def of(self, outcome: str) -> npt.NDArray[np.float32]:
        """Return expected events per day, people x months."""
        scaled = self.by_month[outcome] * self.rate[outcome][:, None].astype(np.float32)
        return np.asarray(scaled, dtype=np.float32)


def draw_intensity(settings: WorldSettings, people: People, practices: Practices) -> Intensity:
    """Give every person a rate for each outcome and ups and downs through the months."""
    months = months_between(
        settings.observed_from, settings.observed_to, origin=settings.observed_from
    )
    swing = _draw_swings(settings, len(people), len(months))
    by_month = {o: _by_month(settings, o, months, swing) for o in AFFECTED}
    if settings.hidden_driver:
        more = use_factor(settings, len(people), months)
        by_month = {o: level * more for o, level in by_month.items()}
    first = settings.observed_from.weekday()
    weekday = (np.arange(settings.days) + first) % 7
    return Intensity(
        months=months,
        rate={o: _rates(settings, o, people, practices) for o in AFFECTED},
        by_month=by_month,
        weekdays=weekday < _SATURDAY,
    )


def _rates(settings: WorldSettings, outcome: str, people: People, practices: Practices) -> Floats:
    age, female, decile, condition, power = _DRIVERS[outcome]
    score = (
        age * (people.age - 54)
        + female * people.female
        + decile * (5.5 - people.decile)
        + condition * people.conditions
    )
    relative = np.exp(score) * people.frailty**power * practices.busyness[people.practice]
    per_year = settings.rate(outcome) * relative / relative.mean()
    return np.asarray(np.minimum(per_year, 60.0) / _YEAR, dtype=np.float64)


def _draw_swings(settings: WorldSettings, people: int, months: int) -> npt.NDArray[np.float32]:
    """Return a standard normal swing for each person and month, constant over a quarter.

    A person's quarters begin in a month of their own, and follow each other as a
    first-order autoregression.
    """
    rng = part_rng(settings, "swings")
    quarters = (months + 2) // 3 + 1
    memory = settings.swing_memory
    steps = rng.standard_normal((people, quarters), dtype=np.float32)
    for quarter in range(1, quarters):
        fresh = np.sqrt(1 - memory**2) * steps[:, quarter]
        steps[:, quarter] = memory * steps[:, quarter - 1] + fresh
    phase = rng.integers(0, 3, people)
    which = (np.arange(months)[None, :] + phase[:, None]) // 3
    return np.take_along_axis(steps, which, axis=1)


def _by_month(
    settings: WorldSettings, outcome: str, months: list[Month], swing: npt.NDArray[np.float32]
) -> npt.NDArray[np.float32]:
    season = np.array([_SEASONS[outcome][m.month - 1] for m in months])
    years = np.arange(len(months)) / 12
    level = (1 + settings.season * (season - 1)) * (1 + settings.trend_per_year) ** years
    share = 1.0 if outcome in _SWINGS_WHOLLY else 0.0
    if outcome in _SWINGS_PARTLY:
        share = settings.swing_in_hospital
    sd = settings.swing_sd * share
    if sd == 0:
        return np.broadcast_to(level.astype(np.float32), swing.shape)
    factor = np.exp(np.float32(sd) * swing - np.float32(sd**2 / 2))
    return np.asarray(factor * level.astype(np.float32), dtype=np.float32)


def draw_points(
    rng: np.random.Generator,
    intensity: npt.NDArray[np.float32],
    months: list[Month],
    seen_from: npt.NDArray[np.integer],
    seen_to: npt.NDArray[np.integer],
    *,
    prefer: npt.NDArray[np.bool_] | None = None,
) -> Points:
    """Draw a Poisson process for every person, on the days `[seen_from, seen_to)`.

    Parameters
    ----------
    intensity
        Expected events per day, people x months.
    prefer
        By day, whether it is wanted (clinics open on weekdays); an event on another day
        is moved, three tries, to a random day of the same month and person.
    """
    starts = np.array([m.start for m in months], dtype=np.int32)
    ends = np.array([m.end for m in months], dtype=np.int32)
    low = np.maximum(seen_from[:, None], starts)
    width = np.minimum(seen_to[:, None], ends) - low
    np.maximum(width, 0, out=width)
    counts = rng.poisson(intensity * width.astype(np.float32)).ravel()
    cell = np.repeat(np.arange(counts.size), counts)
    person = (cell // len(months)).astype(np.int32)
    first, span = low.ravel()[cell], width.ravel()[cell]
    day = first + (rng.random(len(cell)) * span).astype(np.int32)
    if prefer is not None:
        for _ in range(3):
            unwanted = np.flatnonzero(~prefer[day])
            again = (rng.random(len(unwanted)) * span[unwanted]).astype(np.int32)
            day[unwanted] = first[unwanted] + again
    order = np.argsort(person.astype(np.int64) * _KEY_STEP + day, kind="stable")
    return person[order], day[order].astype(np.int32)


def is_on(points: Points, taken: Points) -> npt.NDArray[np.bool_]:
    """Whether each event falls on a person's day that is `taken`."""
    key = points[0].astype(np.int64) * _KEY_STEP + points[1]
    return np.isin(key, taken[0].astype(np.int64) * _KEY_STEP + taken[1])


def once_a_day(points: Points, taken: Points | None = None) -> Points:
    """Keep one event a person and day, and none on a person's day that is `taken`."""
    key = np.unique(points[0].astype(np.int64) * _KEY_STEP + points[1])
    kept = ((key // _KEY_STEP).astype(np.int32), (key % _KEY_STEP).astype(np.int32))
    if taken is None:
        return kept
    free = ~is_on(kept, taken)
    return kept[0][free], kept[1][free]
