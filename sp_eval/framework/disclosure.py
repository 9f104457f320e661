"""Small counts of people hidden and the rest rounded, before anything leaves the house."""

from __future__ import annotations

from collections.abc import Collection

import polars as pl

from sp_eval.contracts.odcs import Contract
from sp_eval.study.design import Disclosure

__all__ = ["protect", "protect_count", "schemes_hidden"]


def protect_count(count: pl.Expr, policy: Disclosure) -> pl.Expr:
    """Nought stays; counts from `suppress_from` to `suppress_to` become null; others are rounded.

    Halves round up, so that 12.5 of base 5 is 15. Source: HES disclosure rules from September
    2018 (1 to 7 hidden, others to the nearest 5). Time people were followed counts as they do.
    """
    base = policy.round_to
    rounded = ((count * 2 + base) // (2 * base)) * base
    is_small = (count > policy.suppress_from - 1) & (count < policy.suppress_to + 1)
    return pl.when(is_small).then(None).otherwise(rounded)


def schemes_hidden(attrition: pl.DataFrame, policy: Disclosure) -> frozenset[str]:
    """The schemes of one study so few of whose people are analysed that nothing may be shown.

    `attrition`: rows of `published.attrition`, counts as they are.
    """
    last = attrition.filter(
        pl.col("step_number") == pl.col("step_number").max().over("scheme_code")
    )
    few = last.filter(pl.col("people").is_between(policy.suppress_from, policy.suppress_to))
    return frozenset(few["scheme_code"])


def protect(
    frame: pl.DataFrame,
    contract: Contract,
    policy: Disclosure,
    *,
    hidden: Collection[str] = (),
) -> pl.DataFrame:
    """Protect every column the contract declares a count of people.

    An estimate that rests on a hidden number of people is withheld whole: its rate and its
    person-time would give the number back. Of the schemes in `hidden` no rate is shown at all:
    balance and the register of versions would give back what the estimate withholds.
    """
    columns = [c for c in contract.columns if c.name in frame.columns]
    counts = [c.name for c in columns if c.disclosure == "count"]
    rates = [c.name for c in columns if c.disclosure == "rate" and not c.required]
    is_hidden = pl.col("scheme_code").is_in(list(hidden))
    if "withheld_reason" in frame.columns:
        frame = _withhold_small(frame, [*counts, *rates], policy)
    else:
        frame = frame.with_columns(_unless(is_hidden, name) for name in rates)
    return frame.with_columns(protect_count(pl.col(name), policy).alias(name) for name in counts)


def _withhold_small(frame: pl.DataFrame, figures: list[str], policy: Disclosure) -> pl.DataFrame:
    people = pl.col("n_analysed")
    small = people.is_between(policy.suppress_from, policy.suppress_to).fill_null(value=False)
    reason = f"it rests on {policy.suppress_to} people or fewer"
    kept = [name for name in figures if name != "n_referred"]
    return frame.with_columns(
        *(_unless(small, name) for name in kept),
        status=pl.when(small).then(pl.lit("withheld")).otherwise(pl.col("status")),
        withheld_reason=pl.when(small).then(pl.lit(reason)).otherwise(pl.col("withheld_reason")),
        verdict=pl.when(small & pl.col("verdict").is_not_null())
        .then(pl.lit("not_answerable"))
        .otherwise(pl.col("verdict")),
    )


def _unless(condition: pl.Expr, name: str) -> pl.Expr:
    return pl.when(condition).then(None).otherwise(pl.col(name)).alias(name)
