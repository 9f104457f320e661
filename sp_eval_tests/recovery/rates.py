"""Made-up people whose rates and effect are known, for models of rates: bias and coverage."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl

from sp_eval.models.estimate import Estimate

__all__ = ["Recovered", "frail_people", "recovered"]


@dataclass(frozen=True)
class Recovered:
    """Over many data sets: mean error, share of intervals that held the truth, error against SD."""

    bias: float
    bias_error: float
    coverage: float
    error_over_sd: float


def recovered(
    make: Callable[[int], Estimate], truth: float, *, replications: int, log: bool
) -> Recovered:
    """Estimate `replications` data sets, numbered from 0, of one truth."""
    found = [make(seed) for seed in range(replications)]
    points = np.array([np.log(e.point) if log else e.point for e in found])
    held = [e.ci_low <= truth <= e.ci_high for e in found]
    error = points - (np.log(truth) if log else truth)
    spread = points.std(ddof=1)
    return Recovered(
        float(error.mean()),
        float(spread / np.sqrt(replications)),
        float(np.mean(held)),
        float(np.mean([e.standard_error for e in found]) / spread),
    )


def frail_people(
    seed: int, *, people: int = 400, ratio: float = 0.8, frailty: float = 1.0, practices: int = 40,
    between: float = 0.3,
) -> pl.DataFrame:  # fmt: skip
    """Counts of people who differ, in practices that differ; busier people are exposed oftener."""
    rng = np.random.default_rng(seed)
    practice = rng.integers(0, practices, people)
    x = rng.normal(size=people)
    exposed = rng.random(people) < 1 / (1 + np.exp(-0.8 * x))
    frail = rng.gamma(1 / frailty, frailty, people) if frailty else np.ones(people)
    level = np.exp(rng.normal(-(between**2) / 2, between, practices))[practice]
    days = rng.uniform(90, 365, people)
    rate = 6 / 365.25 * frail * level * np.exp(0.4 * x) * np.where(exposed, ratio, 1.0)
    return pl.DataFrame(
        {
            "y": rng.poisson(rate * days),
            "exposed": exposed,
            "x": x,
            "days": days,
            "practice": practice,
            "rate": rate,
        }
    )
