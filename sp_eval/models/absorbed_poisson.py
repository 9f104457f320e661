"""Poisson regression in which groups, such as practices, each have a level of their own."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sp_eval.models.estimate import TooFewEventsError
from sp_eval.models.poisson import PoissonFit, independent_columns
from sp_eval.models.sandwich import Codes

__all__ = ["fit_absorbed_poisson", "informative_rows", "refuse_no_variation"]

Array = NDArray[np.floating]


def informative_rows(y: Array, groups: Sequence[Codes]) -> NDArray[np.bool_]:
    """Mark the rows whose every group has an event: a group without tells nothing of a ratio."""
    kept = np.ones(len(y), dtype=bool)
    while True:
        before = kept.sum()
        for code in groups:
            kept &= np.bincount(code, weights=y * kept)[code] > 0
        if kept.sum() == before:
            return kept


def refuse_no_variation(
    x: Array, at: int, weight: Array, groups: Sequence[Codes], asked: str
) -> None:
    """Refuse a column `at` of which groups and other columns leave nothing.

    Raises
    ------
    ValueError : so it is; `asked` names what the column stands for.
    """
    order = [*(j for j in range(x.shape[1]) if j != at), at]
    kept, _ = _varying(x[:, order], _without_groups(x[:, order], weight, groups))
    if len(order) - 1 not in kept:
        raise ValueError(
            f"{asked} does not vary within the groups, other columns given: leave out the fixed"
            " effects, or columns that repeat it"
        )


def fit_absorbed_poisson(
    y: Array, days: Array, x: Array, weight: Array, groups: Sequence[Codes]
) -> PoissonFit:
    """Fit log E[y] = log(days) + x beta + a level for each group of each way of grouping.

    Weighted least squares again and again, the levels taken out of response and columns by
    within-group means, in turn where there are several ways. Points and errors are those of a
    column for each group. Of one way of grouping it is the conditional Poisson model.

    Parameters
    ----------
    y : (N,) events, every group with one or more (see `informative_rows`). days : (N,) > 0.
    x : (N, k) columns without an intercept. weight : (N,). groups : (N,) codes from nought each.

    Returns
    -------
    PoissonFit : `beta` (k,) of the columns alone, `bread` and `score` of the columns with the
        groups taken out, from which their sandwich follows; `leverage` likewise without the
        groups' own share. A column that varies within no group has the coefficient nought.

    Raises
    ------
    TooFewEventsError : the likelihood has no finite maximum.

    Source: Hausman, Hall & Griliches (1984), Econometrica 52:909, doi 10.2307/1911191; Correia,
    Guimarães & Zylkin (2020), Stata Journal 20:95, doi 10.1177/1536867X20909691.
    """
    offset = np.log(days)
    mean = (y + (weight * y).sum() / (weight * days).sum() * days) / 2
    eta, beta = np.log(mean), np.zeros(x.shape[1])
    deviance = np.inf
    for _ in range(200):
        response = eta - offset + (y - mean) / mean
        within = _without_groups(np.column_stack([response, x]), weight * mean, groups)
        kept, columns = _varying(x, within[:, 1:])
        curved = columns * (weight * mean)[:, None]
        found = np.zeros_like(beta)
        found[kept] = np.linalg.solve(columns.T @ curved, curved.T @ within[:, 0])
        target = response - (within[:, 0] - columns @ found[kept]) + offset
        eta, mean, reached = _step(eta, target, y, weight, deviance)
        settled = abs(found - beta).max() < 1e-11 and deviance - reached < 1e-12 * (1 + reached)
        beta, deviance = found, reached
        if settled:
            break
    else:
        raise TooFewEventsError("too few events within groups for the model to settle")
    curvature = weight * mean
    inside = _without_groups(x, curvature, groups)
    kept, columns = _varying(x, inside)
    bread = np.zeros((x.shape[1], x.shape[1]))
    bread[np.ix_(kept, kept)] = np.linalg.inv(columns.T @ (columns * curvature[:, None]))
    score = inside * (weight * (y - mean))[:, None]
    leverage = ((inside @ bread) * inside).sum(axis=1) * curvature
    return PoissonFit(beta, mean, bread, score, leverage)


def _step(
    eta: Array, target: Array, y: Array, weight: Array, deviance: float
) -> tuple[Array, Array, float]:
    """Go towards `target`, half way again and again until the deviance does not rise."""
    size = 1.0
    while True:
        moved = eta + size * (target - eta)
        mean = np.exp(np.minimum(moved, 700))
        ratio = np.where(y > 0, y / mean, 1.0)
        reached = 2 * float(weight @ (y * np.log(ratio) - (y - mean)))
        if reached <= deviance + 1e-9 * (1 + abs(deviance)) or size < 1e-6:
            return moved, mean, reached
        size /= 2


def _without_groups(columns: Array, weight: Array, groups: Sequence[Codes]) -> Array:
    """Columns less their weighted means within groups, over and over where ways overlap."""
    totals = [np.bincount(code, weights=weight) for code in groups]
    rest = columns
    for _ in range(10_000):
        before = rest
        for code, total in zip(groups, totals, strict=True):
            sums = [np.bincount(code, weights=weight * column) for column in rest.T]
            rest = rest - np.column_stack([s / total for s in sums])[code]
        if len(groups) == 1 or abs(rest - before).max() < 1e-12 * (1 + abs(columns).max()):
            return rest
    raise TooFewEventsError("the ways of grouping cannot be told apart: use one of them")


def _varying(x: Array, within: Array) -> tuple[NDArray[np.int64], Array]:
    """Columns of which something is left within groups, and their indices."""
    left = (within**2).sum(axis=0) > 1e-10 * (x**2).sum(axis=0)
    kept = np.flatnonzero(left)
    kept = kept[independent_columns(within[:, kept])]
    return kept, within[:, kept]
