"""The rows that a model is fitted to: outcome, time and weight of each, and which had to leave."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from sp_eval.models.design_matrix import is_exposed, numbers
from sp_eval.models.estimate import TooFewEventsError

__all__ = ["MODEL_UNITS", "YEAR", "ModelRows"]

YEAR = 365.25
MODEL_UNITS = {
    True: (1000 * YEAR, "rate_difference_per_1000_person_years"),
    False: (1.0, "mean_difference"),
}
Array = NDArray[np.floating]


@dataclass(frozen=True, slots=True)
class ModelRows:
    """Rows with time and weight: `exposed`, `y`, `days` (1 where none are given), `weight` (N,)."""

    rows: pl.DataFrame
    exposed: NDArray[np.bool_]
    y: Array
    days: Array
    weight: Array
    has_days: bool

    @classmethod
    def of(
        cls,
        rows: pl.DataFrame,
        *,
        outcome: str,
        exposed: str,
        person_days: str | None,
        weights: str | None,
        least: float = 0.0,
    ) -> ModelRows:
        """Read the columns; rows without time or without weight leave.

        Raises
        ------
        ValueError : no row is left, a column cannot be used, an outcome lies below `least`, or
            something was counted in no time.
        """
        one = np.ones(rows.height)
        y = numbers(rows, outcome, least=least)
        days = one if person_days is None else numbers(rows, person_days, least=0.0)
        weight = one if weights is None else numbers(rows, weights, least=0.0)
        if (y[days == 0] != 0).any():
            raise ValueError(f"'{outcome}' counts something in rows of no '{person_days}'")
        kept = (days > 0) & (weight > 0)
        if not kept.any():
            raise ValueError("no row has time at risk and weight: there is nothing to fit")
        group = is_exposed(rows, exposed)
        found = cls(rows, group, y, days, weight, person_days is not None)
        return found.where(kept)

    def where(self, kept: NDArray[np.bool_]) -> ModelRows:
        """Only the rows marked."""
        return ModelRows(
            self.rows.filter(pl.Series(kept)),
            self.exposed[kept],
            self.y[kept],
            self.days[kept],
            self.weight[kept],
            self.has_days,
        )

    def refuse_too_few(self, minimum: float) -> None:
        """Refuse groups of fewer events than `minimum`, or of none.

        Raises
        ------
        TooFewEventsError : such a group.
        """
        for group, name in ((self.exposed, "exposed"), (~self.exposed, "comparison")):
            events = float(self.y[group].sum())
            if events < minimum or events <= 0:
                told = f"fewer than {minimum:g} events" if minimum > 1 else "no events"
                raise TooFewEventsError(f"{told} among the {name} rows")

    @property
    def units(self) -> tuple[float, str]:
        """What a rate is multiplied by to be read, and the name of that scale."""
        return MODEL_UNITS[self.has_days]

    def counts(self) -> dict[str, Any]:
        """The fields of an `Estimate` that say what it stands on; rows, not persons."""
        return {
            "n_analysed": int(self.exposed.sum()),
            "n_comparison": int((~self.exposed).sum()),
            "events_exposed": round(float(self.y[self.exposed].sum())),
            "person_years_exposed": (
                float(self.days[self.exposed].sum()) / YEAR if self.has_days else None
            ),
        }
