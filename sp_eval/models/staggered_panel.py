"""A long panel laid wide, with every unit that cannot be used counted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

__all__ = ["Panel", "wide_panel"]

Array = NDArray[np.floating]


@dataclass(frozen=True, slots=True)
class Panel:
    """n units in T periods.

    `periods` (T,) rising; `group` (n,) period of first exposure, infinite for never; `groups` the
    finite ones, rising; `outcome` (n, T); `covariates` (n, T, k); `notes` say what was left out.
    """

    periods: NDArray[np.int64]
    group: Array
    groups: tuple[int, ...]
    outcome: Array
    covariates: Array
    notes: tuple[str, ...]


def wide_panel(
    panel: pl.DataFrame,
    *,
    unit: str,
    time: str,
    first_exposed: str,
    outcome: str,
    covariates: tuple[str, ...],
) -> Panel:
    """Lay a panel wide, balanced, units in order; see `att_gt` for the columns and errors."""
    _refuse(panel, unit, time, first_exposed, (outcome, *covariates))
    values = [outcome, *covariates]
    rows = panel.select(
        pl.col(unit).alias("unit"),
        pl.col(time).cast(pl.Int64).alias("time"),
        pl.when(pl.col(first_exposed) != 0).then(first_exposed).cast(pl.Int64).alias("group"),
        *(pl.col(name).cast(pl.Float64).alias(f"v{i}") for i, name in enumerate(values)),
    )
    periods = rows["time"].unique().sort().to_numpy()
    if len(periods) < 2:
        raise ValueError("two periods or more are needed")
    sound = pl.all_horizontal(pl.selectors.by_dtype(pl.Float64).is_finite().fill_null(value=False))
    whole = (sound.sum().over("unit") == len(periods)) & (pl.len().over("unit") == len(periods))
    kept = rows.filter(whole)
    early = pl.col("group") <= periods[0]
    used = kept.filter(~early.fill_null(value=False)).sort("unit", "time")
    if used.is_empty():
        raise ValueError("no unit has a number in every period and one before its exposure")
    n, count = used["unit"].n_unique(), len(periods)
    first = used["group"].cast(pl.Float64).fill_null(np.inf).to_numpy().reshape(n, count)[:, 0]
    late = np.isfinite(first) & (first > periods[-1])
    group = np.where(late, np.inf, first)
    laid = used.select(f"v{i}" for i in range(len(values))).to_numpy().reshape(n, count, -1)
    groups = tuple(int(g) for g in np.unique(group[np.isfinite(group)]))
    if not groups:
        raise ValueError("no unit is first exposed after the first period and by the last")
    return Panel(
        periods=periods,
        group=group,
        groups=groups,
        outcome=laid[:, :, 0],
        covariates=laid[:, :, 1:],
        notes=(*_notes(rows, kept, n, int(late.sum())), *_gone(rows, groups, periods)),
    )


def _refuse(
    panel: pl.DataFrame, unit: str, time: str, first_exposed: str, values: tuple[str, ...]
) -> None:
    missing = [c for c in (unit, time, first_exposed, *values) if c not in panel.columns]
    if missing:
        raise ValueError(f"the panel has no column {', '.join(missing)}")
    for name in (time, first_exposed):
        column = panel[name].drop_nulls()
        if not column.dtype.is_numeric() or (column != column.cast(pl.Int64, strict=False)).any():
            raise ValueError(f"'{name}' must hold whole numbers: number the periods")
    for name in values:
        if not (panel[name].dtype.is_numeric() or panel[name].dtype == pl.Boolean):
            raise ValueError(f"'{name}' must hold numbers")
    if panel[unit].null_count() or panel[time].null_count():
        raise ValueError(f"'{unit}' and '{time}' must be given in every row")
    if panel.select(pl.struct(unit, time).is_duplicated().any()).item():
        raise ValueError("a unit has two rows of one period")
    groups = panel.group_by(unit).agg(pl.col(first_exposed).fill_null(0).n_unique().alias("n"))
    if (groups["n"] > 1).any():
        raise ValueError(f"'{first_exposed}' differs within a unit: the first exposure is one")


def _notes(rows: pl.DataFrame, kept: pl.DataFrame, n: int, late: int) -> tuple[str, ...]:
    units, whole = rows["unit"].n_unique(), kept["unit"].n_unique()
    counted = (
        (units - whole, "lack a number in some period and are left out"),
        (whole - n, "are exposed from the first period on and are left out"),
        (late, "are exposed after the last period and count as never exposed"),
    )
    return tuple(f"{count} of {units} units {what}" for count, what in counted if count)


def _gone(
    rows: pl.DataFrame, groups: tuple[int, ...], periods: NDArray[np.int64]
) -> tuple[str, ...]:
    """Name the groups of which no unit is left."""
    could = rows.filter(pl.col("group").is_between(periods[0] + 1, periods[-1]))["group"].unique()
    gone = sorted(set(could.to_list()) - set(groups))
    return (f"no unit is left of the groups of {', '.join(map(str, gone))}",) if gone else ()
