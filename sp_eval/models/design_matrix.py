"""From columns of a frame to the matrix of a regression, and the refusal of what cannot be one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from sp_eval.models.poisson import independent_columns

__all__ = ["design_matrix", "is_exposed", "numbers"]

Array = NDArray[np.floating]


def design_matrix(
    rows: pl.DataFrame,
    first: Sequence[Array],
    covariates: Sequence[str],
    *,
    asked: str | None = None,
) -> Array:
    """An intercept, the columns of `first`, and the covariates, without what repeats others.

    Covariates are numbers or Booleans, taken as they are, or text: a column of 0 and 1 for every
    value but the first in sorted order, which is the reference. They are standardised, so that
    their units decide nothing; coefficients of `first` do not change by it.

    Parameters
    ----------
    first : (N,) arrays, kept in columns 1, 2, ... as they are.
    asked : what column 1 stands for, where an answer is wanted of it alone.

    Returns
    -------
    (N, k) of full rank. Later columns that earlier ones explain are left out.

    Raises
    ------
    ValueError : a covariate is missing, holds nulls or values that are not finite; or the other
        columns explain column 1, so that there is no answer of what is `asked`.
    """
    others = _columns(rows, covariates)
    spread = others.std(axis=0) if rows.height else np.ones(others.shape[1])
    others = (others - others.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    x = np.column_stack([np.ones(rows.height), *first, others])
    if asked is not None:
        last = np.column_stack([np.delete(x, 1, axis=1), x[:, 1]])
        if x.shape[1] - 1 not in independent_columns(last):
            raise ValueError(f"other columns explain {asked} wholly: leave out what repeats it")
    return np.asarray(x[:, independent_columns(x)])


def is_exposed(rows: pl.DataFrame, name: str) -> NDArray[np.bool_]:
    """A Boolean column, or one of 0 and 1, as (N,) Booleans.

    Raises
    ------
    ValueError : other values, or nulls.
    """
    values = numbers(rows, name)
    if not np.isin(values, (0.0, 1.0)).all():
        raise ValueError(f"'{name}' must be true or false, or 0 or 1, in every row")
    return np.asarray(values == 1)


def numbers(rows: pl.DataFrame, name: str, *, least: float = -np.inf) -> Array:
    """A numeric or Boolean column as (N,) finite floats, none below `least`.

    Raises
    ------
    ValueError : the column is missing, is not of numbers, or holds what cannot be used.
    """
    column = _column(rows, name)
    if not (column.dtype.is_numeric() or column.dtype == pl.Boolean):
        raise ValueError(f"'{name}' must hold numbers, not {column.dtype}")
    values = column.cast(pl.Float64).to_numpy()
    if not np.isfinite(values).all():
        raise ValueError(f"'{name}' holds values that are not finite: mend them or drop the rows")
    if (values < least).any():
        raise ValueError(f"'{name}' holds values below {least:g}, which cannot be")
    return np.asarray(values)


def _column(rows: pl.DataFrame, name: str) -> pl.Series:
    if name not in rows.columns:
        raise ValueError(f"there is no column '{name}'")
    column = rows[name]
    if column.null_count():
        raise ValueError(
            f"'{name}' is null in {column.null_count()} rows: drop these rows, or give what is not"
            " known a value and a column of its own"
        )
    return column


def _columns(rows: pl.DataFrame, covariates: Sequence[str]) -> Array:
    found: list[Array] = []
    for name in covariates:
        column = _column(rows, name)
        if column.dtype in (pl.String, pl.Categorical, pl.Enum):
            text = column.cast(pl.String).to_numpy()
            levels = sorted(set(text))
            found += [(text == level).astype(float) for level in levels[1:]]
        else:
            found.append(numbers(rows, name))
    # No columns would make no rows.
    return np.column_stack(found) if found else np.zeros((rows.height, 0))
