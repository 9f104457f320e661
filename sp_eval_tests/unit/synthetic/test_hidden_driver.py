"""A flare nobody records: off it changes nothing, on it drives referral and use alike."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

from sp_eval.synthetic import activity, referrals
from sp_eval.synthetic.hidden_driver import FRESH, LASTS, begins_on, referral_push, use_factor
from sp_eval.synthetic.months import NEVER, months_between
from sp_eval.synthetic.settings import AFFECTED, WorldSettings
from sp_eval.synthetic.world import Records, draw_records, simulate

STRENGTH = 0.7


def settings(strength: float = STRENGTH, **more: Any) -> WorldSettings:
    kept = {"people": 4_000, "referred": 400, "seed": 5, "hidden_driver": strength}
    return WorldSettings(**(kept | more))


@cache
def drawn(strength: float = STRENGTH) -> Records:
    return draw_records(settings(strength))


def test_a_world_without_it_never_draws_it(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = simulate(settings(0.0, people=600, referred=60))

    def refuse(*_: object) -> None:
        raise AssertionError("drawn")

    monkeypatch.setattr(activity, "use_factor", refuse)
    monkeypatch.setattr(referrals, "referral_push", refuse)
    again = simulate(WorldSettings(people=600, referred=60, seed=5))
    for name, frame in plain.tables.items():
        assert frame.equals(again.tables[name])
    with pytest.raises(AssertionError, match="drawn"):
        simulate(settings(0.1, people=600, referred=60))


def test_the_same_people_and_about_as_many_referred() -> None:
    one, two = drawn(0.0), drawn()
    assert (one.people.born_on == two.people.born_on).all()
    counts = [int((r.referred_on < NEVER).sum()) for r in (one, two)]
    assert counts == pytest.approx([400, 400], abs=60)
    assert not (one.referred_on == two.referred_on).all()


def test_who_is_referred_is_oftener_in_the_first_days_of_a_flare() -> None:
    def fresh(records: Records) -> float:
        begins = begins_on(settings(), len(records.people))
        referred = records.referred_on < NEVER
        since = records.referred_on[referred] - begins[referred]
        return float(((since >= 0) & (since < FRESH)).mean())

    by_chance = FRESH / (settings().days + LASTS)
    assert fresh(drawn(0.0)) == pytest.approx(by_chance, abs=0.03)
    assert fresh(drawn()) > 6 * by_chance


@pytest.mark.parametrize("outcome", AFFECTED)
def test_every_kind_of_care_is_used_oftener_for_a_year(outcome: str) -> None:
    records = drawn()
    begins = begins_on(settings(), len(records.people))
    events, people = records.events[outcome], records.people
    natural = events.natural
    since = events.day[natural] - begins[events.person[natural]]
    inside = (since >= 0) & (since < LASTS)
    flare = np.maximum(
        0, np.minimum(begins + LASTS, people.seen_to) - np.maximum(begins, people.seen_from)
    )
    rest = (people.seen_to - people.seen_from) - flare
    ratio = (inside.sum() / flare.sum()) / ((~inside).sum() / rest.sum())
    assert ratio == pytest.approx(np.exp(STRENGTH), rel=0.12)


def test_factors_by_hand() -> None:
    given = settings(people=50, referred=5)
    months = months_between(given.observed_from, given.observed_to, origin=given.observed_from)
    factor = use_factor(given, 50, months)
    begins = begins_on(given, 50)
    for person in range(50):
        for at, month in enumerate(months):
            begun = begins[person]
            days = [begun <= day < begun + LASTS for day in range(month.start, month.end)]
            expected = 1 + (np.exp(STRENGTH) - 1) * np.mean(days)
            assert factor[person, at] == pytest.approx(expected, rel=1e-5)
    push = referral_push(given, begins + np.arange(50) * 2, 50)
    assert push.tolist() == [5 * STRENGTH] * 30 + [0.0] * 20
    assert referral_push(given, begins - 1, 50).sum() == 0


def test_a_negative_strength_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot be below 0"):
        settings(-0.1)
