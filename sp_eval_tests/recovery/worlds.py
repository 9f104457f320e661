"""Which worlds are tried, and why: kinds, sizes, seeds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sp_eval.study.design import SENSITIVITY, StudyDesign
from sp_eval.study.outcomes import OUTCOMES, Outcome
from sp_eval.synthetic.settings import AFFECTED, EXAMPLE, WorldSettings
from sp_eval_tests.support.studies import a_study

__all__ = ["JUDGED", "KINDS", "PLAN", "STUDY", "Kind", "Planned"]

ROLES = {
    "gp_contact": "primary",
    "ae_attendance": "secondary",
    "elective_admission": "negative_control",
    "outpatient_attendance": "secondary",
}
JUDGED: tuple[Outcome, ...] = tuple(OUTCOMES[name] for name in ROLES)
STUDY: StudyDesign = a_study(
    outcomes=[{"name": name, "role": role} for name, role in ROLES.items()],
    estimators={"sensitivity": list(SENSITIVITY)},
)
_NONE = dict.fromkeys(AFFECTED, 1.0)
_LARGE, _SMALL = (8_000, 600), (3_000, 250)


@dataclass(frozen=True)
class Kind:
    """A kind of world, in words; how many, and from which seed on; `settings` unlike the default.

    No two kinds share a seed, so that every world is one more and tells something of its own.
    """

    name: str
    told: str
    seeds: int
    first: int
    settings: Mapping[str, Any] = field(default_factory=dict)
    size: tuple[int, int] = _LARGE
    with_wrong: bool = False


KINDS = (
    Kind("fewer", "GP 0.85, A&E 0.90, others 1", 24, 1_000, with_wrong=True),
    Kind("no effect", "1 for every outcome", 24, 2_000, {"effects": _NONE}, with_wrong=True),
    Kind(
        "more",
        "GP 1.15, A&E 1.10, others 1",
        14,
        3_000,
        {"effects": {**_NONE, "gp_contact": 1.15, "ae_attendance": 1.10}},
    ),
    Kind(
        "gentle choice",
        "as `fewer`; the hazard of referral rises by 1.4 times a contact, not 2.1",
        4,
        4_000,
        {"hazard_slope": 0.35},
    ),
    Kind("steady people", "as `fewer`; no ups and downs", 4, 5_000, {"swing_sd": 0.0}),
    Kind(
        "wilder people",
        "as `fewer`; ups and downs and lasting differences larger",
        4,
        6_000,
        {"swing_sd": 1.2, "frailty_shape": 0.7},
    ),
    Kind(
        "trend",
        "as `fewer`; all rates rise by 5% a year, two thirds of practices refer",
        8,
        7_000,
        {"trend_per_year": 0.05, "referring_share": 0.67},
    ),
    Kind(
        "all refer",
        "as `gentle choice`; every practice refers",
        4,
        10_000,
        {"hazard_slope": 0.35, "referring_share": 1.0},
        with_wrong=True,
    ),
    Kind("small, fewer", "as `fewer`, small", 16, 8_000, size=_SMALL),
    Kind("small, no effect", "as `no effect`, small", 16, 9_000, {"effects": _NONE}, _SMALL),
)


@dataclass(frozen=True)
class Planned:
    """One world to be made."""

    kind: Kind
    scheme: str
    seed: int

    @property
    def key(self) -> str:
        return f"{self.kind.name}/{self.scheme}/{self.seed}"

    @property
    def settings(self) -> WorldSettings:
        people, referred = self.kind.size
        return WorldSettings(
            scheme_code=self.scheme,
            people=people,
            referred=referred,
            seed=self.seed,
            **self.kind.settings,
        )


# Seeds first, so that a run that stops half way holds some worlds of every kind.
PLAN: tuple[Planned, ...] = tuple(
    Planned(kind, scheme, kind.first + 1 + seed)
    for seed in range(max(kind.seeds for kind in KINDS))
    for kind in KINDS
    if seed < kind.seeds
    for scheme in EXAMPLE
)
