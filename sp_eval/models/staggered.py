"""Effects of an exposure that began at different times for different units, group by group."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl
from scipy import stats

from sp_eval.models.doubly_robust import METHODS, Method
from sp_eval.models.group_time import ControlGroup, GroupTime, estimated, every_group_time
from sp_eval.models.staggered_aggregate import (
    KINDS,
    Aggregation,
    Cells,
    Kind,
    aggregate,
    intervals,
)
from sp_eval.models.staggered_panel import wide_panel

__all__ = ["NEVER_THE_HEADLINE", "GroupTimeEffects", "PreTrend", "att_gt"]

NEVER_THE_HEADLINE = (
    "Never the headline unless the use of each of the last months before exposure is conditioned "
    "on: people are referred at their busiest, so that those not referred do not show how they "
    "would have gone on."
)


@dataclass(frozen=True, slots=True)
class PreTrend:
    """Wald test that every effect before exposure is nought; passing it proves little."""

    wald: float
    degrees_of_freedom: int
    p_value: float


@dataclass(frozen=True, slots=True)
class GroupTimeEffects:
    """Effects of each group (units first exposed at the same time) in each period.

    `att_gt`: one row a group and period from the second on: `group, time, event_time, att,
    standard_error, ci_low, ci_high` (pointwise), `band_low, band_high` (all rows at once, each
    `critical_value` standard errors either way), `n_exposed, n_comparison, status` (`estimated`;
    `no_error`: the group is one unit; `not_estimated`) and `reason`. Nothing is left out silently:
    `notes` count the units that are. `pre_trend` is None where there is nothing to test.
    """

    att_gt: pl.DataFrame
    critical_value: float
    pre_trend: PreTrend | None
    n_units: int
    control_group: ControlGroup
    ci_level: float
    notes: tuple[str, ...]
    seed: int = field(repr=False)
    cells: Cells = field(repr=False)

    def aggregate(self, kind: Kind, *, balance: int | None = None) -> Aggregation:
        """Draw the effects together: see `staggered_aggregate.aggregate`."""
        return aggregate(
            self.cells,
            kind,
            balance=balance,
            ci_level=self.ci_level,
            seed=self.seed,
            notes=self.notes,
        )

    def to_dict(self) -> dict[str, Any]:
        """Everything but the influence of each unit; the four ways of drawing together with it."""
        drawn = self.cells.is_after.any()
        test = self.pre_trend
        return {
            "att_gt": self.att_gt.to_dicts(),
            "critical_value": self.critical_value,
            "pre_trend": None
            if test is None
            else {name: getattr(test, name) for name in PreTrend.__slots__},
            "n_units": self.n_units,
            "control_group": self.control_group,
            "ci_level": self.ci_level,
            "notes": self.notes,
            "aggregates": {k: self.aggregate(k).to_dict() for k in KINDS} if drawn else {},
        }


def att_gt(
    panel: pl.DataFrame,
    *,
    unit: str,
    time: str,
    first_exposed: str,
    outcome: str,
    control_group: ControlGroup = "never",
    covariates: Sequence[str] = (),
    method: Method = "dr",
    ci_level: float = 0.95,
    seed: int = 0,
) -> GroupTimeEffects:
    """Group-time average effects on the exposed, where exposure began at different times.

    Each group's change since its last period before exposure, less the change of units not exposed
    over the same time. Before exposure each period is set against the one before it ("varying"
    base period), so that these rows show trends that differ.

    Parameters
    ----------
    panel : one row a unit and period. `unit` any type; `time` and `first_exposed` integers on one
        scale, `first_exposed` null or 0 for never; `outcome` and `covariates` numbers. Units
        may be people, practices or areas. Counts over unequal time at risk are to be given as
        rates (events per person-year, say); each unit then weighs the same, however large.
    control_group : `never` exposed, or `not_yet`: those and every other unit not exposed by the
        period.
    covariates : columns as they are in the period before, in which the groups' changes may differ.
    method : with covariates: `dr` doubly robust, `reg` or `ipw`; see `contrast_of_changes`.
    seed : of the bands' multiplier bootstrap.

    Returns
    -------
    GroupTimeEffects : effects on the scale of the outcome, units as clusters, normal intervals.
        A unit without a sound row in every period is left out, as are units exposed from the
        first period on; units exposed after the last count as never exposed. All are counted.

    Raises
    ------
    ValueError : a column is missing or not of its type, two rows of one unit and period, a unit
        with two first exposures, fewer than two periods, nobody exposed, or nobody never exposed.

    Assumes
    -------
    Without exposure the groups would have changed alike, given the covariates: false of people
    referred at their busiest unless the months before are among the covariates. Exposure stays;
    nothing happens in anticipation of it; units are independent of one another.

    Source: Callaway & Sant'Anna (2021), Journal of Econometrics 225:200-230, doi
    10.1016/j.jeconom.2020.12.001; defaults and the degrees of freedom (none taken off) as in R's
    package did.
    """
    if control_group not in {"never", "not_yet"} or method not in METHODS:
        raise ValueError(
            "'control_group' must be 'never' or 'not_yet', and 'method' 'dr', 'reg' or 'ipw'"
        )
    wide = wide_panel(
        panel,
        unit=unit,
        time=time,
        first_exposed=first_exposed,
        outcome=outcome,
        covariates=tuple(covariates),
    )
    if control_group == "never" and not np.isinf(wide.group).any():
        raise ValueError("every unit is exposed in the end: use control_group='not_yet'")
    tried = list(every_group_time(wide, control_group, method))
    cells = estimated(tried, wide)
    rows, critical = _rows(tried, cells, ci_level=ci_level, seed=seed)
    return GroupTimeEffects(
        att_gt=rows,
        critical_value=critical,
        pre_trend=_pre_trend(cells),
        n_units=len(wide.group),
        control_group=control_group,
        ci_level=ci_level,
        notes=(NEVER_THE_HEADLINE, *wide.notes, *_counted(tried)),
        seed=seed,
        cells=cells,
    )


def _rows(
    tried: list[GroupTime], cells: Cells, *, ci_level: float, seed: int
) -> tuple[pl.DataFrame, float]:
    keys = pl.DataFrame(
        [
            (c.group, c.time, c.time - c.group, c.n_exposed, c.n_comparison, c.status, c.reason)
            for c in tried
        ],
        schema={
            "group": pl.Int64,
            "time": pl.Int64,
            "event_time": pl.Int64,
            "n_exposed": pl.Int64,
            "n_comparison": pl.Int64,
            "status": pl.String,
            "reason": pl.String,
        },
        orient="row",
    )
    found, critical = intervals(
        cells.att, cells.influence, cells.alone, ci_level=ci_level, seed=seed
    )
    found = found.with_columns(group=pl.Series(cells.group), time=pl.Series(cells.time))
    rows = keys.join(found, on=["group", "time"], how="left", maintain_order="left")
    own = ["n_exposed", "n_comparison", "status", "reason"]
    return rows.select(pl.exclude(own), *own), critical


def _counted(tried: list[GroupTime]) -> Iterator[str]:
    missing = sum(cell.status == "not_estimated" for cell in tried)
    if missing:
        yield f"{missing} of {len(tried)} group-time effects could not be estimated; see 'reason'"
    alone = len({cell.group for cell in tried if cell.status == "no_error"})
    if alone:
        yield (
            f"groups of one unit: {alone}; they have no error of their own, and what is drawn "
            "together from them and others has one that is too small"
        )


def _pre_trend(cells: Cells) -> PreTrend | None:
    before = ~cells.is_after
    if not before.any() or cells.alone[before].any():
        return None
    influence, att = cells.influence[:, before], cells.att[before]
    variance = influence.T @ influence / len(influence) ** 2
    if np.linalg.cond(variance) > 1e12:
        return None
    wald = float(att @ np.linalg.solve(variance, att))
    df = int(before.sum())
    return PreTrend(wald, df, float(stats.chi2.sf(wald, df)))
