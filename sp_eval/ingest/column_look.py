"""What the cells of one column look like: numbers of people, dates and in which style, codes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

import polars as pl

from sp_eval.contracts.codes import code_values
from sp_eval.ingest.identity import digits_of, holds_nhs_number, nhs_fault
from sp_eval.ingest.parse import written_in
from sp_eval.ingest.vocabulary import not_known_words

__all__ = ["Look", "is_name", "is_not_known", "is_personal", "look_at", "words_of"]

_MOST: Final = 0.95  # of the filled cells; the others may be slips
_SAMPLE: Final = 3_000
_MOST_WORDS: Final = 60
_STYLES: Final = (
    "%d/%m/%Y", "%m/%d/%Y", "%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S",
    "%Y-%m-%d %H:%M:%S", "%d/%m/%Y %H:%M", "%d/%m/%Y %H:%M:%S", "%m/%d/%Y %H:%M", "%d-%b-%y",
    "%d-%b-%Y", "%d %b %Y", "%d %B %Y", "%d-%m-%Y", "%d.%m.%Y", "%d/%m/%y", "%m/%d/%y", "%Y/%m/%d",
    "%Y%m%d", "%Y-%m-%d %H:%M", "%d.%m.%y", "%d-%m-%y", "%d %b %y",
    "%d-%b-%Y %H:%M", "%d-%b-%y %H:%M", "%d %b %Y %H:%M", "%Y/%m/%d %H:%M",
)  # fmt: skip
_MONTHS: Final = ("%b-%y", "%b-%Y", "%b %Y", "%B %Y", "%b %y", "%Y-%m", "%m/%Y")
_POSTCODE: Final = r"(?i)^[A-Z]{1,2}[0-9][A-Z0-9]? ?[0-9][A-Z]{2}$"
_LONG: Final = 45  # letters of a cell that is a sentence rather than a word of a list
_TITLED: Final = re.compile(r"^(?:dr|mr|mrs|ms|miss|prof|rev|sister)\b\.?\s+\w", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Look:
    """One column: `heading`, its place, and shares (0 to 1) of its filled cells.

    A cell that says n/k, or the like, counts as not filled, but is one of `words`.

    `styles`: in which every date of it could be written, the day first before the month first;
    `words`: each distinct text with its count, most frequent first, where there are few, but for
    those that may tell a person; None where these are more than slips, or the texts are many.
    Nothing here is to be shown of a column that `is_personal`.
    """

    heading: str
    at: int
    filled: int
    distinct: int
    nhs: float = 0.0
    postcodes: float = 0.0
    names: float = 0.0
    sentences: float = 0.0
    whole: float = 0.0
    numbers: float = 0.0
    practices: float = 0.0
    areas: float = 0.0
    unspaced: float = 0.0
    short_codes: float = 0.0
    styles: tuple[str, ...] = ()
    months: tuple[str, ...] = ()
    is_true_date: bool = False
    words: tuple[tuple[str, int], ...] | None = None

    @property
    def is_date(self) -> bool:
        return bool(self.styles) or self.is_true_date

    @property
    def is_code(self) -> bool:
        return self.words is not None


def look_at(heading: str, at: int, cells: pl.Series, *, from_workbook: bool) -> Look:
    """Look at a column of trimmed texts, blank as null."""
    everything = cells.drop_nulls()
    filled = everything.filter(~is_not_known(everything))
    counts = _counted(filled)
    distinct = counts["text"]
    if distinct.is_empty():
        return Look(heading, at, 0, 0)
    sample = distinct.head(_SAMPLE)
    styles = tuple(style for style in _STYLES if _share(sample, written_in("text", style)) >= _MOST)
    numbers = [digits_of(text) for text in sample]
    return Look(
        heading=heading, at=at, filled=filled.len(), distinct=distinct.len(),
        nhs=_of_rows(counts, [nhs_fault(number) is None for number in numbers]),
        postcodes=_of_rows(counts, sample.str.contains(_POSTCODE).to_list()),
        names=_of_rows(counts, [is_name(text) for text in sample]),
        sentences=float((sample.str.len_chars() > _LONG).mean() or 0.0),  # type: ignore[arg-type]
        whole=_fits(sample, r"^[+-]?[0-9]{1,18}(?:\.0+)?$"),
        numbers=_fits(sample, r"^-?£?\s?-?[0-9][0-9,]*(?:\.[0-9]+)?$"),
        practices=_of_rows(counts, sample.str.contains(r"^[A-Z][0-9]{5}$").to_list()),
        areas=_of_rows(counts, sample.str.contains(r"^[EW]01[0-9]{6}$").to_list()),
        unspaced=_fits(sample, r"^[^\s,;]+$"),
        short_codes=_fits(sample, r"^[A-Z0-9]{3,9}$"),
        styles=styles,
        months=tuple(style for style in _MONTHS if _is_month(sample, style)),
        is_true_date=from_workbook and _is_true_date(sample),
        words=_words(_counted(everything)),
    )  # fmt: skip


def is_not_known(cells: pl.Series) -> pl.Series:
    """Boolean, one for each text: whether it is one that senders write for not known."""
    return cells.str.to_lowercase().is_in(sorted(not_known_words()))


def words_of(cells: pl.Series) -> tuple[tuple[str, int], ...] | None:
    """Each distinct text with its count, as in `Look.words`."""
    return _words(_counted(cells.drop_nulls()))


def _counted(filled: pl.Series) -> pl.DataFrame:
    counts = filled.rename("text").value_counts(sort=False)
    return counts.sort(["count", "text"], descending=[True, False])


def is_personal(look: Look) -> bool:
    """Whether its cells may tell who somebody is, whatever its heading says."""
    return max(look.nhs, look.postcodes) > 0.2 or look.names > 0.2 or look.sentences > 0.2


def _share(sample: pl.Series, value: pl.Expr) -> float:
    found = sample.alias("text").to_frame().select(value.is_not_null().mean()).item()
    return float(found or 0.0)


def _of_rows(counts: pl.DataFrame, holds: Sequence[bool]) -> float:
    """The share of rows whose text is one of those of which something holds."""
    rows = counts["count"].head(len(holds))
    return float(rows.filter(pl.Series(holds, dtype=pl.Boolean)).sum()) / float(rows.sum())


def _is_month(sample: pl.Series, style: str) -> bool:
    return _share(sample, written_in("text", f"%d {style}", "01 ")) >= _MOST


def _is_true_date(sample: pl.Series) -> bool:
    """Whether dates stand here as a workbook holds them, some perhaps typed as text."""
    true = _fits(sample, r"^[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}$")
    typed = _share(sample, written_in("text", "%d/%m/%Y"))
    return true > 0 and true + typed >= _MOST


def _fits(sample: pl.Series, pattern: str) -> float:
    return float(sample.str.contains(pattern).mean() or 0.0)  # type: ignore[arg-type]


@cache
def _given_names() -> frozenset[str]:
    """Names often given in England and Wales: a column of them is a column of people."""
    return frozenset(code_values("given_name.name"))


def is_name(text: str) -> bool:
    """Whether a text may be somebody's name."""
    words = re.findall(r"[a-z]+", text.casefold())
    return bool(_TITLED.match(text)) or (
        bool(words) and len(words) <= 4 and bool(_given_names() & set(words))
    )


def _words(counts: pl.DataFrame) -> tuple[tuple[str, int], ...] | None:
    """The texts of a list of codes; None where they are many for their rows, or tell somebody."""
    few = min(_MOST_WORDS, max(2, counts["count"].sum() // 2))
    if counts.height > few:
        return None
    found = tuple((str(text), int(count)) for text, count in counts.iter_rows())
    told = sum(count for text, count in found if _may_tell(text))
    if told * 20 > counts["count"].sum():
        return None
    return tuple((text, count) for text, count in found if not _may_tell(text))


def _may_tell(text: str) -> bool:
    return (
        holds_nhs_number(text) or is_name(text) or len(text) > 2 * _LONG
        or re.match(_POSTCODE, text) is not None
    )  # fmt: skip
