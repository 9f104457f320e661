"""Small counts of people hidden and the rest rounded, before anything leaves the house."""

from __future__ import annotations

import polars as pl

from sp_eval.contracts.odcs import Contract
from sp_eval.study.design import Disclosure

__all__ = ["protect", "protect_count"]


def protect_count(count: pl.Expr, policy: Disclosure) -> pl.Expr:
    """Nought stays; counts from `suppress_from` to `suppress_to` become null; others are rounded.

    Halves round up, so that 12.5 of base 5 is 15. Source: HES disclosure rules from September
    2018 (1 to 7 hidden, others to the nearest 5).
    """
    base = policy.round_to
    rounded = ((count + base // 2) // base) * base
    small = (count >= policy.suppress_from) & (count <= policy.suppress_to)
    return pl.when(small).then(None).otherwise(rounded)


def protect(frame: pl.DataFrame, contract: Contract, policy: Disclosure) -> pl.DataFrame:
    """Protect every column the contract declares a count of people.

    An estimate that rests on a hidden number of people is withheld whole: its rate and its
    person-time would give the number back.
    """
    counts = [c.name for c in contract.columns if c.disclosure == "count" and c.name in frame]
    if "n_analysed" in frame and "withheld_reason" in frame:
        frame = _withhold_small(frame, contract, policy)
    return frame.with_columns(protect_count(pl.col(name), policy).alias(name) for name in counts)


def _withhold_small(frame: pl.DataFrame, contract: Contract, policy: Disclosure) -> pl.DataFrame:
    people = pl.col("n_analysed")
    small = (people >= policy.suppress_from) & (people <= policy.suppress_to)
    figures = [
        c.name
        for c in contract.columns
        if c.disclosure in ("count", "rate") and c.name not in ("n_referred", "ci_level")
    ]
    reason = f"it rests on {policy.suppress_to} people or fewer"
    return frame.with_columns(
        *(pl.when(small).then(None).otherwise(pl.col(name)).alias(name) for name in figures),
        status=pl.when(small).then(pl.lit("withheld")).otherwise(pl.col("status")),
        withheld_reason=pl.when(small).then(pl.lit(reason)).otherwise(pl.col("withheld_reason")),
        verdict=pl.when(small & pl.col("verdict").is_not_null())
        .then(pl.lit("not_answerable"))
        .otherwise(pl.col("verdict")),
    )
