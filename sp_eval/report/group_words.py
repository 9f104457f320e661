"""The words of the section on groups of people: said once, and never a verdict."""

from __future__ import annotations

__all__ = ["CARE", "DIVIDED", "INTRO", "LEVELS", "LOOKS", "NO_LOOK", "SAID", "TESTS"]

DIVIDED = {  # in the order they are shown
    "earlier_use": "earlier use",
    "age": "age",
    "sex": "sex",
    "deprivation": "area",
    "ethnicity": "ethnic group",
    "ltc_count": "long-term conditions",
    "carer": "carer",
}
INTRO = (
    "Only the main kind of care is looked at, in groups that were named before any outcome was"
    " read. People of a group are compared with similar people of the same group; carers, who are"
    " known among people referred alone, with similar people of any kind. A group whose two sides"
    " were not alike before referral is left out, with the reason."
)
LOOKS = (
    "Ways of dividing people that could be tested: {n}. If the difference made were the same for"
    " everybody, at least one of them would look otherwise by chance alone in about {share}% of"
    " such studies."
)
NO_LOOK = (
    "No way of dividing people could be tested: in none can two groups be set against each other."
)
TESTS = ("people divided by", "chance of such gaps (%)", "all looks counted (%)", "in words")
LEVELS = ("", "people", "change (%)", "interval (%)", "to know, or why it is left out")
SAID = {
    "differ": "the groups differ by more than chance makes, all looks counted",
    "one_look": "taken alone more than chance makes; within it, once all looks are counted",
    "chance": "within what chance makes",
    "untested": "not tested: fewer than two groups can be set against each other",
}
CARE = (
    "Read whether groups differ off this table, never off one interval that leaves nought out and"
    " another that does not. Within chance does not show that there is no gap: to see one takes"
    " several times as many people as to see the difference itself."
)
