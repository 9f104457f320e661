"""Nearest-neighbour matching on a score, within exact strata, greedy in a stated order."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any, Literal, get_args

import numpy as np
import polars as pl
from numpy.typing import NDArray

from sp_eval.comparison.closest_pairs import closest_pairs
from sp_eval.comparison.draws import mix
from sp_eval.comparison.outcome_guard import refuse_outcomes
from sp_eval.comparison.shelves import Shelves
from sp_eval.comparison.units import check_ids, check_names, check_numbers, with_exposed

__all__ = ["Order", "caliper_width", "match_nearest"]

Order = Literal["largest", "smallest", "closest", "random", "data"]


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
    replace: bool = False,
    order: Order = "largest",
    id: str = "person_key",  # noqa: A002
    seed: int | None = None,
    draw: str | None = None,
) -> pl.DataFrame:
    """Match each exposed unit to the comparison units nearest in score.

    Exposed units choose one after the other, in this `order`:

    - `largest`, `smallest`: by score, the largest or smallest first;
    - `data`: as the rows stand; `random`: in an order drawn with `seed`, whatever the rows' order;
    - `closest`: in as many rounds as `ratio`. In a round the nearest of all pairs of an exposed
      unit not yet served in it and an unused comparison unit is made first, and so on.

    But in `closest`, where every exposed unit gets its first before any gets a second, one takes
    all its `ratio` units at once, before the next one chooses (R's MatchIt goes in rounds in every
    order; for `ratio` 1 the two are the same). Whoever finds fewer within reach keeps those.

    Parameters
    ----------
    units : one row a unit. `exposed` Boolean, `score` a finite number, `id` text or integer,
        unique.
    exact : columns on which a set must agree; blanks agree with blanks alone.
    ratio : comparison units wanted for each exposed one.
    caliper : largest distance allowed, in units of `score`; a unit at exactly it is within.
    replace : a comparison unit may serve in several sets, though once in each; otherwise it
        serves once within its exact stratum.
    draw : column that decides between equals instead of `id` (which decides where it is equal).

    Returns
    -------
    `match_set` (the exposed unit's id), `id`, `exposed`, `distance` (in score), `weight` (1 for
    exposed, 1/k for each of k comparison units). Exposed units without a match do not appear; a
    comparison unit that serves in several sets has a row in each.

    Raises
    ------
    ValueError : a blank or infinite score, an id twice, an exposure that is not Boolean, `random`
        without a seed, an argument out of range, or a column that tells an outcome.

    Assumes
    -------
    Greedy: nobody gives way to another, so the result hangs on the order, which is therefore
    fixed; equals are taken by id, ascending. The order of the rows says nothing but in `data`.
    Source: Rubin (1973), Biometrics 29:159, doi 10.2307/2529684 (`largest` first, since those
    have the fewest peers); Stuart (2010), Statistical Science 25:1, doi 10.1214/09-STS313.
    """
    exact = list(dict.fromkeys(exact))
    ties = [draw, id] if draw else [id]
    units = with_exposed(units, exposed)
    _check(units, exposed, score, id, [*exact, *ties])
    _check_settings(ratio, caliper, order, seed)
    rank = np.empty(units.height, dtype=np.uint64)
    rank[units.select(pl.arg_sort_by(ties)).to_series().to_numpy()] = np.arange(units.height)
    units = units.select(
        *exact,
        pl.col(exposed).alias("__exposed"),
        pl.col(score).cast(pl.Float64).alias("__score"),
        pl.col(id).alias("__id"),
        pl.Series("__rank", rank),
        pl.Series("__turn", _turns(units[score], rank, order, seed)),
    )
    reach = np.inf if caliper is None else float(caliper)
    in_rounds = order == "closest" and not replace  # with replacement nobody is in anybody's way
    parts = units.partition_by(exact, maintain_order=True) if exact else [units]
    rows = [
        _match_stratum(part, ratio, reach, in_rounds=in_rounds, replace=replace)
        for part in parts or [units]
    ]
    matched = pl.concat([r for r in rows if r.height] or [rows[0]])
    return matched.rename({"id": id})


def _check(units: pl.DataFrame, exposed: str, score: str, unit_id: str, others: list[str]) -> None:
    refuse_outcomes(units.columns)
    check_names(units, [exposed, score, unit_id, *others])
    check_numbers(units, [score])
    check_ids(units, [unit_id])


def _check_settings(ratio: int, caliper: float | None, order: str, seed: int | None) -> None:
    if ratio < 1 or ratio != int(ratio):
        raise ValueError("'ratio' must be a whole number of comparison units, 1 or more")
    if caliper is not None and not (np.isfinite(caliper) and caliper >= 0):
        raise ValueError("'caliper' must be a distance in units of the score, 0 or more, or None")
    if order not in get_args(Order):
        raise ValueError(f"'order' must be one of {', '.join(get_args(Order))}, not {order!r}")
    if order == "random" and seed is None:
        raise ValueError("a random order needs a 'seed', so that it can be had again")


def _turns(
    score: pl.Series, rank: NDArray[np.uint64], order: str, seed: int | None
) -> NDArray[np.float64] | NDArray[np.uint64] | NDArray[np.int64]:
    """When each unit would choose, the smallest first; equals by rank."""
    if order == "data":
        return np.arange(len(rank))
    if order == "random":
        return mix(np.full(len(rank), (seed or 0) % 2**64, dtype=np.uint64), rank)
    values = score.cast(pl.Float64).to_numpy()
    return -values if order == "largest" else values


def _match_stratum(
    units: pl.DataFrame, ratio: int, reach: float, *, in_rounds: bool, replace: bool
) -> pl.DataFrame:
    exposed, turn, score, rank = (
        units[c].to_numpy() for c in ("__exposed", "__turn", "__score", "__rank")
    )
    ids = units["__id"]
    takers, pool = _sorted(exposed, turn, rank), _sorted(~exposed, score, rank)
    own, theirs = score[takers], score[pool]
    if in_rounds:
        chosen = closest_pairs((own, rank[takers]), (theirs, rank[pool]), ratio, reach)
    else:
        shelves = Shelves(theirs, rank[pool])
        chosen = _one_by_one(own.tolist(), shelves, ratio, reach, replace=replace)
    sizes = np.array([len(units) for units in chosen], dtype=np.int64)
    owner = np.repeat(np.arange(len(chosen)), sizes)
    picked = np.fromiter(chain.from_iterable(chosen), dtype=np.int64, count=len(owner))
    matched = np.flatnonzero(sizes > 0)
    comparison = _rows(
        ids.gather(takers[owner]),
        ids.gather(pool[picked]),
        exposed=False,
        distance=np.abs(theirs[picked] - own[owner]),
        weight=1.0 / sizes[owner],
    )
    served = ids.gather(takers[matched])
    nought, one = np.zeros(len(matched)), np.ones(len(matched))
    return pl.concat([_rows(served, served, exposed=True, distance=nought, weight=one), comparison])


def _sorted(
    chosen: NDArray[np.bool_], key: NDArray[Any], rank: NDArray[np.uint64]
) -> NDArray[np.int64]:
    """The places of the chosen units by `key`, equals by `rank`."""
    places = np.flatnonzero(chosen)
    return places[np.lexsort((rank[places], key[places]))]


def _rows(
    match_set: pl.Series,
    ids: pl.Series,
    *,
    exposed: bool,
    distance: NDArray[np.float64],
    weight: NDArray[np.float64],
) -> pl.DataFrame:
    told = np.full(len(ids), exposed)
    return pl.DataFrame(
        {
            "match_set": match_set,
            "id": ids,
            "exposed": told,
            "distance": distance,
            "weight": weight,
        }
    )


def _one_by_one(
    own: list[float], pool: Shelves, ratio: int, reach: float, *, replace: bool
) -> list[list[int]]:
    chosen = []
    for score in own:  # greedy: each choice depends on those before it
        near = pool.nearest(score, ratio, reach)
        chosen.append(near)
        if not replace:
            for unit in near:
                pool.take(unit)
    return chosen
