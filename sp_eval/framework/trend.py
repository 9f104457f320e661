"""The month-by-month picture: the rows of `published.trend`."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from sp_eval.contracts.frames import conform, empty_frame
from sp_eval.contracts.odcs import load_contract
from sp_eval.models.monthly_rate import monthly_rates
from sp_eval.study.design import StudyDesign

__all__ = ["trend_rows"]

_ARMS = ("referred", "similar")
_MONTHS = range(-12, 13)


def trend_rows(
    study: StudyDesign,
    scheme: str,
    held: frozenset[str],
    read: Callable[[str, str], pl.DataFrame],
) -> pl.DataFrame:
    """The rows of one scheme, of every counted outcome whose clock is among those `held`.

    `read` gives the rows `monthly_rates` asks for, by scheme and outcome.
    """
    contract = load_contract("trend", "published")
    frames = [empty_frame(contract)]
    for _, outcome in study.counted:
        if outcome.clock in held:
            rates = monthly_rates(read(scheme, outcome.name), arms=_ARMS, months=_MONTHS)
            named = {"study_id": study.study_id, "scheme_code": scheme, "outcome": outcome.name}
            rates = rates.with_columns(pl.lit(value).alias(name) for name, value in named.items())
            frames.append(conform(rates, contract))
    return pl.concat(frames)
