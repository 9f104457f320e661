"""One figure from sites that differ: its mean, its spread, and what a next site may find."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from math import sqrt
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from sp_eval.models.between_variance import (
    METHODS,
    Method,
    between_variance,
    generalised_q,
    profile_interval,
)
from sp_eval.models.effects import QUESTION, Estimates, effects_of, on_scale
from sp_eval.models.estimate import Estimate

__all__ = ["FEW_SITES", "Synthesis", "random_effects"]

Array = NDArray[np.float64]
FEW_SITES = 5
_OF_FEW = (
    f"fewer than {FEW_SITES} sites: how far they differ is hardly known; read the sites' own"
    " estimates"
)
_CLOSER = "the sites agree better than chance: Knapp and Hartung's error is smaller than without"


@dataclass(frozen=True, slots=True)
class Synthesis:
    """A random-effects mean, on the scale on which estimates are normal: logs for ratios.

    `tau2` variance between the sites' true effects, with its Q-profile interval; `i2` per cent
    of all variance that it makes up, 0 to 100, and `h2` all variance over that of chance; `q`
    Cochran's, on `sites` - 1 degrees of freedom. `prediction_low, prediction_high`: where the
    true effect of a further such site lies; None of two sites, of which it cannot be told.
    """

    sites: int
    point: float
    standard_error: float
    ci_low: float
    ci_high: float
    p_value: float
    prediction_low: float | None
    prediction_high: float | None
    tau2: float
    tau2_low: float
    tau2_high: float
    i2: float
    i2_low: float
    i2_high: float
    h2: float
    q: float
    q_p_value: float
    ci_level: float
    method: str
    scale: str
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    def estimate(self) -> Estimate:
        """The mean as an estimate on the sites' own scale."""
        return Estimate(
            method=self.method,
            scale=self.scale,
            point=on_scale(self.point, self.scale),
            ci_low=on_scale(self.ci_low, self.scale),
            ci_high=on_scale(self.ci_high, self.scale),
            ci_level=self.ci_level,
            p_value=self.p_value,
            standard_error=self.standard_error,
            notes=self.notes,
        )


def random_effects(
    estimates: Estimates,
    *,
    method: Method = "REML",
    knapp_hartung: bool = True,
    at_least_chance: bool = False,
    prediction_df: Literal["k-2", "k-1"] = "k-2",
    ci_level: float = 0.95,
) -> Synthesis:
    """Pool the estimates of independent sites that answer one question.

    Parameters
    ----------
    estimates : see `effects_of`; one a site, of the same scale, method, outcome, estimand,
        comparator, population and windows so far as they are given.
    method : of the variance between sites; see `between_variance`.
    knapp_hartung : error from the sites' own spread, q / sum of weights with q = Q(tau2) / (k - 1),
        and Student's t on k - 1 degrees of freedom (Hartung-Knapp-Sidik-Jonkman); else 1 / sum of
        weights and the normal distribution.
    at_least_chance : the ad hoc rule that q counts for no less than 1, so that the error is never
        smaller than without. metafor: test = "adhoc".
    prediction_df : degrees of freedom of Student's t in point +- t sqrt(tau2 + error squared): k -
        2 (Higgins et al. 2009) or k - 1 (metafor's with Knapp-Hartung).
    ci_level : of every interval.

    Returns
    -------
    Synthesis : with a note where there are fewer than five sites.

    Raises
    ------
    ValueError : fewer than two sites, different questions, an estimate without an error, or
        estimates all the same, of which Knapp and Hartung's error is nought.

    Assumes
    -------
    Sites that share no person; errors known; true effects normal about one mean. `i2` and `h2`
    set tau2 against the typical variance of Higgins and Thompson, Statistics in Medicine
    2002;21:1539-1558, doi 10.1002/sim.1186, and their interval is that of tau2.

    Source: Knapp and Hartung, Statistics in Medicine 2003;22:2693-2710, doi 10.1002/sim.1482;
    Higgins, Thompson and Spiegelhalter, JRSS A 2009;172:137-159, doi
    10.1111/j.1467-985X.2008.00552.x; IntHout et al., BMC Med Res Methodol 2014;14:25, doi
    10.1186/1471-2288-14-25. R's metafor 3.8 gives the same (see the reference test).
    """
    found = effects_of(estimates, alike=QUESTION)
    k, variances = len(found.points), found.errors**2
    if k < 2:
        raise ValueError("two sites or more are needed to pool")
    if method not in METHODS:
        raise ValueError(f"'method' must be one of {', '.join(METHODS)}")
    if prediction_df not in ("k-2", "k-1"):
        raise ValueError("'prediction_df' must be k-2 or k-1")
    tau2 = between_variance(found.points, variances, method)
    w = 1 / (variances + tau2)
    mean, spread = float(w @ found.points / w.sum()), 1.0
    if knapp_hartung:
        spread = generalised_q(found.points, variances, tau2) / (k - 1)
    scaled = max(1.0, spread) if at_least_chance else spread
    if scaled == 0:
        raise ValueError("the sites' estimates are all the same: set 'at_least_chance'")
    error = sqrt(scaled / float(w.sum()))
    law = stats.t(k - 1) if knapp_hartung else stats.norm()
    reach = float(law.ppf(0.5 + ci_level / 2)) * error
    ends = _prediction(mean, tau2 + error**2, k - int(prediction_df[-1]), ci_level)
    return Synthesis(
        sites=k,
        point=mean,
        standard_error=error,
        ci_low=mean - reach,
        ci_high=mean + reach,
        p_value=float(2 * law.sf(abs(mean) / error)),
        prediction_low=ends[0],
        prediction_high=ends[1],
        ci_level=ci_level,
        method=f"random_effects_{method}",
        scale=found.scale,
        notes=(_OF_FEW,) * (k < FEW_SITES) + (_CLOSER,) * (scaled < 1 - 1e-9),
        **_spread(found.points, variances, tau2, ci_level),
    )


def _spread(points: Array, variances: Array, tau2: float, ci_level: float) -> dict[str, float]:
    """How far the sites differ: tau2, I2, H2 and Q, by name."""
    low, high = profile_interval(points, variances, ci_level)
    w, q, df = 1 / variances, generalised_q(points, variances, 0.0), len(points) - 1
    typical = float(df * w.sum() / (w.sum() ** 2 - (w**2).sum()))
    return {
        "tau2": tau2,
        "tau2_low": low,
        "tau2_high": high,
        "i2": 100 * tau2 / (tau2 + typical),
        "i2_low": 100 * low / (low + typical),
        "i2_high": 100 * high / (high + typical),
        "h2": (tau2 + typical) / typical,
        "q": q,
        "q_p_value": float(stats.chi2.sf(q, df)),
    }


def _prediction(
    mean: float, variance: float, df: int, ci_level: float
) -> tuple[float | None, float | None]:
    if df < 1:
        return None, None
    reach = float(stats.t.ppf(0.5 + ci_level / 2, df)) * sqrt(variance)
    return mean - reach, mean + reach
