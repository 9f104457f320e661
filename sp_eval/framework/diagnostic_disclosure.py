"""Diagnostics as the release shows them: no share of people, and nothing of a withheld estimate."""

from __future__ import annotations

from collections.abc import Collection

import polars as pl

from sp_eval.framework.estimate_disclosure import protect_estimates
from sp_eval.study.design import Disclosure

__all__ = ["of_outcomes", "outcomes_hidden", "without_shares"]

_SHARES_OF_PEOPLE = ("overlap", "equipoise")
_OF_ONE = "one_person"
_FIGURES = ("value", "low", "high")


def without_shares(frame: pl.DataFrame) -> pl.DataFrame:
    """Leave out figures that give a number of people back, or tell of one person.

    A share of so many people is a number of them; the most that one person moves a ratio is a
    maximum, which tells how much care that one used. Both are said in words, coarsely.
    """
    hidden = pl.col("diagnostic").is_in(_SHARES_OF_PEOPLE) | (pl.col("item") == _OF_ONE)
    return frame.with_columns(pl.when(~hidden).then(pl.col(n)).alias(n) for n in _FIGURES)


def outcomes_hidden(estimates: pl.DataFrame, policy: Disclosure) -> frozenset[tuple[str, str]]:
    """Scheme and outcome of each primary estimate that the release withholds as resting on few.

    `estimates`: rows of `published.estimate` of one study, figures as they are.
    """
    primary = estimates.filter(role="primary")
    # what was withheld before has a reason of its own, and nothing is told of figures it has not
    before = primary.filter(status="withheld").select("scheme_code", "outcome")
    shown = protect_estimates(estimates, policy)
    withheld = shown.filter(role="primary", status="withheld").select("scheme_code", "outcome")
    new = withheld.join(before, on=["scheme_code", "outcome"], how="anti")
    return frozenset(new.unique().iter_rows())


def of_outcomes(frame: pl.DataFrame, outcomes: Collection[tuple[str, str]]) -> pl.Expr:
    """Rows of these schemes and outcomes."""
    if not outcomes or not {"scheme_code", "outcome"} <= set(frame.columns):
        return pl.lit(value=False)
    return pl.any_horizontal(
        (pl.col("scheme_code") == scheme) & (pl.col("outcome") == outcome)
        for scheme, outcome in sorted(outcomes)
    )
