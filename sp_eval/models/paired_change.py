"""Change in a questionnaire score within the same people: described, never taken for an effect."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import polars as pl

from sp_eval.models import before_after
from sp_eval.models.estimate import Estimate, TooFewEventsError
from sp_eval.study.outcomes import Instrument

__all__ = ["paired_change", "paired_scores"]


def paired_scores(
    responses: pl.DataFrame, instrument: Instrument, *, conversion: Mapping[int, float]
) -> pl.DataFrame:
    """Score each person's first baseline and last later follow-up.

    Parameters
    ----------
    responses : `person_key, item, stage (baseline, follow_up), response_date, score`, one
        instrument, one row an item.
    conversion : raw sum -> metric score, for instruments scored so (every item must be answered).

    Returns
    -------
    `person_key, baseline, follow_up`, one row a person with both. A mean is over the items
    answered both times, of which there must be enough; a sum is that mean times all items.
    """
    items = responses.filter(pl.col("item").is_in(instrument.items)).drop_nulls("score")
    dated = items.group_by("person_key", "stage").agg(
        first=pl.col("response_date").min(), last=pl.col("response_date").max()
    )
    wanted = dated.with_columns(
        response_date=pl.when(pl.col("stage") == "baseline").then("first").otherwise("last")
    ).select("person_key", "stage", "response_date")
    kept = items.join(wanted, on=["person_key", "stage", "response_date"], how="semi")
    pairs = kept.filter(pl.col("stage") == "baseline").join(
        kept.filter(pl.col("stage") == "follow_up"), on=["person_key", "item"], suffix="_later"
    )
    pairs = pairs.filter(pl.col("response_date_later") > pl.col("response_date"))
    by_person = pairs.group_by("person_key").agg(
        answered=pl.col("item").n_unique(),
        baseline=pl.col("score").sum(),
        follow_up=pl.col("score_later").sum(),
    )
    enough = by_person.filter(pl.col("answered") >= instrument.enough)
    if instrument.scoring == "metric_of_sum":
        table = {float(raw): metric for raw, metric in conversion.items()}
        scored = enough.with_columns(
            pl.col("baseline", "follow_up").replace_strict(table, default=None)
        ).drop_nulls()
    else:
        times = len(instrument.items) if instrument.scoring == "sum" else 1
        scored = enough.with_columns(pl.col("baseline", "follow_up") * times / pl.col("answered"))
    return scored.select("person_key", "baseline", "follow_up").sort("person_key")


def paired_change(pairs: pl.DataFrame, *, ci_level: float = 0.95) -> Estimate:
    """Mean change of a questionnaire from baseline to follow-up, with Student's interval.

    See `before_after.paired_change`.

    Parameters
    ----------
    pairs : `baseline, follow_up`, one row a person with both.

    Raises
    ------
    TooFewEventsError : fewer than three people have both.

    Assumes
    -------
    Nothing about cause, nor about those without a follow-up, whose share must stand beside it.
    """
    if pairs.height < 3:
        raise TooFewEventsError("fewer than three people answered both at first and later")
    found = before_after.paired_change(
        pairs, before="baseline", after="follow_up", ci_level=ci_level
    )
    return replace(found, method="paired_change")
