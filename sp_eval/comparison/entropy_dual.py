"""The weights nearest to given ones that bring means to a target: a convex dual, by Newton."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["OutOfReachError", "nearest_weights"]

Array = NDArray[np.float64]
_STEPS = 200


class OutOfReachError(ValueError):
    """No positive weights bring the means to the target; `column` is the one furthest from it."""

    def __init__(self, column: int) -> None:
        super().__init__(f"no weights reach the target of column {column}")
        self.column = column


def nearest_weights(x: Array, target: Array, base: Array, *, tolerance: float = 1e-10) -> Array:
    """Weights w > 0, sum 1, with sum of w x = target, that minimise the sum of w log(w / base).

    They are proportional to base x exp(x b), and b minimises log of the sum of base x
    exp((x - target) b), which is convex: Newton's method with step halving, on columns in standard
    deviations of `base`. Where columns say the same the shortest step is taken.

    Parameters
    ----------
    x : (N, k). target : (k,). base : (N,) 0 or more, not all 0.
    tolerance : largest gap between a mean and its target, in those standard deviations.

    Raises
    ------
    OutOfReachError : the target lies outside what weighted means of `x` can be.

    Source: Hainmueller (2012), Political Analysis 20:25, doi 10.1093/pan/mpr025.
    """
    held = base > 0
    start = base[held] / base.sum()
    centre = start @ x[held]
    spread = np.sqrt(start @ (x[held] - centre) ** 2)
    z = (x[held] - target) / np.where(spread > 0, spread, 1.0)
    log_start, b = np.log(start), np.zeros(x.shape[1])
    reached, w = _dual(log_start, np.zeros(len(start)))
    for _ in range(_STEPS):
        gap = w @ z
        if np.abs(gap).max(initial=0.0) <= tolerance:
            break
        curvature = z.T @ (z * w[:, None]) - np.outer(gap, gap)
        step = -np.asarray(np.linalg.lstsq(curvature, gap, rcond=1e-12)[0], dtype=np.float64)
        b, reached, w = _advance(log_start, z, b, step, reached, gap)
        # All rows on one side of the target along b: no mean of them can lie on it. Or the gap lies
        # where the rows do not vary at all.
        if (z @ b).max() < 0 or abs(gap @ step) < 1e-28:
            raise OutOfReachError(int(np.abs(gap).argmax()))
    else:
        raise OutOfReachError(int(np.abs(gap).argmax()))
    weights = np.zeros(len(base))
    weights[held] = w
    return weights


def _dual(log_start: Array, eta: Array) -> tuple[float, Array]:
    """The dual's value and the weights it implies."""
    log_w = log_start + eta
    top = log_w.max()
    w = np.exp(log_w - top)
    total = w.sum()
    return float(top + np.log(total)), w / total


def _advance(
    log_start: Array, z: Array, b: Array, step: Array, reached: float, gap: Array
) -> tuple[Array, float, Array]:
    """Take the step, halved until the dual falls by a share of what its slope promises."""
    slope, size = float(gap @ step), 1.0
    while True:
        moved = b + size * step
        value, w = _dual(log_start, z @ moved)
        slack = 1e-12 * max(1.0, abs(reached))  # rounding must not stop a converging step
        if value <= reached + 1e-4 * size * slope + slack or size < 1e-10:
            return moved, value, w
        size /= 2
