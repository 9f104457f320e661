"""The senders whose manner is known: what each writes down, and what its world is like.

A new style is one entry of `STYLES` here and its writers in `writers.WRITERS`; nothing else in
this room asks for a style by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from sp_eval.contracts.codes import code_table
from sp_eval.study.outcomes import INSTRUMENTS

__all__ = ["EXAMPLE", "STYLES", "Item", "SenderStyle", "items_of"]


class Item(NamedTuple):
    """One question: of which questionnaire, with its lowest, highest and best answer."""

    instrument: str
    name: str
    low: float
    high: float
    lower_is_better: bool


def items_of(instrument: str, *names: str) -> tuple[Item, ...]:
    """Return an instrument's items from the shared list; all that are `item`, or those named."""
    return tuple(
        Item(
            instrument,
            row["item"],
            float(row["minimum"]),
            float(row["maximum"]),
            row["direction"] == "lower_is_better",
        )
        for row in code_table("instrument")
        if row["instrument"] == instrument
        and (row["item"] in names if names else row["kind"] == "item")
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SenderStyle:
    """How one sender's people are numbered, and what its service records.

    practice_prefix
        First three signs of the codes of its practices.
    lsoa_first
        Number of its first area of residence, without `E0`.
    numbers
        First nine digits and size of its block of NHS numbers that are never issued.
    reference
        What stands before the number of a referral.
    routes
        Who refers, and with which share; `case_management` and `community_matron` are other
        primary care, else the words of the contract `referral`.
    refusals
        Shares of declined, uncontactable and inappropriate among those who do not take part.
    items
        What is asked, under names unlike each other; none: nothing is asked.
    due
        Days from baseline to follow-up, `[from, to)`.
    places
        Organisation, activity and price of a session in pounds; none: not passed on.
    cost_lines, cost_months
        Line, funder and pounds a period; months in a period.
    world
        Settings of its world that differ from the defaults of `WorldSettings`.
    """

    practice_prefix: str
    lsoa_first: int
    numbers: tuple[int, int]
    reference: str
    routes: Mapping[str, float] = field(
        default_factory=lambda: {
            "gp": 0.64, "nurse": 0.18, "case_management": 0.11, "community_matron": 0.07,
        }
    )  # fmt: skip
    refusals: tuple[float, float, float] = (0.5, 0.3, 0.2)
    items: tuple[Item, ...] = ()
    due: tuple[int, int] = (90, 184)
    places: tuple[tuple[str, str, float], ...] = ()
    cost_lines: tuple[tuple[str, str, float], ...] = ()
    cost_months: int = 3
    world: Mapping[str, Any] = field(default_factory=dict)


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
}
# The two schemes of the bundled example, made where no scheme is named.
EXAMPLE: Final = ("rotherham", "gloucestershire")
