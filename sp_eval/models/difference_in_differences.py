"""Change of the exposed against change of the others: two groups, before and after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from sp_eval.models.design_matrix import design_matrix, is_exposed
from sp_eval.models.estimate import Estimate, TooFewEventsError
from sp_eval.models.interval import wald
from sp_eval.models.least_squares import LinearContrast
from sp_eval.models.matched_rate_ratio import MatchedRates, rates_of, refuse_too_few
from sp_eval.models.model_rows import ModelRows
from sp_eval.models.poisson import fit_poisson
from sp_eval.models.rate_difference import observed_rate, rate_difference
from sp_eval.models.sandwich import (
    Codes,
    codes_of,
    few_clusters_note,
    names_of,
    robust_variance,
)

__all__ = ["PARALLEL", "did", "matched_did"]

PARALLEL = (
    "stands on both groups' paths having been parallel without the scheme, on this scale; groups"
    " matched on their past agree there by construction, which is no sign of it"
)
Array = NDArray[np.floating]
Scale = Literal["rate_ratio", "difference"]
_METHOD = "difference_in_differences"


def did(
    rows: pl.DataFrame,
    *,
    outcome: str,
    exposed: str,
    after: str,
    unit: str | None = None,
    person_days: str | None = None,
    weights: str | None = None,
    covariates: str | Sequence[str] = (),
    cluster: str | Sequence[str] = (),
    scale: Scale = "rate_ratio",
    ci_level: float = 0.95,
    minimum_events: float = 1,
) -> Estimate:
    """Difference in differences of two groups before and after.

    Parameters
    ----------
    rows : one row a unit and period, or a cell of units; several rows a unit and period are
        allowed. All other names are of columns.
    outcome : events on the scale "rate_ratio"; any measure on "difference". exposed : Boolean, or
        0 and 1: of the exposed group, in both periods. after : likewise, of the later period.
    unit : whose rows belong together: the cluster of errors where `cluster` names none.
    person_days : days at risk; rows of none leave. weights, covariates : see `fit_rate_ratio`.
    cluster : one or two columns.
    scale : "rate_ratio" is Poisson with a log link: the exposed group's ratio after to before
        over the other's. "difference" is weighted least squares: change less change; with
        `person_days` of rates, each row weighing its days.
    minimum_events : on "rate_ratio", fewer in any of the four cells are refused.

    Returns
    -------
    Estimate, method `difference_in_differences`, on `rate_ratio` (with the marginal `difference`
        for the exposed after) or on `mean_difference`, or per 1,000 person-years where days are
        given. Errors of the ratio as in `fit_rate_ratio`; of the difference see
        `linear_variance`. `n_analysed`, `n_comparison`: units where named, else rows.
        `details`: `exposed_before, exposed_after, comparison_before, comparison_after`, the four
        weighted means or rates; `rows`, `rows_dropped`, `parameters`; on "difference"
        `model_standard_error`, of ordinary least squares.

    Raises
    ------
    ValueError : a cell without rows, or columns that cannot be used. TooFewEventsError : too few
        events in a cell.

    Assumes
    -------
    Without the scheme both groups would have changed alike on the scale chosen: alike in ratio is
    not alike in difference. No change of who is in a group that goes with the scheme.

    Source: Card & Krueger (1994), American Economic Review 84:772; Puhani (2012), Economics
    Letters 115:85, doi 10.1016/j.econlet.2011.11.025, for the ratio.
    """
    if scale not in ("rate_ratio", "difference"):
        raise ValueError("'scale' must be 'rate_ratio' or 'difference'")
    least = 0.0 if scale == "rate_ratio" else -np.inf
    data = ModelRows.of(
        rows, outcome=outcome, exposed=exposed, person_days=person_days, weights=weights,
        least=least,
    )  # fmt: skip
    later = is_exposed(data.rows, after)
    cells = _cells(data, later)
    clusters = codes_of(data.rows, names_of(cluster) or names_of(unit))
    both = (data.exposed & later).astype(float)
    main = [both, data.exposed.astype(float), later.astype(float)]
    x = design_matrix(data.rows, main, names_of(covariates), asked="exposure after")
    details = cells | {
        "rows": data.rows.height,
        "rows_dropped": rows.height - data.rows.height,
        "parameters": x.shape[1],
    }
    counts = _counts(data, later, unit)
    if scale == "rate_ratio":
        _refuse_few(data, later, minimum_events)
        found = _ratio(data, x, both, clusters, counts, ci_level)
    else:
        found = _linear(data, x, clusters, counts, ci_level)
    notes = (PARALLEL, *few_clusters_note(clusters))
    return replace(found, notes=notes, details={**found.details, **details})


def matched_did(
    rows: pl.DataFrame,
    pre: pl.DataFrame,
    *,
    adjustment: tuple[str, ...] = (),
    method: str = "matched_did",
    ci_level: float = 0.95,
    by_practice: bool = False,
) -> MatchedRates:
    """The matched contrast as a ratio of ratios: the same sets, their counts before set against.

    Poisson quasi-likelihood of two rows a matched candidate, before and after, offset log
    person-time, on exposure, period and both; row weights of the match in both periods; the
    censoring weights are in the events and days after. Errors as `matched_rate_ratio`, a
    candidate's two rows being of one set and one person.

    Parameters
    ----------
    rows : see `matched_rate_ratio`, with `candidate_id`. adjustment : Float64 columns of it.
    pre : `candidate_id, events, days` before, of one outcome; those without a day before leave.
    by_practice : see `matched_rate_ratio`.

    Returns
    -------
    MatchedRates : ratio of ratios, and the difference it makes to the rate of the exposed after,
        per 1,000 person-years.

    Raises
    ------
    TooFewEventsError : an arm has fewer than `MINIMUM_EVENTS` events before or after.
    ValueError : `pre` holds a candidate twice.

    Assumes
    -------
    As `matched_rate_ratio`, or that what is left between the groups before stays the same ratio.
    After a good match it says the same as the rate after alone; after a bad one it is wrong too.
    """
    if pre["candidate_id"].is_duplicated().any():
        raise ValueError("'pre' holds a candidate twice: give the counts of one outcome")
    given = pre.select("candidate_id", pl.col("events", "days").cast(pl.Float64))
    after = rows.filter(pl.col("days") > 0).join(
        given.filter(pl.col("days") > 0), on="candidate_id", how="semi", maintain_order="left"
    )
    before = after.drop("events", "days").join(
        given, on="candidate_id", how="left", maintain_order="left"
    )
    for period, when in ((before, "before"), (after, "in the window")):
        refuse_too_few(period["events"].to_numpy(), period["exposed"].to_numpy(), when)
    both = pl.concat([before.select(after.columns), after], how="vertical_relaxed")
    exposed, later = both["exposed"].to_numpy(), np.arange(both.height) >= before.height
    y, days, weight = (both[name].to_numpy() for name in ("events", "days", "weight"))
    is_both = (exposed & later).astype(float)
    main = [is_both, exposed.astype(float), later.astype(float)]
    return rates_of(
        both,
        fit_poisson(y, days, design_matrix(both, main, adjustment), weight),
        observed_rate(y, days, weight * is_both),
        method=method,
        ci_level=ci_level,
        cluster=("match_set", "person_number"),
        practice_cluster=("match_set", "practice_number") if by_practice else (),
        counted=after,
    )


def _ratio(
    data: ModelRows,
    x: Array,
    both: Array,
    clusters: tuple[Codes, ...],
    counts: dict[str, Any],
    ci_level: float,
) -> Estimate:
    fit = fit_poisson(data.y, data.days, x, data.weight)
    influence, b = (fit.score @ fit.bread)[:, 1], float(fit.beta[1])
    rate = observed_rate(data.y, data.days, data.weight * both)
    point, joint = rate_difference(b, influence, rate)
    errors = [float(np.sqrt(robust_variance(part, clusters))) for part in (influence, joint)]
    per, units = data.units
    apart = wald(per * point, per * errors[1], ci_level=ci_level)
    return Estimate(
        _METHOD,
        "rate_ratio",
        **wald(b, errors[0], ci_level=ci_level, is_log=True),
        **counts,
        difference=Estimate(_METHOD, units, **apart, **counts),
    )


def _linear(
    data: ModelRows,
    x: Array,
    clusters: tuple[Codes, ...],
    counts: dict[str, Any],
    ci_level: float,
) -> Estimate:
    model = LinearContrast(x, data.weight * data.days, clusters, ci_level)
    per, units = data.units
    effect = model.on(per * data.y / data.days)
    return Estimate(
        _METHOD,
        units,
        **model.wald(effect),
        **counts,
        details={"model_standard_error": model.model_error(effect)},
    )


def _cells(data: ModelRows, later: NDArray[np.bool_]) -> dict[str, float]:
    """The four weighted means or rates."""
    found = {}
    for group, name in ((data.exposed, "exposed"), (~data.exposed, "comparison")):
        for period, when in ((~later, "before"), (later, "after")):
            cell = group & period
            if not cell.any():
                raise ValueError(f"no row of the {name} {when}: all four cells are needed")
            rate = observed_rate(data.y, data.days, data.weight * cell)
            found[f"{name}_{when}"] = data.units[0] * rate.value
    return found


def _refuse_few(data: ModelRows, later: NDArray[np.bool_], minimum: float) -> None:
    for period, when in ((~later, "before"), (later, "after")):
        try:
            data.where(period).refuse_too_few(minimum)
        except TooFewEventsError as error:
            raise TooFewEventsError(f"{error} {when}") from error


def _counts(data: ModelRows, later: NDArray[np.bool_], unit: str | None) -> dict[str, Any]:
    counts = data.where(data.exposed & later).counts()
    for group, name in ((data.exposed, "n_analysed"), (~data.exposed, "n_comparison")):
        of = data.rows.filter(pl.Series(group))
        counts[name] = of.height if unit is None else of[unit].n_unique()
    return counts
