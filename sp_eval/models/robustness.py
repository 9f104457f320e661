"""How much of the unexplained a hidden cause would have to explain to undo a linear estimate."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from math import sqrt
from typing import Any

from scipy import stats

from sp_eval.models.estimate import Estimate

__all__ = ["RobustnessValue", "robustness_value"]


@dataclass(frozen=True, slots=True)
class RobustnessValue:
    """Shares, 0 to 1, of the variance that is left of exposure and of outcome alike.

    `point` would take the share `q` of the estimate away, `interval` would leave what remains of
    it within chance at level `alpha`; nought: it is so as it stands. `partial_r2`: of what is
    left of the outcome, how much the exposure explains.
    """

    point: float
    interval: float
    partial_r2: float
    q: float
    alpha: float

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def robustness_value(
    estimate: float | Estimate,
    se: float | None = None,
    dof: float = 0,
    q: float = 1.0,
    alpha: float = 0.05,
    *,
    scale: str = "mean_difference",
) -> RobustnessValue:
    """The robustness value of a coefficient of a linear model.

    Parameters
    ----------
    estimate, se : coefficient of the exposure and its ordinary standard error; or an `Estimate`
        that holds both.
    dof : residual degrees of freedom of the model, 2 or more.
    q : share of the estimate whose loss would matter; 1 is all of it.
    alpha : two-sided level of `interval`.
    scale : what the estimate is, where it is a bare number.

    Raises
    ------
    ValueError : a ratio, or a rate difference, which here is of a log-linear model; no error above
        nought, too few degrees of freedom, `q` or `alpha` out of range.

    Assumes
    -------
    Ordinary least squares: the formula turns t into a partial R2, which holds of no log-linear
    model and of no clustered or robust error. For a rate ratio see `e_value`.

    With f = q |t| / sqrt(dof) and the critical f* = t(1 - alpha / 2, dof - 1) / sqrt(dof - 1), RV
    = (sqrt(g^4 + 4 g^2) - g^2) / 2 of g = f - f* (f* nought for the point), or (f^2 - f*^2) / (1 +
    f^2) where f f* > 1 and a hidden cause does best to explain less of the outcome.

    Source: Cinelli and Hazlett, JRSS B 2020;82:39-67, doi 10.1111/rssb.12348; the last case
    from the authors' R package sensemakr, 0.1.6.
    """
    if isinstance(estimate, Estimate):
        scale, se, estimate = estimate.scale, estimate.standard_error, estimate.point
    if "ratio" in scale or "rate" in scale:
        raise ValueError(f"a robustness value is of linear models: use e_value for a {scale}")
    if se is None or not se > 0 or not dof >= 2:
        raise ValueError("an error above nought and 2 or more degrees of freedom are needed")
    if not q > 0 or not 0 < alpha < 1:
        raise ValueError("'q' must be above nought and 'alpha' between 0 and 1")
    t = abs(estimate / se)
    critical = float(stats.t.ppf(1 - alpha / 2, dof - 1)) / sqrt(dof - 1)
    f = q * t / sqrt(dof)
    return RobustnessValue(
        _value(f, 0.0), _value(f, critical), t * t / (t * t + dof), q=q, alpha=alpha
    )


def _value(f: float, critical: float) -> float:
    if f <= critical:
        return 0.0
    if f * critical > 1:
        return (f * f - critical * critical) / (1 + f * f)
    return 2 / (1 + sqrt(1 + 4 / (f - critical) ** 2))
