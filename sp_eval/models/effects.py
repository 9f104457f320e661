"""Estimates set side by side, on the scale on which each is about normal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from sp_eval.models.estimate import Estimate

__all__ = ["QUESTION", "Effects", "Estimates", "effects_of", "on_scale"]

Estimates = Estimate | Sequence[Estimate] | pl.DataFrame | ArrayLike
# What two estimates must share to be answers to one question, where a frame says it.
QUESTION = (
    "scale", "outcome", "method", "estimand", "comparator", "population",
    "window_pre_days", "window_post_days", "washout_days",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Effects:
    """`points` and their standard `errors`, (k,); of logs where `scale` is a ratio."""

    points: NDArray[np.float64]
    errors: NDArray[np.float64]
    scale: str


def on_scale(value: float, scale: str) -> float:
    """A value of the scale on which estimates are normal, on their own."""
    return float(np.exp(value)) if scale.endswith("ratio") else float(value)


def effects_of(estimates: Estimates, *, alike: tuple[str, ...] = ("scale",)) -> Effects:
    """Read estimates from any of the forms they come in.

    Parameters
    ----------
    estimates : `Estimate`s; or a frame, one row each, with `log_point` (of a ratio) or `point` and
        `scale`, and `standard_error` (on the scale of the interval: of the log for ratios) or
        `ci_low, ci_high, ci_level`; or (k, 2) logs of ratios and their standard errors.
    alike : columns that must hold one value only, where they are given.

    Raises
    ------
    ValueError : none given, a null (withheld estimates are to be left out), an error that is not
        above nought, a ratio that is not, or columns of `alike` that hold more than one value.

    Assumes
    -------
    Where the error must be read off the interval: that it is of the normal distribution.
    """
    frame = _frame(estimates)
    if frame.is_empty():
        raise ValueError("no estimate is given")
    for column in alike:
        if column in frame.columns and frame[column].n_unique() > 1:
            found = " and ".join(str(value) for value in frame[column].unique().sort().head(2))
            raise ValueError(f"estimates of different {column} do not go together: {found}")
    scale = str(frame["scale"][0]) if "scale" in frame.columns else "rate_ratio"
    points, errors = _points(frame, scale), _errors(frame, scale)
    if not (np.isfinite(points).all() and np.isfinite(errors).all() and (errors > 0).all()):
        raise ValueError(
            "each estimate needs a point (above nought if a ratio) and an error above nought:"
            " leave those without out"
        )
    return Effects(points, errors, scale)


def _frame(estimates: Estimates) -> pl.DataFrame:
    if isinstance(estimates, pl.DataFrame):
        return estimates
    if isinstance(estimates, Estimate):
        estimates = [estimates]
    if isinstance(estimates, Sequence) and all(isinstance(e, Estimate) for e in estimates):
        names = ("method", "scale", "point", "standard_error", "ci_low", "ci_high", "ci_level")
        kinds = {name: pl.String if name in names[:2] else pl.Float64 for name in names}
        listed = cast("Sequence[Estimate]", estimates)
        rows = [tuple(getattr(e, name) for name in names) for e in listed]
        return pl.DataFrame(rows, schema=kinds, orient="row")
    values = np.asarray(estimates, dtype=np.float64)
    if values.ndim != 2 or values.shape[1] != 2:
        raise ValueError("an array of estimates must hold two columns: log points and errors")
    return pl.DataFrame({"log_point": values[:, 0], "standard_error": values[:, 1]})


def _points(frame: pl.DataFrame, scale: str) -> NDArray[np.float64]:
    if "log_point" in frame.columns:
        return _numbers(frame, "log_point")
    if not {"point", "scale"} <= set(frame.columns):
        raise ValueError("a frame of estimates needs 'log_point', or 'point' with its 'scale'")
    return _on_normal_scale(_numbers(frame, "point"), scale)


def _errors(frame: pl.DataFrame, scale: str) -> NDArray[np.float64]:
    given = (
        _numbers(frame, "standard_error")
        if "standard_error" in frame.columns
        else np.full(frame.height, np.nan)
    )
    if np.isfinite(given).all() or not {"ci_low", "ci_high", "ci_level"} <= set(frame.columns):
        return given
    low, high = (_on_normal_scale(_numbers(frame, c), scale) for c in ("ci_low", "ci_high"))
    width = 2 * stats.norm.ppf(0.5 + _numbers(frame, "ci_level") / 2)
    return np.where(np.isfinite(given), given, (high - low) / width)


def _numbers(frame: pl.DataFrame, column: str) -> NDArray[np.float64]:
    values: Any = frame[column].cast(pl.Float64).to_numpy()
    return np.asarray(values, dtype=np.float64)


def _on_normal_scale(values: NDArray[np.float64], scale: str) -> NDArray[np.float64]:
    if not scale.endswith("ratio"):
        return values
    return np.log(np.where(values > 0, values, np.nan))
