"""The value every model returns."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

__all__ = ["MINIMUM_EVENTS", "Estimate", "TooFewEventsError"]

MINIMUM_EVENTS = 10  # fewer on either side of a comparison tell nothing


class TooFewEventsError(Exception):
    """An arm holds too few events for a finite, honest interval."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """One number with how sure it is.

    `point`, `ci_low`, `ci_high` are on `scale`; `standard_error` on the scale on which the
    interval was made (log for ratios). `events_exposed` and `person_years_exposed` are those
    counted in the window; None where the scale has none.
    """

    method: str
    scale: str
    point: float
    ci_low: float | None = None
    ci_high: float | None = None
    ci_level: float = 0.95
    p_value: float | None = None
    standard_error: float | None = None
    n_analysed: int | None = None
    n_comparison: int | None = None
    events_exposed: int | None = None
    person_years_exposed: float | None = None
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)
