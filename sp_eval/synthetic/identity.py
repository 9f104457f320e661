"""Made-up people's names, numbers and places as a sender would write them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from sp_eval.synthetic.codes import labels
from sp_eval.synthetic.settings import WorldSettings, part_rng

__all__ = ["ETHNIC_WORDS", "Identity", "draw_identity", "nhs_numbers", "spaced"]

_REPDIGIT = 9_999_999_999
_MODULUS, _NO_CHECK_DIGIT = 11, 10
_VALID_SHARE = 10 / 11

ETHNIC_WORDS: Final = {
    "A": "White British",
    "B": "White Irish",
    "C": "Other White",
    "D": "White and Black Caribbean",
    "F": "White and Asian",
    "H": "Indian",
    "J": "Pakistani",
    "K": "Bangladeshi",
    "L": "Other Asian",
    "M": "Caribbean",
    "N": "African",
    "R": "Chinese",
    "S": "Other",
    "Z": "Not stated",
}
_WOMEN = (
    "Ann", "Brenda", "Carol", "Doreen", "Eileen", "Fatima", "Gwen", "Hélène", "Irene", "Joan",
    "Kathleen", "Lesley", "Maureen", "Nadia", "Olwen", "Pauline", "Ruth", "Siân", "Teresa", "Zoë",
)  # fmt: skip
_MEN = (
    "Alan", "Barry", "Colin", "Derek", "Eric", "Frank", "Gordon", "Harold", "Imran", "José",
    "Keith", "Leonard", "Malcolm", "Norman", "Owen", "Peter", "Raymond", "Stanley", "Tadeusz",
    "Wilfred",
)  # fmt: skip
_FAMILIES = (
    "Ahmed", "Barker", "Cartwright", "Dyson", "Ellis", "Fletcher", "Gill", "Hepworth", "Ibbotson",
    "Jessop", "Kaur", "Lindley", "Müller", "Nowak", "O'Connor", "Pashley", "Quinn", "Roebuck",
    "Staniforth", "Thorpe", "Underhill", "Venables", "Wainwright", "Yates",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Identity:
    """Numbers and names by person number; people on no register follow after the others.

    columns of `people`: person, nhs (ten digits), name, female, born_on (day number),
    ethnic (letter), lsoa (number)
    """

    people: pl.DataFrame


def nhs_numbers(settings: WorldSettings, count: int) -> npt.NDArray[np.int64]:
    """Return `count` different ten-digit numbers with right check digits, never issued to anyone.

    NHS numbers 999 000 0000 to 999 999 9999 are never issued. Each style has a range of them;
    the two of the example share none. `ValueError` where a range is too small for the people.
    """
    tries = int(count / _VALID_SHARE * 1.05) + 100
    first, size = settings.sender.numbers
    if tries > size:
        most = size * 4 // 5
        raise ValueError(f"at most {most:,} people a scheme: there are no more test numbers")
    rng = part_rng(settings, "nhs numbers")
    drawn = rng.choice(size, tries, replace=False)
    nine = drawn.astype(np.int64) + first
    digits = nine[:, None] // 10 ** np.arange(8, -1, -1) % 10
    check = _MODULUS - (digits @ np.arange(10, 1, -1)) % _MODULUS
    check = np.where(check == _MODULUS, 0, check)
    ten = nine * 10 + check
    sound = (check < _NO_CHECK_DIGIT) & (ten != _REPDIGIT)
    return np.asarray(ten[sound][:count], dtype=np.int64)


def draw_identity(settings: WorldSettings, people: pl.DataFrame, strangers: int) -> Identity:
    """Give everybody in `people` (female, born_on, ethnic, lsoa) a number and a name.

    `strangers` more, who are on no register, are made up from people drawn at random.
    """
    rng = part_rng(settings, "names")
    copied = people[rng.integers(0, people.height, strangers)]
    moved = rng.integers(-900, 900, strangers)
    everybody = pl.concat(
        [people, copied.with_columns(pl.col("born_on") + pl.Series(moved.astype(np.int32)))]
    )
    n = everybody.height
    first = pl.select(
        pl.when(everybody["female"])
        .then(labels(_WOMEN, rng.integers(0, len(_WOMEN), n)))
        .otherwise(labels(_MEN, rng.integers(0, len(_MEN), n)))
    ).to_series()
    family = labels(_FAMILIES, rng.integers(0, len(_FAMILIES), n))
    return Identity(
        everybody.with_columns(
            pl.int_range(n, dtype=pl.UInt32).alias("person"),
            pl.Series("nhs", nhs_numbers(settings, n)).cast(pl.String),
            pl.concat_str(first, family, separator=" ").alias("name"),
        )
    )


def spaced(number: pl.Expr, separator: str) -> pl.Expr:
    """Write ten digits as three, three and four."""
    parts = (number.str.slice(0, 3), number.str.slice(3, 3), number.str.slice(6, 4))
    return pl.concat_str(parts, separator=separator)
