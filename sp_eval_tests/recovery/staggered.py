"""Panels of people exposed at different times whose truth is known, estimated again and again.

`python -m sp_eval_tests.recovery.staggered` prints the figures of docs/estimators/staggered.md.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from sp_eval.models.staggered import att_gt
from sp_eval_tests.reference.literal_staggered import staggered_panel

__all__ = ["COLUMNS", "people_referred_when_busy", "recovered", "two_way_fixed_effects"]

COLUMNS = {"unit": "id", "time": "t", "first_exposed": "g", "outcome": "y"}


def recovered(*, seeds: range, units: int = 300) -> dict[str, float]:
    """Of `staggered_panel`: effect 1 + 0.5 a period; exposure and trend both go with x.

    Mean error of the dynamic mean (truth 1.5) with x and without, standard deviation over mean
    error estimated, coverage of the pointwise intervals, and how often the band held all at once.
    """
    rows = []
    for seed in seeds:
        panel = staggered_panel(seed, units=units)
        found = att_gt(panel, **COLUMNS, covariates=("x",), seed=seed)
        cells = found.att_gt.with_columns(
            truth=pl.when(pl.col("event_time") >= 0)
            .then(1 + 0.5 * pl.col("event_time"))
            .otherwise(0.0)
        )
        inside = cells.select(
            pl.col("truth").is_between("ci_low", "ci_high").mean().alias("pointwise"),
            pl.col("truth").is_between("ci_low", "ci_high").all().alias("pointwise_all"),
            pl.col("truth").is_between("band_low", "band_high").all().alias("band"),
        ).row(0, named=True)
        overall = found.aggregate("dynamic").overall
        plain = att_gt(panel, **COLUMNS).aggregate("dynamic").overall
        rows.append(
            inside
            | {"error": overall.point - 1.5, "se": overall.standard_error}
            | {"without_x": plain.point - 1.5}
            | {"covered": abs(overall.point - 1.5) <= 1.96 * (overall.standard_error or 0.0)}
        )
    table = pl.DataFrame(rows)
    means = table.mean().row(0, named=True)
    return means | {"sd_over_se": float(table["error"].to_numpy().std(ddof=1)) / means["se"]}


def two_way_fixed_effects(panel: pl.DataFrame) -> float:
    """The coefficient of being exposed by now in a regression on unit and period indicators."""
    d = ((panel["g"] > 0) & (panel["t"] >= panel["g"])).cast(pl.Float64)
    data = panel.with_columns(d=d)
    for column in ("y", "d"):
        data = data.with_columns(
            pl.col(column)
            - pl.col(column).mean().over("id")
            - pl.col(column).mean().over("t")
            + pl.col(column).mean()
        )
    return float((data["y"] * data["d"]).sum() / (data["d"] ** 2).sum())


def people_referred_when_busy(seed: int, *, people: int = 3_000) -> pl.DataFrame:
    """Monthly counts of people, referred when the last three months were busy; no effect."""
    rng = np.random.default_rng(seed)
    own = rng.gamma(1.5, 1 / 1.5, people)
    months = 10
    swing, events = np.zeros((people, months)), np.zeros((people, months))
    state = rng.normal(size=people)
    for m in range(months):
        state = 0.7 * state + np.sqrt(1 - 0.49) * rng.normal(size=people)
        swing[:, m] = np.exp(0.8 * state - 0.32)
        events[:, m] = rng.poisson(own * swing[:, m])
    group = np.zeros(people, dtype=np.int64)
    for m in range(4, months):
        hazard = 1 / (1 + np.exp(5 - 0.3 * events[:, m - 3 : m].sum(axis=1)))
        group[(group == 0) & (rng.random(people) < np.minimum(hazard, 0.25))] = m
    frames = []
    for m in range(months):
        lags = {f"lag{k}": events[:, m - k] if m >= k else np.zeros(people) for k in (0, 1, 2)}
        logs = {f"log_{n}": np.log1p(v) for n, v in lags.items()}
        frames.append(
            pl.DataFrame(
                {"id": np.arange(people), "t": m, "g": group, "y": events[:, m]} | lags | logs
            )
        )
    return pl.concat(frames)


if __name__ == "__main__":
    print(recovered(seeds=range(1_000)))  # noqa: T201
