"""The propensity score and the hazard of referral: one logistic regression over candidate rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["LogisticFit", "NotConvergedError", "fit_logistic"]

Array = NDArray[np.floating]
Data = tuple[Array, Array, Array]  # design, what happened, weight of each row


class NotConvergedError(Exception):
    """The regression found no finite maximum."""


@dataclass(frozen=True, slots=True)
class LogisticFit:
    """A fitted logistic regression: `logit` and `probability` are (N,), in the rows' order."""

    logit: Array
    probability: Array


def fit_logistic(
    x: Array,
    y: Array,
    months: NDArray[np.int64],
    *,
    weights: Array | None = None,
    ridge: float = 1e-6,
    tolerance: float = 1e-10,
    max_iterations: int = 60,
) -> LogisticFit:
    """Logistic regression of `y` on `x` and an indicator of each calendar month.

    Newton's method with step halving on standardised columns, with an L2 penalty so small that it
    decides only between columns that say the same.

    Parameters
    ----------
    x : (N, k) covariates. y : (N,) 0 or 1. months : (N,) month numbers, any integers.
    weights : (N,) of rows, above nought; 1 where not given.

    Raises
    ------
    NotConvergedError : no convergence (`y` constant, or separated by the covariates).

    Assumes
    -------
    Logits linear in the columns; the month effect additive.
    """
    if y.min() == y.max():
        raise NotConvergedError("everybody, or nobody, was referred")
    spread = x.std(axis=0)
    standard = (x - x.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    _, code = np.unique(months, return_inverse=True)
    indicators = np.eye(int(code.max()) + 1)[code][:, 1:]
    design = np.column_stack([np.ones(len(y)), standard, indicators])
    counted = np.ones(len(y)) if weights is None else np.asarray(weights, dtype=np.float64)
    penalty = np.full(design.shape[1], ridge)
    penalty[0] = 0.0
    beta: Array = np.zeros(design.shape[1])
    share = float(y.mean() if weights is None else np.average(y, weights=counted))
    beta[0] = np.log(share / (1 - share))
    data = (design, y, counted)
    objective = _objective(design @ beta, data, beta, penalty)
    for _ in range(max_iterations):
        probability = _expit(design @ beta)
        score = design.T @ (counted * (y - probability)) - penalty * beta
        weight = counted * probability * (1 - probability)
        information = design.T @ (design * weight[:, None]) + np.diag(penalty)
        step = np.linalg.solve(information, score)
        gain = float(score @ step)
        if gain < tolerance:
            beta = beta + step  # the last step squares what error is left
            break
        beta, objective = _advance(data, beta, step, penalty, objective)
    else:
        raise NotConvergedError("the regression of referral on history does not settle")
    logit = design @ beta
    return LogisticFit(logit, _expit(logit))


def _advance(
    data: Data, beta: Array, step: Array, penalty: Array, objective: float
) -> tuple[Array, float]:
    """Take the Newton step, halved until the penalised likelihood does not fall."""
    size, direction = 1.0, data[0] @ step
    current = data[0] @ beta
    for _ in range(30):
        moved = beta + size * step
        reached = _objective(current + size * direction, data, moved, penalty)
        if reached >= objective - 1e-9 * max(1.0, abs(objective)):
            return moved, reached
        size /= 2
    return beta + size * step, objective


def _objective(eta: Array, data: Data, beta: Array, penalty: Array) -> float:
    _, y, counted = data
    return float(counted @ (y * eta - np.logaddexp(0, eta)) - 0.5 * (penalty * beta) @ beta)


def _expit(eta: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-np.clip(eta, -35, 35))))
