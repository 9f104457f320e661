"""Inpatient spells: emergencies, planned stays, and those that count as no admission."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from sp_eval.synthetic.activity import Intensity, draw_points, once_a_day
from sp_eval.synthetic.codes import drawn_code, drawn_cost, happens, labels, ordered
from sp_eval.synthetic.effects import Events
from sp_eval.synthetic.months import NEVER
from sp_eval.synthetic.population import People
from sp_eval.synthetic.settings import WorldSettings, part_rng

__all__ = ["TRUSTS", "TRUST_SHARES", "Stays", "draw_spells", "draw_stays"]

Ints = npt.NDArray[np.int64]

TRUSTS = ("RFR", "RP5", "RHQ")
TRUST_SHARES = (0.86, 0.07, 0.07)
_THROUGH_AE = ("21", "2A")
_NOT_THROUGH_AE = ("22", "23", "24", "25", "2B", "2D")
_ELECTIVE = ("11", "12", "13")
_NOT_KNOWN = 0.003  # share of spells whose discharge is not known
_LONG = 2  # nights from which a stay is no short stay
_LAST_MATERNITY_AGE = 44


class Stays(NamedTuple):
    """Nights of each emergency admission, whether or not it happened, and what is written down.

    `recorded` is 0 where the discharge is not known or lies after the last observed day.
    """

    nights: Ints
    is_known: npt.NDArray[np.bool_]
    recorded: Ints


def draw_stays(settings: WorldSettings, people: People, events: Events) -> Stays:
    """Draw how long each emergency admission lasts; a death ends it."""
    rng = part_rng(settings, "nights")
    count = len(events.person)
    short = happens(rng, 0.38, count)
    drawn = np.where(short, rng.integers(0, 2, count), 1 + rng.geometric(0.16, count))
    nights = np.minimum(drawn, people.died_on[events.person] - events.day)
    is_known = ~happens(rng, _NOT_KNOWN, count)
    ended = is_known & (events.day + nights < settings.days)
    return Stays(nights, is_known, np.where(ended, nights, 0))


def draw_spells(
    settings: WorldSettings,
    people: People,
    intensity: Intensity,
    *,
    events: dict[str, Events],
    stays: Stays,
) -> pl.DataFrame:
    """Return every spell that happened; columns as in `hospital.Hospital`, and last_day.

    `last_day` is the true last day inside the observed time, also where none is written down.
    """
    parts = [
        _emergencies(settings, events["emergency_admission"], events["ae_attendance"], stays),
        _electives(settings, events["elective_admission"]),
        _maternity(settings, people, intensity),
        _regular_attenders(settings, people),
        _transfers(settings, people, intensity),
    ]
    rng = part_rng(settings, "spell detail")
    frame = pl.concat(parts)
    n = frame.height
    start = frame["day"].to_numpy()
    nights = frame["nights"].to_numpy()
    end = np.minimum(start + nights, people.died_on[frame["person"].to_numpy()])
    not_known = ~frame["is_known"].to_numpy()
    still_in = end >= settings.days
    stay = end - start
    most = np.where(stay >= _LONG, np.minimum(rng.geometric(0.80, n), np.minimum(stay, 4)), 1)
    return ordered(
        frame.with_columns(
            pl.Series("end_day", np.where(not_known | still_in, NEVER, end).astype(np.int32)),
            pl.Series("last_day", np.minimum(end, settings.days - 1).astype(np.int32)),
            pl.Series("episodes", most.astype(np.int32)),
            pl.Series("finished", ~still_in),
            drawn_code(rng, TRUSTS, TRUST_SHARES, n).alias("provider"),
            drawn_cost(rng, np.where(stay >= _LONG, 900.0 + 330.0 * stay, 720.0), n).alias("cost"),
        ).drop("nights", "is_known")
    )


def _spell_frame(
    person: npt.NDArray[np.integer],
    day: npt.NDArray[np.integer],
    patient_class: pl.Series,
    method: pl.Series,
    nights: npt.NDArray[np.integer],
    is_known: npt.NDArray[np.bool_] | None = None,
) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "person": person.astype(np.uint32),
            "day": day.astype(np.int32),
            "patient_class": patient_class,
            "method": method,
            "nights": nights.astype(np.int64),
            "is_known": np.ones(len(day), dtype=np.bool_) if is_known is None else is_known,
        }
    )


def _emergencies(
    settings: WorldSettings, events: Events, attendances: Events, stays: Stays
) -> pl.DataFrame:
    rng = part_rng(settings, "emergency detail")
    n = len(events.person)
    attended = np.zeros(max(1, n), dtype=np.bool_)
    came = (attendances.pair >= 0) & attendances.happened
    attended[attendances.pair[came]] = True
    through = (events.pair >= 0) & attended[events.pair]
    a = rng.choice(len(_THROUGH_AE), n, p=[0.84, 0.16])
    b = rng.choice(len(_NOT_THROUGH_AE), n, p=[0.52, 0.06, 0.12, 0.08, 0.10, 0.12])
    method = labels(_THROUGH_AE + _NOT_THROUGH_AE, np.where(through, a, b + len(_THROUGH_AE)))
    frame = _spell_frame(
        events.person,
        events.day,
        pl.repeat("1", n, eager=True),
        method,
        stays.nights,
        stays.is_known,
    )
    return frame.filter(pl.Series(events.happened))


def _electives(settings: WorldSettings, events: Events) -> pl.DataFrame:
    rng = part_rng(settings, "elective detail")
    n = len(events.person)
    day_case = happens(rng, 0.70, n)
    nights = np.where(day_case, 0, rng.geometric(0.4, n))
    frame = _spell_frame(
        events.person,
        events.day,
        labels(("1", "2"), day_case.astype(np.int64)),
        drawn_code(rng, _ELECTIVE, (60, 25, 15), n),
        nights,
    )
    return frame.filter(pl.Series(events.happened))


def _maternity(settings: WorldSettings, people: People, intensity: Intensity) -> pl.DataFrame:
    rng = part_rng(settings, "maternity")
    yearly = np.where(~people.female | (people.age > _LAST_MATERNITY_AGE), 0.0, 0.07)
    person, day = _steady(rng, yearly, people, intensity)
    n = len(person)
    return _spell_frame(
        person,
        day,
        drawn_code(rng, ("1", "5"), (55, 45), n),
        drawn_code(rng, ("31", "32"), (85, 15), n),
        rng.geometric(0.45, n),
    )


def _transfers(settings: WorldSettings, people: People, intensity: Intensity) -> pl.DataFrame:
    rng = part_rng(settings, "transfers")
    person, day = _steady(rng, 0.003 + 0.0015 * people.conditions, people, intensity)
    n = len(person)
    one, code = (pl.repeat(text, n, eager=True) for text in ("1", "81"))
    return _spell_frame(person, day, one, code, rng.geometric(0.2, n))


def _steady(
    rng: np.random.Generator,
    per_year: npt.NDArray[np.floating],
    people: People,
    intensity: Intensity,
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    level = np.broadcast_to(
        (per_year / 365.25).astype(np.float32)[:, None], (len(people), len(intensity.months))
    )
    return once_a_day(draw_points(rng, level, intensity.months, people.seen_from, people.seen_to))


def _regular_attenders(settings: WorldSettings, people: People) -> pl.DataFrame:
    """Weekly courses of treatment of a few people: class 3, an admission to nobody."""
    rng = part_rng(settings, "regular attenders")
    chance = np.where(people.conditions > 1, 0.006, 0.001)
    who = np.flatnonzero(rng.random(len(people)) < chance)
    first = rng.integers(0, settings.days, len(who))
    weeks = rng.integers(8, 60, len(who))
    person = np.repeat(who, weeks)
    turn = np.arange(weeks.sum()) - np.repeat(np.cumsum(weeks) - weeks, weeks)
    day = np.repeat(first, weeks) + 7 * turn
    seen = people.is_seen(person, day)
    n = int(seen.sum())
    return _spell_frame(
        person[seen],
        day[seen],
        pl.repeat("3", n, eager=True),
        drawn_code(rng, ("12", "13"), (30, 70), n),
        np.zeros(n, dtype=np.int64),
    )
