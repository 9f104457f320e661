"""Whether the groups overlap: preference scores, equipoise, who lies outside, and who was lost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from sp_eval.comparison.units import check_ids, check_numbers, with_exposed

__all__ = ["EQUIPOISE", "Overlap", "lost_table", "overlap", "preference_score"]

EQUIPOISE = (0.3, 0.7)
_LOST = {
    "covariate": pl.String,
    "mean_matched": pl.Float64,
    "mean_lost": pl.Float64,
    "smd": pl.Float64,
    "n_matched": pl.Int64,
    "n_lost": pl.Int64,
}


@dataclass(frozen=True, slots=True)
class Overlap:
    """How far two groups could have been one another.

    `equipoise`: share of all units whose preference score lies within the bounds, and of either
    group. `exposed_below`, `exposed_above`: share of the exposed whose score is below the smallest,
    or above the largest, of the comparison units; `exposed_outside` their sum. `histogram`: `arm`
    (`exposed`, `comparison`), `low`, `high`, `units`, `share` of the arm, by preference score.
    """

    n_exposed: int
    n_comparison: int
    equipoise: float
    equipoise_exposed: float
    equipoise_comparison: float
    exposed_below: float
    exposed_above: float
    exposed_outside: float
    histogram: pl.DataFrame

    def to_dict(self) -> dict[str, Any]:
        """All figures; the histogram as rows."""
        told = {f.name: getattr(self, f.name) for f in fields(self)}
        return told | {"histogram": self.histogram.to_dicts()}


def preference_score(score: NDArray[np.float64], exposed: NDArray[np.bool_]) -> NDArray[np.float64]:
    """The propensity score as it would be if as many were exposed as not.

    logit(F) = logit(score) - logit(share exposed): 0.5 is somebody exposed no more often than all
    are. 0 and 1 stay.

    Parameters
    ----------
    score : (N,) probabilities, 0 to 1. exposed : (N,).

    Source: Walker et al. (2013), Comparative Effectiveness Research 3:11, doi 10.2147/CER.S40357.
    """
    odds = score * (1 - exposed.mean())
    return np.asarray(odds / (odds + (1 - score) * exposed.mean()))


def overlap(
    units: pl.DataFrame,
    *,
    exposed: str,
    score: str,
    bounds: tuple[float, float] = EQUIPOISE,
    bins: int = 20,
) -> Overlap:
    """Measure how far the groups overlap in a propensity score.

    Parameters
    ----------
    units : one row a unit. `exposed` Boolean; `score` a probability, 0 to 1.
    bounds : of the preference score between which somebody might as well have been in either
        group, both inside. Walker et al. ask that half of either group lie there before two
        treatments are compared; a service offered to few of many will seldom reach that in the
        comparison group, and what counts for the ATT is the exposed.
    bins : of one width between 0 and 1, for the picture; the last one holds 1 too.

    Raises
    ------
    ValueError : a score that is no probability or blank; an empty group; bounds not in order
        within 0 and 1; fewer than one bin.

    Source: Walker et al. (2013), Comparative Effectiveness Research 3:11, doi 10.2147/CER.S40357.
    """
    units = with_exposed(units, exposed)
    check_numbers(units, [score])
    group = units[exposed].to_numpy()
    p = units[score].cast(pl.Float64).to_numpy()
    if not group.any() or group.all():
        raise ValueError(f"everybody, or nobody, is '{exposed}': there is no overlap to measure")
    if p.min() < 0 or p.max() > 1:
        raise ValueError(f"'{score}' must be a probability, 0 to 1, not a logit")
    if not 0 <= bounds[0] < bounds[1] <= 1 or bins < 1:
        raise ValueError("'bounds' must be in order within 0 and 1, and 'bins' 1 or more")
    preference = preference_score(p, group)
    within = (preference >= bounds[0]) & (preference <= bounds[1])
    below = float((p[group] < p[~group].min()).mean())
    above = float((p[group] > p[~group].max()).mean())
    return Overlap(
        n_exposed=int(group.sum()),
        n_comparison=int((~group).sum()),
        equipoise=float(within.mean()),
        equipoise_exposed=float(within[group].mean()),
        equipoise_comparison=float(within[~group].mean()),
        exposed_below=below,
        exposed_above=above,
        exposed_outside=below + above,
        histogram=_histogram(preference, group, bins),
    )


def _histogram(
    preference: NDArray[np.float64], group: NDArray[np.bool_], bins: int
) -> pl.DataFrame:
    edges = np.linspace(0, 1, bins + 1)
    arms = []
    for arm, chosen in (("exposed", group), ("comparison", ~group)):
        units, _ = np.histogram(preference[chosen], edges)
        arms.append(
            pl.DataFrame(
                {"low": edges[:-1], "high": edges[1:], "units": units.astype(np.int64)}
            ).select(
                pl.lit(arm).alias("arm"),
                pl.all(),
                (pl.col("units") / int(chosen.sum())).alias("share"),
            )
        )
    return pl.concat(arms)


def lost_table(
    units: pl.DataFrame,
    matched: pl.DataFrame,
    *,
    exposed: str,
    covariates: Sequence[str],
    id: str = "person_key",  # noqa: A002
) -> pl.DataFrame:
    """Who of the exposed found no match: what they were like beside those who did.

    Parameters
    ----------
    units : all that were to be matched, one row a unit.
    matched : as any match returns it; its `id` tells who was kept.
    covariates : numbers, or true and false.

    Returns
    -------
    `covariate, mean_matched, mean_lost, smd, n_matched, n_lost`; `smd` is lost less matched, in
    standard deviations of all exposed (a sample's). None where nobody was lost, or matched.

    Raises
    ------
    ValueError : as `balance_table`; an id blank or twice; nobody exposed.

    Where these differ the estimate speaks of the matched alone (the ATT has become an ATM).
    """
    units = with_exposed(units, exposed)
    check_ids(units, [id])
    everybody = units.filter(exposed)
    if everybody.is_empty():
        raise ValueError(f"nobody is '{exposed}'")
    check_numbers(everybody, covariates)
    kept = everybody[id].is_in(matched[id].unique().implode()).to_numpy()
    rows = []
    for name in covariates:
        values = everybody[name].to_numpy().astype(float)
        one, two = _mean(values[kept]), _mean(values[~kept])
        gap = None if one is None or two is None else two - one
        spread = float(values.std(ddof=1)) if len(values) > 1 else 0.0
        smd = gap / spread if gap and spread > 0 else gap
        rows.append((name, one, two, smd, int(kept.sum()), int((~kept).sum())))
    return pl.DataFrame(rows, schema=_LOST, orient="row")


def _mean(values: NDArray[np.float64]) -> float | None:
    return float(values.mean()) if len(values) else None
