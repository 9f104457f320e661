"""Finding the header row, and which of a table's known layouts it is."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sp_eval.contracts.mapping_verbs import Layout
from sp_eval.contracts.scheme_mapping import Dataset
from sp_eval.ingest.refusal import FileRefusedError

__all__ = [
    "Header",
    "find_header",
    "headers_match",
    "layouts_of",
    "looks_like_data",
    "require_columns",
]

_SEARCHED_ROWS = 20
_DASHES = re.compile("[\u2010-\u2015]")
_LOOKS_LIKE_DATA = re.compile(r"\d{4}")


@dataclass(frozen=True, slots=True)
class Header:
    """A header row: our column name -> its position, and how the sender writes it."""

    index: int
    cells: tuple[str, ...]
    positions: Mapping[str, int]
    written: Mapping[str, str]
    missing: tuple[str, ...]
    repeated: tuple[str, ...]

    @property
    def width(self) -> int:
        """Fields in the header row, unnamed ones included."""
        return len(self.cells)

    @property
    def unknown(self) -> tuple[str, ...]:
        """Headings that the layout does not know."""
        read = set(self.positions.values())
        others = (text for at, text in enumerate(self.cells) if at not in read and text)
        return tuple(text for text in others if text not in self.repeated)


def layouts_of(dataset: Dataset) -> dict[str, Layout]:
    """Return the dataset's layouts; one of its own names where it declares none."""
    if dataset.layouts:
        return dict(dataset.layouts)
    return {"": Layout(columns={name: name for name in sorted(dataset.source_columns)})}


def find_header(rows: Sequence[Sequence[str | None]], layout: Layout) -> Header | None:
    """Return the best header among the first rows: at least half of the expected names."""
    best: Header | None = None
    for index, row in enumerate(rows[:_SEARCHED_ROWS]):
        found = _read_header(index, row, layout)
        if 2 * len(found.positions) < len(layout.columns):
            continue
        if best is None or len(found.positions) > len(best.positions):
            best = found
    return best


def _read_header(index: int, row: Sequence[str | None], layout: Layout) -> Header:
    cells = tuple((cell or "").strip() for cell in row)
    wanted = {_folded(header): name for name, header in layout.columns.items()}
    positions: dict[str, int] = {}
    repeated: list[str] = []
    for position, cell in enumerate(cells):
        name = wanted.get(_folded(cell))
        if name is not None and name in positions:
            repeated.append(layout.columns[name])
        elif name is not None:
            positions[name] = position
    return Header(
        index=index,
        cells=cells,
        positions=positions,
        written={name: cells[at] for name, at in positions.items()},
        missing=tuple(header for name, header in layout.columns.items() if name not in positions),
        repeated=tuple(repeated),
    )


def _folded(text: str) -> str:
    return " ".join(_DASHES.sub("-", text).split()).casefold()


def headers_match(rows: Sequence[Sequence[str | None]], dataset: Dataset) -> bool:
    """Tell whether the first rows hold a complete header of this dataset."""
    found = (find_header(rows, layout) for layout in layouts_of(dataset).values())
    return any(header is not None and not header.missing for header in found)


def require_columns(header: Header, *, rows_in: int) -> None:
    """Raise `FileRefusedError` (`column_missing`) unless each column is there, once."""
    if header.repeated:
        twice = _quoted(header.repeated)
        detail = f"The column {twice} appears more than once, so nobody can tell which counts."
        raise FileRefusedError("column_missing", detail, columns=header.repeated, rows_in=rows_in)
    if header.missing:
        hints = [hint for name in header.missing if (hint := _alike(name, header.unknown))]
        which = _quoted(header.missing)
        detail = (
            f"The column {which} is missing."
            if len(header.missing) == 1
            else f"The columns {which} are missing."
        )
        raise FileRefusedError(
            "column_missing", " ".join([detail, *hints]), columns=header.missing, rows_in=rows_in
        )


def _alike(missing: str, unknown: Iterable[str]) -> str | None:
    """Suggest an unknown column that looks like the missing one; never one that holds data."""
    names = {_sorted_words(text): text for text in unknown if not looks_like_data(text)}
    close = difflib.get_close_matches(_sorted_words(missing), list(names), n=1, cutoff=0.6)
    if not close:
        return None
    return f"The unknown column '{names[close[0]]}' may be '{missing}' under another name."


def looks_like_data(heading: str) -> bool:
    """Tell a heading that may hold a number about somebody, and must not be quoted."""
    return _LOOKS_LIKE_DATA.search(heading) is not None


def _sorted_words(text: str) -> str:
    return " ".join(sorted(re.findall(r"[a-z0-9]+", _folded(text)))) or _folded(text)


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)
