"""The smallest change that a study would show: worked out before an outcome is read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from math import ceil, exp, inf, isfinite, log, sqrt
from typing import Any

from scipy import optimize, stats

__all__ = ["DetectableRatio", "minimum_detectable_rate_ratio", "people_needed", "standard_error"]

_LARGEST = log(1e6)  # beyond a ratio of a million to one nothing is looked for


@dataclass(frozen=True, slots=True)
class DetectableRatio:
    """What a comparison of so many people can show.

    `fall` and `rise` are the rate ratios nearest 1, below and above, that would be told from 1
    with `power`; None where no fall, however large, would. `standard_error` is that of the log
    rate ratio where nothing changes.
    """

    fall: float | None
    rise: float
    standard_error: float
    power: float
    alpha: float

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def minimum_detectable_rate_ratio(
    people: float,
    *,
    rate: float,
    years: float = 1.0,
    matching_ratio: float = 1.0,
    dispersion: float = 1.0,
    cluster_size: float = 1.0,
    icc: float = 0.0,
    power: float = 0.8,
    alpha: float = 0.05,
) -> DetectableRatio:
    """The smallest fall and rise of a rate that a matched comparison would show.

    Parameters
    ----------
    people : people exposed.
    rate : events per person-year without the exposure.
    years : length of follow-up of each person.
    matching_ratio : comparison people for each exposed person, at their effective number: Kish's
        size of their weights, one person counted once however often they serve.
    dispersion : variance over mean of the counts of the comparison people in that time, 1 for
        Poisson; less is taken as 1.
    cluster_size : people of one cluster, such as a practice, who are all exposed or all not; 1
        where the people of a cluster stand on both sides, as when each is matched within their
        practice. Where sizes vary, their mean weighted by size: mean x (1 + squared coefficient
        of variation).
    icc : correlation of the counts of two people of one cluster, both unexposed.
    power : share of such studies in which the change shows, 0 to 1.
    alpha : two-sided size of the test.

    Returns
    -------
    DetectableRatio

    Raises
    ------
    ValueError : a number of people, rate, length or ratio is not above nought, a cluster size is
        below 1, or `icc`, `power` or `alpha` is out of range.

    Assumes
    -------
    A Wald test of the log rate ratio. Counts of a person have the mean rate x years x ratio and,
    of people exposed and not, the same coefficient of variation between persons: variance
    mean + k mean squared, k = (dispersion - 1) / (rate x years), so that a change multiplies
    everybody's rate. Clusters differ from one another independently, and are so many that the
    test's normal distribution holds (some thirty a side). No gain from adjustment (which makes
    the true error smaller) and no loss from people who cannot be followed to the end or are
    referred later (which makes it larger).

    The variance is that at the change, as a Wald test measures it: |log RR| sqrt(people) =
    (z(1 - alpha/2) + z(power)) sqrt(V), V = 1 / (mean x RR) + c + (1 / mean + c) /
    matching_ratio, c = k + (cluster_size - 1) x icc x dispersion / mean. Without a change V is
    dispersion / mean x (1 + 1 / matching_ratio) x the design effect 1 + (cluster_size - 1) x icc.
    Zhu and Lakkis, Statistics in Medicine 2014;33:376-387, doi 10.1002/sim.5947, their second
    approach (true rates); design effect: Donner and Klar, Design and Analysis of Cluster
    Randomization Trials in Health Research, 2000, section 5.2.
    """
    counts = _Counts(people, rate * years, matching_ratio, dispersion, cluster_size, icc)
    reach = _reach(power, alpha)

    def lacks(log_ratio: float) -> float:
        return abs(log_ratio) * sqrt(people) - reach * sqrt(counts.variance(log_ratio))

    rise = float(optimize.brentq(lacks, 0.0, _bracket(lacks, people)))
    return DetectableRatio(
        fall=_fall(lacks),
        rise=exp(rise),
        standard_error=sqrt(counts.variance(0.0) / people),
        power=power,
        alpha=alpha,
    )


def people_needed(
    ratio: float,
    *,
    rate: float,
    years: float = 1.0,
    matching_ratio: float = 1.0,
    dispersion: float = 1.0,
    cluster_size: float = 1.0,
    icc: float = 0.0,
    power: float = 0.8,
    alpha: float = 0.05,
) -> int:
    """People exposed that are needed to tell a rate ratio from 1; see the above for the rest.

    Raises
    ------
    ValueError : as above, or `ratio` is 1 or not above nought.
    """
    if not ratio > 0 or ratio == 1:
        raise ValueError("'ratio' must be above nought and other than 1")
    counts = _Counts(1.0, rate * years, matching_ratio, dispersion, cluster_size, icc)
    return ceil(counts.variance(log(ratio)) * (_reach(power, alpha) / log(ratio)) ** 2)


def standard_error(
    people: float,
    *,
    rate: float,
    years: float = 1.0,
    matching_ratio: float = 1.0,
    dispersion: float = 1.0,
    cluster_size: float = 1.0,
    icc: float = 0.0,
    ratio: float = 1.0,
) -> float:
    """The standard error of the log rate ratio to expect where the rate ratio is `ratio`."""
    counts = _Counts(people, rate * years, matching_ratio, dispersion, cluster_size, icc)
    return sqrt(counts.variance(log(ratio)) / people)


@dataclass(frozen=True, slots=True)
class _Counts:
    """Counts of comparison people: `mean` each, `matching_ratio` of them for each exposed."""

    people: float
    mean: float
    matching_ratio: float
    dispersion: float
    cluster_size: float
    icc: float

    def __post_init__(self) -> None:
        for value in (self.people, self.mean, self.matching_ratio):
            if not (value > 0 and isfinite(value)):
                raise ValueError("people, rate, years and matching ratio must be above nought")
        if not (1 <= self.cluster_size < inf and 0 <= self.icc <= 1):
            raise ValueError("'cluster_size' must be 1 or more, 'icc' between 0 and 1")

    def variance(self, log_ratio: float) -> float:
        """Of the log rate ratio, for one exposed person."""
        dispersion = max(1.0, self.dispersion)
        shared = (self.cluster_size - 1) * self.icc * dispersion  # by the people of one cluster
        between = (dispersion - 1 + shared) / self.mean
        exposed = exp(-log_ratio) / self.mean + between
        comparison = 1 / self.mean + between
        return exposed + comparison / self.matching_ratio


def _reach(power: float, alpha: float) -> float:
    """How many standard errors an effect must be away from nothing."""
    if not (0 < alpha < 1 and alpha / 2 < power < 1):
        raise ValueError("'alpha' must lie in (0, 1) and 'power' between alpha / 2 and 1")
    return float(stats.norm.ppf(1 - alpha / 2) + stats.norm.ppf(power))


def _bracket(lacks: Callable[[float], float], people: float) -> float:
    upper = 1 / sqrt(people)
    while lacks(upper) < 0:
        upper *= 2
    return upper


def _fall(lacks: Callable[[float], float]) -> float | None:
    """The fall nearest nought; the larger it is, the fewer events are left to show it."""
    best = optimize.minimize_scalar(lambda b: -lacks(-b), bounds=(0.0, _LARGEST), method="bounded")
    if lacks(-best.x) < 0:
        return None
    return exp(-float(optimize.brentq(lambda b: lacks(-b), 0.0, best.x)))
