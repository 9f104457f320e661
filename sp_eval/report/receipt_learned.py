"""One thing learned from a scheme's deliveries so far, in one sentence, from the release alone."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from sp_eval.report.answers import answer_of
from sp_eval.report.release import Release

__all__ = ["learned"]

_TOO_FEW = (
    "so few people can be followed that any figure could point at one of them, so none is shown."
    " That is usual for a small or young scheme: figures of several years taken together can be"
    " shown, so please keep sending."
)
_NO_RESULT_YET = "no result yet; it comes when your referrals can be followed for long enough."


def learned(tables: Mapping[str, pl.DataFrame], *, scheme: str) -> str:
    """Return the sentence: where there is a verdict, the one the report quotes.

    Parameters
    ----------
    tables : `estimate`, `attrition` and, where the release holds it, `detectable_change`, as they
        stand in the release, where counts of 1 to 7 people are null and others rounded.
    scheme : its code.
    """
    attrition = tables["attrition"]
    own = attrition.filter(pl.col("scheme_code") == scheme).sort("study_id", "step_number")
    if own.is_empty():
        return _NO_RESULT_YET
    first = str(own["study_id"][0])
    own = own.filter(pl.col("study_id") == first)
    if own["people"][-1] is None or own["people"][0] is None:
        return _TOO_FEW
    release = Release(first, {n: t.filter(pl.col("study_id") == first) for n, t in tables.items()})
    main = {"scheme_code": scheme, "role": "primary", "outcome_role": "primary"}
    if row := release.row("estimate", **main):
        answer = answer_of(release, scheme, str(row["outcome"]), "primary")
        if answer.difference is not None:
            return str(answer.sentence)
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
