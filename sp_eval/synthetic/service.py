"""The scheme's own records: referrals and what came of them, and the link worker's visits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from sp_eval.synthetic.codes import happens, labels
from sp_eval.synthetic.months import NEVER, Days
from sp_eval.synthetic.population import People, Practices, draw_keys
from sp_eval.synthetic.settings import WorldSettings, part_rng

__all__ = ["NEEDS", "Service", "draw_service"]

Ints = npt.NDArray[np.int64]

NEEDS: Final = (
    "social_isolation",
    "mental_wellbeing",
    "money_and_benefits",
    "housing",
    "physical_activity_and_lifestyle",
    "caring_role",
    "long_term_condition",
    "bereavement",
)
_NEED_SHARES = np.array([26, 21, 13, 7, 12, 5, 11, 5]) / 100
_AFTER = 27  # a second referral comes at most so many days after the first


@dataclass(frozen=True, slots=True)
class Service:
    """What the scheme recorded.

    referral: reference, referral_key, person (null: on no register), day, practice_code,
        route, primary_need, secondary_need, outcome, first_contact_day, closed_day,
        closure_reason, is_carer, has_consent, is_first, days_since_first; ordered by day
    visits: the link worker's (person, day)
    """

    referral: pl.DataFrame
    visits: tuple[Ints, Ints]


@dataclass(frozen=True, slots=True)
class _Row:
    """One array a column, one element a referral."""

    person: Ints  # -1: on no register
    day: Ints
    practice: Ints
    first: npt.NDArray[np.bool_]
    gap: Ints  # days since the first referral, 0 for the first


def draw_service(
    settings: WorldSettings, people: People, practices: Practices, referred_on: Days
) -> Service:
    """Write down every referral, repeated and unlinked ones too, and what came of it."""
    rng = part_rng(settings, "service")
    rows = _rows(settings, people, practices, referred_on, rng)
    n = len(rows.day)
    known = rows.person >= 0
    who = np.where(known, rows.person, 0)

    first_contact = rows.day + rng.integers(3, 31, n)
    accepted = (rng.random(n) < settings.accepted) & rows.first & known
    accepted &= people.is_seen(who, first_contact)
    ended = _ending(settings, people, rows, accepted=accepted, first_contact=first_contact, rng=rng)
    needs = _needs(n, rng)
    referred = rows.person[rows.first & known]
    refusing = referred[_some(rng, len(referred), settings.consent_refused)]
    order = np.lexsort((rows.person, rows.day))
    referral = pl.DataFrame(
        {
            "person": pl.Series(who.astype(np.uint32)),
            "known": known,
            "day": rows.day.astype(np.int32),
            "practice_code": practices.code[rows.practice],
            "route": _routes(settings, n, rng),
            **needs,
            **ended,
            "first_contact_day": np.where(accepted, first_contact, NEVER).astype(np.int32),
            "is_carer": happens(rng, 0.14, n),
            "has_consent": ~np.isin(rows.person, refusing),
            "is_first": rows.first,
            "days_since_first": rows.gap.astype(np.int32),
        }
    )[order]
    referral = referral.with_columns(
        pl.when(pl.col("known")).then(pl.col("person")).alias("person"),
        pl.Series("reference", _references(settings, n)),
        pl.Series("referral_key", draw_keys(rng, n, digits=16)),
    ).drop("known")
    return Service(referral, _visits(rows.person[accepted], first_contact[accepted], rng))


def _references(settings: WorldSettings, count: int) -> list[str]:
    prefix = settings.sender.reference
    return [f"{prefix}{10_000 + number}" for number in range(count)]


def _rows(
    settings: WorldSettings,
    people: People,
    practices: Practices,
    referred_on: Days,
    rng: np.random.Generator,
) -> _Row:
    person = np.flatnonzero(referred_on < NEVER)
    day = referred_on[person].astype(np.int64)
    again = _some(rng, len(person), settings.referred_again)
    gap = rng.integers(5, _AFTER + 1, len(again))
    still = people.is_seen(person[again], day[again] + gap)
    again, gap = again[still], gap[still]
    strangers = len(_some(rng, len(person), settings.unlinked))
    first, last = settings.day(settings.referrals_from), settings.day(settings.referrals_to)
    stranger_day = rng.integers(first, last + 1, strangers)
    referring = np.flatnonzero(practices.refers)
    known_person = np.concatenate([person, person[again]])
    known_day = np.concatenate([day, day[again] + gap])
    return _Row(
        person=np.concatenate([known_person, np.full(strangers, -1)]),
        day=np.concatenate([known_day, stranger_day]),
        practice=np.concatenate(
            [people.practice_at(known_person, known_day), rng.choice(referring, strangers)]
        ),
        first=np.concatenate(
            [np.ones(len(person)), np.zeros(len(again)), np.ones(strangers)]
        ).astype(np.bool_),
        gap=np.concatenate([np.zeros(len(person)), gap, np.zeros(strangers)]).astype(np.int64),
    )


def _some(rng: np.random.Generator, count: int, share: float) -> Ints:
    """Choose `share` of `count`: at least one if any is wanted, so small worlds have them too."""
    wanted = min(count, max(1, round(count * share))) if share > 0 else 0
    return np.sort(rng.choice(count, wanted, replace=False))


def _routes(settings: WorldSettings, count: int, rng: np.random.Generator) -> pl.Series:
    shares = settings.sender.routes
    return labels(tuple(shares), rng.choice(len(shares), count, p=list(shares.values())))


def _needs(count: int, rng: np.random.Generator) -> dict[str, pl.Series]:
    primary = rng.choice(len(NEEDS), count, p=_NEED_SHARES)
    step = rng.integers(1, len(NEEDS), count)
    secondary = labels(NEEDS, (primary + step) % len(NEEDS))
    has_two = pl.Series(happens(rng, 0.5, count))
    return {
        "primary_need": labels(NEEDS, primary),
        "secondary_need": secondary.zip_with(has_two, pl.Series([None], dtype=pl.String)),
    }


def _ending(
    settings: WorldSettings,
    people: People,
    rows: _Row,
    *,
    accepted: npt.NDArray[np.bool_],
    first_contact: Ints,
    rng: np.random.Generator,
) -> dict[str, object]:
    """Outcome, closing day and reason; a death or a move during support closes it."""
    n = len(rows.day)
    who = np.where(rows.person >= 0, rows.person, 0)
    refusals = ("declined", "uncontactable", "inappropriate")
    refusal = rng.choice(3, n, p=settings.sender.refusals)
    outcome = labels(("accepted", *refusals), np.where(accepted, 0, 1 + refusal))
    planned = np.where(
        accepted, first_contact + rng.integers(45, 240, n), rows.day + rng.integers(7, 50, n)
    )
    gone = people.left_on[who]
    gone_first = accepted & (gone <= planned)
    reasons = ("completed", "disengaged", *refusals[:2], "moved_away", "deceased")
    reason = np.where(happens(rng, 0.78, n), 0, 1)
    reason = np.where(accepted, reason, 2 + np.minimum(refusal, 1))
    reason = np.where(gone_first, np.where(people.died_on[who] < NEVER, 5, 4), reason)
    closed = np.where(gone_first, gone, planned)
    is_open = (accepted & happens(rng, 0.06, n)) | (closed >= settings.days)
    closed = np.where(is_open, NEVER, closed)
    reason_text = labels(reasons, reason)
    return {
        "outcome": outcome,
        "closed_day": closed.astype(np.int32),
        "closure_reason": reason_text.zip_with(
            pl.Series(~is_open), pl.Series([None], dtype=pl.String)
        ),
    }


def _visits(person: Ints, first_contact: Ints, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """One to eight visits, about three weeks apart, the first on the day of first contact."""
    number = np.clip(rng.poisson(3.4, len(person)), 1, 8)
    turn = np.arange(number.sum()) - np.repeat(np.cumsum(number) - number, number)
    apart = np.where(turn == 0, 0, 21 * turn + rng.integers(-5, 6, len(turn)))
    return np.repeat(person, number), np.repeat(first_contact, number) + apart
