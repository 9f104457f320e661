"""Frames of matched people as the models take them, drawn at random."""

from __future__ import annotations

import numpy as np
import polars as pl

__all__ = ["matched_rows"]


def matched_rows(
    seed: int,
    *,
    sets: int = 300,
    size: int = 5,
    ratio: float = 0.85,
    practices: int = 20,
    reuse: int = 2,
    frailty: float = 0.6,
    practice_sd: float = 0.1,
) -> pl.DataFrame:
    """Matched sets of one exposed and up to `size` comparison rows.

    A comparison person serves in up to `reuse` sets, and keeps frailty and practice throughout.
    """
    rng = np.random.default_rng(seed)
    members = 1 + rng.integers(1, size + 1, sets)
    match_set = np.repeat(np.arange(sets), members)
    first = np.r_[True, match_set[1:] != match_set[:-1]]
    n = len(match_set)
    person = np.arange(n)
    others = np.flatnonzero(~first)
    person[others] = n + np.arange(len(others)) % -(-len(others) // reuse)  # never twice in a set
    _, code = np.unique(person, return_inverse=True)
    people = code.max() + 1
    frail = rng.gamma(1 / frailty, frailty, people)[code]
    x = rng.normal(size=people)[code] + 0.3 * np.log(frail)
    practice = rng.integers(0, practices, people)[code]
    busy = np.exp(rng.normal(0, practice_sd, practices))[practice]
    days = rng.integers(60, 366, n).astype(float)
    rate = 0.02 * frail * busy * np.where(first, ratio, 1.0)
    weight = np.where(first, 1.0, 1.0 / (members[match_set] - 1))
    censoring = np.where(first, 1.0, rng.uniform(1, 1.6, n))
    return pl.DataFrame(
        {
            "exposed": first,
            "events": rng.poisson(rate * days) * censoring,
            "days": days * censoring,
            "weight": weight,
            "match_set": match_set,
            "person_number": person,
            "practice_number": practice,
            "x": x,
            "z": rng.normal(size=n),
        }
    )
