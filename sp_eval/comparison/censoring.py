"""Weights for comparison people referred later: inverse probability of staying unreferred."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

__all__ = ["CensoringWeights", "month_number"]

_LARGEST_HAZARD = 0.999


def month_number(dates: pl.Expr) -> pl.Expr:
    """Calendar months as consecutive integers (year x 12 + month)."""
    return (dates.dt.year().cast(pl.Int32) * 12 + dates.dt.month().cast(pl.Int32)).cast(pl.Int32)


@dataclass(frozen=True, slots=True)
class CensoringWeights:
    """The weight of a comparison person's days in later months.

    `survival` is (persons + 1, months + 1): the log of the inverse probability of having stayed
    unreferred up to the end of each month from `first_month`; the last row serves people without
    any hazard. Source: Robins & Finkelstein (2000), Biometrics 56:779.
    """

    persons: NDArray[np.int64]
    first_month: int
    survival: NDArray[np.float64]

    @classmethod
    def from_hazards(cls, hazards: pl.DataFrame, *, months: tuple[int, int]) -> CensoringWeights:
        """Accumulate monthly hazards.

        Parameters
        ----------
        hazards : `person_number, month, hazard`, at most one row a person and month; months in
            which somebody could not have been referred have no row.
        months : first and last month wanted, as `month_number`.
        """
        first, last = months
        persons, row = np.unique(hazards["person_number"].to_numpy(), return_inverse=True)
        loss = np.zeros((len(persons) + 1, last - first + 1))
        capped = np.minimum(hazards["hazard"].to_numpy(), _LARGEST_HAZARD)
        np.add.at(loss, (row, hazards["month"].to_numpy() - first), -np.log1p(-capped))
        return cls(persons, first, np.cumsum(loss, axis=1))

    def weight(
        self,
        person: NDArray[np.int64],
        index_month: NDArray[np.int64],
        months_after: NDArray[np.int64],
    ) -> NDArray[np.float64]:
        """S(index month) / S(month): 1 in the index month itself; uncapped."""
        if len(self.persons) == 0:
            return np.ones(len(person))
        found = np.searchsorted(self.persons, person)
        found = np.minimum(found, len(self.persons) - 1)
        row = np.where(self.persons[found] == person, found, len(self.persons))
        start = index_month - self.first_month
        end = np.minimum(start + months_after, self.survival.shape[1] - 1)
        return np.asarray(np.exp(self.survival[row, end] - self.survival[row, start]))
