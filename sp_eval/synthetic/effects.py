"""What the scheme does: events taken away or added, with those that would have been kept known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sp_eval.synthetic.activity import Intensity, draw_points, is_on, once_a_day
from sp_eval.synthetic.months import NEVER, Days
from sp_eval.synthetic.population import People
from sp_eval.synthetic.settings import AFFECTED, WorldSettings, part_rng

__all__ = ["Events", "affected_events", "draw_natural"]

Bools = npt.NDArray[np.bool_]
_WEEKDAY_CARE = frozenset({"gp_contact", "elective_admission", "outpatient_attendance"})
_THROUGH_AE = 0.5  # emergency admissions that begin with an A&E attendance


@dataclass(frozen=True, slots=True)
class Events:
    """One outcome's events, ordered by person and day.

    `natural` would have happened without the scheme, `happened` did. `pair` numbers an A&E
    attendance and the emergency admission it led to alike; -1 stands alone.
    """

    person: Days
    day: Days
    natural: Bools
    happened: Bools
    pair: Days

    @property
    def natural_points(self) -> tuple[Days, Days]:
        return self.person[self.natural], self.day[self.natural]

    @property
    def happened_points(self) -> tuple[Days, Days]:
        return self.person[self.happened], self.day[self.happened]


def draw_natural(
    settings: WorldSettings, people: People, intensity: Intensity
) -> dict[str, Events]:
    """Draw what would happen if the scheme did nothing (`happened` equals `natural`)."""
    found: dict[str, Events] = {}
    for outcome in AFFECTED:
        rng = part_rng(settings, f"natural {outcome}")
        level = intensity.of(outcome)
        if outcome == "ae_attendance":  # the rest arrive with the emergency admissions
            level = level - np.float32(_THROUGH_AE) * intensity.of("emergency_admission")
            np.maximum(level, 0, out=level)
        prefer = intensity.weekdays if outcome in _WEEKDAY_CARE else None
        person, day = once_a_day(
            draw_points(
                rng, level, intensity.months, people.seen_from, people.seen_to, prefer=prefer
            )
        )
        sure = np.ones(len(person), dtype=np.bool_)
        found[outcome] = Events(person, day, sure, sure, np.full(len(person), -1, np.int32))
    return _pair_with_ae(settings, found)


def _pair_with_ae(settings: WorldSettings, found: dict[str, Events]) -> dict[str, Events]:
    """Let half of the emergency admissions begin with an A&E attendance on the same day."""
    rng = part_rng(settings, "through A&E")
    admission, ae = found["emergency_admission"], found["ae_attendance"]
    number = np.arange(len(admission.person), dtype=np.int32)
    pair = np.where(rng.random(len(number)) < _THROUGH_AE, number, -1).astype(np.int32)
    through = pair >= 0
    joined = _merged(
        ae,
        Events(
            admission.person[through],
            admission.day[through],
            admission.natural[through],
            admission.happened[through],
            pair[through],
        ),
    )
    # One attendance a day: of two on the same day the one that led to the admission stays.
    same = (joined.person[1:] == joined.person[:-1]) & (joined.day[1:] == joined.day[:-1])
    drop = np.zeros(len(joined.person), dtype=np.bool_)
    drop[1:] |= same & (joined.pair[1:] < 0)
    drop[:-1] |= same & (joined.pair[1:] >= 0)
    return {
        **found,
        "ae_attendance": _chosen(joined, ~drop),
        "emergency_admission": Events(
            admission.person, admission.day, admission.natural, admission.happened, pair
        ),
    }


def _merged(one: Events, other: Events) -> Events:
    person = np.concatenate([one.person, other.person])
    day = np.concatenate([one.day, other.day])
    order = np.lexsort((day, person))
    return Events(
        person[order],
        day[order],
        np.concatenate([one.natural, other.natural])[order],
        np.concatenate([one.happened, other.happened])[order],
        np.concatenate([one.pair, other.pair])[order],
    )


def _chosen(events: Events, rows: Bools) -> Events:
    return Events(
        events.person[rows],
        events.day[rows],
        events.natural[rows],
        events.happened[rows],
        events.pair[rows],
    )


def affected_events(
    settings: WorldSettings,
    people: People,
    intensity: Intensity,
    natural: dict[str, Events],
    referred_on: Days,
) -> dict[str, Events]:
    """Apply the scheme's rate ratios from the day after referral.

    Below 1, each later event of a referred person is taken away with chance 1 - ratio; an
    A&E attendance and its admission share one draw. Above 1, further events come at
    (ratio - 1) times the person's own intensity, on days that are free.
    """
    shared = part_rng(settings, "thinning pairs").random(
        max(1, len(natural["emergency_admission"].person))
    )
    result: dict[str, Events] = {}
    for outcome, events in natural.items():
        ratio = settings.effect(outcome)
        rng = part_rng(settings, f"effect {outcome}")
        draw = rng.random(len(events.person))
        draw = np.where(events.pair >= 0, shared[events.pair], draw)
        after = events.day > referred_on[events.person]
        kept = Events(
            events.person, events.day, events.natural, ~after | (draw < ratio), events.pair
        )
        result[outcome] = (
            _with_added(
                kept,
                outcome=outcome,
                rng=rng,
                ratio=ratio,
                people=people,
                intensity=intensity,
                referred_on=referred_on,
            )
            if ratio > 1
            else kept
        )
    return result


def _with_added(
    events: Events,
    *,
    outcome: str,
    rng: np.random.Generator,
    ratio: float,
    people: People,
    intensity: Intensity,
    referred_on: Days,
) -> Events:
    who = np.flatnonzero(referred_on < NEVER)
    points = draw_points(
        rng,
        intensity.of(outcome)[who] * np.float32(ratio - 1),
        intensity.months,
        np.maximum(people.seen_from[who], referred_on[who] + 1),
        people.seen_to[who],
        prefer=intensity.weekdays if outcome in _WEEKDAY_CARE else None,
    )
    points = (who[points[0]].astype(np.int32), points[1])
    for _ in range(4):  # a day already taken: the day after
        clash = is_on(points, (events.person, events.day))
        later = np.minimum(points[1] + 1, people.seen_to[points[0]] - 1)
        points = (points[0], np.where(clash, later, points[1]).astype(np.int32))
    person, day = once_a_day(points, taken=(events.person, events.day))
    false = np.zeros(len(person), dtype=np.bool_)
    return _merged(events, Events(person, day, false, ~false, np.full(len(person), -1, np.int32)))
