"""Care counted before and after each referral, as practices without dates to share do it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

from sp_eval.synthetic.codes import happens
from sp_eval.synthetic.effects import Events
from sp_eval.synthetic.settings import WorldSettings, part_rng
from sp_eval.synthetic.world import Records

__all__ = ["counted_use"]

_KEY_STEP = 1_000_000  # more than any day number
_NOT_COUNTED = 0.04


def counted_use(
    settings: WorldSettings, records: Records, outcomes: Sequence[str], *, days: int, cut: int
) -> pl.DataFrame:
    """Return the referrals with `<outcome>_before` and `<outcome>_after`, as text.

    `days` are counted on either side, the day of referral among those after. Blank, not 0, where
    it was not counted: for people on no register, where the days after are not over on day number
    `cut`, and here and there for no reason.
    """
    referral = records.referral
    person, day = (referral[name].to_numpy().astype(np.int64) for name in ("person", "day"))
    known = person < len(records.people)
    rng = part_rng(settings, "use counts")
    columns = []
    for outcome in outcomes:
        events = records.events[outcome]
        for side, start in (("before", -days), ("after", 0)):
            number = _counted(events, person, day + start, day + start + days)
            there = known & (day + start + days <= cut)
            there &= ~happens(rng, _NOT_COUNTED, len(person))
            text = pl.Series(number).cast(pl.String)
            blank = pl.Series([None], dtype=pl.String)
            columns.append(text.zip_with(pl.Series(there), blank).alias(f"{outcome}_{side}"))
    return referral.with_columns(columns)


def _counted(
    events: Events,
    person: npt.NDArray[np.int64],
    start: npt.NDArray[np.int64],
    end: npt.NDArray[np.int64],
) -> npt.NDArray[np.int64]:
    """Count each person's events that happened on the days `[start, end)`."""
    who, when = events.happened_points
    keys = np.sort(who.astype(np.int64) * _KEY_STEP + when)
    base = person * _KEY_STEP
    low = np.searchsorted(keys, base + np.maximum(start, 0))
    high = np.searchsorted(keys, base + np.maximum(end, 0))
    return np.asarray(high - low, dtype=np.int64)
