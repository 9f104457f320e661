"""The value every model returns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

__all__ = ["MINIMUM_EVENTS", "Details", "Estimate", "TooFewEventsError"]

MINIMUM_EVENTS = 10  # fewer on either side of a comparison tell nothing


class TooFewEventsError(ValueError):
    """An arm holds too few events for a finite, honest interval."""


class Details(Mapping[str, float]):
    """Named figures that belong to an estimate; never changed once made, and hashable."""

    __slots__ = ("_held",)

    def __init__(self, given: Mapping[str, float] | None = None) -> None:
        self._held = {name: float(value) for name, value in (given or {}).items()}

    def __getitem__(self, name: str) -> float:
        return self._held[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._held)

    def __len__(self) -> int:
        return len(self._held)

    def __hash__(self) -> int:
        return hash(frozenset(self._held.items()))

    def __repr__(self) -> str:
        return f"Details({self._held})"


@dataclass(frozen=True, slots=True)
class Estimate:
    """One number with how sure it is.

    `point`, `ci_low`, `ci_high` are on `scale`; `standard_error` on the scale on which the
    interval was made (log for ratios). `events_exposed` and `person_years_exposed` are those
    counted in the window; None where the scale has none. `difference` is the marginal rate
    difference that belongs to a ratio. `details` are further finite figures by name, such as the
    dispersion or the number of clusters; the model that makes them says what they are.
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
    difference: Estimate | None = None
    details: Mapping[str, float] = field(default_factory=Details)

    def __post_init__(self) -> None:
        object.__setattr__(self, "details", Details(self.details))

    def to_dict(self) -> dict[str, Any]:
        found = asdict(self) | {"details": dict(self.details)}
        if self.difference is not None:
            found["difference"] = self.difference.to_dict()
        return found
