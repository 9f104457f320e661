"""Comparison units on shelves, one a score: the nearest still free are found in a few steps."""

from __future__ import annotations

from bisect import bisect_left

import numpy as np
from numpy.typing import NDArray

__all__ = ["Shelves"]


class Shelves:
    """Comparison units of one stratum, to be taken from one end of their shelf.

    The units of a shelf have the same score, so they are equally far from anybody and always leave
    in the order of their rank. Who looks for a neighbour therefore need only walk from shelf to
    shelf, up and down from the own score, past those that are empty by a shortcut that each walk
    makes shorter (disjoint sets with path halving; Tarjan & van Leeuwen 1984, Journal of the ACM
    31:245, doi 10.1145/62.2160). Whole pools need no more than a few steps a match.

    Parameters
    ----------
    score : (N,) ascending. rank : (N,) distinct, ascending among equal scores; the smaller is
        taken first where two units are equally far.
    """

    __slots__ = ("_below", "_end", "_first", "_next", "_rank", "_score", "_shelf", "_up")

    def __init__(self, score: NDArray[np.float64], rank: NDArray[np.uint64]) -> None:
        value, first, shelf = np.unique(score, return_index=True, return_inverse=True)
        many = len(value)
        # Views, since to read one number from them costs less than from an array.
        self._score = value.data
        self._rank = rank.data
        self._shelf = shelf.astype(np.int64).data
        self._next = first.astype(np.int64).data
        self._end = np.append(first[1:], len(score)).astype(np.int64).data
        # The nearest shelf with somebody on it, at or above i: `_up[i]`, `many` if there is none;
        # at or below it: `_below[i + 1] - 1`.
        self._up = np.arange(many + 1).data
        self._below = np.arange(many + 1).data

    def nearest(self, own: float, ratio: int, reach: float) -> list[int]:
        """Up to `ratio` free units no further than `reach` from `own`, nearest first.

        Among equals the one of smaller rank comes first. They stay where they are.
        """
        at = bisect_left(self._score, own)
        found = self._walk(own, at, 1, ratio, reach)
        found += self._walk(own, at - 1, -1, ratio, reach)
        found.sort()
        return [unit for _, _, unit in found[:ratio]]

    def take(self, unit: int) -> None:
        """Take a unit away: it must be the first of its shelf that is free."""
        shelf = self._shelf[unit]
        self._next[shelf] = unit + 1
        if unit + 1 == self._end[shelf]:
            self._up[shelf] = shelf + 1
            self._below[shelf + 1] = shelf

    def _walk(
        self, own: float, shelf: int, step: int, ratio: int, reach: float
    ) -> list[tuple[float, int, int]]:
        """(distance, rank, unit) of those nearest to one side, with all as far as the last of them.

        More than `ratio` are looked at where shelves of different scores are equally far once
        rounded; only then can a shelf further off hold the smaller rank.
        """
        found: list[tuple[float, int, int]] = []
        last = len(self._score)
        while True:
            shelf = _root(self._up, shelf) if step > 0 else _root(self._below, shelf + 1) - 1
            if not 0 <= shelf < last:
                return found
            distance = abs(self._score[shelf] - own)
            if distance > reach or (len(found) >= ratio and distance > found[-1][0]):
                return found
            head = self._next[shelf]
            units = range(head, min(head + ratio, self._end[shelf]))
            found += [(distance, self._rank[unit], unit) for unit in units]
            shelf += step


def _root(parent: memoryview, at: int) -> int:
    while parent[at] != at:
        parent[at] = parent[parent[at]]
        at = parent[at]
    return at
