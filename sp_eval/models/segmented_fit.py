"""A segmented regression fitted: coefficients, what their errors rest on, and what is left over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import special

from sp_eval.models.estimate import MINIMUM_EVENTS, TooFewEventsError
from sp_eval.models.poisson import fit_poisson, independent_columns
from sp_eval.models.segmented_design import SegmentedDesign

__all__ = ["Family", "ResidualCheck", "SegmentedFit", "check_residuals", "fit_segmented"]

Array = NDArray[np.floating]
Family = Literal["poisson", "gaussian"]


@dataclass(frozen=True, slots=True)
class SegmentedFit:
    """Coefficients, expected values, and what the errors are made of; `exposure` is the offset."""

    beta: Array
    mean: Array
    bread: Array
    score: Array
    residual: Array
    dispersion: float
    exposure: Array


def fit_segmented(
    design: SegmentedDesign, outcome: str, offset: str | None, family: Family
) -> SegmentedFit:
    x, y = design.x, design.rows[outcome].to_numpy().astype(float)
    n, k = x.shape
    if n <= k or len(independent_columns(x)) < k:
        raise ValueError(f"{n} rows are too few for {k} terms: ask for fewer harmonics or no slope")
    exposure = np.ones(n) if offset is None else design.rows[offset].to_numpy().astype(float)
    if family == "gaussian":
        beta = np.linalg.lstsq(x, y, rcond=None)[0]
        left = y - x @ beta
        bread = np.linalg.inv(x.T @ x)
        dispersion = float(left @ left) / (n - k)
        return SegmentedFit(beta, x @ beta, bread, x * left[:, None], left, dispersion, exposure)
    for part in (design.after, ~design.after):
        for rows in (part & design.is_control, part & ~design.is_control):
            if rows.any() and y[rows].sum() < MINIMUM_EVENTS:
                raise TooFewEventsError(f"fewer than {MINIMUM_EVENTS} events before or after")
    fit = fit_poisson(y, exposure, x, np.ones(n))
    deviance = 2 * (special.xlogy(y, y / fit.mean) - (y - fit.mean))
    residual = np.sign(y - fit.mean) * np.sqrt(np.maximum(deviance, 0.0))
    dispersion = float(((y - fit.mean) ** 2 / fit.mean).sum()) / (n - k)
    return SegmentedFit(fit.beta, fit.mean, fit.bread, fit.score, residual, dispersion, exposure)


@dataclass(frozen=True, slots=True)
class ResidualCheck:
    """Whether what is left over of neighbouring periods is alike; deviance residuals.

    `durbin_watson` 2 where not, towards 0 where alike; `ljung_box` on `lags` lags with its
    p-value. Of the series of interest alone.
    """

    durbin_watson: float
    ljung_box: float
    lags: int
    p_value: float


def check_residuals(residual: Array) -> ResidualCheck:
    """Tell whether what is left of neighbouring periods is alike."""
    from statsmodels.stats.diagnostic import acorr_ljungbox
    from statsmodels.stats.stattools import durbin_watson

    lags = max(1, min(10, len(residual) // 5))
    box = acorr_ljungbox(residual, lags=[lags])
    return ResidualCheck(
        float(durbin_watson(residual)),
        float(box["lb_stat"].iloc[0]),
        lags,
        float(box["lb_pvalue"].iloc[0]),
    )
