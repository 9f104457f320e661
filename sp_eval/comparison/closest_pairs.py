"""Pairs on a line, the closest first: what `match_nearest` does in the order `closest`."""

from __future__ import annotations

import heapq

import numpy as np
from numpy.typing import NDArray

__all__ = ["closest_pairs"]

Scores = NDArray[np.float64]
Ranks = NDArray[np.uint64]


def closest_pairs(
    own: tuple[Scores, Ranks], theirs: tuple[Scores, Ranks], ratio: int, reach: float
) -> list[list[int]]:
    """For each taker the units it gets, in `ratio` rounds.

    In a round the closest pair of a taker not yet served and a free unit is made, then the next
    closest, until none is left within `reach`; equals by the taker's rank, then the unit's.

    Parameters
    ----------
    own, theirs : scores (ascending) of takers and of units, and their ranks (distinct, ascending
        among equal scores).
    """
    chosen: list[list[int]] = [[] for _ in own[0]]
    free = np.arange(len(theirs[0]))
    for _ in range(ratio):
        pairs = _Line(own, (theirs[0][free], theirs[1][free]), reach).pairs()
        for taker, unit in pairs:
            chosen[taker].append(int(free[unit]))
        if not pairs:
            break
        free = np.delete(free, [unit for _, unit in pairs])
    return chosen


class _Line:
    """Takers and units as stops on a line, one for each side and score, in the order of scores.

    The closest pair of all stands on neighbouring stops, for anybody between the two would be
    closer to one of them. So only neighbours wait to be made, and where a stop is left empty it is
    taken off the line, which makes neighbours of those beside it.
    """

    def __init__(
        self, own: tuple[Scores, Ranks], theirs: tuple[Scores, Ranks], reach: float
    ) -> None:
        score, first, end, side = [], [], [], []
        for which, (values, _) in enumerate((own, theirs)):
            distinct, start = np.unique(values, return_index=True)
            score.append(distinct)
            first.append(start)
            end.append(np.append(start[1:], len(values)))
            side.append(np.full(len(distinct), which))
        order = np.lexsort((np.concatenate(side), np.concatenate(score)))
        self._score, self._side, self._head, self._end = (
            np.concatenate(parts)[order].data for parts in (score, side, first, end)
        )
        self._rank = (own[1].data, theirs[1].data)
        self._left = np.arange(-1, len(order) - 1).data
        self._right = np.arange(1, len(order) + 1).data
        self._reach = reach
        self._waiting: list[tuple[float, int, int, int, int]] = []
        for stop in np.flatnonzero(np.diff(self._side)).tolist():
            self._wait(stop, stop + 1)

    def pairs(self) -> list[tuple[int, int]]:
        """(taker, unit), in the order in which they are made."""
        made = []
        while self._waiting:
            told = heapq.heappop(self._waiting)
            one, two = told[3:]
            if self._is_empty(one) or self._is_empty(two):
                continue
            if told != self._pair(one, two):  # one who stood here has gone: their turn by rank
                self._wait(one, two)
                continue
            taker, unit = (one, two) if self._side[one] == 0 else (two, one)
            made.append((self._head[taker], self._head[unit]))
            for stop in (taker, unit):
                self._head[stop] += 1
            self._close_up(one, two)
        return made

    def _close_up(self, one: int, two: int) -> None:
        """Take emptied stops off the line, and let those who are neighbours now wait."""
        low = self._left[one] if self._is_empty(one) else one
        high = self._right[two] if self._is_empty(two) else two
        if low >= 0:
            self._right[low] = high
        if high < len(self._score):
            self._left[high] = low
        if low >= 0 and high < len(self._score) and self._side[low] != self._side[high]:
            self._wait(low, high)

    def _wait(self, one: int, two: int) -> None:
        if abs(self._score[one] - self._score[two]) <= self._reach:
            heapq.heappush(self._waiting, self._pair(one, two))

    def _pair(self, one: int, two: int) -> tuple[float, int, int, int, int]:
        """What decides whose turn it is: distance, then rank of the taker, then of the unit."""
        taker, unit = (one, two) if self._side[one] == 0 else (two, one)
        ranks = self._rank[0][self._head[taker]], self._rank[1][self._head[unit]]
        return abs(self._score[one] - self._score[two]), *ranks, one, two

    def _is_empty(self, stop: int) -> bool:
        return self._head[stop] == self._end[stop]
