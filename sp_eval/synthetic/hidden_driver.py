"""A flare that nobody records: it drives both who is referred and how much care is used later."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from sp_eval.synthetic.months import Month
from sp_eval.synthetic.settings import WorldSettings, part_rng

__all__ = ["begins_on", "referral_push", "use_factor"]

Floats = npt.NDArray[np.float64]
Days = npt.NDArray[np.int32]

LASTS = 365  # days for which more of every kind of care is used
FRESH = 60  # days in which it makes referral likelier
_PUSH = 5.0  # log hazard of referral for each log of the rate


def begins_on(settings: WorldSettings, people: int) -> Days:
    """The day each person's flare begins: one each, some time from a year before on."""
    rng = part_rng(settings, "hidden driver")
    return rng.integers(-LASTS, settings.days, people).astype(np.int32)


def use_factor(
    settings: WorldSettings, people: int, months: list[Month]
) -> npt.NDArray[np.float32]:
    """Factor on every rate, people x months: exp(strength) on the days of the flare."""
    begins = begins_on(settings, people)[:, None]
    start, end = (np.array([getattr(m, name) for m in months]) for name in ("start", "end"))
    days = np.minimum(begins + LASTS, end) - np.maximum(begins, start)
    share = np.maximum(days, 0) / (end - start)
    return np.asarray(1 + np.expm1(settings.hidden_driver) * share, dtype=np.float32)


def referral_push(settings: WorldSettings, day: npt.NDArray[np.integer], people: int) -> Floats:
    """What is added to each person's log hazard of referral on a day of their own."""
    since = day - begins_on(settings, people)
    is_fresh = (since >= 0) & (since < FRESH)
    return np.asarray(_PUSH * settings.hidden_driver * is_fresh, dtype=np.float64)
