"""Weights from a propensity score: for the exposed, for all, or for where groups overlap."""

from __future__ import annotations

from collections.abc import Callable
from typing import get_args

import numpy as np
import polars as pl
from numpy.typing import NDArray

from sp_eval.comparison.unit_weights import Estimand, UnitWeights, checked_units, weighed

__all__ = ["propensity_weights"]

Array = NDArray[np.float64]
# Of an exposed and of a comparison unit whose probability of being exposed is p.
_BOTH: dict[Estimand, Callable[[Array], tuple[Array, Array]]] = {
    "ATT": lambda p: (np.ones(len(p)), p / (1 - p)),
    "ATE": lambda p: (1 / p, 1 / (1 - p)),
    "ATO": lambda p: (1 - p, p),
}


def propensity_weights(
    units: pl.DataFrame,
    *,
    exposed: str,
    score: str,
    estimand: Estimand = "ATT",
    truncate: float | None = None,
    id: str | None = None,  # noqa: A002
) -> UnitWeights:
    """Weigh units by a propensity score p, the probability of being exposed.

    - `ATT`, the effect in the exposed: exposed 1, comparison p / (1 - p).
    - `ATE`, in everybody: 1 / p and 1 / (1 - p).
    - `ATO`, in those who might as well have been either: 1 - p and p; never more than 1.

    Weights are not normalised: divide by a group's sum for a mean.

    Parameters
    ----------
    units : one row a unit. `exposed` Boolean; `score` a probability, not a logit.
    truncate : a share below 1, as 0.99: larger weights are cut down to that quantile (linear
        between neighbours; of the weights of comparison units for the ATT, otherwise of all). It
        trades a little bias for a steadier estimate; say which was used.
    id : column that names a unit; `person_key` if there is one, else rows are numbered from 0.

    Raises
    ------
    ValueError : a score not strictly between 0 and 1, for such a unit has no counterpart; a blank
        value; an empty group; `truncate` out of range; a column that tells an outcome.

    Assumes
    -------
    The score is right, and everybody could have been either. Source: Hirano & Imbens (2001), Health
    Services and Outcomes Research Methodology 2:259, doi 10.1023/A:1020371312283 (ATT, ATE); Li,
    Morgan & Zaslavsky (2018), Journal of the American Statistical Association 113:390, doi
    10.1080/01621459.2016.1260466 (ATO); Cole & Hernan (2008), American Journal of Epidemiology
    168:656, doi 10.1093/aje/kwn164 (truncation).
    """
    units, ids = checked_units(units, exposed, [score], id)
    if estimand not in get_args(Estimand):
        raise ValueError(f"'estimand' must be one of {', '.join(get_args(Estimand))}")
    if truncate is not None and not 0 < truncate < 1:
        raise ValueError("'truncate' must be a share between 0 and 1, as 0.99, or None")
    group = units[exposed].to_numpy()
    p = units[score].cast(pl.Float64).to_numpy()
    beyond = int(((p <= 0) | (p >= 1)).sum())
    if beyond:
        raise ValueError(
            f"'{score}' is not strictly between 0 and 1 for {beyond} units: give probabilities, "
            "and leave out who could only be in one group"
        )
    weight = np.where(group, *_BOTH[estimand](p))
    counted = ~group if estimand == "ATT" else np.ones(units.height, dtype=bool)
    most = np.inf if truncate is None else float(np.quantile(weight[counted], truncate))
    cut = counted & (weight > most)
    weight[cut] = most
    return weighed("propensity_weights", estimand, ids, group, weight, int(cut.sum()))
