"""Weighted least squares, and what each row adds to the error of its coefficients."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["LinearFit", "fit_linear"]

Array = NDArray[np.floating]


@dataclass(frozen=True, slots=True)
class LinearFit:
    """`beta` (k,), `residual` (N,), row `influence` (N, k) on the coefficients.

    `model_error` (k,) are the errors that hold where all rows vary alike and independently.
    """

    beta: Array
    residual: Array
    influence: Array
    model_error: Array


def fit_linear(y: Array, x: Array, weight: Array) -> LinearFit:
    """Fit E[y] = x beta by weighted least squares.

    Parameters
    ----------
    y : (N,). x : (N, k) of full rank. weight : (N,).
    """
    root = np.sqrt(weight)[:, None]
    q, r = np.linalg.qr(root * x)
    beta = np.linalg.solve(r, q.T @ (root[:, 0] * y))
    residual = y - x @ beta
    bread = np.linalg.inv(r.T @ r)
    left = max(1, len(y) - x.shape[1])
    variance = float(weight @ residual**2) / left * np.diag(bread)
    influence = (x * (weight * residual)[:, None]) @ bread
    return LinearFit(beta, residual, influence, np.sqrt(variance))
