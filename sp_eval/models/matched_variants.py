"""The primary contrast with another model of counts, or with weights in place of matched sets."""

from __future__ import annotations

import polars as pl

from sp_eval.models.design_matrix import design_matrix, numbers
from sp_eval.models.matched_rate_ratio import MatchedRates, rates_of, refuse_too_few
from sp_eval.models.negative_binomial import fit_negative_binomial
from sp_eval.models.poisson import fit_poisson
from sp_eval.models.rate_difference import expected_rate, observed_rate
from sp_eval.models.sandwich import group_codes

__all__ = ["entropy_balanced_rate_ratio", "matched_negative_binomial"]


def matched_negative_binomial(
    rows: pl.DataFrame,
    *,
    adjustment: tuple[str, ...],
    method: str = "negative_binomial",
    ci_level: float = 0.95,
    by_practice: bool = False,
) -> MatchedRates:
    """`matched_rate_ratio` with a negative binomial model in place of Poisson's.

    Row weights multiply the log likelihood; errors are clustered as there, alpha held at its
    estimate. The difference is by g-computation over the exposed: their expected rate takes the
    place of their observed one, since this model's score equation does not make them equal.

    Parameters, Raises : see `matched_rate_ratio`.

    Returns
    -------
    MatchedRates : `rate_exposed` is the rate that the model expects of the exposed; `details` of
        the ratio hold `alpha`, see `fit_negative_binomial`.

    Assumes
    -------
    As `matched_rate_ratio`. People with many events weigh less than there, so that where the
    ratio is not the same for all the two answer for different people.
    """
    rows = rows.filter(pl.col("days") > 0)
    exposed = rows["exposed"].to_numpy()
    y, days, weight = (rows[name].to_numpy() for name in ("events", "days", "weight"))
    refuse_too_few(y, exposed)
    x = design_matrix(rows, [exposed.astype(float)], adjustment)
    found = fit_negative_binomial(y, days, x, weight)
    fit = found.linear
    influence = fit.influence(group_codes(rows, ["person_number"])[0])
    return rates_of(
        rows,
        fit,
        expected_rate(fit.mean, days, weight * exposed, x, influence),
        method=method,
        ci_level=ci_level,
        cluster=("match_set", "person_number"),
        practice_cluster=("match_set", "practice_number") if by_practice else (),
        details={"alpha": found.alpha},
    )


def entropy_balanced_rate_ratio(
    rows: pl.DataFrame,
    *,
    weights: str,
    adjustment: tuple[str, ...] = (),
    method: str = "entropy_balanced",
    ci_level: float = 0.95,
    by_practice: bool = False,
) -> MatchedRates:
    """Rate ratio of the exposed against everybody eligible, weighted to their history.

    Weighted Poisson quasi-likelihood as `matched_rate_ratio`, with balancing weights for the
    match's, clustered by person (a person may be a candidate in several months).

    Parameters
    ----------
    rows : one row a candidate: `exposed, events, days, person_number, practice_number`, the
        `adjustment` columns, and the column that `weights` names: 1 for the exposed, the balancing
        weight for others; rows of no day or no weight drop out.
    by_practice : the larger of the errors by person and by practice, see `matched_rate_ratio`.

    Returns
    -------
    MatchedRates : ATT in all the exposed that have time.

    Raises
    ------
    TooFewEventsError : an arm has fewer than `MINIMUM_EVENTS` events, or no person-time.

    Assumes
    -------
    As `matched_rate_ratio`; right where either the balanced columns or the outcome model catch
    what makes the groups differ. Weights are taken as known: errors are a little small where the
    outcome is regressed on the balanced columns, and wide where it is not.

    Source: Hainmueller (2012), Political Analysis 20:25, doi 10.1093/pan/mpr025; Zhao & Percival
    (2017), Journal of Causal Inference 5, doi 10.1515/jci-2016-0010.
    """
    kept = (numbers(rows, "days", least=0.0) > 0) & (numbers(rows, weights, least=0.0) > 0)
    rows = rows.filter(pl.Series(kept))
    exposed, weight = rows["exposed"].to_numpy(), numbers(rows, weights)
    y, days = rows["events"].to_numpy(), rows["days"].to_numpy()
    refuse_too_few(y, exposed)
    x = design_matrix(rows, [exposed.astype(float)], adjustment)
    return rates_of(
        rows,
        fit_poisson(y, days, x, weight),
        observed_rate(y, days, weight * exposed),
        method=method,
        ci_level=ci_level,
        cluster=("person_number",),
        practice_cluster=("practice_number",) if by_practice else (),
    )
