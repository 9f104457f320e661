"""A randomised offer that only some take up: what the offer does, then what taking it up does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import stats

from sp_eval.models.anderson_rubin import AndersonRubin, anderson_rubin
from sp_eval.models.design_matrix import design_matrix, numbers
from sp_eval.models.estimate import Estimate
from sp_eval.models.least_squares import Effect, LinearContrast
from sp_eval.models.model_rows import ModelRows
from sp_eval.models.rate_ratio import fit_rate_ratio
from sp_eval.models.sandwich import Codes, codes_of, few_clusters_note, names_of

__all__ = ["InstrumentEstimate", "late"]

_WEAK_F = 10.0
_NOTHING = 1e-12  # what rounding leaves
_WEAK = "the offer moved taking up too little: only the interval of Anderson and Rubin is right"
_LOCAL = (
    "of those who take it up because it is offered: nobody knows who they are; stands on the offer"
    " changing the outcome through taking up alone"
)
Array = NDArray[np.floating]


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
            "anderson_rubin": self.anderson_rubin.to_dict(),
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
    minimum_events: float = 1,
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
        least squares with rows alike; of `first_stage` and `itt`: weighted means by offer.

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
    model = _model(data, names_of(covariates), codes_of(data.rows, names_of(cluster)), ci_level)
    taken = numbers(data.rows, taken_up)
    per, scale = data.units
    value = per * data.y / data.days
    effect, uptake = model.on(value), model.on(taken)
    if abs(uptake.point) < _NOTHING:
        raise ValueError("the offer does not change taking up at all: nothing can be told of it")
    counts = data.counts() | ({} if data.has_days else {"events_exposed": None})
    itt = Estimate(
        "intention_to_treat", scale, **model.wald(effect), **counts,
        notes=few_clusters_note(model.clusters), details=_by_offer(data, value, "mean"),
    )  # fmt: skip
    if data.has_days:
        of_rate = fit_rate_ratio(
            rows, outcome=outcome, exposed=offered, person_days=person_days,
            covariates=covariates, weights=weights, cluster=cluster, ci_level=ci_level,
            minimum_events=minimum_events,
        )  # fmt: skip
        itt = replace(of_rate, method=itt.method)
    first_stage_f = (uptake.point / model.error(uptake)) ** 2 if uptake.residual.any() else None
    return InstrumentEstimate(
        itt=itt,
        first_stage=Estimate(
            "first_stage", "taken_up_difference", **model.wald(uptake), **counts,
            details=_by_offer(data, taken, "taken_up"),
        ),
        first_stage_f=first_stage_f,
        late=_late(model, effect.per(uptake), first_stage_f, scale, counts),
        late_ratio=_complier_ratio(model, value, taken, counts),
        anderson_rubin=_tested(model, effect, uptake),
    )  # fmt: skip


def _model(
    data: ModelRows, covariates: tuple[str, ...], clusters: tuple[Codes, ...], ci_level: float
) -> LinearContrast:
    drawn = data.exposed.astype(float)
    if drawn.min() == drawn.max():
        raise ValueError("everybody, or nobody, was offered it: there is nothing to compare")
    x = design_matrix(data.rows, [drawn], covariates, asked="the offer")
    return LinearContrast(x, data.weight * data.days, clusters, ci_level)


def _tested(model: LinearContrast, effect: Effect, uptake: Effect) -> AndersonRubin:
    errors = (model.error(effect), model.error(uptake))
    one, other = (
        of.influence / (error or 1.0) for of, error in zip((effect, uptake), errors, strict=True)
    )
    of_sum, df = model.spread(one + other)
    return anderson_rubin(
        effect.point,
        uptake.point,
        errors=errors,
        correlation=(of_sum - model.spread(one - other)[0]) / 4,
        reach=float(stats.t.ppf(0.5 + model.ci_level / 2, df)),
    )


def _late(
    model: LinearContrast, effect: Effect, f: float | None, scale: str, counts: dict[str, Any]
) -> Estimate:
    weak = [] if f is None or f >= _WEAK_F else [_WEAK]
    return Estimate(
        "local_average_treatment_effect",
        scale,
        **model.wald(effect),
        **counts,
        notes=(_LOCAL, *weak, *few_clusters_note(model.clusters)),
        details={"model_standard_error": model.model_error(effect)},
    )


def _by_offer(data: ModelRows, values: Array, of: str) -> dict[str, float]:
    """Weighted means in the two groups."""
    found = {}
    for group, name in ((data.exposed, "offered"), (~data.exposed, "not_offered")):
        weight = data.weight * group
        found[f"{of}_{name}"] = float(weight @ values / weight.sum())
    return found


def _complier_ratio(
    model: LinearContrast, value: Array, taken: Array, counts: dict[str, Any]
) -> Estimate | None:
    """Compliers' mean taking it up over their mean not: the offer's effect on each part."""
    if (value < 0).any() or not np.isin(taken, (0.0, 1.0)).all():
        return None
    with_it, without = model.on(value * taken), model.on(-value * (1 - taken))
    uptake = model.on(taken).point
    if min(with_it.point / uptake, without.point / uptake) <= 0:
        return None
    influence = with_it.influence / with_it.point - without.influence / without.point
    ratio = float(np.log(with_it.point / without.point))
    log_ratio = Effect(ratio, influence, np.zeros_like(influence))
    return Estimate(
        "local_average_treatment_effect",
        "rate_ratio",
        **model.wald(log_ratio, is_log=True),
        **counts,
        notes=(_LOCAL,),
        details={
            "taking_it_up": with_it.point / uptake,
            "not_taking_it_up": without.point / uptake,
        },
    )
