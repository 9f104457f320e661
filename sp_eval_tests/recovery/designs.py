"""Worlds of one confounded choice, and of a choice that may come in any month, with known effect.

`python -m sp_eval_tests.recovery.designs --seeds 500` prints bias, its Monte Carlo error and
coverage of every design; the tests beside it assert the same table on fewer worlds.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Callable

import numpy as np
import polars as pl

from sp_eval.comparison.matching import (
    caliper_width,
    coarsened_exact,
    match_nearest,
    match_risk_set,
)
from sp_eval.comparison.method_warning import MethodWarning
from sp_eval.comparison.propensity import fit_logistic
from sp_eval.comparison.weighting import entropy_balance, propensity_weights

__all__ = ["DESIGNS", "ROLLING", "summarise"]

EFFECT = 1.0
MONTHS, FOLLOWED = 10, 6


def choice_world(seed: int, *, people: int = 1_500, bent: bool = False) -> pl.DataFrame:
    """People of whom those with large `a` and small `b` are exposed more often.

    The outcome without exposure is linear in `a` and `b`; exposure adds `EFFECT`. `bent`: the log
    odds of exposure are not linear in them, so that the score fitted on them is wrong.
    """
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=(2, people))
    odds = -1.6 + 0.8 * a - 0.5 * b + (0.6 * a**2 if bent else 0)
    exposed = rng.random(people) < 1 / (1 + np.exp(-odds))
    result = 2 * a - b + EFFECT * exposed + rng.normal(size=people)
    x = np.column_stack([a, b])
    fit = fit_logistic(x, exposed.astype(float), np.zeros(people, dtype=np.int64))
    return pl.DataFrame(
        {"id": np.arange(people), "exposed": exposed, "a": a, "b": b, "result": result,
         "logit": fit.logit, "p": fit.probability}
    )  # fmt: skip


def _of_sets(found: pl.DataFrame, later: pl.DataFrame, on: list[str]) -> tuple[float, float]:
    """Mean over matched sets of exposed less weighted comparison, and its standard error."""
    rows = found.join(later, on=on, maintain_order="left")
    sign = pl.when("exposed").then(1.0).otherwise(-1.0)
    gap = (sign * pl.col("weight") * pl.col("result")).sum().alias("gap")
    values = rows.group_by("match_set", maintain_order=True).agg(gap)["gap"].to_numpy()
    return float(values.mean()), float(values.std(ddof=1) / np.sqrt(len(values)))


def _of_weights(units: pl.DataFrame, weight: pl.Series) -> tuple[float, float]:
    """Difference of weighted means and its standard error as if the weights were given."""
    group, y, w = (s.to_numpy() for s in (units["exposed"], units["result"], weight))
    point, variance = 0.0, 0.0
    for arm, sign in ((group, 1), (~group, -1)):
        mean = np.average(y[arm], weights=w[arm])
        point += sign * mean
        variance += (w[arm] ** 2 * (y[arm] - mean) ** 2).sum() / w[arm].sum() ** 2
    return float(point), float(np.sqrt(variance))


def _nearest(**settings) -> Callable[[pl.DataFrame], tuple[float, float]]:
    def estimate(units: pl.DataFrame) -> tuple[float, float]:
        width = 0.05 * float(units["logit"].std())
        found = match_nearest(
            units, exposed="exposed", score="logit", id="id", caliper=width, **settings
        )
        return _of_sets(found, units.select("id", "result"), ["id"])

    return estimate


def _weighted(**settings) -> Callable[[pl.DataFrame], tuple[float, float]]:
    def estimate(units: pl.DataFrame) -> tuple[float, float]:
        found = propensity_weights(units, exposed="exposed", score="p", id="id", **settings)
        return _of_weights(units, found.weights["weight"])

    return estimate


def _balanced(units: pl.DataFrame) -> tuple[float, float]:
    found = entropy_balance(units, exposed="exposed", covariates=["a", "b"], id="id")
    return _of_weights(units, found.weights["weight"])


def _coarsened(units: pl.DataFrame) -> tuple[float, float]:
    found = coarsened_exact(units, exposed="exposed", on={"a": 12, "b": 12}, id="id")
    kept = found.join(units.select("id", "result"), on="id")
    return _of_weights(kept, kept["weight"])


def _naive(units: pl.DataFrame) -> tuple[float, float]:
    return _of_weights(units, pl.Series(np.ones(units.height)))


DESIGNS: dict[str, Callable[[pl.DataFrame], tuple[float, float]]] = {
    "nothing": _naive,
    "nearest 1:1": _nearest(),
    "nearest 1:1, closest first": _nearest(order="closest"),
    "nearest 1:3, in a drawn order": _nearest(ratio=3, order="random", seed=1),
    "coarsened exact": _coarsened,
    "entropy balance": _balanced,
    "propensity ATT": _weighted(),
    "propensity ATT, cut at 0.9": _weighted(truncate=0.9),
    "propensity ATE": _weighted(estimand="ATE"),
    "propensity ATO": _weighted(estimand="ATO"),
}


def rolling_world(seed: int, *, people: int = 700) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Candidates by month, who are referred when busy; and every later month's load.

    How busy one is comes and goes; the load of the six months after the index month is the
    outcome, and referral adds `EFFECT` to it.
    """
    rng = np.random.default_rng(seed)
    months = MONTHS + FOLLOWED
    lasting = rng.normal(0, 0.7, people)
    busy = np.empty((people, months))
    busy[:, 0] = rng.normal(size=people)
    for m in range(1, months):
        busy[:, m] = 0.7 * busy[:, m - 1] + rng.normal(0, np.sqrt(1 - 0.49), people)
    load = busy + lasting[:, None]
    hazard = 1 / (1 + np.exp(5.0 - 1.6 * load[:, :MONTHS]))
    at = np.where(rng.random((people, MONTHS)) < hazard, np.arange(MONTHS), MONTHS).min(axis=1)
    person, month = np.nonzero(np.arange(MONTHS)[None, :] <= at[:, None])
    after = np.stack(
        [load[:, m + 1 : m + 1 + FOLLOWED].mean(axis=1) for m in range(MONTHS)], axis=1
    )
    frame = pl.DataFrame(
        {"id": person, "month": month, "exposed": month == at[person], "now": load[person, month],
         "before": load[person, np.maximum(month - 1, 0)], "ever": at[person] < MONTHS}
    )  # fmt: skip
    x = frame.select("now", "before", "month").to_numpy()
    y = frame["exposed"].to_numpy().astype(float)
    fit = fit_logistic(x, y, np.zeros(len(y), dtype=np.int64))
    result = after[person, month] + EFFECT * (month == at[person]) + rng.normal(0, 0.3, len(person))
    later = pl.DataFrame({"id": person, "month": month, "result": result})
    return frame.with_columns(score=pl.Series(fit.logit)), later


def _rolling(candidates: pl.DataFrame, later: pl.DataFrame, **settings) -> tuple[float, float]:
    group, score = candidates["exposed"].to_numpy(), candidates["score"].to_numpy()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", MethodWarning)
        found = match_risk_set(
            candidates,
            exposed="exposed",
            score="score",
            month="month",
            id="id",
            ratio=3,
            caliper=caliper_width(score, group, sd=0.2),
            **settings,
        )
    return _of_sets(found, later, ["id", "month"])


ROLLING: dict[str, Callable[[pl.DataFrame, pl.DataFrame], tuple[float, float]]] = {
    "risk set": _rolling,
    "risk set, once in the study": lambda c, y: _rolling(c, y, use_once=True),
    "never exposed only": lambda c, y: _rolling(c.filter(pl.col("exposed") | ~pl.col("ever")), y),
}


def summarise(seeds: range, *, bent: bool = False) -> pl.DataFrame:
    """Mean error, its Monte Carlo error and coverage of a 95% interval, by design."""
    rows = []
    for seed in seeds:
        units = choice_world(seed, bent=bent)
        rows += [(name, *design(units)) for name, design in DESIGNS.items()]
        if not bent:
            world = rolling_world(seed)
            rows += [(name, *design(*world)) for name, design in ROLLING.items()]
    error = pl.col("point") - EFFECT
    return (
        pl.DataFrame(rows, schema=["design", "point", "se"], orient="row")
        .group_by("design", maintain_order=True)
        .agg(
            bias=error.mean(),
            mc_error=error.std() / error.len().sqrt(),
            coverage=(error.abs() < 1.96 * pl.col("se")).mean(),
            sd=error.std(),
            se=pl.col("se").mean(),
        )
    )


if __name__ == "__main__":
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--seeds", type=int, default=200)
    given = asked.parse_args()
    with pl.Config(tbl_rows=-1, tbl_width_chars=120):
        for bend in (False, True):
            print(summarise(range(given.seeds), bent=bend))  # noqa: T201
