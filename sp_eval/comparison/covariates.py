"""What is known of each candidate before the index date, as the columns groups are compared on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from sp_eval.study.design import Covariate
from sp_eval.study.windows import LOOKBACK_COLUMNS

__all__ = ["Covariates", "build_covariates", "history_columns"]

_RECENT = LOOKBACK_COLUMNS[:3]  # the last 90 days
_EARLIER = LOOKBACK_COLUMNS[3:]


@dataclass(frozen=True, slots=True)
class Covariates:
    """Design columns of candidates.

    Attributes
    ----------
    frame : one row a candidate, in the order given; `candidate_id` and every column of `groups`.
    groups : covariate name of the study -> its column names. All are tested for balance; only
        those a study names enter its propensity score.
    adjustment : columns of the outcome model that do not depend on the outcome.
    """

    frame: pl.DataFrame
    groups: dict[Covariate, tuple[str, ...]]
    adjustment: tuple[str, ...]

    def named(self, covariates: Sequence[Covariate]) -> tuple[str, ...]:
        """The columns of these covariates, each once."""
        return tuple(dict.fromkeys(c for name in covariates for c in self.groups[name]))

    @property
    def all(self) -> tuple[str, ...]:
        return self.named(tuple(self.groups))


def history_columns(history: pl.DataFrame, outcome: str, ids: pl.Series) -> pl.DataFrame:
    """Counts of one outcome in each band of days before the index date, nil where none.

    Parameters
    ----------
    history : `candidate_id, outcome, band, quantity`, one row where not nil.
    ids : candidates wanted, in the order wanted.

    Returns
    -------
    One row a candidate; Int32 columns named by `LOOKBACK_COLUMNS`.
    """
    long = history.filter(pl.col("outcome") == outcome)
    wide = long.pivot(on="band", index="candidate_id", values="quantity", aggregate_function="sum")
    absent = [c for c in LOOKBACK_COLUMNS if c not in wide.columns]
    wide = wide.with_columns(pl.lit(0, dtype=pl.Int32).alias(c) for c in absent)
    base = pl.DataFrame({"candidate_id": ids})
    return base.join(wide, on="candidate_id", how="left", maintain_order="left").select(
        pl.col(LOOKBACK_COLUMNS).fill_null(0).cast(pl.Int32)
    )


def build_covariates(
    candidates: pl.DataFrame,
    history: pl.DataFrame,
    *,
    primary: str,
    others: Sequence[str],
) -> Covariates:
    """Build the columns of primary_estimator.md clause 7.

    Parameters
    ----------
    candidates : `candidate_id, is_exposed, age (years), sex, imd_quintile, imd_decile, ltc_count`;
        eligible candidates of one scheme. Percentiles are taken among its exposed.
    history : see `history_columns`.
    primary : outcome whose lagged counts are used; `others` the other outcomes held.
    """
    exposed = candidates["is_exposed"].to_numpy()
    ids = candidates["candidate_id"]
    columns: dict[str, np.ndarray] = {}
    groups: dict[Covariate, tuple[str, ...]] = {}
    groups.update(_add_personal(columns, candidates))
    lags = history_columns(history, primary, ids)
    groups["history"] = _add_history(columns, lags, primary, exposed)
    groups["history_total"] = (f"{primary}_log_365",)
    groups["other_outcomes"] = tuple(
        name for other in others for name in _add_other(columns, history, other, ids)
    )
    varying = {name for name, values in columns.items() if np.ptp(values) > 0}
    groups = {key: tuple(c for c in cols if c in varying) for key, cols in groups.items()}
    frame = pl.DataFrame({"candidate_id": ids, **{n: columns[n] for n in columns if n in varying}})
    wanted = ["age", "sex_male", "sex_other", "deprivation", "ltc_count"]
    adjustment = [*wanted, f"{primary}_log_90", f"{primary}_log_365"]
    return Covariates(frame, groups, tuple(c for c in adjustment if c in varying))


def _add_personal(
    columns: dict[str, np.ndarray], candidates: pl.DataFrame
) -> dict[Covariate, tuple[str, ...]]:
    age = _known(columns, candidates["age"], "age")
    columns["age_squared"] = columns["age"] ** 2 / 100
    sex = candidates["sex"].fill_null("unknown")
    columns["sex_male"] = (sex == "male").to_numpy().astype(float)
    columns["sex_other"] = (~sex.is_in(["male", "female"])).to_numpy().astype(float)
    by_decile = candidates["imd_decile"].count() * 2 >= candidates["imd_quintile"].count() > 0
    rank = candidates["imd_decile" if by_decile else "imd_quintile"]
    deprivation = _known(columns, rank, "deprivation")
    most = (rank <= (3 if by_decile else 1)).fill_null(value=False)
    columns["most_deprived"] = most.to_numpy().astype(float)
    ltc = _known(columns, candidates["ltc_count"], "ltc_count")
    return {
        "age": (*age, "age_squared"),
        "sex": ("sex_male", "sex_other"),
        "deprivation": (*deprivation, "most_deprived"),
        "ltc_count": ltc,
    }


def _known(columns: dict[str, np.ndarray], values: pl.Series, name: str) -> tuple[str, ...]:
    """Add a number, its mean where not known, and a column of its own for not known."""
    unknown = values.is_null()
    mean = values.mean()
    filled = values.cast(pl.Float64).fill_null(float(mean) if isinstance(mean, int | float) else 0)
    columns[name] = filled.to_numpy().astype(float)
    columns[f"{name}_unknown"] = unknown.to_numpy().astype(float)
    return (name, f"{name}_unknown")


def _add_history(
    columns: dict[str, np.ndarray], lags: pl.DataFrame, primary: str, exposed: np.ndarray
) -> tuple[str, ...]:
    names = []
    for band in LOOKBACK_COLUMNS:
        counts = lags[band].to_numpy().astype(float)
        columns[f"{primary}_{band}"] = _capped(counts, exposed, 99)
        columns[f"{primary}_log_{band}"] = np.log1p(counts)
        names += [f"{primary}_{band}", f"{primary}_log_{band}"]
    recent = lags.select(pl.sum_horizontal(_RECENT)).to_series().to_numpy().astype(float)
    total = recent + lags.select(pl.sum_horizontal(_EARLIER)).to_series().to_numpy()
    columns[f"{primary}_90"] = _capped(recent, exposed, 95)
    columns[f"{primary}_log_90"] = np.log1p(recent)
    columns[f"{primary}_log_365"] = np.log1p(total)
    return (*names, f"{primary}_90", f"{primary}_log_90", f"{primary}_log_365")


def _add_other(
    columns: dict[str, np.ndarray], history: pl.DataFrame, outcome: str, ids: pl.Series
) -> tuple[str, ...]:
    lags = history_columns(history, outcome, ids)
    recent = lags.select(pl.sum_horizontal(_RECENT)).to_series().to_numpy().astype(float)
    earlier = lags.select(pl.sum_horizontal(_EARLIER)).to_series().to_numpy().astype(float)
    columns[f"{outcome}_90"] = np.minimum(recent, 3)
    columns[f"{outcome}_log_earlier"] = np.log1p(earlier)
    return (f"{outcome}_90", f"{outcome}_log_earlier")


def _capped(counts: np.ndarray, exposed: np.ndarray, percentile: float) -> np.ndarray:
    if not exposed.any():
        return counts
    return np.asarray(np.minimum(counts, np.percentile(counts[exposed], percentile)))
