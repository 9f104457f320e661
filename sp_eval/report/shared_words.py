"""How each scheme's words for needs and support fall into the lists that all schemes share."""

from __future__ import annotations

from sp_eval.report import words
from sp_eval.report.release import Release
from sp_eval.report.sections import Cell, Table

__all__ = ["shared_words"]

_LISTS = {"need": "main need", "activity_type": "support passed on to"}


def shared_words(release: Release, scheme: str) -> Table:
    """One row a code that occurs, of needs and of activities; what is not mapped among them."""
    rows: list[tuple[Cell, ...]] = []
    for row in release.rows("vocabulary", scheme_code=scheme):
        key = {"scheme_code": scheme, "list": row["list"], "code": row["code"]}
        rows.append(
            (
                _LISTS[row["list"]],
                release.text("vocabulary", "label", **key),
                release.number("vocabulary", "words", decimals=0, **key),
                release.number("vocabulary", "entries", decimals=0, **key),
            )
        )
    caption = f"{words.short(scheme)}: needs and support in the lists that all schemes share"
    heads = ("list", "in the shared list", "words of the scheme", "rows")
    return Table(caption, heads, tuple(rows))
