"""Nearest-neighbour matching on a score, within exact strata, without replacement."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

__all__ = ["caliper_width", "match_nearest"]


def caliper_width(score: NDArray[np.float64], exposed: NDArray[np.bool_], *, sd: float) -> float:
    """`sd` times the root of the mean of both groups' variances of the score (sample variances).

    Source: Austin (2011), Pharmaceutical Statistics 10:150-161, doi 10.1002/pst.433.
    """
    groups = [score[group] for group in (exposed, ~exposed)]
    variances = [float(np.var(group, ddof=1)) if len(group) > 1 else 0.0 for group in groups]
    return sd * float(np.sqrt(np.mean(variances)))


def match_nearest(
    units: pl.DataFrame,
    *,
    exposed: str,
    score: str,
    exact: Sequence[str] = (),
    ratio: int = 1,
    caliper: float | None = None,
    id: str = "person_key",  # noqa: A002
    draw: str | None = None,
) -> pl.DataFrame:
    """Match each exposed unit to its nearest unused comparison units.

    Exposed units are taken in order of falling score (ties: `draw`, then `id`); each takes up to
    `ratio` comparison units of the same `exact` values nearest in score, within `caliper` (in
    units of `score`, inclusive). A comparison unit serves once within its exact stratum.

    Parameters
    ----------
    units : one row a unit. `exposed` Boolean, `score` Float64, `id` unique among rows.

    Returns
    -------
    `match_set` (the exposed unit's id), `id`, `exposed`, `distance` (in score), `weight` (1 for
    exposed, 1/k for each of k comparison units). Exposed units without a match do not appear.

    Assumes
    -------
    Greedy: the result depends on the order, which is therefore fixed. Source of the order: the
    usual "largest score first", since those have the fewest peers (Rubin 1973, Biometrics 29:159).
    """
    keys = [exposed, score, id, *exact] + ([draw] if draw else [])
    units = units.select(*dict.fromkeys(keys))
    parts = units.partition_by(list(exact), maintain_order=True) if exact else [units]
    rows = [_match_stratum(p, exposed, score, id, draw or id, ratio, caliper) for p in parts]
    matched = pl.concat([r for r in rows if r.height] or [rows[0]])
    return matched.rename({"id": id})


def _match_stratum(
    units: pl.DataFrame,
    exposed: str,
    score: str,
    unit_id: str,
    draw: str,
    ratio: int,
    caliper: float | None,
) -> pl.DataFrame:
    takers = units.filter(pl.col(exposed)).sort([score, draw], descending=[True, False])
    pool = units.filter(~pl.col(exposed)).sort([score, draw])
    pool_score = pool[score].to_numpy()
    pool_rank = pool[draw].rank("ordinal").to_numpy()
    free = np.ones(pool.height, dtype=bool)
    chosen: list[NDArray[np.int64]] = []
    for own in takers[score].to_list():  # greedy: each choice depends on those before it
        taken = _nearest(pool_score, pool_rank, free, own, ratio, caliper)
        free[taken] = False
        chosen.append(taken)
    sizes = np.array([len(c) for c in chosen], dtype=np.int64)
    owner = np.repeat(np.arange(len(chosen)), sizes)
    picked = np.concatenate(chosen) if chosen else np.empty(0, dtype=np.int64)
    own_score = takers[score].to_numpy()
    matched = np.flatnonzero(sizes > 0)
    comparison = pl.DataFrame(
        {
            "match_set": takers[unit_id].gather(owner),
            "id": pool[unit_id].gather(picked),
            "exposed": np.zeros(len(owner), dtype=bool),
            "distance": np.abs(pool_score[picked] - own_score[owner]),
            "weight": 1.0 / sizes[owner] if len(owner) else np.empty(0),
        }
    )
    ids = takers[unit_id].gather(matched)
    referred = pl.DataFrame(
        {
            "match_set": ids,
            "id": ids,
            "exposed": np.ones(len(matched), dtype=bool),
            "distance": np.zeros(len(matched)),
            "weight": np.ones(len(matched)),
        }
    )
    return pl.concat([referred, comparison])


def _nearest(
    score: NDArray[np.float64],
    rank: NDArray[np.uint32],
    free: NDArray[np.bool_],
    own: float,
    ratio: int,
    caliper: float | None,
) -> NDArray[np.int64]:
    reach = np.inf if caliper is None else caliper
    low, high = np.searchsorted(score, [own - reach, own + reach])
    # Rounding may leave a unit at exactly the caliper outside the slice: widen, then test.
    low, high = max(0, int(low) - 1), min(len(score), int(high) + 1)
    inside = low + np.flatnonzero(free[low:high])
    distance = np.abs(score[inside] - own)
    within = distance <= reach
    inside, distance = inside[within], distance[within]
    if len(inside) > ratio:
        furthest = np.partition(distance, ratio - 1)[ratio - 1]
        near = distance <= furthest
        inside, distance = inside[near], distance[near]
    order = np.lexsort((rank[inside], distance))[:ratio]
    return inside[order]
