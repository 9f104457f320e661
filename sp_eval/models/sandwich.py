"""Standard errors that do not trust the model: robust, clustered one way and two ways."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

__all__ = [
    "clustered_variance",
    "codes_of",
    "few_clusters_note",
    "group_codes",
    "linear_variance",
    "names_of",
    "one_way_variance",
    "robust_variance",
]

Array = NDArray[np.floating]
Codes = NDArray[np.int64]
FEW_CLUSTERS = 30  # below, sandwich errors are too small more often than not


def names_of(given: str | Sequence[str] | None) -> tuple[str, ...]:
    """Column names as a tuple: one name alone is one column, None is none."""
    if given is None:
        return ()
    return (given,) if isinstance(given, str) else tuple(given)


def group_codes(rows: pl.DataFrame, columns: Sequence[str]) -> tuple[Codes, ...]:
    """Number the groups of each column from nought.

    Raises
    ------
    ValueError : a column is missing or holds nulls.
    """
    found = []
    for name in columns:
        if name not in rows.columns:
            raise ValueError(f"there is no column '{name}'")
        if rows[name].null_count():
            raise ValueError(f"'{name}' is null in some rows: give every row its group")
        groups = rows[name]
        if groups.dtype == pl.String:
            groups = groups.rank("dense")  # numpy sorts text slowly
        codes = np.unique(groups.to_numpy(), return_inverse=True)[1]
        found.append(codes.ravel().astype(np.int64))
    return tuple(found)


def codes_of(rows: pl.DataFrame, cluster: Sequence[str]) -> tuple[Codes, ...]:
    """The same of columns that errors are clustered by.

    Raises
    ------
    ValueError : also more than two columns, one twice, or one with fewer than two groups, which
        tells nothing of how groups differ.
    """
    if len(cluster) > 2 or len(set(cluster)) < len(cluster):
        raise ValueError("errors are clustered one way or two: name at most two columns, each once")
    found = group_codes(rows, cluster)
    for name, code in zip(cluster, found, strict=True):
        if code.max(initial=0) == 0:
            raise ValueError(f"'{name}' holds fewer than two groups: errors need two or more")
    return found


def few_clusters_note(clusters: Sequence[Codes]) -> tuple[str, ...]:
    """What is to be said where errors rest on few clusters."""
    fewest = min((int(code.max()) + 1 for code in clusters), default=FEW_CLUSTERS)
    if fewest >= FEW_CLUSTERS:
        return ()
    return (f"errors rest on {fewest} clusters only: the true interval is likely wider",)


def robust_variance(influence: Array, clusters: Sequence[Codes] = ()) -> float:
    """Sandwich variance of one statistic from its row influences.

    Without clusters the sum of squares (HC0, as R's `sandwich()`); one way times G/(G-1) (R's
    `vcovCL` of a `glm`); two ways see `clustered_variance`.

    Parameters
    ----------
    influence : (N,) each row's part in the error of the statistic.
    clusters : none, one or two (N,) arrays of group numbers.

    Source: Huber (1967), Proceedings of the Fifth Berkeley Symposium 1:221; Liang & Zeger (1986),
    Biometrika 73:13, doi 10.1093/biomet/73.1.13.
    """
    if len(clusters) == 2:
        return clustered_variance(influence, clusters[0], clusters[1])
    return one_way_variance(influence, clusters[0]) if clusters else float((influence**2).sum())


def linear_variance(
    influence: Array, clusters: Sequence[Codes], *, parameters: int
) -> tuple[float, int]:
    """The same of a least-squares coefficient, and the degrees of freedom of Student's t.

    As Stata, statsmodels and R's `vcovCL` of an `lm`: without clusters times N/(N-k) (HC1), t on
    N-k; clustered times (N-1)/(N-k) besides G/(G-1), t on G-1 of the way with fewer groups.

    Raises
    ------
    ValueError : no more rows than coefficients.
    """
    rows = len(influence)
    if rows <= parameters:
        raise ValueError("there are no more rows than coefficients: ask for less, or bring more")
    variance = robust_variance(influence, clusters)
    if not clusters:
        return variance * rows / (rows - parameters), rows - parameters
    groups = min(int(code.max()) + 1 for code in clusters)
    return variance * (rows - 1) / (rows - parameters), groups - 1


def clustered_variance(influence: Array, one: Codes, two: Codes) -> float:
    """Two-way clustered variance of one statistic from its row influences.

    V_one + V_two - V_both, each the sum of squares over its clusters times G/(G-1); rows that
    share both clusters are summed first. Where no two do, V_both is a sum over rows and has
    factor 1. If the result is not positive the larger one-way variance stands. Source: Cameron,
    Gelbach & Miller (2011), Journal of Business & Economic Statistics 29:238, doi
    10.1198/jbes.2010.07136.
    """
    first, second = one_way_variance(influence, one), one_way_variance(influence, two)
    codes = [np.unique(code, return_inverse=True)[1] for code in (one, two)]
    both = codes[0] * (codes[1].max(initial=0) + 1) + codes[1]
    of_rows = len(np.unique(both)) == len(influence)
    shared = float((influence**2).sum()) if of_rows else one_way_variance(influence, both)
    variance = first + second - shared
    return variance if variance > 0 else max(first, second)


def one_way_variance(influence: Array, cluster: Codes) -> float:
    """Sum of squares over clusters times G/(G-1); nought of a single cluster."""
    _, code = np.unique(cluster, return_inverse=True)
    sums = np.bincount(code, weights=influence)
    groups = len(sums)
    return float((sums**2).sum()) * groups / (groups - 1) if groups > 1 else 0.0
