"""One group in one period: its effect and each unit's influence on it, or why there is none."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sp_eval.models.doubly_robust import Method, NotEstimableError, contrast_of_changes
from sp_eval.models.staggered_aggregate import Cells
from sp_eval.models.staggered_panel import Panel

__all__ = ["ControlGroup", "GroupTime", "estimated", "every_group_time"]

Array = NDArray[np.floating]
ControlGroup = Literal["never", "not_yet"]


@dataclass(frozen=True, slots=True)
class GroupTime:
    """One group in one period: an effect with influences over all units, or why there is none."""

    group: int
    time: int
    n_exposed: int
    n_comparison: int
    att: float | None = None
    influence: Array | None = None
    reason: str | None = None

    @property
    def status(self) -> str:
        if self.att is None:
            return "not_estimated"
        return "no_error" if self.n_exposed == 1 else "estimated"


def every_group_time(
    wide: Panel, control_group: ControlGroup, method: Method
) -> Iterator[GroupTime]:
    """Try each group in each period from the second on; see `att_gt`."""
    for group in wide.groups:
        own = wide.group == group
        base = int(np.searchsorted(wide.periods, group)) - 1  # the last period before exposure
        for at in range(1, len(wide.periods)):
            period = int(wide.periods[at])
            other = np.isinf(wide.group)
            if control_group == "not_yet":
                other = (wide.group > period) & ~own
            yield _one(wide, (group, own, other), (min(at - 1, base), at), method)


def _one(
    wide: Panel,
    groups: tuple[int, NDArray[np.bool_], NDArray[np.bool_]],
    periods: tuple[int, int],
    method: Method,
) -> GroupTime:
    group, own, other = groups
    before, after = periods
    known = (group, int(wide.periods[after]), int(own.sum()), int(other.sum()))
    if not other.any():
        return GroupTime(*known, reason="every unit is exposed by then: nobody to compare with")
    inside = own | other
    change = wide.outcome[inside, after] - wide.outcome[inside, before]
    x = np.column_stack([np.ones(int(inside.sum())), wide.covariates[inside, before]])
    try:
        contrast = contrast_of_changes(change, own[inside], x, method=method)
    except NotEstimableError as error:
        return GroupTime(*known, reason=str(error))
    influence = np.zeros(len(inside))
    influence[inside] = contrast.influence * len(inside) / inside.sum()
    reason = "one unit: its own spread is unknown" if own.sum() == 1 else None
    return GroupTime(*known, att=contrast.att, influence=influence, reason=reason)


def estimated(tried: list[GroupTime], wide: Panel) -> Cells:
    """Gather those that could be estimated."""
    kept = [(cell, cell.influence) for cell in tried if cell.influence is not None]
    n = len(wide.group)
    return Cells(
        group=np.array([cell.group for cell, _ in kept], dtype=np.int64),
        time=np.array([cell.time for cell, _ in kept], dtype=np.int64),
        att=np.array([cell.att for cell, _ in kept], dtype=float),
        influence=np.column_stack([i for _, i in kept]) if kept else np.empty((n, 0)),
        alone=np.array([cell.n_exposed == 1 for cell, _ in kept], dtype=bool),
        unit_group=wide.group,
    )
