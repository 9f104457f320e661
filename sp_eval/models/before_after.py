"""The same people before and after: described, never taken for an effect."""

from __future__ import annotations

import numpy as np
import polars as pl
from scipy import stats

from sp_eval.models.estimate import MINIMUM_EVENTS, Estimate, TooFewEventsError

__all__ = ["before_after"]


def before_after(rows: pl.DataFrame, *, ci_level: float = 0.95) -> Estimate:
    """Ratio of the rate after to the rate before in the same people.

    Parameters
    ----------
    rows : one row a person: `events_pre, days_pre, events, days` (after), Float64 or Int.

    Returns
    -------
    Estimate on `rate_ratio`, method `before_after`; interval by the delta method with persons as
    clusters, so that it allows for the pairing.

    Raises
    ------
    TooFewEventsError : fewer than `MINIMUM_EVENTS` events, or no person-time, before or after.

    Assumes
    -------
    Nothing about cause: people are referred at their busiest, and most of a fall comes by itself.
    """
    pre, pre_days = rows["events_pre"].to_numpy(), rows["days_pre"].to_numpy()
    post, post_days = rows["events"].to_numpy(), rows["days"].to_numpy()
    if min(pre.sum(), post.sum()) < MINIMUM_EVENTS or min(pre_days.sum(), post_days.sum()) <= 0:
        raise TooFewEventsError(
            f"fewer than {MINIMUM_EVENTS} events among the referred before or after their referral"
        )
    before, after = pre.sum() / pre_days.sum(), post.sum() / post_days.sum()
    log_ratio = float(np.log(after / before))
    influence = (post - after * post_days) / post.sum() - (pre - before * pre_days) / pre.sum()
    n = rows.height
    se = float(np.sqrt((influence**2).sum() * n / max(1, n - 1)))
    z = float(stats.norm.ppf(0.5 + ci_level / 2))
    return Estimate(
        method="before_after",
        scale="rate_ratio",
        point=float(np.exp(log_ratio)),
        ci_low=float(np.exp(log_ratio - z * se)),
        ci_high=float(np.exp(log_ratio + z * se)),
        ci_level=ci_level,
        p_value=float(2 * stats.norm.sf(abs(log_ratio) / se)) if se > 0 else None,
        standard_error=se,
        n_analysed=n,
        events_exposed=round(float(post.sum())),
        person_years_exposed=float(post_days.sum()) / 365.25,
    )
