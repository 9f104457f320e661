"""The people of an area: who they are, where they are registered and for how long."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sp_eval.synthetic.codes import happens
from sp_eval.synthetic.months import NEVER, Days
from sp_eval.synthetic.settings import WorldSettings, part_rng

__all__ = ["ETHNIC_LETTERS", "People", "Practices", "draw_people"]

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

ETHNIC_LETTERS = np.array(list("ABCDFHJKLMNRSZ"))
_ETHNIC_SHARES = np.array([84, 1, 4, 0.7, 0.5, 1.5, 2.5, 0.6, 0.8, 0.8, 0.9, 0.5, 0.7, 1.5])
_LSOA_PER_PRACTICE = 10
_YEAR = 365.25
_LONG_ENOUGH = 60  # days; shorter stays hold no change of practice


@dataclass(frozen=True, slots=True)
class Practices:
    """The area's practices; arrays by practice number."""

    code: npt.NDArray[np.str_]
    refers: Bools
    busyness: Floats  # lasting factor on every rate of its people
    decile: Floats  # mean deprivation of its people


@dataclass(frozen=True, slots=True)
class People:
    """Everybody ever registered in the observed time; arrays by person number.

    Days count from the first observed day. A person is followed on `[seen_from, seen_to)`.
    `left_on` is the first day no longer registered (death: the day after), `NEVER` if still
    registered at the end; `moved_on` the first day with the second practice, or `NEVER`.
    """

    key: npt.NDArray[np.str_]
    born_on: Days
    age: Floats  # years, in the middle of the observed time
    female: Bools
    ethnic: npt.NDArray[np.str_]
    decile: Days
    conditions: Days
    frailty: Floats
    lsoa: Days
    practice: Days
    later_practice: Days
    moved_on: Days
    registered_on: Days
    left_on: Days
    died_on: Days
    seen_from: Days
    seen_to: Days

    def __len__(self) -> int:
        return len(self.born_on)

    def practice_at(self, person: npt.NDArray[np.integer], day: npt.NDArray[np.integer]) -> Days:
        """Return the practice number of each person on each day."""
        moved = day >= self.moved_on[person]
        practice = np.where(moved, self.later_practice[person], self.practice[person])
        return np.asarray(practice, dtype=np.int32)

    def is_seen(self, person: npt.NDArray[np.integer], day: npt.NDArray[np.integer]) -> Bools:
        """Whether each person is registered and alive on each day."""
        seen: Bools = (day >= self.seen_from[person]) & (day < self.seen_to[person])
        return seen


def draw_keys(rng: np.random.Generator, count: int, *, digits: int = 64) -> npt.NDArray[np.str_]:
    """Return `count` random hexadecimal texts, unlike each other but for a vanishing chance."""
    text = rng.bytes(count * digits // 2).hex()
    return np.frombuffer(text.encode("ascii"), dtype=f"S{digits}").astype(f"U{digits}")


def draw_people(settings: WorldSettings) -> tuple[People, Practices]:
    """Draw the practices and the people registered with them."""
    rng = part_rng(settings, "people")
    n = settings.people
    practices = _draw_practices(settings)
    practice = rng.integers(0, settings.practices, n).astype(np.int32)
    age = 18 + 81 * rng.beta(1.9, 2.3, n)
    spread = rng.normal(practices.decile[practice], 2.4)
    decile = np.clip(np.rint(spread), 1, 10).astype(np.int32)
    burden = np.exp(-0.35 + 0.028 * (age - 54) + 0.05 * (5.5 - decile))
    conditions = np.minimum(rng.poisson(burden), 8).astype(np.int32)
    shape = settings.frailty_shape
    spells = _draw_spells(settings, rng, age=age, conditions=conditions, practice=practice)
    born_on = (settings.days / 2 - age * _YEAR).astype(np.int32)
    shares = _ETHNIC_SHARES / _ETHNIC_SHARES.sum()
    lsoa = practice * _LSOA_PER_PRACTICE + rng.integers(0, _LSOA_PER_PRACTICE, n)
    people = People(
        key=draw_keys(rng, n),
        born_on=born_on,
        age=age,
        female=happens(rng, 0.53, n),
        ethnic=ETHNIC_LETTERS[rng.choice(len(ETHNIC_LETTERS), n, p=shares)],
        decile=decile,
        conditions=conditions,
        frailty=rng.gamma(shape, 1 / shape, n),
        lsoa=(lsoa + settings.sender.lsoa_first).astype(np.int32),
        practice=practice,
        **spells,
    )
    return people, practices


def _draw_practices(settings: WorldSettings) -> Practices:
    rng = part_rng(settings, "practices")
    count = settings.practices
    numbers = np.sort(rng.choice(np.arange(700, 1_000), count, replace=False))
    prefix = settings.sender.practice_prefix
    refers = np.zeros(count, dtype=np.bool_)
    chosen = max(1, round(count * settings.referring_share))
    refers[rng.permutation(count)[:chosen]] = True
    return Practices(
        code=np.array([f"{prefix}{number:03d}" for number in numbers]),
        refers=refers,
        busyness=np.exp(rng.normal(0, settings.practice_sd, count)),
        decile=rng.uniform(3.0, 7.5, count),
    )


def _draw_spells(
    settings: WorldSettings,
    rng: np.random.Generator,
    *,
    age: Floats,
    conditions: Days,
    practice: Days,
) -> dict[str, Days]:
    """Draw when each person came, changed practice, left and died (days, as in `People`)."""
    n, days = len(age), settings.days
    newcomer = happens(rng, 0.12 * settings.mobility, n)
    long_ago = -rng.integers(1, 25 * 365, n)
    earliest = -(age - 0.1) * _YEAR + days / 2
    registered_on = np.where(newcomer, rng.integers(1, days - 60, n), long_ago)
    registered_on = np.maximum(registered_on, earliest).astype(np.int32)
    seen_from = np.maximum(registered_on, 0)

    dying = 6.0e-5 * np.exp(0.088 * age) * (1 + 0.15 * conditions) * settings.mortality / _YEAR
    leaving = np.full(n, 0.046 * settings.mobility / _YEAR)
    died_on = seen_from + rng.exponential(1 / np.maximum(dying, 1e-12))
    left_on = seen_from + 1 + rng.exponential(1 / np.maximum(leaving, 1e-12))
    gone_first = left_on <= died_on
    died = (died_on < days) & ~gone_first
    died_day = np.where(died, died_on, NEVER).astype(np.int32)
    left_day = np.where(
        died, died_on + 1, np.where(gone_first & (left_on < days), left_on, NEVER)
    ).astype(np.int32)
    seen_to = np.minimum(left_day, days).astype(np.int32)

    changes = happens(rng, 0.03 * settings.mobility, n) & (seen_to - seen_from > _LONG_ENOUGH)
    changes &= settings.practices > 1
    when = seen_from + 30 + (rng.random(n) * (seen_to - seen_from - 31)).astype(np.int32)
    step = rng.integers(1, max(2, settings.practices), n)
    return {
        "later_practice": ((practice + step) % settings.practices).astype(np.int32),
        "moved_on": np.where(changes, when, NEVER).astype(np.int32),
        "registered_on": registered_on,
        "left_on": left_day,
        "died_on": died_day,
        "seen_from": seen_from.astype(np.int32),
        "seen_to": seen_to,
    }
