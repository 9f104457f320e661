"""Small draws that dress an event: a code by shares, a cost, a chance, the order of a file."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

__all__ = ["drawn_code", "drawn_cost", "happens", "labels", "ordered"]


def happens(
    rng: np.random.Generator, chance: npt.NDArray[np.float64] | float, count: int
) -> npt.NDArray[np.bool_]:
    """Draw for each of `count` rows whether something of that chance comes about."""
    return np.asarray(rng.random(count) < chance, dtype=np.bool_)


def labels(names: tuple[str, ...], codes: npt.NDArray[np.integer]) -> pl.Series:
    """Turn code numbers into a text series."""
    return pl.Series(names, dtype=pl.String).gather(pl.Series(codes.astype(np.uint32)))


def drawn_code(
    rng: np.random.Generator, names: tuple[str, ...], shares: tuple[float, ...], count: int
) -> pl.Series:
    """Draw one of `names` for each of `count` rows, in proportion to `shares`."""
    chances = np.asarray(shares, dtype=np.float64)
    return labels(names, rng.choice(len(names), count, p=chances / chances.sum()))


def drawn_cost(
    rng: np.random.Generator, mean: npt.NDArray[np.float64] | float, count: int
) -> pl.Series:
    """Draw costs in pounds and pence around `mean`."""
    return pl.Series(np.round(mean * rng.gamma(8, 1 / 8, count), 2))


def ordered(frame: pl.DataFrame) -> pl.DataFrame:
    """Put records in the order of their days."""
    return frame.sort("day", "person", maintain_order=True)
