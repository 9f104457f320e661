"""Hospital records: attendances, spells and appointments, with those that count as nothing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from sp_eval.synthetic.activity import Intensity, draw_points
from sp_eval.synthetic.codes import drawn_code, drawn_cost, happens, labels, ordered
from sp_eval.synthetic.effects import Events
from sp_eval.synthetic.population import People
from sp_eval.synthetic.settings import WorldSettings, part_rng
from sp_eval.synthetic.spells import TRUST_SHARES, TRUSTS, Stays, draw_spells

__all__ = ["Hospital", "draw_hospital"]

_DEPARTMENTS = ("01", "02", "03", "04")
_DISPOSALS = ("01", "02", "03", "04", "06", "11", "12", "14")
_SPECIALTIES = ("100", "101", "110", "120", "130", "300", "301", "320", "330", "340", "410", "502")


@dataclass(frozen=True, slots=True)
class Hospital:
    """What the hospitals recorded, each ordered by day and person.

    ae: person, day, department, category, disposal, provider, cost
    spell: person, day, end_day (`NEVER`: not known, or still in), patient_class, method,
        episodes, finished, provider, cost
    appointment: person, day, attendance (5, 6 seen; 7, 3, 2, 4 not), first, specialty, cost
    """

    ae: pl.DataFrame
    spell: pl.DataFrame
    appointment: pl.DataFrame


def draw_hospital(
    settings: WorldSettings,
    people: People,
    intensity: Intensity,
    *,
    events: dict[str, Events],
    stays: Stays,
) -> Hospital:
    """Dress the events that happened as hospital records, and add those that never count."""
    return Hospital(
        ae=_attendances(settings, people, events["ae_attendance"], events["emergency_admission"]),
        spell=draw_spells(settings, people, intensity, events=events, stays=stays),
        appointment=_appointments(settings, people, intensity, events["outpatient_attendance"]),
    )


def _attendances(
    settings: WorldSettings, people: People, events: Events, admissions: Events
) -> pl.DataFrame:
    rng = part_rng(settings, "ae detail")
    n = len(events.person)
    # An admission that the scheme spared leaves its attendance behind, discharged.
    led = np.zeros(max(1, len(admissions.person)), dtype=np.bool_)
    with_pair = (admissions.pair >= 0) & admissions.happened
    led[admissions.pair[with_pair]] = True
    admitted = (events.pair >= 0) & led[events.pair]
    disposal = rng.choice(np.arange(1, 8), n, p=np.array([30, 40, 3, 8, 5, 8, 6]) / 100)
    department = rng.choice(4, n, p=[0.80, 0.02, 0.15, 0.03])
    first = pl.DataFrame(
        {
            "person": events.person.astype(np.uint32),
            "day": events.day,
            "department": labels(_DEPARTMENTS, np.where(events.pair >= 0, 0, department)),
            "category": pl.repeat("1", n, eager=True),
            "disposal": labels(_DISPOSALS, np.where(admitted, 0, disposal)),
            "provider": drawn_code(rng, TRUSTS, TRUST_SHARES, n),
            "cost": drawn_cost(rng, np.where(events.pair >= 0, 190.0, 125.0), n),
        }
    ).filter(pl.Series(events.happened))
    again = _returns(settings, people, first)
    both = pl.concat([first, again]).unique(["person", "day"], keep="first", maintain_order=True)
    return ordered(both)


def _returns(settings: WorldSettings, people: People, first: pl.DataFrame) -> pl.DataFrame:
    """Follow-up attendances, which no scheme counts: some days after about one in 25."""
    rng = part_rng(settings, "ae returns")
    n = first.height
    coming = happens(rng, 0.042, n)
    later = first["day"].to_numpy() + rng.integers(2, 15, n)
    coming &= people.is_seen(first["person"].to_numpy(), later)
    return first.with_columns(
        pl.Series("day", later.astype(np.int32)),
        drawn_code(rng, ("2", "3", "4"), (40, 10, 50), n).alias("category"),
        drawn_code(rng, ("02", "03"), (50, 50), n).alias("disposal"),
        drawn_cost(rng, 90.0, n).alias("cost"),
    ).filter(pl.Series(coming))


def _appointments(
    settings: WorldSettings, people: People, intensity: Intensity, events: Events
) -> pl.DataFrame:
    rng = part_rng(settings, "outpatient detail")
    n = len(events.person)
    seen = _appointment_frame(rng, events.person, events.day, ("5", "6"), (88, 12))
    missed_rng = part_rng(settings, "outpatients not seen")
    level = intensity.of("outpatient_attendance") * np.float32(0.125)
    points = draw_points(
        missed_rng,
        level,
        intensity.months,
        people.seen_from,
        people.seen_to,
        prefer=intensity.weekdays,
    )
    missed = _appointment_frame(missed_rng, *points, ("3", "2", "4", "7"), (54, 20, 20, 6))
    seen = seen.with_columns(drawn_cost(rng, 110.0, n).alias("cost"))
    missed = missed.with_columns(pl.lit(0.0).alias("cost"))
    both = pl.concat([seen.filter(pl.Series(events.happened)), missed])
    return ordered(both.unique(["person", "day"], keep="first", maintain_order=True))


def _appointment_frame(
    rng: np.random.Generator,
    person: npt.NDArray[np.int32],
    day: npt.NDArray[np.int32],
    attendance: tuple[str, ...],
    shares: tuple[int, ...],
) -> pl.DataFrame:
    n = len(person)
    return pl.DataFrame(
        {
            "person": person.astype(np.uint32),
            "day": day.astype(np.int32),
            "attendance": drawn_code(rng, attendance, shares, n),
            "first": drawn_code(rng, ("1", "2", "3", "4"), (30, 60, 3, 7), n),
            "specialty": drawn_code(rng, _SPECIALTIES, (1,) * len(_SPECIALTIES), n),
        }
    )
