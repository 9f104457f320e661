"""Events and person-time of a window, weighted by calendar month, one row a candidate."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from sp_eval.comparison.censoring import CensoringWeights, month_number

__all__ = ["CAP", "Censoring", "month_weights", "weighted_totals"]


CAP = 20.0


@dataclass(frozen=True, slots=True)
class Censoring:
    """What becomes of comparison people referred later.

    `weights` None follows them on as if nothing had happened; otherwise their days end before
    the month of referral and the others' days weigh S(m)/S(M), at most `cap` (None: no cap).
    """

    weights: CensoringWeights | None
    cap: float | None = CAP


def month_weights(
    candidates: pl.DataFrame, months: pl.DataFrame, censoring: Censoring
) -> pl.DataFrame:
    """The weight of each candidate's days in each calendar month after the index month.

    Parameters
    ----------
    candidates : `candidate_id, person_number, index_month (date), first_referral_date,
        is_exposed`.
    months : `candidate_id, months_after`, the months wanted.

    Returns
    -------
    `candidate_id, months_after, weight, uncapped`; exposed and index months weigh 1; weight 0
    from the month of a comparison person's own referral.
    """
    wanted = months.select("candidate_id", "months_after").unique(maintain_order=True)
    rows = wanted.join(
        candidates.select(
            "candidate_id",
            "person_number",
            "is_exposed",
            month_number(pl.col("index_month")).alias("month"),
            month_number(pl.col("first_referral_date")).alias("referral_month"),
        ),
        on="candidate_id",
    )
    if censoring.weights is None:
        return rows.select(
            "candidate_id",
            "months_after",
            pl.lit(1.0).alias("weight"),
            pl.lit(1.0).alias("uncapped"),
        )
    raw = censoring.weights.weight(
        rows["person_number"].to_numpy().astype(np.int64),
        rows["month"].to_numpy().astype(np.int64),
        rows["months_after"].to_numpy().astype(np.int64),
    )
    is_referred = pl.col("referral_month") <= pl.col("month") + pl.col("months_after")
    uncapped = (
        pl.when("is_exposed").then(1.0).when(is_referred.fill_null(value=False)).then(0.0)
    ).otherwise(pl.col("raw"))
    return rows.with_columns(pl.Series("raw", raw)).select(
        "candidate_id",
        "months_after",
        (uncapped if censoring.cap is None else uncapped.clip(upper_bound=censoring.cap)).alias(
            "weight"
        ),
        uncapped.alias("uncapped"),
    )


def weighted_totals(
    month_time: pl.DataFrame,
    month_count: pl.DataFrame,
    weights: pl.DataFrame,
    clocks: pl.DataFrame,
) -> pl.DataFrame:
    """Y = sum of weight x events and E = sum of weight x days, by candidate and outcome.

    Parameters
    ----------
    month_time : `candidate_id, clock, months_after, days`.
    month_count : `candidate_id, outcome, months_after, events`.
    weights : see `month_weights`; candidates without a row are left out.
    clocks : `outcome, clock`, the outcomes wanted.

    Returns
    -------
    `candidate_id, outcome, events, days`, one row a candidate with time at risk and outcome;
    weighted, Float64; both nil where every day weighs nothing.
    """
    keys = ["candidate_id", "months_after"]
    time = (
        month_time.join(weights, on=keys, maintain_order="left")
        .group_by("candidate_id", "clock", maintain_order=True)
        .agg((pl.col("weight") * pl.col("days")).alias("days"))
        .with_columns(_in_order("days"))
        .join(clocks, on="clock", maintain_order="left")
    )
    count = (
        month_count.join(weights, on=keys, maintain_order="left")
        .group_by("candidate_id", "outcome", maintain_order=True)
        .agg((pl.col("weight") * pl.col("events")).alias("events"))
        .with_columns(_in_order("events"))
    )
    return time.join(
        count, on=["candidate_id", "outcome"], how="left", maintain_order="left"
    ).select("candidate_id", "outcome", pl.col("events").fill_null(0.0), "days")


def _in_order(column: str) -> pl.Expr:
    """Sum each list from its first value to its last.

    A sum inside `agg` is put together from what the threads hold, in an order that differs from
    run to run, and its last digit with it.
    """
    return pl.col(column).list.sum()
