"""Who was lost from which arm after referral: time followed, deaths and moves of matched people."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import polars as pl

from sp_eval.models.estimate import Estimate, TooFewEventsError
from sp_eval.models.interval import wald
from sp_eval.models.matched_rate_ratio import matched_rate_ratio
from sp_eval.models.person_time import Censoring, month_weights, weighted_totals
from sp_eval.models.sandwich import codes_of, group_codes, robust_variance
from sp_eval.models.scheme_estimates import MatchedCounts

__all__ = ["DEATH", "LEFT", "Losses", "loss_rows", "losses"]

DEATH, LEFT = "death", "left"
_CLOCK, _POSSIBLE = "followed", "possible"
_CLOCKS = pl.DataFrame(
    [(DEATH, _CLOCK), (LEFT, _CLOCK), (_POSSIBLE, _POSSIBLE)],
    schema=["outcome", "clock"],
    orient="row",
)


@dataclass(frozen=True, slots=True)
class Losses:
    """Both arms of a matched design, side by side.

    `followed_exposed`, `followed_comparison`: days followed over the days that might have been, 0
    to 1; `gap` the first less the second, on `share_difference`. `deaths` and `moves`: rate ratio
    of the exposed relative to their matched people; None where one arm has too few.
    """

    followed_exposed: float
    followed_comparison: float
    gap: Estimate
    deaths: Estimate | None
    moves: Estimate | None

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def losses(
    matched: MatchedCounts,
    candidates: pl.DataFrame,
    ended: pl.DataFrame,
    censoring: Censoring,
    *,
    window_days: int,
) -> Losses:
    """Set time followed, deaths and moves of the matched people side by side.

    As for any outcome, comparison people count with the weight of their set, and, where they are
    referred later, until then, others being weighted for them: leaving by referral is no loss.

    Parameters
    ----------
    matched : the design's people; see `matched_counts`.
    candidates : `candidate_id, person_number, index_date, index_month, first_referral_date,
        is_exposed`.
    ended : `candidate_id, ended_on` (first day no longer followed), `ended_by`; `death` and `left`
        are losses.
    window_days : from the index date on.

    Raises
    ------
    TooFewEventsError : an arm without a day followed.

    Assumes
    -------
    As `matched_rate_ratio`, of death and of leaving in turn; the other ends follow-up without
    telling of it.
    """
    rows = loss_rows(matched, candidates, ended, censoring, window_days=window_days)
    shares, gap = _followed(rows[DEATH], by_practice=matched.by_practice)
    adjustment = tuple(name for name in matched.adjustment if name != "log_own_365")
    ratios: dict[str, Estimate | None] = dict.fromkeys(rows)
    for reason, own in rows.items():
        try:
            found = matched_rate_ratio(
                own, adjustment=adjustment, method=reason, by_practice=matched.by_practice
            )
        except TooFewEventsError:
            continue
        ratios[reason] = found.ratio
    return Losses(*shares, gap, ratios[DEATH], ratios[LEFT])


def loss_rows(
    matched: MatchedCounts,
    candidates: pl.DataFrame,
    ended: pl.DataFrame,
    censoring: Censoring,
    *,
    window_days: int,
) -> dict[str, pl.DataFrame]:
    """Rows of `matched_rate_ratio` by reason, weighted by month.

    `days` followed, `possible` days of the window while not referred, `events` nil or one.
    """
    here = candidates.join(
        matched.people.select("candidate_id"), on="candidate_id", how="semi", maintain_order="left"
    ).join(ended, on="candidate_id", how="left", maintain_order="left")
    months = _by_month(here, window_days)
    clocks = [
        months.select("candidate_id", "months_after", pl.lit(name).alias("clock"), days=name)
        for name in (_CLOCK, _POSSIBLE)
    ]
    lost = months.filter("is_last", pl.col("ended_by").is_in([DEATH, LEFT]))
    totals = weighted_totals(
        pl.concat(clocks),
        lost.select("candidate_id", "months_after", outcome="ended_by", events=pl.lit(1)),
        month_weights(here, months, censoring),
        _CLOCKS,
    )
    possible = totals.filter(outcome=_POSSIBLE).select("candidate_id", possible="days")
    return {
        reason: matched.people.join(
            totals.filter(outcome=reason).drop("outcome").join(possible, on="candidate_id"),
            on="candidate_id",
            how="left",
            maintain_order="left",
        ).with_columns(pl.col("events", "days", "possible").fill_null(0.0))
        for reason in (DEATH, LEFT)
    }


def _by_month(here: pl.DataFrame, window_days: int) -> pl.DataFrame:
    """Days followed and days that might have been, by calendar month of the window.

    `is_last` is the month in which following ended.
    """
    after = pl.DataFrame({"months_after": range(window_days // 28 + 2)})

    def month(later: int) -> pl.Expr:
        return pl.col("index_month").dt.offset_by(pl.format("{}mo", pl.col("months_after") + later))

    def days(until: str) -> pl.Expr:
        end = pl.min_horizontal("month_to", until)
        return (end - pl.col("month_from")).dt.total_days().clip(lower_bound=0)

    end = pl.col("index_date") + pl.duration(days=window_days)
    return (
        here.select("candidate_id", "index_date", "index_month", "ended_on", "ended_by")
        .with_columns(window_to=end.cast(pl.Date))
        .join(after, how="cross", maintain_order="left")
        .with_columns(month_from=pl.max_horizontal("index_date", month(0)), month_to=month(1))
        .with_columns(followed=days("ended_on"), possible=days("window_to"))
        .filter(pl.col("possible") > 0)
        .with_columns(is_last=(pl.col("followed") > 0) & (pl.col("ended_on") <= pl.col("month_to")))
    )


def _followed(rows: pl.DataFrame, *, by_practice: bool) -> tuple[tuple[float, float], Estimate]:
    """Each arm's share of the days that might have been, and the gap with its interval."""
    exposed, weight = rows["exposed"].to_numpy(), rows["weight"].to_numpy()
    days, possible = weight * rows["days"].to_numpy(), weight * rows["possible"].to_numpy()
    if not (days[exposed].sum() > 0 and days[~exposed].sum() > 0):
        raise TooFewEventsError("one of the groups was not followed for a single day")
    influence, shares = np.zeros(len(days)), []
    for arm, sign in ((exposed, 1), (~exposed, -1)):
        share = float(days[arm].sum() / possible[arm].sum())
        influence[arm] = sign * (days[arm] - share * possible[arm]) / possible[arm].sum()
        shares.append(share)
    variance = robust_variance(influence, codes_of(rows, ("match_set", "person_number")))
    df = None
    if by_practice:
        practices = group_codes(rows, ("match_set", "practice_number"))
        variance = max(variance, robust_variance(influence, practices))
        df = max(1, int(practices[-1].max()))
    found = wald(shares[0] - shares[1], float(np.sqrt(variance)), df=df)
    return (shares[0], shares[1]), Estimate(method=_CLOCK, scale="share_difference", **found)
