"""Reproducible draws: a mix of integers that depends on nothing but its inputs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["hashed_sample", "mix"]


def mix(*keys: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Mix integer keys into one well-spread 64-bit number a row.

    SplitMix64 finaliser (Steele, Lea & Flood 2014, doi 10.1145/2714064.2660195), key by key.
    """
    state = np.zeros(len(keys[0]), dtype=np.uint64)
    for key in keys:
        state = state + key + np.uint64(0x9E3779B97F4A7C15)
        state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        state = state ^ (state >> np.uint64(31))
    return state


def hashed_sample(at_most: int, *keys: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """Mark `at_most` rows, those of the smallest mixed keys; all rows if there are no more."""
    rows = len(keys[0])
    if rows <= at_most:
        return np.ones(rows, dtype=bool)
    chosen = np.zeros(rows, dtype=bool)
    chosen[np.argsort(mix(*keys), kind="stable")[:at_most]] = True
    return chosen
