"""Which texts of a delivery stand where something is not known: proposed once, for all columns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from sp_eval.ingest.column_look import is_not_known
from sp_eval.ingest.draft_words import scalar
from sp_eval.ingest.strange_table import StrangeTable

__all__ = ["not_known_in", "not_known_line"]

_SEVERAL: Final = 2  # columns; in one alone it may be a word of its list


def not_known_in(tables: Sequence[StrangeTable]) -> Counter[str]:
    """Text as it is written -> in how many columns it stands, of those that stand in several."""
    columns: Counter[str] = Counter()
    for table in tables:
        for cells in table.cells.get_columns():
            texts = cells.drop_nulls().unique()
            columns.update(set(texts.filter(is_not_known(texts)).to_list()))
    folded: Counter[str] = Counter()
    for text, count in columns.items():
        folded[text.casefold()] += count
    first = {text.casefold(): text for text in sorted(columns, reverse=True)}
    return Counter({first[text]: n for text, n in folded.items() if n >= _SEVERAL})


def not_known_line(found: Counter[str]) -> Iterator[str]:
    """The line of the whole mapping, if there is any such text."""
    if found:
        told = ", ".join(f"in {count} columns" for _, count in sorted(found.items()))
        texts = ", ".join(scalar(text) for text in sorted(found))
        yield f"not_known: [{texts}]  # likely: {told}; such cells count as blank"
