"""One scheme's simulated world: everybody's records in contract form, and the truth."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from sp_eval.synthetic.activity import draw_intensity
from sp_eval.synthetic.contract_form import contract_form
from sp_eval.synthetic.effects import Events, affected_events, draw_natural
from sp_eval.synthetic.gp_book import gp_book
from sp_eval.synthetic.hospital import Hospital, draw_hospital
from sp_eval.synthetic.months import NEVER, Days
from sp_eval.synthetic.population import People, Practices, draw_people
from sp_eval.synthetic.referrals import draw_referrals
from sp_eval.synthetic.service import draw_service
from sp_eval.synthetic.settings import AFFECTED, WorldSettings
from sp_eval.synthetic.spells import Stays, draw_stays
from sp_eval.synthetic.support import draw_activities, draw_costs, draw_questionnaires
from sp_eval.synthetic.truth import judged_people, truth_of

__all__ = ["Records", "World", "draw_records", "simulate", "world_truth"]


@dataclass(frozen=True, slots=True)
class Records:
    """The world as numbers and codes, before any sender has written it down."""

    people: People
    practices: Practices
    referred_on: Days  # by person; `NEVER` if not referred
    events: dict[str, Events]
    stays: Stays  # by emergency admission
    referral: pl.DataFrame
    responses: pl.DataFrame
    activities: pl.DataFrame
    costs: pl.DataFrame
    book: pl.DataFrame
    hospital: Hospital


@dataclass(frozen=True, slots=True)
class World:
    """A scheme's people and records, with the truth about them.

    tables
        Contract name -> frame (contract columns and `scheme_code`): person, referral,
        activity, gp_contact, hospital_activity, outcome_response, programme_cost.
    truth
        Counts, and under `referred` (everybody referred and followed for 365 days before)
        and `analysable` (of those, who consented) the figures of `truth.truth_of`.
    """

    settings: WorldSettings
    records: Records
    tables: dict[str, pl.DataFrame]
    truth: dict[str, Any]


def simulate(settings: WorldSettings) -> World:
    """Simulate one scheme. The same settings give the same world, to the last row."""
    records = draw_records(settings)
    tables = contract_form(
        settings,
        records.people,
        records.practices,
        referral=records.referral,
        responses=records.responses,
        activities=records.activities,
        costs=records.costs,
        book=records.book,
        hospital=records.hospital,
    )
    return World(settings, records, tables, world_truth(settings, records))


def draw_records(settings: WorldSettings) -> Records:
    """Draw people, their use of care without the scheme, referrals, and the scheme's effect."""
    people, practices = draw_people(settings)
    intensity = draw_intensity(settings, people, practices)
    natural = draw_natural(settings, people, intensity)
    contacts = natural["gp_contact"].natural_points
    referred_on = draw_referrals(settings, people, practices, contacts, intensity.weekdays)
    events = affected_events(settings, people, intensity, natural, referred_on)
    service = draw_service(settings, people, practices, referred_on)
    book = gp_book(
        settings,
        people=people,
        practices=practices,
        intensity=intensity,
        consultations=events["gp_contact"],
        visits=service.visits,
    )
    stays = draw_stays(settings, people, events["emergency_admission"])
    return Records(
        people=people,
        practices=practices,
        referred_on=referred_on,
        events=events,
        stays=stays,
        referral=service.referral,
        responses=draw_questionnaires(settings, people, service.referral),
        activities=draw_activities(settings, people, service.referral),
        costs=draw_costs(settings),
        book=book,
        hospital=draw_hospital(settings, people, intensity, events=events, stays=stays),
    )


def world_truth(
    settings: WorldSettings,
    records: Records,
    *,
    unusable: npt.NDArray[np.bool_] | None = None,
    cut: int | None = None,
) -> dict[str, Any]:
    """Return the truth of a world as it can be known on day number `cut` (default: the end).

    People `unusable` (by person) are not among the analysable.
    """
    records = _known_at(records, settings.days if cut is None else cut)
    people, referred_on = records.people, records.referred_on
    is_referred = referred_on < NEVER
    followed = is_referred & (people.seen_from <= referred_on - 365)
    first = records.referral.filter(pl.col("is_first") & (pl.col("person") < len(people)))
    refused = np.zeros(len(people), dtype=np.bool_)
    refused[first.filter(~pl.col("has_consent"))["person"].to_numpy()] = True
    analysable = followed & ~refused
    if unusable is not None:
        analysable &= ~unusable
    accepted = np.zeros(len(people), dtype=np.bool_)
    accepted[first.filter(pl.col("outcome") == "accepted")["person"].to_numpy()] = True

    def told(chosen: npt.NDArray[np.bool_]) -> dict[str, Any]:
        judged = judged_people(referred_on, chosen=chosen)
        return truth_of(settings, people, records.events, records.stays.recorded, judged)

    left = is_referred & (people.left_on < referred_on + 366)
    return {
        "scheme_code": settings.scheme_code,
        "people": len(people),
        "referred": int(is_referred.sum()),
        "accepted": int((is_referred & accepted).sum()),
        "followed_365_days_before": int(followed.sum()),
        "consent_refused": int((is_referred & refused).sum()),
        "analysable_people": int(analysable.sum()),
        "left_or_died_within_365_days": int(left.sum()),
        "effects": {name: settings.effect(name) for name in AFFECTED},
        "referred_followed": told(followed),
        "analysable": told(analysable),
    }


def _known_at(records: Records, cut: int) -> Records:
    """Forget what lies on or after day number `cut`."""
    people, stays = records.people, records.stays
    ended = records.events["emergency_admission"].day + stays.nights < cut
    return replace(
        records,
        people=replace(people, seen_to=np.minimum(people.seen_to, np.int32(cut))),
        referred_on=np.where(records.referred_on < cut, records.referred_on, NEVER),
        stays=stays._replace(recorded=np.where(ended, stays.recorded, 0)),
    )
