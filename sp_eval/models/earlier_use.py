"""How often people used care, and how much they differ in it, from before they were referred."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["EarlierUse", "earlier_use"]

_YEAR = 365.25


@dataclass(frozen=True, slots=True)
class EarlierUse:
    """Events per person-year, and how persons differ beyond chance.

    `between` is the variance between persons over the square of the mean, so that the counts of
    `t` years have the dispersion 1 + `between` x rate x t.
    """

    rate: float
    between: float

    def dispersion(self, years: float) -> float:
        """Variance over mean of the counts of persons followed so many years."""
        return 1 + self.between * self.rate * years


def earlier_use(counts: NDArray[np.integer], *, days: int) -> EarlierUse:
    """Measure the counts of persons, each over the same number of days.

    Counts that vary less than chance alone would make them are taken to vary as chance does.
    """
    mean = float(counts.mean()) if len(counts) else 0.0
    if mean == 0 or len(counts) < 2:
        return EarlierUse(mean * _YEAR / days, 0.0)
    between = (float(counts.var(ddof=1)) - mean) / mean**2
    return EarlierUse(mean * _YEAR / days, max(0.0, between))
