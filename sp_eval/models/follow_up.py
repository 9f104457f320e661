"""Who was lost from which arm, and why: follow-up, deaths and moves side by side."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import polars as pl
from scipy import stats
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

__all__ = ["ArmFollowUp", "FollowUp", "Loss", "follow_up"]

_PER = 1000 * 365.25


@dataclass(frozen=True, slots=True)
class ArmFollowUp:
    """One arm: its people, their days followed, and the share of the window that those are."""

    people: int
    person_days: float
    share_followed: float


@dataclass(frozen=True, slots=True)
class Loss:
    """One reason for which follow-up ended early, in the exposed and the comparison people.

    Risks are shares of people, 0 to 1; rates are events per 1,000 person-years; difference and
    ratio are exposed against comparison. `rate_ratio` is None where no comparison person was
    lost so, an end of its interval where it has none. `p_value`: of a ratio of 1.
    """

    reason: str
    exposed: int
    comparison: int
    risk_exposed: float
    risk_exposed_low: float
    risk_exposed_high: float
    risk_comparison: float
    risk_comparison_low: float
    risk_comparison_high: float
    risk_difference: float
    risk_difference_low: float
    risk_difference_high: float
    rate_exposed: float
    rate_comparison: float
    rate_ratio: float | None
    rate_ratio_low: float | None
    rate_ratio_high: float | None
    p_value: float

    @property
    def is_differential(self) -> bool:
        """The interval of the risk difference, or of the rate ratio, leaves no difference out."""
        by_risk = self.risk_difference_low > 0 or self.risk_difference_high < 0
        by_rate = (self.rate_ratio_low or 0) > 1 or (
            self.rate_ratio_high is not None and self.rate_ratio_high < 1
        )
        return by_risk or by_rate


@dataclass(frozen=True, slots=True)
class FollowUp:
    """Both arms, and each reason for loss in alphabetical order."""

    exposed: ArmFollowUp
    comparison: ArmFollowUp
    losses: tuple[Loss, ...]
    ci_level: float

    @property
    def differential(self) -> tuple[str, ...]:
        """The reasons that took more from one arm than chance does."""
        return tuple(loss.reason for loss in self.losses if loss.is_differential)

    def to_dict(self) -> dict[str, Any]:
        return asdict(self) | {"differential": self.differential}


def follow_up(
    rows: pl.DataFrame,
    *,
    window_days: float,
    whole: tuple[str, ...] = ("end",),
    ci_level: float = 0.95,
) -> FollowUp:
    """Set follow-up and its early ends side by side by arm.

    Parameters
    ----------
    rows : one row a person: `exposed` Boolean; `days` followed in the window, nought or more;
        `ended_by` String: why follow-up ended, such as `death`, `left`, `covered` (no file covers
        what came after), or one of `whole`.
    window_days : length of the window.
    whole : values of `ended_by` that are no loss.
    ci_level : of every interval.

    Returns
    -------
    FollowUp : risks with Wilson's interval, their difference with Newcombe's (his method 10);
        rate ratios with the exact interval given the number of both arms, whose p-value adds up
        the outcomes no likelier than the one found (R's poisson.test).

    Raises
    ------
    ValueError : a column is missing or holds nulls, an arm is empty, no day was followed in it, or
        somebody was followed for longer than the window.

    Assumes
    -------
    People independent of one another and each counted once: not matched sets of unequal size,
    whose comparison people would have to be weighted. Rates that are constant over the window.

    Source: Wilson, JASA 1927;22:209-212, doi 10.1080/01621459.1927.10502953; Newcombe, Statistics
    in Medicine 1998;17:873-890, doi
    10.1002/(SICI)1097-0258(19980430)17:8<873::AID-SIM779>3.0.CO;2-I (both by statsmodels); Clopper
    and Pearson, Biometrika 1934;26:404-413, doi 10.1093/biomet/26.4.404 (by scipy).
    """
    _refuse(rows, window_days)
    exposed, comparison = rows.filter("exposed"), rows.filter(~pl.col("exposed"))
    reasons = rows.filter(~pl.col("ended_by").is_in(whole))["ended_by"].unique().sort()
    arms = _arm(exposed, window_days), _arm(comparison, window_days)
    losses = []
    for reason in reasons:
        counts = [int((arm["ended_by"] == reason).sum()) for arm in (exposed, comparison)]
        losses.append(_loss(reason, (counts[0], counts[1]), arms, ci_level))
    return FollowUp(*arms, tuple(losses), ci_level)


def _refuse(rows: pl.DataFrame, window_days: float) -> None:
    wanted = ("exposed", "days", "ended_by")
    if not set(wanted) <= set(rows.columns) or rows.select(wanted).null_count().sum_horizontal()[0]:
        raise ValueError("every row needs 'exposed', 'days' and 'ended_by', without nulls")
    for arm in (True, False):
        days = rows.filter(pl.col("exposed") == arm)["days"]
        if days.is_empty() or float(days.sum()) <= 0:
            raise ValueError("both arms need people, and days on which they were followed")
    if not rows["days"].is_between(0, window_days).all():
        raise ValueError(f"days followed must lie between 0 and the window's {window_days}")


def _arm(rows: pl.DataFrame, window_days: float) -> ArmFollowUp:
    days = float(rows["days"].sum())
    return ArmFollowUp(rows.height, days, days / (rows.height * window_days))


def _loss(
    reason: str, counts: tuple[int, int], arms: tuple[ArmFollowUp, ArmFollowUp], ci_level: float
) -> Loss:
    (x1, x2), (one, two), alpha = counts, arms, 1 - ci_level
    low_one, high_one = proportion_confint(x1, one.people, alpha=alpha, method="wilson")
    low_two, high_two = proportion_confint(x2, two.people, alpha=alpha, method="wilson")
    low, high = confint_proportions_2indep(
        x1, one.people, x2, two.people, compare="diff", method="newcomb", alpha=alpha
    )
    ratio, p_value = _rate_ratio(counts, (one.person_days, two.person_days), ci_level)
    return Loss(
        reason=reason,
        exposed=x1,
        comparison=x2,
        risk_exposed=x1 / one.people,
        risk_exposed_low=float(low_one),
        risk_exposed_high=float(high_one),
        risk_comparison=x2 / two.people,
        risk_comparison_low=float(low_two),
        risk_comparison_high=float(high_two),
        risk_difference=x1 / one.people - x2 / two.people,
        risk_difference_low=float(low),
        risk_difference_high=float(high),
        rate_exposed=_PER * x1 / one.person_days,
        rate_comparison=_PER * x2 / two.person_days,
        rate_ratio=ratio[0],
        rate_ratio_low=ratio[1],
        rate_ratio_high=ratio[2],
        p_value=p_value,
    )


def _rate_ratio(
    counts: tuple[int, int], time: tuple[float, float], ci_level: float
) -> tuple[tuple[float | None, float | None, float | None], float]:
    """The ratio with its exact interval, and its p-value."""
    x1, x2 = counts
    if x1 + x2 == 0:
        return (None, None, None), 1.0
    test = stats.binomtest(x1, x1 + x2, time[0] / (time[0] + time[1]))
    within = test.proportion_ci(ci_level, method="exact")
    per = time[1] / time[0]
    point, low, high = (
        None if share >= 1 else float(share / (1 - share) * per)
        for share in (x1 / (x1 + x2), within.low, within.high)
    )
    return (point, low, high), float(test.pvalue)
