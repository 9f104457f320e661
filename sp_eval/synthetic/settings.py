"""What kind of world is simulated: its people, their ways, the scheme's choice and its effect."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import numpy as np

from sp_eval.study.outcomes import OUTCOMES
from sp_eval.synthetic.sender_style import SenderStyle
from sp_eval.synthetic.styles import EXAMPLE, STYLES

__all__ = ["AFFECTED", "DEFAULT_EFFECTS", "EXAMPLE", "SCHEMES", "WorldSettings", "part_rng"]

MOST_PRACTICES = 300  # as many codes as are kept for made-up practices
SCHEMES: tuple[str, ...] = tuple(STYLES)

# The outcomes a scheme can change directly; the others in the registry are made of these.
AFFECTED: tuple[str, ...] = tuple(
    name for name, outcome in OUTCOMES.items() if not outcome.parts and name != "emergency_bed_days"
)
DEFAULT_EFFECTS: Mapping[str, float] = {
    "gp_contact": 0.85,
    "ae_attendance": 0.90,
    "emergency_admission": 0.90,
    "elective_admission": 1.0,
    "outpatient_attendance": 1.0,
}
_RATES: Mapping[str, float] = {
    "gp_contact": 3.8,
    "ae_attendance": 0.32,
    "emergency_admission": 0.12,
    "elective_admission": 0.13,
    "outpatient_attendance": 1.1,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class WorldSettings:
    """One scheme's world. Rates are mean events per person-year; shares and risks are 0-1.

    effects
        Rate ratio by outcome, from the day after referral, on every referred person;
        outcomes not named keep their default. 1.0 does nothing, above 1 adds events.
    frailty_shape
        Shape of the gamma of people's lasting differences (variance 1/shape).
    swing_sd, swing_memory
        Ups and downs of a quarter's length: standard deviation of their logarithm, and the
        correlation of one quarter with the next. `swing_sd=0` gives steady people.
    swing_in_hospital
        How much of a swing shows in A&E and emergency admissions (0 none, 1 all).
    hazard_slope, hazard_cap
        Rise of the log hazard of referral with each GP or nurse contact in the last 91 days,
        counted up to the cap. 0 gives a scheme that picks without regard to contacts.
    season
        Strength of the calendar-month pattern; 0 for none.
    hidden_driver
        Strength of a flare that no file records, once for everybody: for a year every kind of
        care, planned care too, is used exp(strength) times as often, and in its first 60 days the
        hazard of referral is exp(5 x strength) times as high. No comparison made from the files
        can allow for it. 0 for none, which changes nothing.
    referred_ages, least_conditions
        Whom the scheme takes: from and to which age (year of referral less year of birth), with
        how many long-term conditions at least.
    """

    scheme_code: str = "rotherham"
    style: str | None = None
    people: int = 4_000
    referred: int = 300
    seed: int = 1
    effects: Mapping[str, float] = field(default_factory=dict)

    observed_from: date = date(2016, 4, 1)
    observed_to: date = date(2019, 4, 1)
    referrals_from: date = date(2017, 5, 1)
    referrals_to: date = date(2018, 3, 31)

    practices: int = 30
    referring_share: float = 0.5
    practice_sd: float = 0.06
    rates: Mapping[str, float] = field(default_factory=dict)
    frailty_shape: float = 1.1
    swing_sd: float = 0.95
    swing_memory: float = 0.1
    swing_in_hospital: float = 0.9
    season: float = 1.0
    trend_per_year: float = 0.0
    mortality: float = 1.0
    mobility: float = 1.0

    hazard_slope: float = 0.75
    hazard_cap: int = 12
    hazard_per_condition: float = 0.25
    hazard_per_decile: float = -0.06
    hidden_driver: float = 0.0
    referred_ages: tuple[int, int] = (0, 120)
    least_conditions: int = 0

    accepted: float = 0.84
    consent_refused: float = 0.01
    unlinked: float = 0.008
    referred_again: float = 0.01
    followed_up: float = 0.58
    wellbeing_gain: float = 0.45

    def __post_init__(self) -> None:
        for name in (*self.effects, *self.rates):
            if name not in AFFECTED:
                raise ValueError(
                    f"unknown outcome '{name}'; a scheme may change: {', '.join(AFFECTED)}"
                )
        if min(self.effects.values(), default=1.0) < 0:
            raise ValueError("a rate ratio cannot be below 0")
        if self.hidden_driver < 0:
            raise ValueError("the strength of the hidden driver cannot be below 0")
        if not 0 < self.referred < self.people:
            raise ValueError("the number referred must be between 1 and the number of people")
        if not 1 <= self.practices <= MOST_PRACTICES:
            raise ValueError(f"the number of practices must be between 1 and {MOST_PRACTICES}")
        if not self.observed_from <= self.referrals_from <= self.referrals_to < self.observed_to:
            raise ValueError("referrals must lie inside the observed time")

    @property
    def looks_like(self) -> str:
        """The sender whose codes and numbers the world uses."""
        if self.style is not None:
            return self.style
        return self.scheme_code if self.scheme_code in STYLES else "rotherham"

    @property
    def sender(self) -> SenderStyle:
        """What is known of that sender."""
        return STYLES[self.looks_like]

    @property
    def days(self) -> int:
        """Days observed; day 0 is `observed_from`."""
        return (self.observed_to - self.observed_from).days

    def day(self, when: date) -> int:
        return (when - self.observed_from).days

    def effect(self, outcome: str) -> float:
        return float(self.effects.get(outcome, DEFAULT_EFFECTS[outcome]))

    def rate(self, outcome: str) -> float:
        return float(self.rates.get(outcome, _RATES[outcome]))


def part_rng(settings: WorldSettings, part: str) -> np.random.Generator:
    """Return the generator of one part of one scheme's world.

    Parts draw from streams of their own, so changing one setting (an effect, say) leaves
    everything that does not depend on it exactly as it was.
    """
    key = [settings.seed, zlib.crc32(settings.scheme_code.encode()), zlib.crc32(part.encode())]
    return np.random.default_rng(np.random.SeedSequence(key))
