"""Words that small schemes use for needs and for what came of a referral."""

from __future__ import annotations

from typing import Final

import polars as pl

__all__ = ["NEED_WORDS", "OUTCOME_WORDS", "consent", "needs"]

NEED_WORDS: Final = {
    "social_isolation": "Loneliness",
    "mental_wellbeing": "Low mood",
    "money_and_benefits": "Money",
    "housing": "Housing",
    "physical_activity_and_lifestyle": "Getting active",
    "caring_role": "Caring",
    "long_term_condition": "Health condition",
    "bereavement": "Bereavement",
}
OUTCOME_WORDS: Final = {
    "accepted": "Taken on",
    "declined": "Declined",
    "uncontactable": "No contact made",
    "inappropriate": "Not suitable",
}


def needs(separator: str) -> pl.Expr:
    """Both needs in one cell."""
    both = (pl.col(name).replace_strict(NEED_WORDS) for name in ("primary_need", "secondary_need"))
    return pl.concat_str(*both, separator=separator, ignore_nulls=True)


def consent(yes: str, no: str) -> pl.Expr:
    return pl.when("has_consent").then(pl.lit(yes)).otherwise(pl.lit(no))
