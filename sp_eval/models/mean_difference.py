"""Difference of two means, such as of costs, with an interval from a bootstrap."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import stats

from sp_eval.models.estimate import Estimate
from sp_eval.models.model_rows import ModelRows
from sp_eval.models.sandwich import Codes, few_clusters_note, group_codes, names_of

__all__ = ["bca_levels", "bootstrap_difference"]

_FEWEST_DRAWS = 100
_AT_ONCE = 2_000_000  # numbers drawn at a time
Array = NDArray[np.floating]
Method = Literal["percentile", "bca"]


def bootstrap_difference(
    rows: pl.DataFrame,
    *,
    outcome: str,
    exposed: str,
    cluster: str | Sequence[str] | None = None,
    weights: str | None = None,
    draws: int = 2000,
    method: Method = "percentile",
    seed: int,
    ci_level: float = 0.95,
) -> Estimate:
    """Mean of the exposed less mean of the others, weighted; interval by resampling.

    Each draw takes as many units with replacement as there are: rows, or whole clusters with all
    their rows. Within each group where no unit has rows of both, so that the groups keep their
    sizes; else from all units at once, so that pairs, matched sets or practices stay whole.

    Parameters
    ----------
    rows : one row a person, or person and stretch. All other names are of columns.
    outcome : any measure; skewed as it likes. exposed : Boolean, or 0 and 1.
    weights : of rows, taken as known; they go along with their row.
    method : "percentile" takes quantiles of the draws; "bca" shifts them for bias and for an
        error that changes with the truth (acceleration by the jackknife over units).
    seed : the same seed, rows and order give the same interval to the last digit.

    Returns
    -------
    Estimate on `mean_difference`, in units of the outcome, method `bootstrap_percentile` or
    `bootstrap_bca`; `standard_error` is the draws' standard deviation; no p-value. Quantiles
    interpolate linearly, as numpy and scipy have them. `details`: `mean_exposed`,
    `mean_comparison`, `draws` (used), `units`; of BCa `bias_correction`, `acceleration`,
    `level_low`, `level_high`, the quantiles taken.

    Raises
    ------
    ValueError : fewer than two units in a group, fewer than 100 draws, columns that cannot be
        used, or (BCa) draws that all lie on one side.

    Assumes
    -------
    Units independent; some 20 of them or more a group. With fewer, and with a few very large
    values, every bootstrap of a mean covers too seldom.

    Source: Efron (1987), Journal of the American Statistical Association 82:171, doi
    10.1080/01621459.1987.10478410; Davison & Hinkley (1997), Bootstrap Methods and their
    Application, sections 3.2 and 5.3, for several samples.
    """
    if method not in ("percentile", "bca"):
        raise ValueError("'method' must be 'percentile' or 'bca'")
    if draws < _FEWEST_DRAWS or not 0 < ci_level < 1:
        raise ValueError(f"take {_FEWEST_DRAWS} draws or more, and 'ci_level' between 0 and 1")
    data = ModelRows.of(
        rows, outcome=outcome, exposed=exposed, person_days=None, weights=weights, least=-np.inf
    )
    names = names_of(cluster)
    if len(names) > 1:
        raise ValueError("units are of one kind: name one column as 'cluster'")
    clusters = group_codes(data.rows, names)
    samples = _samples(data, clusters[0] if clusters else np.arange(data.rows.height))
    total = sum((sample.sum(axis=0) for sample in samples), np.zeros(4))
    point = float(_difference(total))
    found = _draw(samples, draws, np.random.default_rng(seed))
    levels = np.array([0.5 - ci_level / 2, 0.5 + ci_level / 2])
    details = {
        "mean_exposed": float(total[1] / total[0]),
        "mean_comparison": float(total[3] / total[2]),
        "draws": len(found),
        "units": sum(len(sample) for sample in samples),
    }
    if method == "bca":
        correction, acceleration, levels = bca_levels(point, found, _left_out(samples), ci_level)
        details |= {"bias_correction": correction, "acceleration": acceleration}
        details |= {"level_low": float(levels[0]), "level_high": float(levels[1])}
    low, high = (float(end) for end in np.quantile(found, levels))
    return Estimate(
        method=f"bootstrap_{method}",
        scale="mean_difference",
        point=point,
        ci_low=low,
        ci_high=high,
        ci_level=ci_level,
        standard_error=float(found.std(ddof=1)),
        n_analysed=int(data.exposed.sum()),
        n_comparison=int((~data.exposed).sum()),
        notes=few_clusters_note(clusters),
        details=details,
    )


def bca_levels(
    point: float, draws: Array, left_out: list[Array], ci_level: float
) -> tuple[float, float, Array]:
    """Bias correction, acceleration, and the two levels at which quantiles are taken.

    Parameters
    ----------
    draws : (B,) statistics of resamples; those equal to `point` count as half below.
    left_out : of each sample, the statistic with each unit left out in turn.

    Raises
    ------
    ValueError : all draws lie on one side of `point`.
    """
    below = float((draws < point).mean() + (draws == point).mean() / 2)
    if below in (0.0, 1.0):
        raise ValueError("all draws lie on one side of the estimate: use the percentile method")
    correction = float(stats.norm.ppf(below))
    parts = [(of.mean() - of) * (len(of) - 1) / len(of) for of in left_out]
    squares = float(sum((part**2).sum() for part in parts))
    cubes = float(sum((part**3).sum() for part in parts))
    acceleration = cubes / (6 * squares**1.5) if squares > 0 else 0.0
    shifted = correction + stats.norm.ppf([0.5 - ci_level / 2, 0.5 + ci_level / 2])
    levels = stats.norm.cdf(correction + shifted / (1 - acceleration * shifted))
    return correction, acceleration, np.asarray(levels)


def _samples(data: ModelRows, unit: Codes) -> list[Array]:
    """Samples of units: each unit's weight and weighted sum, exposed and other, (U, 4)."""
    parts = (data.exposed * data.weight, ~data.exposed * data.weight)
    table: Array = np.column_stack(
        [np.bincount(unit, weights=w * of) for w in parts for of in (np.ones(len(unit)), data.y)]
    )
    has_exposed, has_others = table[:, 0] > 0, table[:, 2] > 0
    if min(has_exposed.sum(), has_others.sum()) < 2:
        raise ValueError("each group needs two units or more to resample")
    if (has_exposed & has_others).any():
        return [table]
    return [table[has_exposed], table[has_others]]


def _difference(total: Array) -> Array:
    """(..., 4) weights and weighted sums to (...) differences of means."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(total[..., 1] / total[..., 0] - total[..., 3] / total[..., 2])


def _draw(samples: list[Array], draws: int, rng: np.random.Generator) -> Array:
    """Statistics of the draws; one that happens on units of one group only is no draw."""
    found = []
    step = max(1, _AT_ONCE // max(len(sample) for sample in samples))
    for start in range(0, draws, step):
        size = min(step, draws - start)
        total = np.zeros((size, 4))
        for sample in samples:
            picks = rng.integers(0, len(sample), (size, len(sample)))
            for column in np.flatnonzero(sample.any(axis=0)):
                total[:, column] += sample[:, column][picks].sum(axis=1)
        found.append(_difference(total))
    drawn = np.concatenate(found)
    return np.asarray(drawn[np.isfinite(drawn)])


def _left_out(samples: list[Array]) -> list[Array]:
    total = sum((sample.sum(axis=0) for sample in samples), np.zeros(4))
    return [_difference(total - sample) for sample in samples]
