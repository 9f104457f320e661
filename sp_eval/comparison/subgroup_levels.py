"""In which level of each subgroup a person is, from what was known before the index date."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from sp_eval.comparison.covariates import history_columns
from sp_eval.study.subgroups import EARLIER_BANDS, Division

__all__ = ["level_numbers", "levels_of"]

_COLUMNS = {
    "age": "age",
    "sex": "sex",
    "deprivation": "imd_quintile",
    "ethnicity": "ethnic_category",
    "ltc_count": "ltc_count",
}


def level_numbers(values: pl.Expr, division: Division) -> pl.Expr:
    """The number of each value's level, the first being 1.

    Parameters
    ----------
    values : whole numbers or codes, as the division's levels are cut; null where not known.

    Returns
    -------
    Int32, never null: what fits no level is in the last one, that of people of whom it is not
    known.
    """
    found = pl.lit(len(division.levels), dtype=pl.Int32)
    for number, level in reversed(list(enumerate(division.levels, start=1))):
        if not level.is_known:
            continue
        if level.values:
            inside = values.cast(pl.String).is_in(sorted(level.values))
        else:
            inside = values.is_not_null()
            if level.least is not None:
                inside &= values >= level.least
            if level.most is not None:
                inside &= values <= level.most
        number_here = pl.lit(number, dtype=pl.Int32)
        found = pl.when(inside.fill_null(value=False)).then(number_here).otherwise(found)
    return found


def levels_of(
    candidates: pl.DataFrame,
    history: pl.DataFrame,
    divisions: Sequence[Division],
    *,
    primary: str,
) -> pl.DataFrame:
    """The level of each candidate in each division that is known of everybody.

    Parameters
    ----------
    candidates : `candidate_id, age, sex, imd_quintile, ethnic_category, ltc_count`.
    history : see `history_columns`; counts of `primary` give the earlier use.

    Returns
    -------
    `candidate_id` and an Int32 column for each division, in the order of `candidates`.
    """
    named = [d for d in divisions if d.of_everybody]
    lags = history_columns(history, primary, candidates["candidate_id"])
    earlier = lags.select(pl.sum_horizontal(EARLIER_BANDS)).to_series()
    described = candidates.with_columns(earlier.alias("__earlier"))
    return described.select(
        "candidate_id",
        *(level_numbers(pl.col(_COLUMNS.get(d.name, "__earlier")), d).alias(d.name) for d in named),
    )
