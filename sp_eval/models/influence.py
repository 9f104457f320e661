"""The people who make the effect: how far an estimate hangs on few of them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["InfluentialPeople", "dispersion", "influential_people"]

Array = NDArray[np.floating]


@dataclass(frozen=True, slots=True)
class InfluentialPeople:
    """What becomes of a log rate ratio as people leave, each with all their rows.

    `top_share`: of all influence, without sign, that of the `top` most influential of `people`.
    `lowest, highest`: the estimate without the one person who most raises it, or lowers it.
    `without_top`: the estimate without the `top` people who carry it furthest from nought.
    `fewest_to_nought`: the least number whose leaving brings it to nought or beyond, and
    `share_to_nought` their share of all people; None where nobody's leaving does.
    """

    people: int
    top: int
    top_share: float
    lowest: float
    highest: float
    without_top: float
    fewest_to_nought: int | None
    share_to_nought: float | None

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def influential_people(
    estimate: float, influence: Array, person: NDArray[np.integer], *, top: int = 10
) -> InfluentialPeople:
    """Measure how far an estimate rests on few people, without fitting it anew.

    Parameters
    ----------
    estimate : the coefficient of exposure: a log rate ratio.
    influence : (N,) each row's influence on it, a column of `PoissonFit.influence`.
    person : (N,) whose row it is; the same codes that the influence was made with.
    top : how many people count as few; all of them where there are not more.

    Raises
    ------
    ValueError : no rows, columns of different length, a value that is not finite, `top` below 1.

    Assumes
    -------
    One step: without a person the estimate is itself less their rows' influence, scores being
    divided by what the person's leverage leaves. Close for one person in many; of many people
    together it adds up what each does alone, and says too little where they hide one another.

    Source: Pregibon, Annals of Statistics 1981;9:705-724, doi 10.1214/aos/1176345513; of sets of
    people, Broderick, Giordano and Meager, 2020, arXiv 2011.14999.
    """
    influence = np.asarray(influence, dtype=np.float64)
    if len(influence) == 0 or len(influence) != len(person) or top < 1:
        raise ValueError("rows are needed, with an influence and a person each, and 'top' above 0")
    if not (np.isfinite(influence).all() and np.isfinite(estimate)):
        raise ValueError("the estimate and every influence must be finite")
    code = np.unique(person, return_inverse=True)[1]
    moved = np.bincount(code.ravel(), weights=influence)
    top = min(top, len(moved))
    size = np.sort(np.abs(moved))[::-1]
    total = float(size.sum())
    carried = np.sort(moved * np.sign(estimate or 1.0))[::-1]
    left = abs(estimate) - np.cumsum([0.0, *np.maximum(carried, 0.0)])  # without 0, 1, 2 ... people
    reached = np.flatnonzero(left <= 0)
    fewest = int(reached[0]) if len(reached) else None
    return InfluentialPeople(
        people=len(moved),
        top=top,
        top_share=float(size[:top].sum()) / total if total > 0 else 0.0,
        lowest=estimate - float(moved.max()),
        highest=estimate - float(moved.min()),
        without_top=float(np.sign(estimate or 1.0) * left[top]),
        fewest_to_nought=fewest,
        share_to_nought=None if fewest is None else fewest / len(moved),
    )


def dispersion(
    events: Array, mean: Array, *, parameters: int, weight: Array | None = None
) -> float:
    """Pearson's dispersion of counts: squared residuals over the mean, a degree of freedom.

    Parameters
    ----------
    events, mean : (N,) counts and their fitted means, above nought. parameters : of the model.
    weight : (N,) of each row; 1 where not given.

    Returns
    -------
    Variance over mean: 1 for Poisson; more says how far an error that believes in Poisson must
    be multiplied (by the square root) before clustering is thought of.

    Raises
    ------
    ValueError : no more rows than parameters, a mean not above nought, different lengths.

    Source: McCullagh and Nelder, Generalized Linear Models, 2nd ed., 1989, section 4.5.2; the
    same as statsmodels' `pearson_chi2 / df_resid`.
    """
    events, mean = np.asarray(events, dtype=np.float64), np.asarray(mean, dtype=np.float64)
    used = np.ones_like(events) if weight is None else np.asarray(weight, dtype=np.float64)
    if not len(events) == len(mean) == len(used) or len(events) <= parameters:
        raise ValueError("more rows than parameters are needed, each with a mean and a weight")
    if not (mean > 0).all():
        raise ValueError("every fitted mean must be above nought")
    return float((used * (events - mean) ** 2 / mean).sum() / (len(events) - parameters))
