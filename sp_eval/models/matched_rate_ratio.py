"""The primary estimate: rate ratio and rate difference of the referred against matched people."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import stats

from sp_eval.models.estimate import MINIMUM_EVENTS, Estimate, TooFewEventsError
from sp_eval.models.poisson import (
    PoissonFit,
    clustered_variance,
    fit_poisson,
    independent_columns,
)

__all__ = ["MatchedRates", "matched_rate_ratio"]

_PER = 1000.0
_YEAR = 365.25
Array = NDArray[np.floating]


@dataclass(frozen=True, slots=True)
class MatchedRates:
    """Rate ratio, rate difference per 1,000 person-years, and the rate they stand on.

    `rate_exposed` is events per 1,000 person-years of the matched exposed in the window.
    """

    ratio: Estimate
    difference: Estimate
    rate_exposed: float


def matched_rate_ratio(
    rows: pl.DataFrame,
    *,
    adjustment: tuple[str, ...],
    method: str = "matched_rate_ratio",
    ci_level: float = 0.95,
    by_practice: bool = False,
) -> MatchedRates:
    """Rate ratio of the exposed relative to their matched comparison people.

    Weighted Poisson quasi-likelihood, log link, offset log person-time, of events on exposure
    and `adjustment`; sandwich clustered by matched set and person (primary_estimator.md 12-14).

    Parameters
    ----------
    rows : one row a matched candidate and set. `exposed` Boolean; `events` Float64 weighted
        events; `days` Float64 weighted person-days, rows with 0 drop out; `weight` Float64 row
        weight of the match; `match_set`, `person_number`, `practice_number` Int64;
        `adjustment` columns Float64.
    by_practice : the comparison pool holds practices that do not refer, so that the scheme is
        given by practice: the larger of the two two-way standard errors is used, with Student's
        t on practices - 1 degrees of freedom.

    Returns
    -------
    MatchedRates : ratio dimensionless (below 1: fewer); difference in events per 1,000
        person-years; both ATT in the matched exposed.

    Raises
    ------
    TooFewEventsError : an arm has fewer than `MINIMUM_EVENTS` events, or no person-time.

    Assumes
    -------
    Exchangeable given the matched and adjusted columns; later referral of comparison people
    independent of the outcome given the history in its hazard; weights and score as known.
    """
    rows = rows.filter(pl.col("days") > 0)
    exposed = rows["exposed"].to_numpy()
    y, days = rows["events"].to_numpy(), rows["days"].to_numpy()
    _refuse_too_few(y, exposed)
    weight = rows["weight"].to_numpy()
    person = _codes(rows["person_number"])
    x = _design(rows, exposed, adjustment)
    fit = fit_poisson(y, days, x, weight)
    influence = fit.influence(person)
    matched, practice = _codes(rows["match_set"]), _codes(rows["practice_number"])
    variance = clustered_variance(influence[:, 1], matched, person)
    quantile, tail = _normal(ci_level)
    if by_practice:
        variance = max(variance, clustered_variance(influence[:, 1], matched, practice))
        quantile, tail = _student(ci_level, max(1, len(np.unique(practice)) - 1))
    b, se = float(fit.beta[1]), float(np.sqrt(variance))
    counts = _counts(rows, exposed)
    ratio = Estimate(
        method=method,
        scale="rate_ratio",
        point=float(np.exp(b)),
        ci_low=float(np.exp(b - quantile * se)),
        ci_high=float(np.exp(b + quantile * se)),
        ci_level=ci_level,
        p_value=2 * tail(abs(b) / se),
        standard_error=se,
        **counts,
    )
    rate, difference = _difference(fit, influence[:, 1], y, days, exposed, (matched, person))
    return MatchedRates(
        ratio, _difference_estimate(difference, method, ci_level, counts), rate * _YEAR * _PER
    )


def _refuse_too_few(y: Array, exposed: NDArray[np.bool_]) -> None:
    for arm, name in ((exposed, "referred"), (~exposed, "matched comparison")):
        if not arm.any() or y[arm].sum() < MINIMUM_EVENTS:
            raise TooFewEventsError(
                f"fewer than {MINIMUM_EVENTS} events among the {name} people in the window"
            )


def _design(rows: pl.DataFrame, exposed: NDArray[np.bool_], adjustment: tuple[str, ...]) -> Array:
    shape = (rows.height, len(adjustment))  # no columns would select no rows
    others = rows.select(adjustment).to_numpy().astype(float).reshape(shape)
    spread = others.std(axis=0)
    others = (others - others.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    x = np.column_stack([np.ones(rows.height), exposed.astype(float), others])
    return np.asarray(x[:, independent_columns(x)])


def _difference(
    fit: PoissonFit,
    influence: Array,
    y: Array,
    days: Array,
    exposed: NDArray[np.bool_],
    clusters: tuple[NDArray[np.int64], NDArray[np.int64]],
) -> tuple[float, tuple[float, float]]:
    """R1 and (R1(1 - exp(-b)), its standard error), per day, by the joint influence function."""
    b = float(fit.beta[1])
    time = float(days[exposed].sum())
    rate = float(y[exposed].sum()) / time
    own = (1 - np.exp(-b)) * exposed * (y - rate * days) / time
    joint = own + rate * np.exp(-b) * influence
    return rate, (
        rate * (1 - float(np.exp(-b))),
        float(np.sqrt(clustered_variance(joint, *clusters))),
    )


def _difference_estimate(
    difference: tuple[float, float], method: str, ci_level: float, counts: dict[str, Any]
) -> Estimate:
    point, se = (value * _YEAR * _PER for value in difference)
    quantile, tail = _normal(ci_level)
    return Estimate(
        method=method,
        scale="rate_difference_per_1000_person_years",
        point=point,
        ci_low=point - quantile * se,
        ci_high=point + quantile * se,
        ci_level=ci_level,
        p_value=2 * tail(abs(point) / se),
        standard_error=se,
        **counts,
    )


def _counts(rows: pl.DataFrame, exposed: NDArray[np.bool_]) -> dict[str, Any]:
    one = rows.filter(pl.Series(exposed))
    return {
        "n_analysed": one["person_number"].n_unique(),
        "n_comparison": rows.filter(pl.Series(~exposed))["person_number"].n_unique(),
        "events_exposed": round(float(one["events"].sum())),
        "person_years_exposed": float(one["days"].sum()) / _YEAR,
    }


def _codes(values: pl.Series) -> NDArray[np.int64]:
    return np.asarray(np.unique(values.to_numpy(), return_inverse=True)[1], dtype=np.int64)


def _normal(ci_level: float) -> tuple[float, Callable[[float], float]]:
    return float(stats.norm.ppf(0.5 + ci_level / 2)), lambda z: float(stats.norm.sf(z))


def _student(ci_level: float, df: int) -> tuple[float, Callable[[float], float]]:
    return float(stats.t.ppf(0.5 + ci_level / 2, df)), lambda z: float(stats.t.sf(z, df))
