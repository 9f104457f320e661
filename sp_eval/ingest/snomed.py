"""SNOMED CT identifiers: read as text, their check digit held, a spreadsheet's rounding named."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from sp_eval.ingest.parse import Fault

__all__ = ["snomed_faults"]

# SNOMED CT release file specification, 5.2: 6 to 18 digits, the last a check digit by Verhoeff's
# scheme, the two before it the partition: of a concept, a description or a relationship.
_SHORTEST, _LONGEST = 6, 18
_PARTITIONS: Final = ("00", "01", "02", "10", "11", "12")
_EXACT_DIGITS: Final = (
    15  # a spreadsheet keeps so many of a number, and writes noughts for the rest
)
_WELL_MADE: Final = rf"^[1-9][0-9]{{{_SHORTEST - 1},{_LONGEST - 1}}}$"
_SCIENTIFIC: Final = r"^[0-9](?:\.[0-9]+)?[Ee]\+?[0-9]{1,2}$"


def snomed_faults(text: pl.Expr) -> Iterator[Fault]:
    """Yield what may be wrong with a column of SNOMED CT identifiers; blanks are sound.

    `snomed_rounded`: a spreadsheet took the identifier for a number, as in 8.71731E+14, or wrote
    noughts for the digits it could not keep: it cannot be told which code it was.
    `snomed_bad_check_digit`: anything else that is no identifier.

    Source: SNOMED CT Release File Specification, section 5.2; Verhoeff, Error detecting decimal
    codes, Mathematical Centre Tracts 29, 1969.
    """
    is_sound = text.map_batches(_is_identifier, return_dtype=pl.Boolean, is_elementwise=True)
    is_bad = text.is_not_null() & ~is_sound
    noughts = text.str.extract("(0+)$", 1).str.len_chars()
    cut = text.str.contains(_WELL_MADE) & (noughts >= text.str.len_chars() - _EXACT_DIGITS)
    long = text.str.len_chars() > _EXACT_DIGITS
    rounded = (text.str.contains(_SCIENTIFIC) | (cut & long)).fill_null(value=False)
    yield Fault("snomed_rounded", is_bad & rounded)
    yield Fault("snomed_bad_check_digit", is_bad & ~rounded)


def _tables() -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Products in the dihedral group of the pentagon; powers of Verhoeff's permutation."""
    number = np.arange(10)
    turn, is_flipped = number % 5, number >= 5
    row, column = np.meshgrid(number, number, indexing="ij")
    turned = np.where(is_flipped[row], turn[row] - turn[column], turn[row] + turn[column]) % 5
    product = turned + 5 * (is_flipped[row] ^ is_flipped[column])
    powers = [number, np.array([1, 5, 7, 6, 2, 8, 3, 0, 9, 4])]
    while len(powers) < 8:
        powers.append(powers[1][powers[-1]])
    return product.astype(np.uint8), np.array(powers, dtype=np.uint8)


_PRODUCT, _POWERS = _tables()


def _is_identifier(texts: pl.Series) -> pl.Series:
    """Whether each text is a well-made identifier; False where it is null."""
    partition = texts.str.slice(-3, 2)
    formed = (texts.str.contains(_WELL_MADE) & partition.is_in(_PARTITIONS)).fill_null(value=False)
    found: NDArray[Any] = formed.to_numpy().copy()
    if found.any():
        found[found] = _checks(texts.filter(formed))
    return pl.Series(texts.name, found, dtype=pl.Boolean)


def _checks(digits: pl.Series) -> NDArray[np.bool_]:
    """Whether Verhoeff's sum over the digits, the last first, comes to nought."""
    length = digits.str.len_chars().to_numpy()
    padded = digits.str.zfill(_LONGEST).to_numpy().astype(f"S{_LONGEST}")
    matrix = padded.view(np.uint8).reshape(-1, _LONGEST)[:, ::-1] - ord("0")
    total = np.zeros(len(length), dtype=np.uint8)
    for place in range(_LONGEST):
        step = _PRODUCT[total, _POWERS[place % 8][matrix[:, place]]]
        total = np.where(place < length, step, total)
    result: NDArray[np.bool_] = total == 0
    return result
