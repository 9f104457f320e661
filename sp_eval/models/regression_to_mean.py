"""The fall to expect of people picked when busy, had nothing been done for them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from sp_eval.models.estimate import MINIMUM_EVENTS, Estimate, TooFewEventsError
from sp_eval.models.poisson import PoissonFit, fit_poisson, independent_columns

__all__ = ["expected_after", "expected_from_selection", "spurious_difference"]

_DRAWS = 400
# One event's worth on standardised columns: nothing in schemes of any size, but in tiny ones a
# column that few people without events decide would send one referred person's rate to the sky.
_RIDGE = 1.0
Array = NDArray[np.floating]


def expected_after(selected_mean: float, *, population_mean: float, shape: float) -> float:
    """Mean count after of people picked for their count before, had nothing been done.

    (k + m) / (k / mu + 1), with m the mean before of those picked, mu the mean and k the shape of
    the population. For the auditor of claims alone, where there are no records to compare: it says
    "at least". People are picked on their last weeks rather than on the whole year counted, so
    that the true fall is larger (in the bundled example 19% against 11% by this formula). Where
    there are records, `expected_from_selection`.

    Parameters
    ----------
    selected_mean : events per person before, of those picked; nought or more.
    population_mean : events per person in as long a time, of all they were picked from.
    shape : of the gamma by which persons' own rates differ: mean squared over the variance
        between persons. Small: people differ much, and little comes back by itself.

    Returns
    -------
    float : events per person in as long a time after.

    Raises
    ------
    ValueError : a value is not above nought (`selected_mean`: below nought), or not finite.

    Assumes
    -------
    Counts are Poisson around a person's own rate, the rates gamma in the population and the same
    after as before, and picking depends on the count before and on nothing else. The formula is
    linear in the count, so that the mean of those picked is all it needs.

    Source: the mean of the gamma posterior of a Poisson rate; Hauer (1986), Accident Analysis &
    Prevention 18:1-12, doi 10.1016/0001-4575(86)90031-X, for places picked for their accidents.
    """
    if not (np.isfinite(selected_mean) and selected_mean >= 0):
        raise ValueError("the mean of those picked must be nought or more")
    if not (_is_positive(population_mean) and _is_positive(shape)):
        raise ValueError("the mean and the shape of the population must be above nought")
    return (shape + selected_mean) / (shape / population_mean + 1)


def spurious_difference(
    selected_mean: float,
    *,
    mean_exposed_population: float,
    mean_comparison_population: float,
    shape: float,
) -> float:
    """Difference after between people matched on use before, of populations that differ in mean.

    Each side goes back towards its own population's mean, so that a difference comes of itself:
    `expected_after` of the exposed minus that of their matches. An alarm, not a correction.

    Parameters
    ----------
    selected_mean : events per person before, the same in the exposed and in their matches.
    mean_exposed_population, mean_comparison_population : events per person in as long a time.
    shape : of the gamma in both populations, see `expected_after`.

    Returns
    -------
    float : events per person in as long a time after; above nought the exposed seem worse for it.

    Raises
    ------
    ValueError : as `expected_after`.

    Assumes
    -------
    As `expected_after`, in both populations; no effect.
    """
    exposed, comparison = (
        expected_after(selected_mean, population_mean=mean, shape=shape)
        for mean in (mean_exposed_population, mean_comparison_population)
    )
    return exposed - comparison


def _is_positive(value: float) -> bool:
    return bool(np.isfinite(value) and value > 0)


def expected_from_selection(
    unreferred: pl.DataFrame,
    referred: pl.DataFrame,
    *,
    columns: tuple[str, ...],
    seed: int,
    ci_level: float = 0.95,
) -> Estimate:
    """Ratio after/before expected of the referred had they not been referred.

    A Poisson regression of people not referred, on their history, predicts the rate after for
    each referred person; the ratio sets the mean prediction against the referred people's own
    rate before (primary_estimator.md clause 17). In words: people with the same recent history
    who were not referred went on to use (1 - ratio) less.

    Parameters
    ----------
    unreferred : one row a candidate: `person_number, events, days` (weighted), `columns`.
    referred : one row a person: `events_pre, days_pre, days` (after), `columns`; those without a
        day after count in the rate before, as they do in the paired before/after.

    Returns
    -------
    Estimate on `rate_ratio`, method `expected_from_selection`; percentile interval from a
    bootstrap of persons in both groups, each draw refitted by one Newton step from the full fit
    (Davidson & MacKinnon 1999, International Economic Review 40:487: one step is equivalent to
    the full refit to the order of the bootstrap's own error; a test compares them).

    Raises
    ------
    TooFewEventsError : nothing to fit, or nobody to predict for.

    Assumes
    -------
    Selection into referral on recorded history only; rates log-linear in the columns.
    """
    unreferred = unreferred.filter(pl.col("days") > 0)
    if unreferred.height == 0 or float(unreferred["events"].sum()) < len(columns) + 1:
        raise TooFewEventsError("too few events among people not referred to expect a rate from")
    if float(referred["days"].sum()) <= 0 or float(referred["events_pre"].sum()) < MINIMUM_EVENTS:
        raise TooFewEventsError(
            f"fewer than {MINIMUM_EVENTS} events among the referred before their referral"
        )
    x, z = _standardised(unreferred, referred, columns)
    y, days = unreferred["events"].to_numpy(), unreferred["days"].to_numpy()
    fit = fit_poisson(y, days, x, np.ones(len(y)), ridge=_RIDGE)
    people = _Referred.of(referred, z, fit.beta)
    point = people.ratio(np.ones((1, referred.height)), np.zeros((1, z.shape[1])))[0]
    draws = _bootstrap(fit, unreferred["person_number"], people, seed)
    low, high = np.quantile(draws, [0.5 - ci_level / 2, 0.5 + ci_level / 2])
    return Estimate(
        method="expected_from_selection",
        scale="rate_ratio",
        point=float(point),
        ci_low=float(low),
        ci_high=float(high),
        ci_level=ci_level,
        standard_error=float(np.std(np.log(draws), ddof=1)),
        n_analysed=referred.height,
        n_comparison=unreferred["person_number"].n_unique(),
        person_years_exposed=float(referred["days"].sum()) / 365.25,
    )


@dataclass(frozen=True, slots=True)
class _Referred:
    """The referred people's predictions, and how they move with the coefficients."""

    expected: Array
    z: Array
    days: Array
    before: Array
    before_days: Array

    @classmethod
    def of(cls, referred: pl.DataFrame, z: Array, beta: Array) -> _Referred:
        days = referred["days"].to_numpy()
        expected = np.exp(z @ beta) * days
        return cls(
            expected, z, days, referred["events_pre"].to_numpy(), referred["days_pre"].to_numpy()
        )

    def ratio(self, weight: Array, shift: Array) -> Array:
        """Ratios for (B, n) person weights and (B, k) changes of the coefficients."""
        expected = self.expected * np.exp(shift @ self.z.T)
        after = (weight * expected).sum(axis=1) / (weight @ self.days)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(after / ((weight @ self.before) / (weight @ self.before_days)))


def _standardised(
    unreferred: pl.DataFrame, referred: pl.DataFrame, columns: tuple[str, ...]
) -> tuple[Array, Array]:
    x = unreferred.select(columns).to_numpy().astype(float)
    z = referred.select(columns).to_numpy().astype(float)
    mean, spread = x.mean(axis=0), x.std(axis=0)
    varying = spread > 0
    x = (x[:, varying] - mean[varying]) / spread[varying]
    z = (z[:, varying] - mean[varying]) / spread[varying]
    x, z = (np.column_stack([np.ones(len(m)), m]) for m in (x, z))
    kept = independent_columns(x)
    return x[:, kept], z[:, kept]


def _bootstrap(fit: PoissonFit, person: pl.Series, people: _Referred, seed: int) -> Array:
    rng = np.random.default_rng(seed)
    codes = np.unique(person.to_numpy(), return_inverse=True)[1]
    count = int(codes.max()) + 1
    summed = np.column_stack([np.bincount(codes, weights=column) for column in fit.score.T])
    referred = len(people.days)
    draws = []
    for size in [100] * (_DRAWS // 100):
        picks = rng.multinomial(count, np.full(count, 1 / count), size=size)
        shift = picks @ summed @ fit.bread
        own = rng.multinomial(referred, np.full(referred, 1 / referred), size=size)
        draws.append(people.ratio(own.astype(float), shift))
    drawn: Array = np.concatenate(draws)
    # A draw of nobody with an event before has no ratio; there are such draws in tiny schemes.
    return np.asarray(drawn[np.isfinite(drawn) & (drawn > 0)])
