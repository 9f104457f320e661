"""Senders whose files hold no dated use of care: questionnaires, counts, payments.

Their ranges of NHS numbers lie within Gloucestershire's, so that a few people are in both.
"""

from __future__ import annotations

from typing import Final

from sp_eval.synthetic.sender_style import SenderStyle, items_of

__all__ = ["GATESHEAD", "HALTON", "HERTS_WEST_ESSEX", "NEWHAM", "SURREY"]

_BLOCK: Final = 50_000
_SIZE: Final = {"people": 2_500, "referred": 240}

NEWHAM: Final = SenderStyle(
    practice_prefix="F86",
    lsoa_first=1003500,
    numbers=(999_500_000, _BLOCK),
    reference="NCP",
    items=(
        *items_of("hba1c", "mmol_mol"),
        *items_of("weight", "kg"),
        *items_of("active_minutes", "per_week"),
    ),
    due=(80, 110),
    cost_lines=(
        ("Started", "NHS Newham CCG", 6_200.0),
        ("Three months", "NHS Newham CCG", 9_400.0),
        ("Twelve months", "NHS Newham CCG", 4_100.0),
    ),
    cost_months=1,
    world=_SIZE,
)
HALTON: Final = SenderStyle(
    practice_prefix="N81",
    lsoa_first=1012300,
    numbers=(999_600_000, _BLOCK),
    reference="WE-",
    items=items_of("swemwbs"),
    due=(80, 100),
    world=_SIZE,
)
SURREY: Final = SenderStyle(
    practice_prefix="H81",
    lsoa_first=1030300,
    numbers=(999_700_000, _BLOCK),
    reference="SY",
    items=items_of("ons4"),
    due=(90, 170),
    world={**_SIZE, "practices": 12},
)
GATESHEAD: Final = SenderStyle(
    practice_prefix="A85",
    lsoa_first=1008100,
    numbers=(999_800_000, _BLOCK),
    reference="GH",
    items=items_of("wemwbs"),
    due=(300, 400),
    world={"people": 400, "referred": 3, "practices": 6},
)
HERTS_WEST_ESSEX: Final = SenderStyle(
    practice_prefix="E82",
    lsoa_first=1023300,
    numbers=(999_900_000, _BLOCK),
    reference="HH-",
    routes={"gp": 0.5, "nurse": 0.1, "social_care": 0.15, "self": 0.25},
    items=(*items_of("ons4"), *items_of("pam", "score")),
    due=(160, 200),
    world=_SIZE,
)
