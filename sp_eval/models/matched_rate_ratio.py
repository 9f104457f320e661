"""The primary estimate: rate ratio and rate difference of the referred against matched people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from sp_eval.models.design_matrix import design_matrix
from sp_eval.models.estimate import MINIMUM_EVENTS, Estimate, TooFewEventsError
from sp_eval.models.interval import wald
from sp_eval.models.model_rows import MODEL_UNITS, YEAR
from sp_eval.models.poisson import PoissonFit, fit_poisson
from sp_eval.models.rate_difference import Rate, observed_rate, rate_difference
from sp_eval.models.sandwich import codes_of, group_codes, robust_variance

__all__ = [
    "MatchedRates",
    "counts_of",
    "matched_fit",
    "matched_rate_ratio",
    "rates_of",
    "refuse_too_few",
]

Array = NDArray[np.floating]
_PER, _DIFFERENCE = MODEL_UNITS[True]


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
    rows, fit = matched_fit(rows, adjustment=adjustment)
    y, days, weight = (rows[name].to_numpy() for name in ("events", "days", "weight"))
    return rates_of(
        rows,
        fit,
        observed_rate(y, days, weight * rows["exposed"].to_numpy()),
        method=method,
        ci_level=ci_level,
        cluster=("match_set", "person_number"),
        practice_cluster=("match_set", "practice_number") if by_practice else (),
    )


def matched_fit(
    rows: pl.DataFrame, *, adjustment: tuple[str, ...]
) -> tuple[pl.DataFrame, PoissonFit]:
    """The rows that have time, and the model of `matched_rate_ratio` fitted to them.

    Column 1 is exposure; see `matched_rate_ratio` for what is given and raised.
    """
    rows = rows.filter(pl.col("days") > 0)
    exposed = rows["exposed"].to_numpy()
    y, days, weight = (rows[name].to_numpy() for name in ("events", "days", "weight"))
    refuse_too_few(y, exposed)
    x = design_matrix(rows, [exposed.astype(float)], adjustment)
    return rows, fit_poisson(y, days, x, weight)


def rates_of(
    rows: pl.DataFrame,
    fit: PoissonFit,
    exposed: Rate,
    *,
    method: str,
    cluster: Sequence[str],
    practice_cluster: Sequence[str] = (),
    ci_level: float = 0.95,
    counted: pl.DataFrame | None = None,
    details: Mapping[str, float] | None = None,
) -> MatchedRates:
    """Ratio and difference from a fitted model whose column 1 is exposure.

    Parameters
    ----------
    rows : as the model was fitted, with `person_number` and the columns of clusters.
    exposed : the rate R1 that the difference is made from.
    cluster : decides the errors, and alone those of the difference (clauses 13 and 14).
    practice_cluster : where given, the larger of the two errors of the ratio stands, with
        Student's t on practices - 1; its last column is the practice.
    counted : rows in the window after, where the model has others too.
    details : further figures of the ratio.

    Raises
    ------
    TooFewEventsError : a column of `cluster` holds one group only.
    """
    for name in cluster:
        if rows[name].n_unique() < 2:
            raise TooFewEventsError(f"all rows are of one {name}: nothing tells how they differ")
    influence = fit.influence(group_codes(rows, ["person_number"])[0])[:, 1]
    clusters = codes_of(rows, cluster)
    variance, df = robust_variance(influence, clusters), None
    if practice_cluster:
        practices = group_codes(rows, practice_cluster)
        variance = max(variance, robust_variance(influence, practices))
        df = max(1, int(practices[-1].max()))
    b = float(fit.beta[1])
    counts = counts_of(rows if counted is None else counted)
    point, joint = rate_difference(b, influence, exposed)
    error = float(np.sqrt(robust_variance(joint, clusters)))
    return MatchedRates(
        Estimate(
            method=method,
            scale="rate_ratio",
            **wald(b, float(np.sqrt(variance)), ci_level=ci_level, df=df, is_log=True),
            **counts,
            details=details or {},
        ),
        Estimate(
            method=method,
            scale=_DIFFERENCE,
            **wald(point * _PER, error * _PER, ci_level=ci_level),
            **counts,
        ),
        exposed.value * _PER,
    )


def refuse_too_few(y: Array, exposed: NDArray[np.bool_], when: str = "in the window") -> None:
    """Refuse arms with fewer than `MINIMUM_EVENTS` events."""
    for arm, name in ((exposed, "referred"), (~exposed, "matched comparison")):
        if not arm.any() or y[arm].sum() < MINIMUM_EVENTS:
            raise TooFewEventsError(
                f"fewer than {MINIMUM_EVENTS} events among the {name} people {when}"
            )


def counts_of(rows: pl.DataFrame) -> dict[str, Any]:
    """The counts of an `Estimate`, of rows of a matched model that have days."""
    one = rows.filter(pl.col("exposed"))
    return {
        "n_analysed": one["person_number"].n_unique(),
        "n_comparison": rows.filter(~pl.col("exposed"))["person_number"].n_unique(),
        "events_exposed": round(float(one["events"].sum())),
        "person_years_exposed": float(one["days"].sum()) / YEAR,
    }
