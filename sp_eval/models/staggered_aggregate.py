"""Group-time effects drawn together: over all, by group, by time since exposure, by period."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import stats

from sp_eval.models.estimate import Estimate
from sp_eval.models.simultaneous_bands import critical_value

__all__ = ["KINDS", "Aggregation", "Cells", "Kind", "aggregate", "intervals"]

Array = NDArray[np.floating]
Kind = Literal["simple", "group", "dynamic", "calendar"]
KINDS: tuple[Kind, ...] = ("simple", "group", "dynamic", "calendar")
_ROWS = {
    "at": pl.Int64,
    "att": pl.Float64,
    "standard_error": pl.Float64,
    "ci_low": pl.Float64,
    "ci_high": pl.Float64,
    "band_low": pl.Float64,
    "band_high": pl.Float64,
}


@dataclass(frozen=True, slots=True)
class Cells:
    """Group-time effects that could be estimated, K of them, on n units.

    `group`, `time` (K,) ; `att` (K,) ; `influence` (n, K), the variance of `att` its mean square
    over n; `alone` (K,) whether the group is one unit, whose own spread nobody knows;
    `unit_group` (n,) each unit's group, infinite for units never exposed.
    """

    group: NDArray[np.int64]
    time: NDArray[np.int64]
    att: Array
    influence: Array
    alone: NDArray[np.bool_]
    unit_group: Array

    @property
    def is_after(self) -> NDArray[np.bool_]:
        return self.time >= self.group

    def share(self, group: NDArray[np.int64]) -> Array:
        """Share of all units that are in each of these groups."""
        return np.array([(self.unit_group == g).mean() for g in group])

    def mean(self, rows: NDArray[np.bool_]) -> _Mean:
        """Mean of cells that weigh the same."""
        return _Mean(
            float(self.att[rows].mean()),
            self.influence[:, rows].mean(axis=1),
            alone=bool(self.alone[rows].all()),
        )

    def weighted(self, rows: NDArray[np.bool_]) -> _Mean:
        """Mean of cells weighted by their groups' shares."""
        return self.weigh(self.group[rows], self.att[rows], self.influence[:, rows], rows)

    def weigh(
        self,
        group: NDArray[np.int64],
        att: Array,
        influence: Array,
        rows: NDArray[np.bool_],
    ) -> _Mean:
        """Mean of effects weighted by their groups' shares, which are estimated too."""
        share = self.share(group)
        weight = share / share.sum()
        point = float(weight @ att)
        member = self.unit_group[:, None] == group[None, :]
        of_shares = (member - share) @ (att - point) / share.sum()
        return _Mean(point, influence @ weight + of_shares, alone=bool(self.alone[rows].all()))


@dataclass(frozen=True, slots=True)
class _Mean:
    att: float
    influence: Array
    alone: bool


@dataclass(frozen=True, slots=True)
class Aggregation:
    """Effects drawn together one way.

    `overall` the one number; `by` one row a group, a time since exposure or a period (none for
    `simple`): `at, att, standard_error, ci_low, ci_high, band_low, band_high`; the bands hold all
    rows at once with the level asked, `critical_value` standard errors wide.
    """

    kind: Kind
    overall: Estimate
    by: pl.DataFrame
    critical_value: float

    def to_dict(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "overall": self.overall.to_dict(),
            "by": self.by.to_dicts(),
            "critical_value": self.critical_value,
        }


def aggregate(
    cells: Cells,
    kind: Kind,
    *,
    balance: int | None = None,
    ci_level: float = 0.95,
    seed: int = 0,
    notes: tuple[str, ...] = (),
) -> Aggregation:
    """Draw group-time effects together.

    Parameters
    ----------
    kind : `simple`: all cells from exposure on, by their groups' shares of units; `group`: each
        group's mean over its periods, then by shares; `dynamic`: by time since exposure, each by
        shares, then the plain mean from exposure on; `calendar`: by period, each by shares, then
        the plain mean.
    balance : of `dynamic` alone: only groups followed at least so long after exposure, so that
        the same groups stand at each time up to then.

    Returns
    -------
    Aggregation : errors allow for shares being estimated. A row of groups of one unit alone has no
        error.

    Raises
    ------
    ValueError : no such kind, `balance` with another kind, or no cell from exposure on.

    Source: Callaway & Sant'Anna (2021), table 1 and section 4, doi 10.1016/j.jeconom.2020.12.001.
    """
    if kind not in KINDS:
        raise ValueError(f"'kind' must be one of {', '.join(KINDS)}")
    if balance is not None:
        if kind != "dynamic":
            raise ValueError("'balance' is for the dynamic aggregation alone")
        cells = _balanced(cells, balance)
    if not cells.is_after.any():
        raise ValueError("no effect from exposure on could be estimated")
    parts = list(_parts(cells, kind))
    n = len(cells.unit_group)
    stacked = np.column_stack([p.influence for _, p in parts]) if parts else np.empty((n, 0))
    by, critical = intervals(
        np.array([p.att for _, p in parts]),
        stacked,
        np.array([p.alone for _, p in parts], dtype=bool),
        ci_level=ci_level,
        seed=seed,
    )
    rows = by.select(pl.Series("at", [at for at, _ in parts], dtype=pl.Int64), pl.all())
    overall = _estimate(cells, _overall(cells, kind, parts), kind, ci_level, notes)
    return Aggregation(kind, overall, rows.cast(_ROWS), critical)  # type: ignore[arg-type]


def intervals(
    att: Array, influence: Array, alone: NDArray[np.bool_], *, ci_level: float, seed: int
) -> tuple[pl.DataFrame, float]:
    """Errors, pointwise intervals and simultaneous bands of effects, and the bands' width."""
    n = len(influence)
    error = np.sqrt((influence**2).mean(axis=0) / n)
    known = ~alone & (error > 0)
    critical = critical_value(influence[:, known], ci_level=ci_level, seed=seed)
    z = float(stats.norm.ppf(0.5 + ci_level / 2))
    frame = pl.DataFrame(
        {
            "att": att,
            "standard_error": error,
            "ci_low": att - z * error,
            "ci_high": att + z * error,
            "band_low": att - critical * error,
            "band_high": att + critical * error,
        }
    )
    mask = pl.when(pl.Series(known, dtype=pl.Boolean))
    return frame.with_columns(mask.then(pl.exclude("att"))), critical


def _balanced(cells: Cells, balance: int) -> Cells:
    followed = cells.time.max() - cells.group
    kept = (followed >= balance) & (cells.time - cells.group <= balance)
    return Cells(
        cells.group[kept],
        cells.time[kept],
        cells.att[kept],
        cells.influence[:, kept],
        cells.alone[kept],
        cells.unit_group,
    )


def _parts(cells: Cells, kind: Kind) -> Iterator[tuple[int, _Mean]]:
    after = cells.is_after
    if kind == "group":
        for group in np.unique(cells.group[after]):
            yield int(group), cells.mean(after & (cells.group == group))
    elif kind == "dynamic":
        since = cells.time - cells.group
        for event in np.unique(since):
            yield int(event), cells.weighted(since == event)
    elif kind == "calendar":
        for time in np.unique(cells.time[after]):
            yield int(time), cells.weighted(after & (cells.time == time))


def _overall(cells: Cells, kind: Kind, parts: list[tuple[int, _Mean]]) -> _Mean:
    after = cells.is_after
    if kind == "simple":
        return cells.weighted(after)
    if kind == "dynamic":
        parts = [(at, part) for at, part in parts if at >= 0]
    att = np.array([part.att for _, part in parts])
    influence = np.column_stack([part.influence for _, part in parts])
    if kind == "group":
        return cells.weigh(np.array([at for at, _ in parts]), att, influence, after)
    return _Mean(float(att.mean()), influence.mean(axis=1), alone=bool(cells.alone[after].all()))


def _estimate(
    cells: Cells, mean: _Mean, kind: Kind, ci_level: float, notes: tuple[str, ...]
) -> Estimate:
    n = len(cells.unit_group)
    error = float(np.sqrt((mean.influence**2).mean() / n))
    known = error > 0 and not mean.alone
    z = float(stats.norm.ppf(0.5 + ci_level / 2))
    exposed = np.isin(cells.unit_group, cells.group)
    return Estimate(
        method=f"staggered_{kind}",
        scale="mean_difference",
        point=mean.att,
        ci_low=mean.att - z * error if known else None,
        ci_high=mean.att + z * error if known else None,
        ci_level=ci_level,
        p_value=float(2 * stats.norm.sf(abs(mean.att) / error)) if known else None,
        standard_error=error if known else None,
        n_analysed=int(exposed.sum()),
        n_comparison=int(np.isinf(cells.unit_group).sum()),
        notes=notes,
    )
