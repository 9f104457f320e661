"""One thing about a table that deserves a second look."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

__all__ = ["WHOLE_ROW", "Doubt", "DoubtKind"]

DoubtKind = Literal[
    "unmapped", "empty", "ambiguous", "refused", "slips", "metric", "lacking", "covers"
]
WHOLE_ROW: Final = "the row"


@dataclass(frozen=True, slots=True)
class Doubt:
    """`source`: the mapping's own name of the column, or the heading of one it does not have.

    Of the kind `covers` it is no column but that word of the mapping.

    `slips` are rows refused, so few that the sender may have mistyped them: nothing that the
    mapping need answer.
    """

    kind: DoubtKind
    source: str
    sentence: str
