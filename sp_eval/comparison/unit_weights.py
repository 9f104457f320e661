"""A weight for every unit, and what the weighted groups are worth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from sp_eval.comparison.balance import effective_size
from sp_eval.comparison.outcome_guard import refuse_outcomes
from sp_eval.comparison.units import check_ids, check_numbers, with_exposed

__all__ = ["Estimand", "UnitWeights", "checked_units", "weighed"]

Estimand = Literal["ATT", "ATE", "ATO"]


@dataclass(frozen=True, slots=True)
class UnitWeights:
    """A weight for every unit, and what the weighted groups are worth.

    `weights`: the id's column, `exposed`, `weight`, one row a unit as they were given. The
    effective sizes are Kish's of either group; `largest_weight` is of anybody, `largest_share` the
    largest part that one comparison unit has in the weight of all comparison units; `truncated`
    units were cut down to the largest weight allowed.
    """

    method: str
    estimand: Estimand
    weights: pl.DataFrame
    effective_size_exposed: float
    effective_size_comparison: float
    largest_weight: float
    largest_share: float
    truncated: int = 0

    def to_dict(self) -> dict[str, Any]:
        """All but the weights themselves."""
        return {f.name: getattr(self, f.name) for f in fields(self) if f.name != "weights"}


def checked_units(
    units: pl.DataFrame, exposed: str, numbers: Sequence[str], key: str | None
) -> tuple[pl.DataFrame, pl.Series]:
    """The units and their ids, once nothing is wrong and both groups hold somebody."""
    refuse_outcomes(units.columns)
    units = with_exposed(units, exposed)
    check_numbers(units, numbers)
    if units[exposed].sum() in (0, units.height):
        raise ValueError(f"everybody, or nobody, is '{exposed}': there is nobody to weigh against")
    key = "person_key" if key is None and "person_key" in units.columns else key
    if key is None:
        return units, pl.Series("row", np.arange(units.height))
    check_ids(units, [key])
    return units, units[key]


def weighed(
    method: str,
    estimand: Estimand,
    ids: pl.Series,
    group: NDArray[np.bool_],
    weight: NDArray[np.float64],
    truncated: int = 0,
) -> UnitWeights:
    """The value of a weighting: its weights and what is to be known of them."""
    pool = weight[~group]
    return UnitWeights(
        method=method,
        estimand=estimand,
        weights=pl.DataFrame({ids.name: ids, "exposed": group, "weight": weight}),
        effective_size_exposed=effective_size(weight[group]),
        effective_size_comparison=effective_size(pool),
        largest_weight=float(weight.max()),
        largest_share=float(pool.max() / pool.sum()),
        truncated=truncated,
    )
