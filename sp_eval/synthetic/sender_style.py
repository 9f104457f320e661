"""What is known of a sender: how its people are numbered, and what its service records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sp_eval.contracts.codes import code_table

__all__ = ["Item", "SenderStyle", "items_of"]


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
