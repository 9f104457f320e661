"""Finding the header row, and which of a table's known layouts it is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sp_eval.contracts.mapping_verbs import Layout
from sp_eval.contracts.scheme_mapping import Dataset
from sp_eval.ingest.refusal import FileRefusedError

__all__ = [
    "Header",
    "Likely",
    "find_header",
    "folded",
    "headers_match",
    "looks_like_data",
    "require_columns",
]

_SEARCHED_ROWS = 20
_DASHES = re.compile("[\u2010-\u2015]")
_LOOKS_LIKE_DATA = re.compile(r"\d{4}")


@dataclass(frozen=True, slots=True)
class Header:
    """A header row: our column name -> its position, and how the sender writes it.

    `asked`: our name -> the heading agreed; `repeated`: agreed headings that stand there twice.
    """

    index: int
    cells: tuple[str, ...]
    positions: Mapping[str, int]
    written: Mapping[str, str]
    asked: Mapping[str, str]
    repeated: tuple[str, ...]

    @property
    def missing_columns(self) -> tuple[str, ...]:
        """Our names of the columns that are not there."""
        return tuple(name for name in self.asked if name not in self.positions)

    @property
    def missing(self) -> tuple[str, ...]:
        """The agreed headings that are not there."""
        return tuple(self.asked[name] for name in self.missing_columns)

    @property
    def width(self) -> int:
        """Fields in the header row, unnamed ones included."""
        return len(self.cells)


@dataclass(frozen=True, slots=True)
class Likely:
    """`heading` may be what `column` is called now; `holds_the_same` if its cells fit too."""

    column: str
    heading: str
    holds_the_same: bool


def find_header(rows: Sequence[Sequence[str | None]], layout: Layout) -> Header | None:
    """Return the best header among the first rows: at least half of the expected names.

    A layout without a header row has its places for headings, if the first row has as many.
    """
    if layout.numbered:
        fits = bool(rows) and len(rows[0]) == layout.numbered
        places = [str(place) for place in range(1, layout.numbered + 1)]
        return _read_header(-1, places, layout) if fits else None
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
    wanted = {folded(header): name for name, header in layout.columns.items()}
    positions: dict[str, int] = {}
    repeated: list[str] = []
    for position, cell in enumerate(cells):
        name = wanted.get(folded(cell))
        if name is not None and name in positions:
            repeated.append(layout.columns[name])
        elif name is not None:
            positions[name] = position
    return Header(
        index=index,
        cells=cells,
        positions=positions,
        written={name: cells[at] for name, at in positions.items()},
        asked=dict(layout.columns),
        repeated=tuple(repeated),
    )


def folded(text: str) -> str:
    """A heading as it is compared: case, spaces and kinds of dash do not matter."""
    return " ".join(_DASHES.sub("-", text).split()).casefold()


def headers_match(rows: Sequence[Sequence[str | None]], dataset: Dataset) -> bool:
    """Tell whether the first rows hold a complete header of this dataset."""
    found = (find_header(rows, layout) for layout in dataset.headings().values())
    return any(header is not None and not header.missing for header in found)


def require_columns(header: Header, *, rows_in: int, likely: Sequence[Likely]) -> None:
    """Raise `FileRefusedError` (`column_missing`) unless each column is there, once.

    `likely`: what missing columns may be called now; see `renamed`.
    """
    if header.repeated:
        twice = _quoted(header.repeated)
        detail = f"The column {twice} appears more than once, so nobody can tell which counts."
        raise FileRefusedError(
            "column_missing",
            detail,
            to_do="Take out the one that is too many, or give it a heading of its own.",
            columns=header.repeated,
            rows_in=rows_in,
        )
    if header.missing:
        hints = [_hint(header.asked[one.column], one) for one in likely]
        which = _quoted(header.missing)
        detail = (
            f"The column {which} is missing."
            if len(header.missing) == 1
            else f"The columns {which} are missing."
        )
        raise FileRefusedError(
            "column_missing",
            " ".join([detail, *hints]),
            columns=header.missing,
            rows_in=rows_in,
            renamed={one.column: one.heading for one in likely},
        )


def _hint(asked: str, likely: Likely) -> str:
    fits = ": what it holds fits" if likely.holds_the_same else ""
    return f"The unknown column '{likely.heading}' may be '{asked}' under another name{fits}."


def looks_like_data(heading: str) -> bool:
    """Tell a heading that may hold a number about somebody, and must not be quoted."""
    return _LOOKS_LIKE_DATA.search(heading) is not None


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)
