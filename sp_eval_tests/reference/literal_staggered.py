"""Group-time effects written from the paper with a weight a unit, so that influences can be nudged.

The influence of unit i on an estimate is n times its derivative by the unit's weight, at weights of
one. Here every estimate is a plain function of the weights (statsmodels' weighted fits, weighted
means), and the derivative is taken numerically: no formula for an influence is used.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import polars as pl
import statsmodels.api as sm

__all__ = ["LiteralStaggered", "staggered_panel", "standard_error"]


def staggered_panel(seed: int, *, units: int = 60, periods: int = 4) -> pl.DataFrame:
    """A balanced panel, groups 0 (never), 2, 3 and 4; who is exposed early depends on x."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=units)
    group = rng.choice([0, 2, 3, 4], size=units, p=[0.4, 0.2, 0.2, 0.2])
    group = np.where((x > 1) & (rng.random(units) < 0.5), 2, group)
    own = rng.normal(size=units)
    rows = []
    for t in range(1, periods + 1):
        effect = np.where((group > 0) & (t >= group), 1.0 + 0.5 * (t - group), 0.0)
        y = own + 0.3 * t + 0.4 * t * x + effect + rng.normal(size=units)
        rows.append(
            pl.DataFrame({"id": np.arange(units), "t": t, "g": group, "y": y, "x": x + 0.1 * t})
        )
    return pl.concat(rows)


class LiteralStaggered:
    """One panel under one setting; every estimate takes the (n,) weights of the units."""

    def __init__(
        self, panel: pl.DataFrame, *, control_group: str, covariates: bool, method: str
    ) -> None:
        self.times = sorted(panel["t"].unique().to_list())
        self.group = np.array(panel.filter(t=self.times[0]).sort("id")["g"].to_list())
        self.y = {t: panel.filter(t=t).sort("id")["y"].to_numpy() for t in self.times}
        self.x = {t: panel.filter(t=t).sort("id")["x"].to_numpy() for t in self.times}
        self.control_group, self.covariates, self.method = control_group, covariates, method
        self.n = len(self.group)

    def att(self, g: int, t: int, w: np.ndarray) -> float:
        if t >= g:
            base = max(s for s in self.times if s < g)
        else:
            base = self.times[self.times.index(t) - 1]
        treated = self.group == g
        if self.control_group == "never":
            control = self.group == 0
        else:
            control = (self.group == 0) | ((self.group > t) & (self.group != g))
        change = self.y[t] - self.y[base]
        if not self.covariates:
            return _mean(change, w * treated) - _mean(change, w * control)
        x = sm.add_constant(self.x[base])
        kept = treated | control
        fitted = np.zeros(self.n)
        if self.method != "ipw":
            line = sm.WLS(change[control], x[control], weights=w[control]).fit()
            fitted = x @ line.params
        if self.method == "reg":
            return _mean(change - fitted, w * treated)
        logit = sm.GLM(
            treated[kept].astype(float),
            x[kept],
            family=sm.families.Binomial(),
            freq_weights=w[kept],
        ).fit(tol=1e-14, maxiter=100)
        p = np.zeros(self.n)
        p[kept] = logit.predict(x[kept])
        odds = p / (1 - p)
        return _mean(change - fitted, w * treated) - _mean(change - fitted, w * control * odds)

    def share(self, g: int, w: np.ndarray) -> float:
        return float(w[self.group == g].sum() / w.sum())

    def cells(self) -> list[tuple[int, int]]:
        groups = sorted(set(self.group.tolist()) - {0})
        return [(g, t) for g in groups for t in self.times[1:]]

    def overall(self, kind: str, w: np.ndarray) -> float:
        after = [(g, t) for g, t in self.cells() if t >= g]
        if kind == "simple":
            return self._by_share(after, w)
        if kind == "group":
            groups = sorted({g for g, _ in after})
            mean = {g: np.mean([self.att(g, t, w) for h, t in after if h == g]) for g in groups}
            shares = {g: self.share(g, w) for g in groups}
            return sum(shares[g] * mean[g] for g in groups) / sum(shares.values())
        if kind == "dynamic":
            parts = sorted({t - g for g, t in after})
            return float(np.mean([self.at_event(e, w) for e in parts]))
        times = sorted({t for _, t in after})
        return float(np.mean([self._by_share([c for c in after if c[1] == t], w) for t in times]))

    def at_event(self, event: int, w: np.ndarray) -> float:
        return self._by_share([(g, t) for g, t in self.cells() if t - g == event], w)

    def _by_share(self, cells: list[tuple[int, int]], w: np.ndarray) -> float:
        shares = [self.share(g, w) for g, _ in cells]
        return float(np.dot(shares, [self.att(g, t, w) for g, t in cells]) / np.sum(shares))


def standard_error(estimate: Callable[[np.ndarray], float], n: int) -> float:
    """Root of the mean square of the influences over n, each by nudging a unit's weight."""
    step = 1e-5
    slopes = []
    for i in range(n):
        up, down = np.ones(n), np.ones(n)
        up[i] += step
        down[i] -= step
        slopes.append((estimate(up) - estimate(down)) / (2 * step))
    return float(np.sqrt(np.sum(np.square(slopes))))  # influence = n x slope; its mean square / n


def _mean(values: np.ndarray, weights: np.ndarray) -> float:
    return float(weights @ values / weights.sum())
