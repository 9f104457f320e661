"""A randomised offer that only some take up: what the offer does, then what taking it up does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import stats

from sp_eval.models.design_matrix import design_matrix, numbers, refuse_nothing_left
from sp_eval.models.estimate import MINIMUM_EVENTS, Estimate
from sp_eval.models.interval import wald
from sp_eval.models.least_squares import fit_linear
from sp_eval.models.model_rows import ModelRows
from sp_eval.models.rate_ratio import fit_rate_ratio
from sp_eval.models.sandwich import (
    Codes,
    codes_of,
    few_clusters_note,
    linear_variance,
    names_of,
)

__all__ = ["AndersonRubin", "InstrumentEstimate", "late"]

_WEAK_F = 10.0
_NOTHING = 1e-12  # what rounding leaves
_WEAK = "the offer moved taking up too little: only the interval of Anderson and Rubin is right"
_LOCAL = (
    "of those who take it up because it is offered: nobody knows who they are; stands on the offer"
    " changing the outcome through taking up alone"
)
Array = NDArray[np.floating]


@dataclass(frozen=True, slots=True)
class AndersonRubin:
    """The effects that a test of each does not reject, right however weak the offer.

    `kind` "inside": those from `low` to `high`; "outside": all but those between; "everything":
    none is rejected (`low` and `high` None).
    """

    kind: Literal["inside", "outside", "everything"]
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class InstrumentEstimate:
    """What the offer does (`itt`, the headline), and what taking it up does to compliers.

    `first_stage` is the offer's effect on taking up; `first_stage_f` its squared t, None where
    nobody departs from the offer; `late` the
    ratio of the two effects; `late_ratio` compliers' mean or rate taking it up over the same not,
    None where the outcome has negative values, taking up is not 0 and 1, or a mean is not above
    nought.
    """

    itt: Estimate
    first_stage: Estimate
    first_stage_f: float | None
    late: Estimate
    late_ratio: Estimate | None
    anderson_rubin: AndersonRubin
    headline: Literal["itt"] = "itt"

    def to_dict(self) -> dict[str, Any]:
        return {
            "headline": self.headline,
            "itt": self.itt.to_dict(),
            "first_stage": self.first_stage.to_dict(),
            "first_stage_f": self.first_stage_f,
            "late": self.late.to_dict(),
            "late_ratio": None if self.late_ratio is None else self.late_ratio.to_dict(),
            "anderson_rubin": asdict(self.anderson_rubin),
        }


def late(
    rows: pl.DataFrame,
    *,
    outcome: str,
    offered: str,
    taken_up: str,
    person_days: str | None = None,
    covariates: str | Sequence[str] = (),
    weights: str | None = None,
    cluster: str | Sequence[str] = (),
    ci_level: float = 0.95,
    minimum_events: float = MINIMUM_EVENTS,
) -> InstrumentEstimate:
    """Effect of a randomised offer, and by it of taking the offer up.

    Two-stage least squares with one instrument, the offer; without covariates Wald's ratio of
    two differences of means.

    Parameters
    ----------
    rows : one row a person. All other names are of columns.
    outcome : any measure; events where `person_days` is given. offered : Boolean, or 0 and 1: as
        drawn by lot. taken_up : likewise, whatever was offered; or a dose, for an effect per unit.
    person_days : days at risk: the intention-to-treat effect is then a rate ratio with its
        difference (see `fit_rate_ratio`), the others are of rates, each row weighing its days.
    covariates : from before the lot was drawn; see `design_matrix`. weights, cluster,
        minimum_events : see `fit_rate_ratio`.

    Returns
    -------
    InstrumentEstimate : `itt` on `mean_difference` (or `rate_ratio`), `late` on
        `mean_difference` (or per 1,000 person-years), `first_stage` on `taken_up_difference`.
        Errors of linear models see `linear_variance`, of the late as of two-stage least squares
        with the same factors: where all take up what they are offered, and nobody else, late and
        itt are one to the last digit, interval and all. The interval of Anderson & Rubin is with
        the same errors and quantile. `details` of `late`: `model_standard_error`, of two-stage
        least squares with rows alike; of `first_stage`: the weighted shares that take it up.

    Raises
    ------
    ValueError : the offer does not change taking up at all, covariates explain it, or columns
        cannot be used.

    Assumes
    -------
    The offer by lot, given the covariates; it changes the outcome through taking up alone; nobody
    takes it up only because it was not offered; one person's offer does nothing to another. The
    itt needs the first and the last alone.

    Source: Imbens & Angrist (1994), Econometrica 62:467, doi 10.2307/2951620; Angrist, Imbens &
    Rubin (1996), Journal of the American Statistical Association 91:444; Anderson & Rubin (1949),
    Annals of Mathematical Statistics 20:46, doi 10.1214/aoms/1177730090; for the ratio Abadie
    (2003), Journal of Econometrics 113:231, doi 10.1016/S0304-4076(02)00201-4.
    """
    least = -np.inf if person_days is None else 0.0
    data = ModelRows.of(
        rows, outcome=outcome, exposed=offered, person_days=person_days, weights=weights,
        least=least,
    )  # fmt: skip
    clusters = codes_of(data.rows, names_of(cluster))
    x = design_matrix(data.rows, [data.exposed.astype(float)], names_of(covariates))
    refuse_nothing_left(x, 1, "the offer")
    offer = _Offer(x, data.weight * data.days, clusters, ci_level)
    taken = numbers(data.rows, taken_up)
    per, scale = data.units
    value = per * data.y / data.days
    effect, uptake = offer.on(value), offer.on(taken)
    if abs(uptake.point) < _NOTHING:
        raise ValueError("the offer does not change taking up at all: nothing can be told of it")
    counts = data.counts() | ({} if data.has_days else {"events_exposed": None})
    warned = few_clusters_note(clusters)
    itt = Estimate("intention_to_treat", scale, **offer.wald(effect), **counts, notes=warned)
    if data.has_days:
        of_rate = fit_rate_ratio(
            rows, outcome=outcome, exposed=offered, person_days=person_days,
            covariates=covariates, weights=weights, cluster=cluster, ci_level=ci_level,
            minimum_events=minimum_events,
        )  # fmt: skip
        itt = replace(of_rate, method="intention_to_treat")
    first = Estimate(
        "first_stage", "taken_up_difference", **offer.wald(uptake), **counts,
        details=_shares(data, taken),
    )  # fmt: skip
    f = (uptake.point / offer.error(uptake)) ** 2 if uptake.residual.any() else None
    weak = [] if f is None or f >= _WEAK_F else [_WEAK]
    of_late = effect.per(uptake)
    return InstrumentEstimate(
        itt=itt,
        first_stage=first,
        first_stage_f=f,
        late=Estimate(
            "local_average_treatment_effect", scale, **offer.wald(of_late), **counts,
            notes=(_LOCAL, *weak, *warned),
            details={"model_standard_error": offer.model_error(of_late)},
        ),
        late_ratio=_complier_ratio(offer, value, taken, counts),
        anderson_rubin=_anderson_rubin(offer, effect, uptake),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Effect:
    """A statistic, and each row's part in its error and in the residual, (N,)."""

    point: float
    influence: Array
    residual: Array

    def per(self, other: _Effect) -> _Effect:
        """The ratio to another effect, by the delta method: that of two-stage least squares."""
        ratio = self.point / other.point
        return _Effect(
            ratio,
            (self.influence - ratio * other.influence) / other.point,
            (self.residual - ratio * other.residual) / other.point,
        )


@dataclass(frozen=True, slots=True)
class _Offer:
    """The least-squares model of the offer: what it does to anything, and how sure that is."""

    x: Array
    weight: Array
    clusters: tuple[Codes, ...]
    ci_level: float

    def on(self, values: Array) -> _Effect:
        fit = fit_linear(values, self.x, self.weight)
        effect = _Effect(float(fit.beta[1]), fit.influence[:, 1], fit.residual)
        is_exact = abs(fit.residual).max() < _NOTHING * (1 + abs(values).max())
        nothing = np.zeros_like(fit.residual)
        return _Effect(effect.point, nothing, nothing) if is_exact else effect

    def model_error(self, effect: _Effect) -> float:
        """Of ordinary, or two-stage, least squares: rows alike and independent."""
        return float(fit_linear(effect.residual, self.x, self.weight).model_error[1])

    def spread(self, influence: Array) -> tuple[float, int]:
        return linear_variance(influence, self.clusters, parameters=self.x.shape[1])

    def error(self, effect: _Effect) -> float:
        return float(np.sqrt(self.spread(effect.influence)[0]))

    def wald(self, effect: _Effect, *, is_log: bool = False) -> dict[str, Any]:
        _, df = self.spread(effect.influence)
        return wald(effect.point, self.error(effect), ci_level=self.ci_level, df=df, is_log=is_log)


def _shares(data: ModelRows, taken: Array) -> dict[str, float]:
    """Taking up in the two groups, weighted."""
    found = {}
    for group, name in ((data.exposed, "offered"), (~data.exposed, "not_offered")):
        weight = data.weight * group
        found[f"taken_up_{name}"] = float(weight @ taken / weight.sum())
    return found


def _complier_ratio(
    offer: _Offer, value: Array, taken: Array, counts: dict[str, Any]
) -> Estimate | None:
    """Compliers' mean taking it up over their mean not: the offer's effect on each part."""
    if (value < 0).any() or not np.isin(taken, (0.0, 1.0)).all():
        return None
    with_it, without = offer.on(value * taken), offer.on(-value * (1 - taken))
    uptake = offer.on(taken).point
    if min(with_it.point / uptake, without.point / uptake) <= 0:
        return None
    influence = with_it.influence / with_it.point - without.influence / without.point
    ratio = float(np.log(with_it.point / without.point))
    log_ratio = _Effect(ratio, influence, np.zeros_like(influence))
    return Estimate(
        "local_average_treatment_effect",
        "rate_ratio",
        **offer.wald(log_ratio, is_log=True),
        **counts,
        notes=(_LOCAL,),
        details={
            "taking_it_up": with_it.point / uptake,
            "not_taking_it_up": without.point / uptake,
        },
    )


def _anderson_rubin(offer: _Offer, effect: _Effect, uptake: _Effect) -> AndersonRubin:
    """Solve (a - b p)^2 <= q^2 var(a - b p) for the effects b."""
    errors = [offer.error(one) or 1.0 for one in (effect, uptake)]
    scaled = [one.influence / by for one, by in zip((effect, uptake), errors, strict=True)]
    of_sum, df = offer.spread(scaled[0] + scaled[1])
    covariance = (of_sum - offer.spread(scaled[0] - scaled[1])[0]) / 4
    square = float(stats.t.ppf(0.5 + offer.ci_level / 2, df)) ** 2
    # In units of the errors, so that none of the three terms drowns the others.
    a, p = effect.point / errors[0], uptake.point / errors[1]
    own = [offer.spread(part)[0] for part in scaled]
    terms = (p * p - square * own[1], square * covariance - a * p, a * a - square * own[0])
    root = terms[1] ** 2 - terms[0] * terms[2]
    if root < 0 or terms[0] == 0:
        return AndersonRubin("everything", None, None)
    ends = [(-terms[1] + side * np.sqrt(root)) / terms[0] for side in (-1, 1)]
    low, high = sorted(float(end) * errors[0] / errors[1] for end in ends)
    return AndersonRubin("inside" if terms[0] > 0 else "outside", low, high)
