"""How often people used care in each month around the index date."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import stats

__all__ = ["monthly_rates"]

_PER = 1000 * 365.25
_RATES = {
    "arm": pl.String,
    "month_number": pl.Int32,
    "people": pl.Int32,
    "events": pl.Int32,
    "rate": pl.Float64,
    "ci_low": pl.Float64,
    "ci_high": pl.Float64,
}
Array = NDArray[np.float64]


def monthly_rates(
    rows: pl.DataFrame,
    *,
    arms: tuple[str, ...],
    months: range,
    ci_level: float = 0.95,
) -> pl.DataFrame:
    """Rates by arm and month, weighted, with intervals that allow for persons.

    Parameters
    ----------
    rows : one row a person, weight and month in which they are at risk: `arm` String,
        `person_number` Int64, `weight` Float64, `month_number` Int32, `events`, `person_days` Int;
        in an order that does not vary, which the sums are taken in.
    arms, months : wanted; a month nobody is at risk in has a row of nobody and no rate.

    Returns
    -------
    `arm, month_number, people, events, rate, ci_low, ci_high`, in the order of `arms` and
    `months`: different people at risk, their events each counted once a row, and events per
    1,000 person-years. The interval is that of the log rate, persons as clusters; no event, no
    interval.
    """
    found = [
        _one(arm, month, group.get((arm, month)), ci_level)
        for group in [_groups(rows)]
        for arm in arms
        for month in months
    ]
    return pl.DataFrame(found, schema=_RATES, orient="row")


def _groups(rows: pl.DataFrame) -> dict[tuple[object, ...], pl.DataFrame]:
    return rows.partition_by("arm", "month_number", as_dict=True, maintain_order=True)


def _one(
    arm: str, month: int, rows: pl.DataFrame | None, ci_level: float
) -> tuple[str, int, int, int, float | None, float | None, float | None]:
    if rows is None or rows.is_empty():
        return arm, month, 0, 0, None, None, None
    weight = rows["weight"].to_numpy()
    person = np.unique(rows["person_number"].to_numpy(), return_inverse=True)[1]
    events = np.bincount(person, weight * rows["events"].to_numpy()).astype(np.float64)
    days = np.bincount(person, weight * rows["person_days"].to_numpy()).astype(np.float64)
    counted, rate = int(rows["events"].sum()), float(events.sum() / days.sum())
    low = high = None
    if rate > 0:
        reach = float(stats.norm.ppf(0.5 + ci_level / 2)) * _log_error(events, days, rate)
        low, high = rate * float(np.exp(-reach)) * _PER, rate * float(np.exp(reach)) * _PER
    return arm, month, len(events), counted, rate * _PER, low, high


def _log_error(events: Array, days: Array, rate: float) -> float:
    """Standard error of the log of a ratio of two sums over persons."""
    n = len(events)
    influence = (events - rate * days) / events.sum()
    return float(np.sqrt((influence**2).sum() * n / max(1, n - 1)))
