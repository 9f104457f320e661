"""Senders beside the example's whose files hold dated use of care.

Their ranges of NHS numbers lie within those of the example's senders, so that a few people are on
two registers, as people are who moved from one area to another.
"""

from __future__ import annotations

from typing import Final

from sp_eval.synthetic.sender_style import SenderStyle, items_of

__all__ = ["CITY_AND_HACKNEY", "LEEDS", "TOWER_HAMLETS", "WAYS_TO_WELLNESS"]

_BLOCK: Final = 100_000
_SIZE: Final = {"people": 4_000, "referred": 300}

LEEDS: Final = SenderStyle(
    practice_prefix="B86",
    lsoa_first=1011300,
    numbers=(999_100_000, _BLOCK),
    reference="LSP-",
    routes={"gp": 0.52, "nurse": 0.12, "social_care": 0.08, "self": 0.28},
    items=(*items_of("swemwbs"), *items_of("ons4")),
    due=(80, 92),
    places=(
        ("Seacroft Friends & Neighbours", "befriending", 0.0),
        ("Chapeltown Advice Centre", "money_advice", 0.0),
        ("Carers Leeds East", "carer_support", 0.0),
        ("Armley Active", "physical_activity", 0.0),
        ("Holbeck Makers", "arts_and_culture", 0.0),
        ("Hyde Park Diggers", "nature_based", 0.0),
        ("Real Junction Cafe", "food_support", 0.0),
        ("Beeston Online", "learning", 0.0),
    ),
    cost_lines=(
        ("Wellbeing coordinators", "NHS Leeds CCG", 61_000.0),
        ("Community grants", "Leeds City Council", 24_000.0),
        ("CRM and management", "NHS Leeds CCG", 12_500.0),
    ),
    world=_SIZE,
)
WAYS_TO_WELLNESS: Final = SenderStyle(
    practice_prefix="A86",
    lsoa_first=1008300,
    numbers=(999_200_000, _BLOCK),
    reference="WTW",
    items=items_of("wellbeing_star"),
    due=(170, 200),
    cost_lines=(
        ("Four providers", "Ways to Wellness", 88_000.0),
        ("Management", "Ways to Wellness", 21_000.0),
        ("Outcome payments", "NHS Newcastle Gateshead CCG", 64_000.0),
    ),
    world={**_SIZE, "referred_ages": (40, 74), "least_conditions": 1},
)
CITY_AND_HACKNEY: Final = SenderStyle(
    practice_prefix="F84",
    lsoa_first=1001800,
    numbers=(999_300_000, _BLOCK),
    reference="CH",
    routes={"gp": 1.0},
    items=(
        *items_of("hads", "anxiety", "depression"),
        *items_of("eq5d5l"),
        *items_of("eq5d5l", "vas"),
        *items_of("general_health"),
    ),
    due=(225, 262),
    world={**_SIZE, "followed_up": 0.34},
)
TOWER_HAMLETS: Final = SenderStyle(
    practice_prefix="F85",
    lsoa_first=1004200,
    numbers=(999_400_000, _BLOCK),
    reference="TH-",
    items=items_of("mycaw"),
    due=(56, 180),
    places=(
        ("Bromley by Bow Centre", "learning", 0.0),
        ("Limehouse Link Choir", "arts_and_culture", 0.0),
        ("Island Advice", "money_advice", 0.0),
        ("Mile End Movers", "physical_activity", 0.0),
        ("Spitalfields Growers", "nature_based", 0.0),
        ("Wapping Lunch Club", "social_group", 0.0),
    ),
    world=_SIZE,
)
