"""The senders whose manner is known, by the name of their style.

A new style is one entry of `STYLES` and its writers in `writers.WRITERS`; nothing else in this room
asks for a style by name, but for what the example's two senders merge (`contract_form`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sp_eval.study.outcomes import INSTRUMENTS
from sp_eval.synthetic.sender_style import SenderStyle, items_of
from sp_eval.synthetic.styles_with_use import (
    CITY_AND_HACKNEY,
    LEEDS,
    TOWER_HAMLETS,
    WAYS_TO_WELLNESS,
)
from sp_eval.synthetic.styles_without_use import (
    GATESHEAD,
    HALTON,
    HERTS_WEST_ESSEX,
    NEWHAM,
    SURREY,
)

__all__ = ["EXAMPLE", "STYLES"]

_ROTHERHAM: Final = SenderStyle(
    practice_prefix="C87",
    lsoa_first=1007600,
    numbers=(999_000_000, 500_000),
    reference="VAR",
    refusals=(0.6, 0.4, 0.0),
    items=items_of("rotherham_wellbeing", *INSTRUMENTS["rotherham_wellbeing"].items),
    due=(88, 126),
    places=(
        ("Moorgate Befrienders", "Befriending", 12.0),
        ("Advice on Wheels", "Benefits advice", 20.0),
        ("Clifton Carers", "Carer respite", 14.5),
        ("Rother Valley Walkers", "Gentle exercise", 10.0),
        ("Allotment Friends", "Gardening", 15.75),
        ("Knit & Natter", "Social group", 9.0),
        ("Wath Men's Shed", "Crafts", 11.0),
        ("Community Kitchen", "Cooking", 13.25),
    ),
    cost_lines=(
        ("Link worker staff", "NHS Rotherham CCG", 22_000.0),
        ("VCSE grants", "Better Care Fund", 17_300.0),
        ("Management", "NHS Rotherham CCG", 5_200.0),
    ),
    cost_months=1,
)
_GLOUCESTERSHIRE: Final = SenderStyle(
    practice_prefix="L84",
    lsoa_first=1022100,
    numbers=(999_500_000, 500_000),
    reference="GSP-",
    items=items_of("swemwbs"),
    places=(
        ("Severnside Befriending", "Befriending", 11.0),
        ("Café Zoë", "Lunch club", 7.5),
        ("Debt & Money Advice", "Debt advice", 18.0),
        ("Cotswold Carers’ Circle", "Carer support", 14.0),
        ("Forest Strollers", "Walking group", 6.0),
        ("Potting Shed – Stroud", "Gardening", 12.5),
        ("Singing for Breath", "Choir", 8.25),
        ("Home & Warm", "Housing advice", 16.0),
    ),
    cost_lines=(
        ("Hub coordinators", "NHS Gloucestershire CCG", 79_000.0),
        ("Voluntary sector grants", "Gloucestershire County Council", 30_500.0),
        ("Management & IT", "NHS Gloucestershire CCG", 14_200.0),
    ),
)
STYLES: Final[Mapping[str, SenderStyle]] = {
    "rotherham": _ROTHERHAM,
    "gloucestershire": _GLOUCESTERSHIRE,
    "leeds": LEEDS,
    "ways_to_wellness": WAYS_TO_WELLNESS,
    "city_and_hackney": CITY_AND_HACKNEY,
    "tower_hamlets": TOWER_HAMLETS,
    "newham": NEWHAM,
    "halton": HALTON,
    "surrey": SURREY,
    "gateshead": GATESHEAD,
    "herts_west_essex": HERTS_WEST_ESSEX,
}
# The two schemes of the bundled example, made where no scheme is named.
EXAMPLE: Final = ("rotherham", "gloucestershire")
