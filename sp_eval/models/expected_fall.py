"""The fall to be expected had nobody been referred: regression from people not referred."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from sp_eval.models.estimate import MINIMUM_EVENTS, Estimate, TooFewEventsError
from sp_eval.models.poisson import PoissonFit, fit_poisson, independent_columns

__all__ = ["expected_fall"]

_DRAWS = 400
# One event's worth on standardised columns: nothing in schemes of any size, but in tiny ones a
# column that few people without events decide would send one referred person's rate to the sky.
_RIDGE = 1.0
Array = NDArray[np.floating]


def expected_fall(
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
