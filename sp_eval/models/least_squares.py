"""The effect of one column on any outcome by weighted least squares, with its errors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sp_eval.models.interval import wald
from sp_eval.models.sandwich import Codes, linear_variance

__all__ = ["Effect", "LinearContrast"]

Array = NDArray[np.floating]
_ROUNDING = 1e-12


@dataclass(frozen=True, slots=True)
class Effect:
    """A coefficient, and each row's part in its error and in the residual, (N,)."""

    point: float
    influence: Array
    residual: Array

    def per(self, other: Effect) -> Effect:
        """The ratio to another effect by the delta method; that of two-stage least squares."""
        ratio = self.point / other.point
        return Effect(
            ratio,
            (self.influence - ratio * other.influence) / other.point,
            (self.residual - ratio * other.residual) / other.point,
        )


@dataclass(frozen=True, slots=True)
class LinearContrast:
    """Least squares on a fixed design, whose column 1 is what is asked about.

    Parameters
    ----------
    x : (N, k) of full rank. weight : (N,). clusters : none, one or two (N,) arrays of codes.

    Errors and degrees of freedom see `linear_variance`.
    """

    x: Array
    weight: Array
    clusters: tuple[Codes, ...]
    ci_level: float = 0.95

    def on(self, values: Array) -> Effect:
        """The coefficient of column 1 with (N,) `values` as the outcome."""
        root = np.sqrt(self.weight)
        q, r = np.linalg.qr(root[:, None] * self.x)
        beta = np.linalg.solve(r, q.T @ (root * values))
        residual = values - self.x @ beta
        if abs(residual).max() < _ROUNDING * (1 + abs(values).max()):
            residual = np.zeros_like(residual)
        pull = np.linalg.solve(r, q.T)[1] * root
        return Effect(float(beta[1]), pull * residual, residual)

    def spread(self, influence: Array) -> tuple[float, int]:
        """Variance of a statistic from its row influences, and its degrees of freedom."""
        return linear_variance(influence, self.clusters, parameters=self.x.shape[1])

    def error(self, effect: Effect) -> float:
        return float(np.sqrt(self.spread(effect.influence)[0]))

    def model_error(self, effect: Effect) -> float:
        """The error that holds where all rows vary alike, by their weight, and independently."""
        left = len(self.weight) - self.x.shape[1]
        bread = np.linalg.inv(self.x.T @ (self.x * self.weight[:, None]))
        # A ratio's residuals are already divided by what it is divided by.
        return float(np.sqrt(self.weight @ effect.residual**2 / left * bread[1, 1]))

    def wald(self, effect: Effect, *, is_log: bool = False) -> dict[str, Any]:
        variance, df = self.spread(effect.influence)
        return wald(
            effect.point, float(np.sqrt(variance)), ci_level=self.ci_level, df=df, is_log=is_log
        )
