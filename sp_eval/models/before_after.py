"""The same people before and after: described, never taken for an effect."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from sp_eval.models.design_matrix import numbers
from sp_eval.models.estimate import MINIMUM_EVENTS, Estimate, TooFewEventsError
from sp_eval.models.interval import wald
from sp_eval.models.model_rows import MODEL_UNITS, YEAR
from sp_eval.models.sandwich import (
    Codes,
    codes_of,
    few_clusters_note,
    names_of,
    robust_variance,
)

__all__ = ["NOT_AN_EFFECT", "before_after", "paired_change", "season_note"]

NOT_AN_EFFECT = (
    "a change within the same people, not an effect: people come when they are at their worst,"
    " and most of a fall comes by itself"
)
_DAYS = (365, 366)
_ALIKE = 0.05  # deaths and moves shorten the time after by less
Array = NDArray[np.floating]
Window = tuple[int, int]


def paired_change(
    rows: pl.DataFrame,
    *,
    before: str,
    after: str,
    days_before: str | None = None,
    days_after: str | None = None,
    cluster: str | Sequence[str] | None = None,
    window_before: Window | None = None,
    window_after: Window | None = None,
    drop_unpaired: bool = False,
    minimum_events: float = 1,
    ci_level: float = 0.95,
) -> Estimate:
    """Change from before to after in the same people.

    Parameters
    ----------
    rows : one row a person. All other names are of columns.
    before, after : events, where days are given; else a measure such as a score or a cost.
    days_before, days_after : person-days; give both or neither.
    cluster : groups of persons who are not independent, such as practices; persons where None.
    window_before, window_after : days from the index date, `[start, end)`, such as (-365, 0) and
        (30, 395). Where season does not cancel between them a note says so; where they are not
        given, it does so if the days before and after differ by more than 5%.
    drop_unpaired : leave persons out who lack one of the two, and count them in a note.

    Returns
    -------
    Estimate, method `before_after`. With days the ratio of the rate after to the rate before on
    `rate_ratio`, normal quantiles, delta method with persons as clusters, so that the interval
    allows for the pairing; `difference` per 1,000 person-years. Without, the mean change on
    `mean_change`, Student's t on persons (clusters) - 1. Errors of clusters times G/(G-1).
    `details`: the two rates or means, `unpaired`, `clusters`. `notes` always says that it is no
    effect.

    Raises
    ------
    ValueError : a person lacks a value, or has no day, before or after; or days are given for one
        window only. TooFewEventsError : fewer than `minimum_events` before or after, or fewer than
        three persons.

    Assumes
    -------
    Nothing about cause; nor that persons who lack one of the two are like the others.

    Source: Student's paired t; Cochran (1977), Sampling Techniques, section 6.4, for the ratio.
    """
    if (days_before is None) != (days_after is None):
        raise ValueError("give 'days_before' and 'days_after' both, or neither")
    names = [n for n in (before, after, days_before, days_after) if n is not None]
    paired = _paired(rows, names, days=names[2:], drop_unpaired=drop_unpaired)
    unpaired = rows.height - paired.height
    clusters = codes_of(paired, names_of(cluster))
    if len(clusters) > 1:
        raise ValueError("persons are grouped one way: name one column as 'cluster'")
    code = clusters[0] if clusters else np.arange(paired.height)
    least = 0.0 if days_before is not None else -np.inf
    values = [numbers(paired, name, least=least) for name in names]
    if days_before is not None:
        counts = (values[0], values[2], values[1], values[3])
        found = _rate_change(*counts, code, ci_level, minimum_events)
    else:
        found = _mean_change(values[0], values[1], code, ci_level, is_clustered=bool(clusters))
    notes = [NOT_AN_EFFECT, *season_note(window_before, window_after), *few_clusters_note(clusters)]
    if days_before is not None and window_before is None:
        notes += _unequal_days_note(values[2], values[3])
    if unpaired:
        notes.append(f"{unpaired} persons lack one of the two and were left out")
    return _with(found, tuple(notes), {"unpaired": unpaired, "clusters": int(code.max()) + 1})


def before_after(rows: pl.DataFrame, *, ci_level: float = 0.95) -> Estimate:
    """The paired rate ratio of a scheme's referred people.

    As `paired_change` with days, but that people without a day after, who died or moved before
    the window began, count in the rate before: what is told is the rate of everybody referred.

    Parameters
    ----------
    rows : one row a person: `events_pre, days_pre, events, days` (after), Float64 or Int.

    Raises
    ------
    TooFewEventsError : fewer than `MINIMUM_EVENTS` events, or no person-time, before or after.
    """
    names = ("events_pre", "days_pre", "events", "days")
    pre, pre_days, post, post_days = (numbers(rows, name, least=0.0) for name in names)
    everybody = np.arange(rows.height)
    found = _rate_change(pre, pre_days, post, post_days, everybody, ci_level, float(MINIMUM_EVENTS))
    return _with(found, (NOT_AN_EFFECT,), {"clusters": rows.height})


def season_note(before: Window | None, after: Window | None) -> tuple[str, ...]:
    """What is to be said where the season of two windows does not cancel.

    It does where both last whole years, or where the later repeats the earlier one's days some
    whole years on; a day is allowed for leap years.

    Raises
    ------
    ValueError : a window that does not end after it starts, or one that begins before the other
        has ended; or only one is given.
    """
    if before is None and after is None:
        return ()
    if before is None or after is None:
        raise ValueError("give 'window_before' and 'window_after' both, or neither")
    if before[0] >= before[1] or after[0] >= after[1] or before[1] > after[0]:
        raise ValueError("windows are (start, end) in days, the one before ended when it is after")
    lengths = (before[1] - before[0], after[1] - after[0])
    whole = all(_is_whole_years(length) for length in lengths)
    repeats = lengths[0] == lengths[1] and _is_whole_years(after[0] - before[0])
    if whole or repeats:
        return ()
    return (
        f"the windows of {lengths[0]} and {lengths[1]} days do not hold the same seasons: winter"
        " against summer alone changes rates; compare whole years",
    )


def _unequal_days_note(before: Array, after: Array) -> tuple[str, ...]:
    if abs(before.sum() / after.sum() - 1) <= _ALIKE:
        return ()
    return (
        f"people were followed {before.mean():.0f} days before and {after.mean():.0f} after on"
        " average, which do not hold the same seasons: compare whole years, and name the windows",
    )


def _is_whole_years(days: int) -> bool:
    years = round(days / YEAR)
    return years > 0 and years * _DAYS[0] <= days <= years * _DAYS[1]


def _paired(
    rows: pl.DataFrame, names: list[str], *, days: list[str], drop_unpaired: bool
) -> pl.DataFrame:
    missing = [name for name in names if name not in rows.columns]
    if missing:
        raise ValueError(f"there is no column '{missing[0]}'")
    floats = [name for name in names if rows.schema[name].is_float()]
    has_both = pl.all_horizontal(
        *(pl.col(name).is_not_null() for name in names),
        *(pl.col(name).is_not_nan() for name in floats),
        *(pl.col(name) != 0 for name in days),
    ).fill_null(value=False)
    paired = rows.filter(has_both)
    lacking = rows.height - paired.height
    if lacking and not drop_unpaired:
        raise ValueError(
            f"{lacking} of {rows.height} persons lack a value, or any day, before or after:"
            " unpaired people cannot show a change; say 'drop_unpaired' to leave them out, counted"
        )
    if paired.height < 3:
        raise TooFewEventsError("fewer than three persons have both before and after")
    return paired


def _rate_change(
    pre: Array,
    pre_days: Array,
    post: Array,
    post_days: Array,
    code: Codes,
    ci_level: float,
    minimum: float,
) -> Estimate:
    events, days = min(pre.sum(), post.sum()), min(pre_days.sum(), post_days.sum())
    if events < minimum or events <= 0 or days <= 0:
        raise TooFewEventsError(
            f"fewer than {minimum:g} events among the referred before or after their referral"
        )
    before, after = pre.sum() / pre_days.sum(), post.sum() / post_days.sum()
    log_ratio = float(np.log(after / before))
    # What each person adds to the error of either rate, relative to it.
    earlier, later = (pre - before * pre_days) / pre.sum(), (post - after * post_days) / post.sum()
    errors = [
        float(np.sqrt(robust_variance(influence, (code,))))
        for influence in (later - earlier, after * later - before * earlier)
    ]
    per, scale = MODEL_UNITS[True]
    counts: dict[str, Any] = {
        "n_analysed": len(pre),
        "events_exposed": round(float(post.sum())),
        "person_years_exposed": float(post_days.sum()) / YEAR,
    }
    apart = wald(per * float(after - before), per * errors[1], ci_level=ci_level)
    return Estimate(
        method="before_after",
        scale="rate_ratio",
        **wald(log_ratio, errors[0], ci_level=ci_level, is_log=True),
        **counts,
        difference=Estimate("before_after", scale, **apart, **counts),
        details={"rate_before": per * float(before), "rate_after": per * float(after)},
    )


def _mean_change(
    before: Array, after: Array, code: Codes, ci_level: float, *, is_clustered: bool
) -> Estimate:
    change = after - before
    n, groups = len(change), int(code.max()) + 1
    mean = float(change.mean())
    error = float(change.std(ddof=1) / np.sqrt(n))
    if is_clustered:
        error = float(np.sqrt(robust_variance((change - mean) / n, (code,))))
    return Estimate(
        method="before_after",
        scale="mean_change",
        **wald(mean, error, ci_level=ci_level, df=groups - 1),
        n_analysed=n,
        details={"mean_before": float(before.mean()), "mean_after": float(after.mean())},
    )


def _with(found: Estimate, notes: tuple[str, ...], details: dict[str, float]) -> Estimate:
    return replace(found, notes=notes, details={**found.details, **details})
