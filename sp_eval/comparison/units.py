"""What is asked of a frame of units before groups are made or compared: types, keys, no blanks."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

__all__ = ["check_ids", "check_names", "check_numbers", "with_exposed"]


def check_names(units: pl.DataFrame, names: Iterable[str]) -> None:
    """Refuse a frame that lacks one of these columns."""
    missing = [name for name in dict.fromkeys(names) if name not in units.columns]
    if missing:
        raise ValueError(f"the units have no column {', '.join(map(repr, missing))}")


def with_exposed(units: pl.DataFrame, exposed: str) -> pl.DataFrame:
    """The units with the exposure as true and false; refuse one that is neither, nor 0 and 1."""
    check_names(units, [exposed])
    column = units[exposed]
    if column.null_count():
        raise ValueError(f"'{exposed}' is blank for {column.null_count()} units: drop them first")
    if column.dtype == pl.Boolean:
        return units
    if not column.dtype.is_numeric() or not ((column == 0) | (column == 1)).all():
        raise ValueError(
            f"'{exposed}' must be Boolean, or 0 and 1 (exposed), not {column.dtype} with other"
            f" values: say which value means exposed, as in pl.col('{exposed}') == 1"
        )
    return units.with_columns(pl.col(exposed) == 1)


def check_ids(units: pl.DataFrame, names: Iterable[str]) -> None:
    """Refuse keys that are blank, or shared by two rows; several columns are one key together."""
    names = list(names)
    check_names(units, names)
    for name in names:
        if units[name].null_count():
            raise ValueError(f"'{name}' is blank for {units[name].null_count()} units")
    repeated = units.height - units.select(names).n_unique() if units.height else 0
    if repeated:
        key = " and ".join(map(repr, names))
        raise ValueError(f"{repeated} units have the {key} of another: keep one row each")


def check_numbers(units: pl.DataFrame, names: Iterable[str]) -> None:
    """Refuse columns that are not a finite number (or true or false) for every unit."""
    names = list(dict.fromkeys(names))
    check_names(units, names)
    for name in names:
        column = units[name]
        if not (column.dtype.is_numeric() or column.dtype == pl.Boolean):
            raise ValueError(f"'{name}' must hold numbers, not {column.dtype}")
        blank = column.null_count()
        if column.dtype.is_float():
            blank += int((~column.is_finite()).sum())
        if blank:
            raise ValueError(
                f"'{name}' is blank or not finite for {blank} units: fill it, with a column of its "
                "own for not known, or drop them"
            )
