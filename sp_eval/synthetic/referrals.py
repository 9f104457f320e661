"""Who is referred and when: the steep rise with one's own contacts in the last three months."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sp_eval.synthetic.hidden_driver import referral_push
from sp_eval.synthetic.months import NEVER, Days, as_dates, months_between
from sp_eval.synthetic.population import People, Practices
from sp_eval.synthetic.settings import WorldSettings, part_rng

__all__ = ["RECENT_DAYS", "count_between", "draw_referrals"]

Floats = npt.NDArray[np.float64]

RECENT_DAYS = 91
_KEY_STEP = 2**14
_MOST = 0.97  # nobody is certain to be referred in a month


@dataclass(frozen=True, slots=True)
class _Chance:
    """For every person and month of referral: the day it would be, and the log hazard."""

    day: npt.NDArray[np.int32]
    log_hazard: Floats  # without the intercept; -inf where referral is impossible


def count_between(
    events: tuple[Days, Days],
    person: npt.NDArray[np.integer],
    start: npt.NDArray[np.integer],
    end: npt.NDArray[np.integer],
) -> npt.NDArray[np.int64]:
    """Count each person's events on the days `[start, end)`; events ordered by person, day."""
    keys = events[0].astype(np.int64) * _KEY_STEP + events[1]
    base = person.astype(np.int64) * _KEY_STEP
    before_end = np.searchsorted(keys, base + np.maximum(end, 0))
    before_start = np.searchsorted(keys, base + np.maximum(start, 0))
    return np.asarray(before_end - before_start, dtype=np.int64)


def draw_referrals(
    settings: WorldSettings,
    people: People,
    practices: Practices,
    contacts: tuple[Days, Days],
    weekdays: npt.NDArray[np.bool_],
) -> Days:
    """Return each person's day of first referral, `NEVER` if not referred.

    The chance in a month hangs on what is recorded and, without a hidden driver, on nothing
    else: the practice on the day, contacts in the 91 days before it, long-term conditions and
    deprivation. Its
    intercept is found so that the expected number referred is `settings.referred`.
    """
    rng = part_rng(settings, "referrals")
    chance = _chances(settings, people, practices, contacts=contacts, weekdays=weekdays, rng=rng)
    draws = rng.random(chance.day.shape)
    hazard = _hazard(chance, _intercept(chance, settings.referred))
    hit = draws < hazard
    month = np.argmax(hit, axis=1)
    day = chance.day[np.arange(len(people)), month]
    return np.where(hit.any(axis=1), day, NEVER).astype(np.int32)


def _chances(
    settings: WorldSettings,
    people: People,
    practices: Practices,
    *,
    contacts: tuple[Days, Days],
    weekdays: npt.NDArray[np.bool_],
    rng: np.random.Generator,
) -> _Chance:
    months = months_between(
        settings.referrals_from, settings.referrals_to, origin=settings.observed_from
    )
    n = len(people)
    who = np.arange(n)
    fixed = (
        settings.hazard_per_condition * people.conditions
        + settings.hazard_per_decile * people.decile
    )
    first, last = settings.day(settings.referrals_from), settings.day(settings.referrals_to)
    day = np.empty((n, len(months)), dtype=np.int32)
    log_hazard = np.empty((n, len(months)))
    for column, month in enumerate(months):
        open_days = np.arange(max(month.start, first), min(month.end, last + 1))
        working = open_days[weekdays[open_days]]
        chosen = rng.choice(working if len(working) else open_days, n)
        recent = count_between(contacts, who, chosen - RECENT_DAYS, chosen)
        possible = people.is_seen(who, chosen) & practices.refers[people.practice_at(who, chosen)]
        possible &= _is_taken(settings, people, month.year)
        steep = settings.hazard_slope * np.minimum(recent, settings.hazard_cap)
        if settings.hidden_driver:
            steep = steep + referral_push(settings, chosen, n)
        day[:, column] = chosen
        log_hazard[:, column] = np.where(possible, fixed + steep, -np.inf)
    return _Chance(day, log_hazard)


def _is_taken(settings: WorldSettings, people: People, year: int) -> npt.NDArray[np.bool_]:
    """Whether the scheme takes each person in a year: by age and conditions."""
    lowest, highest = settings.referred_ages
    age = year - as_dates(people.born_on, settings.observed_from).dt.year().to_numpy()
    taken = (age >= lowest) & (age <= highest) & (people.conditions >= settings.least_conditions)
    return np.asarray(taken, dtype=np.bool_)


def _hazard(chance: _Chance, intercept: float) -> Floats:
    return np.asarray(np.minimum(-np.expm1(-np.exp(chance.log_hazard + intercept)), _MOST))


def _intercept(chance: _Chance, wanted: int) -> float:
    possible = int(np.isfinite(chance.log_hazard).any(axis=1).sum())
    if wanted >= 0.9 * possible:
        raise ValueError(
            f"{wanted} referred is too many: only {possible} people are with a referring practice"
        )
    low, high = -40.0, 20.0
    for _ in range(60):
        middle = (low + high) / 2
        expected = (1 - np.prod(1 - _hazard(chance, middle), axis=1)).sum()
        low, high = (middle, high) if expected < wanted else (low, middle)
    return (low + high) / 2
