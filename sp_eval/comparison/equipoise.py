"""Whether matched groups can still be told apart by what was known of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from sp_eval.comparison.overlap import EQUIPOISE
from sp_eval.comparison.propensity import NotConvergedError, fit_logistic
from sp_eval.comparison.units import check_numbers, with_exposed

__all__ = ["matched_equipoise"]


def matched_equipoise(
    rows: pl.DataFrame,
    *,
    exposed: str,
    columns: Sequence[str],
    weights: str,
    bounds: tuple[float, float] = EQUIPOISE,
) -> float | None:
    """Share of the matched who might as well have been in the other group; of the lesser group.

    The score is fitted again on the matched alone, each row with its weight, so that both groups
    count for as many. Its probability is then the preference score itself: 0.5 for everybody where
    nothing known tells the groups apart. In the pool as a whole the score would not do: of many
    people few are referred, and by their history, so that few are in equipoise however well the
    others can be matched.

    Parameters
    ----------
    rows : one row a matched unit and set. `exposed` Boolean; `weights` the match's.
    columns : numbers that the score is fitted on: few, as chance alone tells small groups apart
        by many.
    bounds : see `overlap`.

    Returns
    -------
    Weighted share, 0 to 1; None where a group is empty; 0 where the columns part the groups.

    Raises
    ------
    ValueError : a column is missing, blank or no number, a weight is not above nought, or the
        bounds are not in order within 0 and 1.

    Assumes
    -------
    Logits linear in the columns. Source: Walker et al. (2013), Comparative Effectiveness Research
    3:11, doi 10.2147/CER.S40357; scores fitted again after matching: Franklin et al. (2014),
    Statistics in Medicine 33:1685, doi 10.1002/sim.6058.
    """
    rows = with_exposed(rows, exposed)
    check_numbers(rows, [*columns, weights])
    if not 0 <= bounds[0] < bounds[1] <= 1 or not (rows[weights] > 0).all():
        raise ValueError("'bounds' must be in order within 0 and 1, and every weight above nought")
    group = rows[exposed].to_numpy()
    if not group.any() or group.all():
        return None
    weight = rows[weights].to_numpy().astype(float)
    shared = np.where(group, weight[~group].sum() / weight[group].sum(), 1.0) * weight
    x = rows.select(columns).to_numpy().astype(float)
    try:
        fit = fit_logistic(x, group.astype(float), np.zeros(len(x), np.int64), weights=shared)
    except NotConvergedError:
        return 0.0
    within = (fit.probability >= bounds[0]) & (fit.probability <= bounds[1])
    return min(float(np.average(within[arm], weights=weight[arm])) for arm in (group, ~group))
