"""One thing learned from a scheme's deliveries so far, in one sentence, from the release alone."""

from __future__ import annotations

from typing import Any

import polars as pl

from sp_eval.study.outcomes import OUTCOMES

__all__ = ["learned"]

_TOO_FEW = (
    "so few people can be followed that any figure could point at one of them, so none is shown."
    " That is usual for a small or young scheme: figures of several years taken together can be"
    " shown, so please keep sending."
)
_NO_RESULT_YET = "no result yet; it comes when your referrals can be followed for long enough."


def learned(estimate: pl.DataFrame, attrition: pl.DataFrame, *, scheme: str) -> str:
    """Return the sentence.

    Parameters
    ----------
    estimate, attrition : rows of the published tables as they stand in the release, where counts
        of 1 to 7 people are null and others rounded.
    scheme : its code.
    """
    own = attrition.filter(pl.col("scheme_code") == scheme).sort("study_id", "step_number")
    if own.is_empty():
        return _NO_RESULT_YET
    first_study = own["study_id"][0]
    own = own.filter(pl.col("study_id") == first_study)
    if own["people"][-1] is None or own["people"][0] is None:
        return _TOO_FEW
    rows = estimate.filter(
        pl.col("scheme_code") == scheme,
        pl.col("study_id") == first_study,
        pl.col("role") == "primary",
        pl.col("outcome_role") == "primary",
    )
    for (outcome,), of_one in rows.group_by("outcome", maintain_order=True):
        by_scale = {row["scale"]: row for row in of_one.to_dicts()}
        difference = by_scale.get("rate_difference_per_1000_person_years")
        if difference and difference["status"] == "released" and difference["point"] is not None:
            return _verdict(str(outcome), difference, by_scale.get("rate_ratio", {}))
    return _followed(int(own["people"][0]), int(own["people"][-1]))


def _followed(referred: int, followed: int) -> str:
    if not followed:
        return (
            f"none of about {referred:,} referrals can be followed yet; it takes about a year"
            " before and a year after."
        )
    return (
        f"of about {referred:,} referrals, about {followed:,} people can be followed and compared"
        " with similar people. What it made of their use of care cannot be shown yet."
    )


def _verdict(outcome: str, difference: dict[str, Any], ratio: dict[str, Any]) -> str:
    """Return the verdict per 100 people a year; harm is told in the same words as benefit."""
    label = OUTCOMES[outcome].label if outcome in OUTCOMES else outcome.replace("_", " ")
    label = label[:1].lower() + label[1:] if label[1:2].islower() else label
    point, low, high = (difference[name] / 10 for name in ("point", "ci_low", "ci_high"))
    among = "than among similar people who were not referred"
    match difference["verdict"]:
        case "fewer" | "more" as word:
            sign = -1 if word == "fewer" else 1
            ends = sorted((sign * low, sign * high))
            share = ratio.get("point")
            told = f"; {abs(1 - share):.0%} {word}" if share is not None else ""
            return (
                f"for every 100 people referred there were {_number(sign * point)} {word} {label}"
                f" a year {among} (95% interval {_number(ends[0])} to {_number(ends[1])} {word}"
                f"{told})."
            )
        case "no_worthwhile_change":
            return (
                f"{label}: the difference from similar people who were not referred is smaller"
                f" than this study said would matter ({_interval(low, high)})."
            )
        case _:
            return (
                f"{label}: too few people or events to tell yet; the truth may lie between"
                f" {_interval(low, high)} for every 100 people a year. This is not evidence of no"
                " effect."
            )


def _interval(low: float, high: float) -> str:
    words = ["fewer" if end < 0 else "more" for end in (low, high)]
    return f"{_number(abs(low))} {words[0]} and {_number(abs(high))} {words[1]}"


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 10 else f"{value:,.1f}"
