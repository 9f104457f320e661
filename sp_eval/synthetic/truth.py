"""What is true of a simulated world: the effect set, the effect realised, and what misleads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from sp_eval.study.windows import Window
from sp_eval.synthetic.effects import Events
from sp_eval.synthetic.months import NEVER, Days
from sp_eval.synthetic.population import People
from sp_eval.synthetic.settings import WorldSettings

__all__ = ["WINDOWS", "Judged", "judged_people", "truth_of"]

Floats = npt.NDArray[np.float64]
_KEY_STEP = 2**14
_YEAR = 365.25
_PRE_DAYS = 365

# After-windows by name; every one is compared with the 365 days before referral.
WINDOWS: Final[Mapping[str, Window]] = {
    "days_0_365": Window(0, 365),
    "days_1_366": Window(1, 366),
    "days_30_395": Window(30, 395),  # the study's own: washout 30 days, then 365
    "days_1_183": Window(1, 183),
}
_COMBINED: Final = (
    "ae_attendance",
    "emergency_admission",
    "elective_admission",
    "outpatient_attendance",
)


class Judged(NamedTuple):
    """The people a truth is told of, and their days of referral."""

    person: npt.NDArray[np.int64]
    day: npt.NDArray[np.int64]


class _Weighted(NamedTuple):
    """One outcome's events with a weight each (1, or nights)."""

    events: Events
    natural: Floats
    happened: Floats
    ratio: float | None  # the true one; None: whatever the parts come to


def truth_of(
    settings: WorldSettings,
    people: People,
    events: Mapping[str, Events],
    nights: npt.NDArray[np.int64],
    judged: Judged,
) -> dict[str, Any]:
    """Return the truth about the judged people, by window and outcome.

    Rates are events per person-year (365.25 days) registered, alive and observed. Keys of an
    outcome: true_rate_ratio, realised_rate_ratio (happened / would have happened),
    true_rate_difference_per_1000_person_years, rate_before, rate_after,
    rate_after_without_scheme, before_after_ratio, before_after_ratio_without_scheme, counts.
    """
    outcomes = _outcomes(settings, events, nights)
    return {
        name: {
            "window_pre_days": _PRE_DAYS,
            "window": [window.start, window.end],
            "people": len(judged.person),
            **_window_truth(people, outcomes, judged, window),
        }
        for name, window in WINDOWS.items()
    }


def _outcomes(
    settings: WorldSettings, events: Mapping[str, Events], nights: npt.NDArray[np.int64]
) -> dict[str, _Weighted]:
    found: dict[str, _Weighted] = {
        name: _weighted(one, np.ones(len(one.person)), settings.effect(name))
        for name, one in events.items()
    }
    admissions = events["emergency_admission"]
    stay = nights.astype(np.float64)
    found["emergency_bed_days"] = _weighted(
        admissions, stay, settings.effect("emergency_admission")
    )
    return found


def _weighted(events: Events, weight: Floats, ratio: float) -> _Weighted:
    return _Weighted(events, weight * events.natural, weight * events.happened, ratio)


def _total(
    one: _Weighted,
    weight: Floats,
    judged: Judged,
    start: npt.NDArray[np.integer],
    end: npt.NDArray[np.integer],
) -> float:
    """Add up the weights of the judged people's events on the days `[start, end)`."""
    keys = one.events.person.astype(np.int64) * _KEY_STEP + one.events.day
    running = np.concatenate([[0.0], np.cumsum(weight)])
    base = judged.person * _KEY_STEP
    low = np.searchsorted(keys, base + np.maximum(start, 0))
    high = np.searchsorted(keys, base + np.maximum(end, 0))
    return float((running[high] - running[low]).sum())


def _window_truth(
    people: People, outcomes: Mapping[str, _Weighted], judged: Judged, window: Window
) -> dict[str, Any]:
    seen_from, seen_to = people.seen_from[judged.person], people.seen_to[judged.person]
    before = np.maximum(judged.day - _PRE_DAYS, seen_from)
    after = np.minimum(judged.day + window.start, seen_to)
    end = np.minimum(judged.day + window.end, seen_to)
    years_before = float((judged.day - before).sum()) / _YEAR
    years_after = float((end - after).sum()) / _YEAR
    counted = {
        name: (
            one.ratio,
            _total(one, one.happened, judged, before, judged.day),
            _total(one, one.natural, judged, after, end),
            _total(one, one.happened, judged, after, end),
        )
        for name, one in outcomes.items()
    }
    parts = [counted[name] for name in _COMBINED]
    natural = sum(without for _, _, without, _ in parts)
    expected = sum((ratio or 0.0) * without for ratio, _, without, _ in parts)
    counted["hospital_attendance"] = (
        _over(expected, natural),
        sum(pre for _, pre, _, _ in parts),
        natural,
        sum(post for *_, post in parts),
    )
    return {
        "person_years_before": round(years_before, 3),
        "person_years_after": round(years_after, 3),
        "outcomes": {
            name: _figures(*counts, years_before=years_before, years_after=years_after)
            for name, counts in counted.items()
        },
    }


def _figures(
    ratio: float | None,
    pre: float,
    without: float,
    post: float,
    *,
    years_before: float,
    years_after: float,
) -> dict[str, float | None]:
    rate_pre, rate_without = _over(pre, years_before), _over(without, years_after)
    rate_post = _over(post, years_after)
    difference = None
    if ratio is not None and rate_without is not None:
        difference = 1000 * rate_without * (ratio - 1)
    values = {
        "true_rate_ratio": ratio,
        "realised_rate_ratio": _over(post, without),
        "true_rate_difference_per_1000_person_years": difference,
        "events_before": pre,
        "events_after": post,
        "events_after_without_scheme": without,
        "rate_before": rate_pre,
        "rate_after": rate_post,
        "rate_after_without_scheme": rate_without,
        "before_after_ratio": _over(rate_post, rate_pre),
        "before_after_ratio_without_scheme": _over(rate_without, rate_pre),
    }
    return {name: None if value is None else round(value, 5) for name, value in values.items()}


def _over(top: float | None, bottom: float | None) -> float | None:
    return None if top is None or not bottom else top / bottom


def judged_people(referred_on: Days, *, chosen: npt.NDArray[np.bool_] | None = None) -> Judged:
    """Return the referred people (those `chosen`), each with the day of first referral."""
    wanted = referred_on < NEVER
    if chosen is not None:
        wanted = wanted & chosen
    person = np.flatnonzero(wanted)
    return Judged(person, referred_on[person].astype(np.int64))
