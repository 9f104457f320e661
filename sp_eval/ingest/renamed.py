"""Which unknown column may be a missing one under another name: by heading and by cells."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator

import polars as pl

from sp_eval.contracts.scheme_mapping import Dataset
from sp_eval.ingest.checks import check_faults
from sp_eval.ingest.header import Header, Likely, looks_like_data
from sp_eval.ingest.parse import Dating, parsed

__all__ = ["likely_names", "likeness"]

_SAMPLE_ROWS = 2_000
_ALIKE = 0.6  # of the letters of two headings, words in any order
_FITS, _DOES_NOT = 0.9, 0.5  # of the filled cells
_NUMBER = r"^[0-9]{3}[ -]?[0-9]{3}[ -]?[0-9]{4}$"


def likely_names(
    cells: pl.DataFrame, header: Header, dataset: Dataset, dating: Dating
) -> tuple[Likely, ...]:
    """For each missing column the one unknown column that it may be; none twice.

    A heading counts that is spelt alike unless its cells are of another kind; or one whose cells
    alone fit, if it is the only one. A heading that may itself be data is never named.

    `cells`: the data rows, `c0` ... as in `RawTable`; `header`: whose `missing` are sought.
    """
    read = set(header.positions.values())
    unknown = {
        at: text
        for at, text in enumerate(header.cells)
        if at not in read and text and text not in header.repeated and not looks_like_data(text)
    }
    top = cells.head(_SAMPLE_ROWS)
    found: list[Likely] = []
    for column in header.missing_columns:
        free = {at: t for at, t in unknown.items() if t not in {one.heading for one in found}}
        fits = {at: _share(top[f"c{at}"], column, dataset, dating) for at in free}
        if (best := _best(header.asked[column], free, fits)) is not None:
            share = fits[best]
            found.append(Likely(column, free[best], share is not None and share >= _FITS))
    return tuple(found)


def _best(asked: str, headings: dict[int, str], fits: dict[int, float | None]) -> int | None:
    """The position of the likeliest heading, or None."""
    alike = {at: likeness(asked, text) for at, text in headings.items()}
    told = {at: share for at, share in fits.items() if share is not None}
    spelt = [at for at in headings if alike[at] >= _ALIKE and told.get(at, 1.0) > _DOES_NOT]
    if spelt:
        return max(spelt, key=lambda at: (alike[at], -at))
    held = [at for at, share in told.items() if share >= _FITS]
    return held[0] if len(held) == 1 else None


def likeness(one: str, other: str) -> float:
    """How alike two headings are spelt, words in any order: from 0 to 1."""
    return difflib.SequenceMatcher(None, _sorted_words(one), _sorted_words(other)).ratio()


def _sorted_words(text: str) -> str:
    return " ".join(sorted(re.findall(r"[a-z0-9]+", text.casefold()))) or text.casefold()


def _share(cells: pl.Series, column: str, dataset: Dataset, dating: Dating) -> float | None:
    """The share of the filled cells that the rules of a column let pass; None if none tells."""
    trimmed = cells.str.strip_chars()
    filled = trimmed.filter(trimmed.is_not_null() & (trimmed != "")).alias("cell")
    rules = list(_rules(column, dataset, dating))
    if not rules or filled.is_empty():
        return None
    sound = filled.to_frame().select(pl.all_horizontal(rules).fill_null(value=False)).to_series()
    return float(sound.mean() or 0.0)  # type: ignore[arg-type]


def _rules(column: str, dataset: Dataset, dating: Dating) -> Iterator[pl.Expr]:
    """What holds of a sound cell, as Boolean expressions over `cell`."""
    cell = pl.col("cell")
    if column == dataset.identifier:
        yield cell.str.contains(_NUMBER)
    if column in dataset.belongs:
        yield cell.str.contains(f"^(?:{dataset.belongs[column]})$")
    for rule in dataset.columns.values():
        inner = rule.take or rule
        if inner.from_ != (column,) or inner.split:
            continue
        if inner.parse:
            for fault in parsed(cell, inner.parse, dating).faults:
                yield ~fault.breaks
        elif inner.recode:
            yield cell.is_in([str(text) for text in inner.recode])
    alone = dataset.check.get(column)
    if alone is not None and not any(alone.sources()):
        for told in check_faults({"cell": alone}, dating):
            yield ~told.fault.breaks
