"""The appointment book: who was seen by whom and how, with all that is no consultation."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from sp_eval.synthetic.activity import Intensity, draw_points
from sp_eval.synthetic.codes import happens, labels
from sp_eval.synthetic.effects import Events
from sp_eval.synthetic.population import People, Practices
from sp_eval.synthetic.settings import WorldSettings, part_rng

__all__ = ["gp_book"]

Ints = npt.NDArray[np.int64]

_STAFF: Final = ("gp", "nurse", "hca", "pharmacist", "link_worker")
_MODE: Final = ("face_to_face", "telephone", "home_visit", "video", "online", "admin")
_STATUS: Final = ("attended", "dna", "cancelled")
_GP_SHARE = 0.72
_MODE_SHARES: Final = {
    "gp": (0.73, 0.20, 0.042, 0.006, 0.022),
    "nurse": (0.87, 0.09, 0.030, 0.002, 0.008),
    "other": (0.82, 0.15, 0.020, 0.002, 0.008),
    "link_worker": (0.55, 0.30, 0.150, 0.0, 0.0),
}
# Entries that are no consultation, per consultation: staff, mode (None: as that staff), status.
_ALSO: Final[tuple[tuple[float, str, str | None, str], ...]] = (
    (0.030, "gp", None, "dna"),
    (0.016, "nurse", None, "dna"),
    (0.008, "gp", None, "cancelled"),
    (0.004, "nurse", None, "cancelled"),
    (0.020, "gp", "admin", "attended"),
    (0.006, "nurse", "admin", "attended"),
    (0.018, "hca", None, "attended"),
    (0.010, "pharmacist", None, "attended"),
    (0.002, "hca", None, "dna"),
)
# The same cell in every sender's words: what one of them merges must stay two rows apart.
_STAFF_MERGED = np.array([0, 1, 2, 2, 4])
_MODE_MERGED = np.array([0, 1, 2, 4, 4, 5])


def gp_book(
    settings: WorldSettings,
    *,
    people: People,
    practices: Practices,
    intensity: Intensity,
    consultations: Events,
    visits: tuple[Ints, Ints],
) -> pl.DataFrame:
    """Return the books of all practices: person, day, practice_code, staff, mode, status.

    `visits` are the link worker's (person, day). No two rows are alike in all columns.
    """
    parts = [
        _consultations(settings, consultations),
        _other_entries(settings, people, intensity),
        _visits(settings, people, visits),
    ]
    person, day, staff, mode, status = (
        np.concatenate(column) for column in zip(*parts, strict=True)
    )
    key = ((person * 2**14 + day) * 8 + _STAFF_MERGED[staff]) * 8 + _MODE_MERGED[mode]
    _, first = np.unique(key * 4 + status, return_index=True)
    person, day = person[first], day[first]
    return pl.DataFrame(
        {
            "person": person.astype(np.uint32),
            "day": day.astype(np.int32),
            "practice_code": pl.Series(practices.code).gather(
                pl.Series(people.practice_at(person, day).astype(np.uint32))
            ),
            "staff": labels(_STAFF, staff[first]),
            "mode": labels(_MODE, mode[first]),
            "status": labels(_STATUS, status[first]),
        }
    ).sort("day", "person", maintain_order=True)


def _modes(rng: np.random.Generator, kind: str, count: int) -> Ints:
    shares = np.array(_MODE_SHARES.get(kind, _MODE_SHARES["other"]))
    return rng.choice(len(shares), count, p=shares / shares.sum())


def _consultations(settings: WorldSettings, events: Events) -> tuple[Ints, ...]:
    rng = part_rng(settings, "consultations")
    staff = (rng.random(len(events.person)) >= _GP_SHARE).astype(np.int64)
    by_gp, by_nurse = (_modes(rng, kind, len(staff)) for kind in ("gp", "nurse"))
    mode = np.where(staff == 0, by_gp, by_nurse)
    real = events.happened
    person, day = events.person[real].astype(np.int64), events.day[real].astype(np.int64)
    return person, day, staff[real], mode[real], np.zeros(len(person), np.int64)


def _other_entries(
    settings: WorldSettings, people: People, intensity: Intensity
) -> tuple[Ints, ...]:
    rng = part_rng(settings, "other entries")
    shares = np.array([share for share, *_ in _ALSO])
    level = intensity.of("gp_contact") * np.float32(shares.sum())
    person, day = draw_points(
        rng,
        level,
        intensity.months,
        people.seen_from,
        people.seen_to,
        prefer=intensity.weekdays,
    )
    kind = rng.choice(len(shares), len(person), p=shares / shares.sum())
    staff = np.array([_STAFF.index(s) for _, s, _, _ in _ALSO])[kind]
    fixed = np.array([-1 if m is None else _MODE.index(m) for _, _, m, _ in _ALSO])[kind]
    drawn = _modes(rng, "other", len(person))
    status = np.array([_STATUS.index(s) for *_, s in _ALSO])[kind]
    mode = np.where(fixed < 0, drawn, fixed)
    return person.astype(np.int64), day.astype(np.int64), staff, mode, status


def _visits(settings: WorldSettings, people: People, visits: tuple[Ints, Ints]) -> tuple[Ints, ...]:
    rng = part_rng(settings, "visits")
    person, day = visits
    inside = people.is_seen(person, day)
    mode = _modes(rng, "link_worker", len(person))[inside]
    status = happens(rng, 0.08, len(person)).astype(np.int64)[inside]
    person, day = person[inside], day[inside]
    staff = np.full(len(person), _STAFF.index("link_worker"), dtype=np.int64)
    return person, day, staff, mode, status
