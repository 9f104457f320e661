"""Estimates as the release shows them: none that rests on few, no rate finer than its cells."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from sp_eval.framework.disclosure import (
    add_up_pooled,
    hidden_words,
    is_few,
    parts_of,
    protect_count,
    to_digits,
)
from sp_eval.study.design import Disclosure
from sp_eval.study.outcomes import OUTCOMES

__all__ = ["protect_estimates"]

_FIGURES = ("point", "ci_low", "ci_high", "p_value")
_COUNTS = ("n_analysed", "n_comparison", "events_exposed", "person_years_exposed")
_SHOWN = ("point", "ci_low", "ci_high")
_DAYS = 365.25
_KEYS = ("study_id", "scheme_code", "outcome", "method", "scale")
_GROUP = ("study_id", "scheme_code", "outcome")
_OF_A_PART = (
    "a part of this total rests on so few events that the total would give their number back"
)


def protect_estimates(frame: pl.DataFrame, policy: Disclosure) -> pl.DataFrame:
    """Protect rows of `published.estimate` of one study.

    An estimate that rests on few people or events is withheld whole, and with it whatever would
    give it back. Rates and rate differences are those of the published cells; ratios that are
    adjusted stay, the others and means are shown coarsely.
    """
    if frame.is_empty():
        return frame
    basis = _with_basis(frame, policy)
    few_people = pl.any_horizontal(
        is_few(pl.col(name), policy) for name in ("n_analysed", "n_comparison", "_years")
    )
    few_events = is_few(pl.col("_events"), policy)
    is_described = pl.col("role") == "descriptive"
    all_few = (few_events & ~is_described).any().over(_GROUP)
    described_few = is_described & few_events.any().over(_GROUP)
    kept = _withhold(basis, few_people, hidden_words(policy))
    kept = _withhold(kept, all_few | described_few, hidden_words(policy, "events"))
    kept = _withhold(kept, _totals_told_by(kept), _OF_A_PART)
    # an E-value is made of the primary ratio alone, and gives it back
    no_primary = ((pl.col("role") == "primary") & (pl.col("status") == "withheld")).any()
    told_by_it = (pl.col("method") == "e_value") & no_primary.over(_GROUP)
    kept = _withhold(kept, told_by_it, hidden_words(policy))
    cells = _as_of_cells(kept)
    cells = cells.with_columns(
        protect_count(pl.col(name), policy).alias(name) for name in ("n_referred", *_COUNTS)
    ).select(frame.columns)
    return add_up_pooled(cells, list(_KEYS), ["n_referred", *_COUNTS])


def _with_basis(frame: pl.DataFrame, policy: Disclosure) -> pl.DataFrame:
    """Add the events and person-years each rate rests on, also where the row does not say them.

    Everybody is followed through the whole window before, so what was observed before gives its
    events from people alone. What would have happened anyway is after less the difference.
    """
    years_before = pl.col("n_analysed") * pl.col("window_pre_days") / _DAYS
    is_before = pl.col("method") == "observed_before"
    after = (
        frame.filter(pl.col("method") == "observed_after")
        .group_by(_GROUP)
        .agg(
            _events_after=pl.col("events_exposed").first(),
            _years_after=pl.col("person_years_exposed").first(),
        )
    )
    shown_people = protect_count(pl.col("n_analysed"), policy)
    is_without = pl.col("method") == "expected_without_scheme"
    return (
        frame.join(after, on=_GROUP, how="left", maintain_order="left")
        .with_columns(
            _events=pl.when(is_before)
            .then((pl.col("point") * years_before / 1000).round())
            .when(is_without)
            .then(pl.col("_events_after"))
            .otherwise(pl.col("events_exposed"))
            .cast(pl.Float64),
            _years=pl.when(is_before)
            .then(years_before)
            .when(is_without)
            .then(pl.col("_years_after"))
            .otherwise(pl.col("person_years_exposed")),
        )
        .with_columns(
            _years_shown=pl.when(is_before)
            .then(shown_people * pl.col("window_pre_days") / _DAYS)
            .otherwise(protect_count(pl.col("_years"), policy)),
            _events_shown=protect_count(pl.col("_events"), policy),
        )
    )


def _withhold(frame: pl.DataFrame, which: pl.Expr, reason: str) -> pl.DataFrame:
    """Withhold the released rows of `which`; what is withheld already keeps its reason."""
    marked = frame.with_columns(_now=which & (pl.col("status") == "released"))
    now = pl.col("_now")
    return marked.with_columns(
        *(pl.when(~now).then(pl.col(name)).alias(name) for name in (*_FIGURES, *_COUNTS)),
        status=pl.when(now).then(pl.lit("withheld")).otherwise(pl.col("status")),
        withheld_reason=pl.when(now).then(pl.lit(reason)).otherwise(pl.col("withheld_reason")),
        verdict=pl.when(now & pl.col("verdict").is_not_null())
        .then(pl.lit("not_answerable"))
        .otherwise(pl.col("verdict")),
    ).drop("_now")


def _totals_told_by(kept: pl.DataFrame) -> pl.Expr:
    """Rows of a total of which a part is withheld: the other parts would give it back.

    Each row goes with the part's row of the same method, whose events it would tell. The total's
    described rows tell of one another, and all go with any that is described of a part, or with
    a part's primary. A part that the models withheld for its few events counts as well.
    """
    found = pl.lit(value=False)
    for total in OUTCOMES:
        parts: Sequence[str] = [p for p in parts_of(total) if p in set(kept["outcome"])]
        if not parts:
            continue
        of_part = pl.col("outcome").is_in(parts) & (pl.col("status") == "withheld")
        where = ["study_id", "scheme_code"]
        by_method = of_part.any().over([*where, "method"])
        compared_part = (of_part & (pl.col("role") == "primary")).any().over(where)
        told_part = (of_part & (pl.col("role") == "descriptive")).any().over(where)
        is_described = pl.col("role") == "descriptive"
        found |= (pl.col("outcome") == total) & (
            compared_part | by_method | (is_described & told_part)
        )
    return found


def _as_of_cells(frame: pl.DataFrame) -> pl.DataFrame:
    """Rates and differences changed by one factor, so that they are those of the cells shown.

    The factor is rounded events over rounded person-years, against the same unrounded; the three
    figures that add up then still do. Rates whose events are not known are shown coarsely.
    """
    is_rate = pl.col("scale").is_in(
        ["rate_per_1000_person_years", "rate_difference_per_1000_person_years"]
    )
    exact = pl.col("_events") / pl.col("_years")
    shown = pl.col("_events_shown") / pl.col("_years_shown")
    factor = pl.when(exact > 0).then(shown / exact)
    is_adjusted = (pl.col("scale") == "rate_ratio") & (pl.col("role") != "descriptive")
    return frame.with_columns(
        pl.when(is_adjusted)
        .then(pl.col(name))
        .when(is_rate & factor.is_not_null())
        .then(pl.col(name) * factor)
        .when(pl.col("scale") == "mean_change")
        .then(pl.col(name).round(2))
        .otherwise(pl.col(name).map_elements(to_digits, return_dtype=pl.Float64))
        .alias(name)
        for name in _SHOWN
    )
