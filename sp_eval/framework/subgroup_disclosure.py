"""Subgroups as the release shows them: no level that rests on few, none told by those beside it."""

from __future__ import annotations

from collections.abc import Collection

import polars as pl

from sp_eval.framework.diagnostic_disclosure import of_outcomes
from sp_eval.framework.disclosure import is_few, protect_count
from sp_eval.models.estimate import MINIMUM_EVENTS
from sp_eval.study.design import Disclosure

__all__ = ["protect_subgroups"]

_DIVISION = ("study_id", "scheme_code", "outcome", "subgroup")
_SHOWN = ("n_eligible", "n_comparison", "events_exposed")
# How many of a level found nobody similar must not be told by subtraction: all of a level's people
# add up to the scheme's, those analysed do not.
_RESEARCH = ("n_analysed", "person_years_exposed", "gap_allowed")
_COUNTS = (*_SHOWN, "n_analysed", "person_years_exposed")
_RATIO = ("point", "ci_low", "ci_high")
_TESTS = ("p_interaction", "p_holm", "p_bh")


def protect_subgroups(
    frame: pl.DataFrame,
    policy: Disclosure,
    *,
    hidden: Collection[str] = (),
    outcomes: Collection[tuple[str, str]] = (),
) -> pl.DataFrame:
    """Protect rows of `published.subgroup` of one study (docs/adr/0017).

    Levels of a subgroup add up to the scheme's people, whose number is shown as a cell. Where one
    level is few, no count of any level of that subgroup is shown; and nothing at all of it, where
    the fewest that the other levels can be would tell how few. What is decided hangs on cells and
    on what is shown anyway, so that the decision tells nothing either. `hidden`: schemes of which
    nothing is shown.
    """
    if frame.is_empty():
        return frame
    few = pl.any_horizontal(is_few(pl.col(name), policy) for name in _COUNTS)
    marked = frame.with_columns(
        _few=few,
        _there=(pl.col("n_eligible") > 0).fill_null(value=False),
        _gone=pl.col("scheme_code").is_in(list(hidden)) | of_outcomes(frame, outcomes),
    )
    marked = marked.with_columns(
        _all=pl.col("_gone") | _is_told(policy), _any=_of(pl.col("_few").any())
    )
    marked = marked.with_columns(_now=pl.col("_few") | pl.col("_all"))
    return _shown(marked, policy).select(frame.columns)


def _of(total: pl.Expr) -> pl.Expr:
    """The same in every row of a subgroup."""
    return total.over(_DIVISION)


def _is_told(policy: Disclosure) -> pl.Expr:
    """Whether the scheme's cell less the fewest the other levels can be leaves few choices."""
    many = _of((pl.col("_there") & ~pl.col("_few")).sum().cast(pl.Int64))
    besides = pl.max_horizontal(_of(pl.col("_few").sum().cast(pl.Int64)) - 1, pl.lit(0))
    fewest = {"n_eligible": policy.suppress_to + 1, "events_exposed": MINIMUM_EVENTS}
    told = (
        _least(protect_count(_of(pl.col(name).sum()), policy), policy) - few * many - besides
        < policy.suppress_to
        for name, few in fewest.items()
    )
    return pl.any_horizontal(*told) & _of(pl.col("_there").any())


def _least(cell: pl.Expr, policy: Disclosure) -> pl.Expr:
    """The least count that becomes this cell."""
    least = (cell - policy.round_to / 2).ceil()
    return (
        pl.when(cell > 0)
        .then(pl.max_horizontal(least, pl.lit(policy.suppress_to + 1.0)))
        .otherwise(0.0)
    )


def _shown(marked: pl.DataFrame, policy: Disclosure) -> pl.DataFrame:
    now = pl.col("_now")
    lost = (now & (pl.col("status") == "released")).any().over(_DIVISION)
    is_shown = (pl.col("status") == "released") & ~now
    return marked.with_columns(
        *(pl.when(~now).then(pl.col(name)).alias(name) for name in _RATIO),
        *(pl.when(~lost).then(pl.col(name)).alias(name) for name in _TESTS),
        pl.when(~now).then(pl.col("largest_gap").round(2)).alias("largest_gap"),
        *(
            pl.when(is_shown & ~pl.col("_any"))
            .then(protect_count(pl.col(name), policy))
            .alias(name)
            for name in _SHOWN
        ),
        *(pl.when(pl.lit(value=False)).then(pl.col(name)).alias(name) for name in _RESEARCH),
        status=pl.when(now).then(pl.lit("withheld")).otherwise(pl.col("status")),
        # nobody was counted where the scheme has no estimate: that reason tells of no group
        withheld_reason=pl.when(now & pl.col("n_eligible").is_not_null())
        .then(pl.lit(_reason(policy)))
        .otherwise(pl.col("withheld_reason")),
    )


def _reason(policy: Disclosure) -> str:
    """The same words for a level of few and for one beside it, so that they do not tell which."""
    few = policy.suppress_to
    return f"it rests on {few} people or events at most, or would tell of people beside it who do"
