"""Rate ratio and rate difference of two groups: Poisson or negative binomial, errors robust."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from sp_eval.models.absorbed_poisson import (
    fit_absorbed_poisson,
    informative_rows,
    refuse_no_variation,
)
from sp_eval.models.design_matrix import design_matrix
from sp_eval.models.estimate import Estimate
from sp_eval.models.interval import wald
from sp_eval.models.model_rows import ModelRows
from sp_eval.models.negative_binomial import fit_negative_binomial
from sp_eval.models.poisson import PoissonFit, fit_poisson
from sp_eval.models.rate_difference import Rate, expected_rate, observed_rate, rate_difference
from sp_eval.models.sandwich import (
    Codes,
    codes_of,
    few_clusters_note,
    group_codes,
    names_of,
    robust_variance,
)

__all__ = ["Family", "fit_rate_ratio"]

_MOST_DUMMIES = 100
Array = NDArray[np.floating]
Family = Literal["poisson", "negative_binomial"]


def fit_rate_ratio(
    rows: pl.DataFrame,
    *,
    outcome: str,
    exposed: str,
    person_days: str | None = None,
    covariates: str | Sequence[str] = (),
    weights: str | None = None,
    cluster: str | Sequence[str] = (),
    family: Family = "poisson",
    fixed_effects: str | Sequence[str] = (),
    ci_level: float = 0.95,
    minimum_events: float = 1,
) -> Estimate:
    """Rate ratio of the exposed relative to the others, with the marginal rate difference.

    Log-linear regression of events on exposure and covariates, offset log person-days.

    Parameters
    ----------
    rows : one row a person, or a person and stretch of time. All other names are of columns.
    outcome : events, nought or more, fractions allowed. exposed : Boolean, or 0 and 1.
    person_days : days at risk; rows of none leave the fit and are counted. None: rates a row.
    covariates : numbers, Booleans, or text; see `design_matrix`.
    weights : multiply each row's part in the likelihood; rows of weight 0 leave.
    cluster : none, one or two columns of groups whose rows are not independent.
    family : "poisson" asks nothing of how counts vary. "negative_binomial" estimates var(y) =
        mean + alpha mean^2 by likelihood; its errors hold alpha at its estimate.
    fixed_effects : columns of groups that each get a level of their own; groups without events
        leave the fit and are counted. Negative binomial: as columns of 0 and 1, 100 at most.
    minimum_events : fewer than so many in either group are refused; the pipeline asks for ten.

    Returns
    -------
    Estimate on `rate_ratio`, below 1 fewer; `n_analysed` and `n_comparison` are rows;
    `difference` per 1,000 person-years, or a row where no days are given, averaged over the
    exposed (ATT); see `rate_difference`. Errors: HC0; clustered one way times G/(G-1); two ways
    see `clustered_variance`; normal quantiles. `details`: `rows`, `rows_dropped`, `parameters`,
    `dispersion` (Pearson), `model_standard_error` of the log ratio (quasi-Poisson, or the
    negative binomial's own), `clusters_<column>`, `groups_<column>` and
    `groups_without_events_<column>`, `rate_exposed` and `rate_expected` of them unexposed (in
    the units of the difference), and of the negative binomial `alpha`,
    `alpha_standard_error`, `log_likelihood`.

    Raises
    ------
    TooFewEventsError : too few events in a group, or no finite maximum. ValueError : columns that
        cannot be used, or exposure that covariates or groups explain.

    Assumes
    -------
    Rates log-linear in the covariates, with one ratio for all; exchangeable given the covariates;
    the weights as known; clusters independent of each other, and some 30 of them or more.

    Source: McCullagh & Nelder (1989), Generalized Linear Models, chapters 6 and 9; Wooldridge
    (1999), Journal of Econometrics 90:77, doi 10.1016/S0304-4076(98)00033-5.
    """
    if family not in ("poisson", "negative_binomial"):
        raise ValueError("'family' must be 'poisson' or 'negative_binomial'")
    covariates, cluster, levels = (names_of(n) for n in (covariates, cluster, fixed_effects))
    found = ModelRows.of(
        rows, outcome=outcome, exposed=exposed, person_days=person_days, weights=weights
    )
    data, groups = _informative(found, levels)
    data.refuse_too_few(minimum_events)
    clusters = codes_of(data.rows, cluster)
    if family == "poisson":
        model = _poisson(data, covariates, levels)
    else:
        model = _negative_binomial(data, (*covariates, *levels), levels)
    more = groups | {
        "rows_dropped": rows.height - data.rows.height,
        **{f"clusters_{name}": data.rows[name].n_unique() for name in cluster},
    }
    method = "rate_ratio" if family == "poisson" else "negative_binomial"
    estimate = model.estimate(data, clusters, method=method, ci_level=ci_level)
    details = {**estimate.details, **more}
    notes = (*_notes(details), *few_clusters_note(clusters))
    return replace(estimate, notes=notes, details=details)


@dataclass(frozen=True, slots=True)
class _Model:
    """A fitted model; `at` is the column of exposure, `x` its design."""

    fit: PoissonFit
    x: Array
    at: int
    parameters: int
    alpha: float
    own: Mapping[str, float]

    @property
    def influence(self) -> Array:
        return np.asarray(self.fit.score @ self.fit.bread)

    def rate(self, data: ModelRows) -> Rate:
        """Of the exposed: as observed, or as expected where the score equation is another."""
        weight = data.weight * data.exposed
        if self.alpha == 0:
            return observed_rate(data.y, data.days, weight)
        return expected_rate(self.fit.mean, data.days, weight, self.x, self.influence)

    def estimate(
        self, data: ModelRows, clusters: tuple[Codes, ...], *, method: str, ci_level: float
    ) -> Estimate:
        b, influence = float(self.fit.beta[self.at]), self.influence[:, self.at]
        rate = self.rate(data)
        difference, joint = rate_difference(b, influence, rate)
        errors = [float(np.sqrt(robust_variance(part, clusters))) for part in (influence, joint)]
        per, scale = data.units
        apart = wald(per * difference, per * errors[1], ci_level=ci_level)
        return Estimate(
            method,
            "rate_ratio",
            **wald(b, errors[0], ci_level=ci_level, is_log=True),
            **data.counts(),
            difference=Estimate(method, scale, **apart, **data.counts()),
            details={
                **self.details(data),
                "rate_exposed": per * rate.value,
                "rate_expected": per * rate.value * float(np.exp(-b)),
            },
        )

    def details(self, data: ModelRows) -> dict[str, float]:
        left = data.rows.height - self.parameters
        if left <= 0:
            raise ValueError("there are no more rows than coefficients: name fewer columns")
        spread = self.fit.mean * (1 + self.alpha * self.fit.mean)
        pearson = float((data.weight * (data.y - self.fit.mean) ** 2 / spread).sum())
        scale = 1.0 if "alpha" in self.own else pearson / left
        variance = scale * float(self.fit.bread[self.at, self.at])
        return {
            "rows": data.rows.height,
            "parameters": self.parameters,
            "dispersion": pearson / left,
            "model_standard_error": float(np.sqrt(variance)),
            **self.own,
        }


def _informative(
    data: ModelRows, fixed_effects: Sequence[str]
) -> tuple[ModelRows, dict[str, float]]:
    """Rows whose groups have events, and how many groups are in and out."""
    if not fixed_effects:
        return data, {}
    kept = data.where(informative_rows(data.y, group_codes(data.rows, fixed_effects)))
    counted: dict[str, float] = {}
    for name in fixed_effects:
        left = kept.rows[name].n_unique()
        counted[f"groups_{name}"] = left
        counted[f"groups_without_events_{name}"] = data.rows[name].n_unique() - left
    return kept, counted


def _poisson(data: ModelRows, covariates: Sequence[str], fixed_effects: Sequence[str]) -> _Model:
    x = design_matrix(data.rows, [data.exposed.astype(float)], covariates, asked="exposure")
    if not fixed_effects:
        fit = fit_poisson(data.y, data.days, x, data.weight)
        return _Model(fit, x, 1, x.shape[1], 0.0, {})
    groups = group_codes(data.rows, fixed_effects)
    x = x[:, 1:]
    refuse_no_variation(x, 0, data.weight, groups, "exposure")
    fit = fit_absorbed_poisson(data.y, data.days, x, data.weight, groups)
    levels = sum(int(code.max()) + 1 for code in groups) - (len(groups) - 1)
    used = int(np.count_nonzero(np.diag(fit.bread)))
    return _Model(fit, x, 0, levels + used, 0.0, {})


def _negative_binomial(
    data: ModelRows, columns: Sequence[str], fixed_effects: Sequence[str]
) -> _Model:
    if sum(data.rows[name].n_unique() for name in fixed_effects) > _MOST_DUMMIES:
        raise ValueError(
            f"more than {_MOST_DUMMIES} groups are too many for the negative binomial:"
            " use the Poisson family, whose errors allow for how counts vary"
        )
    as_text = data.rows.with_columns(pl.col(name).cast(pl.String) for name in fixed_effects)
    x = design_matrix(as_text, [data.exposed.astype(float)], columns, asked="exposure")
    found = fit_negative_binomial(data.y, data.days, x, data.weight)
    own = {"alpha": found.alpha, "log_likelihood": found.log_likelihood}
    if found.alpha_error is not None:
        own["alpha_standard_error"] = found.alpha_error
    return _Model(found.linear, x, 1, x.shape[1], found.alpha, own)


def _notes(details: Mapping[str, float]) -> list[str]:
    notes = []
    for name, count in details.items():
        if name.startswith("groups_without_events_") and count:
            column = name.removeprefix("groups_without_events_")
            notes.append(f"{count:g} groups of '{column}' had no events and left the fit")
    if details.get("alpha") == 0:
        notes.append("counts vary no more than Poisson's: alpha is nought")
    return notes
