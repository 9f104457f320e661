"""Tables and pictures as Dagster keeps them with an asset: text, small, and nobody's row."""

from __future__ import annotations

import base64

import dagster as dg
import polars as pl

__all__ = ["MOST_PICTURE_BYTES", "picture_or_words", "table"]

MOST_PICTURE_BYTES = 100_000
"""Dagster stores a picture with every run."""

_MOST_ROWS = 60


def table(frame: pl.DataFrame) -> dg.MarkdownMetadataValue:
    """A frame as a table to read; of a long one the first rows, and how many are left."""
    frame = frame.rename({"scheme_code": "scheme"}, strict=False)
    numbers = {name for name, kind in frame.schema.items() if kind.is_numeric()}
    lines = [
        "| " + " | ".join(frame.columns) + " |",
        "|" + "|".join("---:" if name in numbers else "---" for name in frame.columns) + "|",
    ]
    shown = frame.head(_MOST_ROWS)
    lines += [f"| {' | '.join(_cell(value) for value in row)} |" for row in shown.iter_rows()]
    if frame.height > _MOST_ROWS:
        lines += ["", f"And {frame.height - _MOST_ROWS:,} more rows."]
    return dg.MetadataValue.md("\n".join(lines))


def _cell(value: object) -> str:
    if value is None:
        return ""
    return f"{value:,}" if isinstance(value, int) else str(value).replace("|", "/")


def picture_or_words(svg: bytes | None, says: str) -> dg.MarkdownMetadataValue:
    """A picture that bears its own title, `says`; the words alone where there is none."""
    if svg is None or len(svg) > MOST_PICTURE_BYTES:
        return dg.MetadataValue.md(f"{says}: nothing to draw; see the table.")
    return dg.MetadataValue.md(
        f"![{says}](data:image/svg+xml;base64,{base64.b64encode(svg).decode()})"
    )
