"""Monthly series with a known step: how far off segmented regression is, and how often it covers.

`python -m sp_eval_tests.recovery.series` prints the table of docs/estimators/interrupted-series.md.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from sp_eval.models.interrupted_series import InterruptedSeries, segmented

__all__ = ["KINDS", "coverage", "drawn"]

RATIO = 0.85
# months, months before, how alike neighbouring months are (autocorrelation), spread of months
KINDS = {
    "two years, unrelated": (24, 12, 0.0, 0.0),
    "four years, unrelated": (48, 24, 0.0, 0.0),
    "four years, alike": (48, 24, 0.5, 0.1),
    "eight years, alike": (96, 48, 0.5, 0.1),
}


def drawn(kind: str, seed: int) -> tuple[pl.DataFrame, int]:
    """One series of about 500 a month with season, trend and a fall by 15%; and its cut."""
    n, cut, alike, spread = KINDS[kind]
    rng = np.random.default_rng(seed)
    z, swing = rng.normal(size=n + 30), np.zeros(n + 30)
    for i in range(1, n + 30):
        swing[i] = alike * swing[i - 1] + np.sqrt(1 - alike**2) * z[i]
    month = np.arange(n)
    level = 0.003 * month + 0.1 * np.sin(2 * np.pi * month / 12) + np.log(RATIO) * (month >= cut)
    events = rng.poisson(500 * np.exp(level + spread * swing[30:]))
    return pl.DataFrame({"month": month, "events": events}), cut


def coverage(kind: str, *, seeds: range) -> dict[str, float]:
    """Mean log error of the level, and share of 95% intervals that hold it, by kind of error."""
    hits: dict[str, list[float]] = {"error": [], "newey_west": [], "larger": [], "poisson": []}
    for seed in seeds:
        series, cut = drawn(kind, seed)
        given = {"outcome": "events", "time": "month", "interruption": cut, "harmonics": 1}
        found = {e: segmented(series, **given, errors=e) for e in ("newey_west", "larger")}
        for name, one in found.items():
            hits[name].append(one.level.ci_low <= RATIO <= one.level.ci_high)
        one = found["larger"]
        error = np.log(one.level.point / RATIO)
        hits["error"].append(error)
        hits["poisson"].append(abs(error) <= 1.96 * _plain(one))
    return {name: float(np.mean(values)) for name, values in hits.items()}


def _plain(found: InterruptedSeries) -> float:
    """The error of the level as if months were Poisson and nothing else."""
    model = found.coefficients.filter(term="level")["model_error"].item()
    return float(model / np.sqrt(found.dispersion))


if __name__ == "__main__":
    for name in KINDS:
        print(name, coverage(name, seeds=range(1_000)))  # noqa: T201
