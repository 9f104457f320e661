"""A series cut in two at an interruption: its rows in order, and its terms as columns."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray

__all__ = ["SegmentedDesign", "refuse_unsound", "segmented_design"]

Array = NDArray[np.floating]
_BEFORE = 3  # periods that make a line
_CHANGES = ("level", "slope")


@dataclass(frozen=True, slots=True)
class SegmentedDesign:
    """Rows in order of time, the control series' first in each period.

    `x` (N, k) with the names `terms`; `frozen` the same had nothing changed in the series of
    interest beyond what the control did; `period` (N,) from 0; `after`, `is_control` (N,).
    """

    rows: pl.DataFrame
    terms: tuple[str, ...]
    x: Array
    frozen: Array
    period: NDArray[np.int64]
    after: NDArray[np.bool_]
    is_control: NDArray[np.bool_]

    def change(self, name: str) -> Array:
        """Which coefficient is the change of `level` or `slope` that is looked for, (k,)."""
        wanted = f"{name}, series of interest" if self.is_control.any() else name
        return np.array([float(term == wanted) for term in self.terms])


def segmented_design(
    series: pl.DataFrame,
    *,
    time: str,
    interruption: float | date,
    slope: bool,
    harmonics: int,
    season: float,
    control: str | None,
) -> SegmentedDesign:
    """Put a series in order and lay out its terms; see `segmented` for the arguments."""
    is_control = pl.lit(value=False) if control is None else pl.col(control)
    rows = series.with_columns(_control=is_control).sort(
        [time, "_control"], descending=[False, True]
    )
    clock, cut = _clock(rows[time], interruption)
    controlled = rows["_control"].to_numpy()
    _refuse_gaps(clock, controlled, has_control=control is not None)
    distinct = np.unique(clock)
    step = float(distinct[1] - distinct[0])
    since = (clock - cut) / step
    after = since >= 0
    _refuse_short(int((distinct < cut).sum()), int((distinct >= cut).sum()), slope=slope)
    columns = {"intercept": np.ones(len(since)), "trend": since, "level": after.astype(float)}
    if slope:
        columns["slope"] = after * since
    for k in range(1, harmonics + 1):
        angle = 2 * np.pi * k * (clock / step) / season
        columns |= {f"sine {k}": np.sin(angle), f"cosine {k}": np.cos(angle)}
    if control is not None:
        own = (~controlled).astype(float)
        columns |= {f"{name}, series of interest": own * c for name, c in columns.items()}
    changing = [f"{n}, series of interest" if control else n for n in _CHANGES]
    x = np.column_stack(list(columns.values()))
    frozen = x * np.array([name not in changing for name in columns])
    period = np.searchsorted(distinct, clock)
    return SegmentedDesign(
        rows.drop("_control"), tuple(columns), x, frozen, period, after, controlled
    )


def _clock(time: pl.Series, interruption: float | date) -> tuple[Array, float]:
    """Times as numbers, dates as months."""
    if time.null_count():
        raise ValueError(f"'{time.name}' must be given in every row")
    if isinstance(interruption, date):
        if time.dtype != pl.Date:
            raise ValueError(f"'{time.name}' must hold dates, as the interruption is one")
        months = (time.dt.year().cast(pl.Int64) * 12 + time.dt.month()).to_numpy().astype(float)
        return months, float(interruption.year * 12 + interruption.month)
    if not time.dtype.is_numeric():
        raise ValueError(f"'{time.name}' must hold numbers, as the interruption is one")
    return time.to_numpy().astype(float), float(interruption)


def _refuse_gaps(clock: Array, controlled: NDArray[np.bool_], *, has_control: bool) -> None:
    for own in (controlled, ~controlled) if has_control else (~controlled,):
        times = clock[own]
        if len(times) < 2 or not np.array_equal(times, np.unique(clock)):
            raise ValueError("every series needs one row a period, the same periods in each")
    steps = np.diff(np.unique(clock))
    if not np.allclose(steps, steps[0], rtol=1e-9):
        raise ValueError("the periods must follow one another without a gap")


def _refuse_short(before: int, after: int, *, slope: bool) -> None:
    wanted = _BEFORE if slope else 1
    if before < _BEFORE or after < wanted:
        raise ValueError(
            f"{_BEFORE} periods before and {wanted} after are needed, not {before} and {after}"
        )


def refuse_unsound(
    series: pl.DataFrame,
    *,
    outcome: str,
    time: str,
    offset: str | None,
    control: str | None,
    family: str,
) -> None:
    """Refuse columns that are missing, and numbers that cannot be; see `segmented`."""
    named = [c for c in (outcome, time, offset, control) if c is not None]
    missing = [c for c in named if c not in series.columns]
    if missing:
        raise ValueError(f"the series has no column {', '.join(missing)}")
    if family == "gaussian" and offset is not None:
        raise ValueError("'offset' is for counts: give the rate as the outcome instead")
    least = 0.0 if family == "poisson" else -np.inf
    for name, low in ((outcome, least), (offset, np.nextafter(0, 1))):
        if name is not None:
            column = series[name].cast(pl.Float64)
            if column.null_count() or not (column.is_finite() & (column >= low)).all():
                raise ValueError(f"'{name}' must be given in every row, and be a count or a time")
    if control is not None and (
        series[control].dtype != pl.Boolean or series[control].null_count()
    ):
        raise ValueError(f"'{control}' must be true or false in every row")
