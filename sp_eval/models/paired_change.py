"""Change in a questionnaire score within the same people: described, never taken for an effect."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import polars as pl

from sp_eval.models import before_after
from sp_eval.models.estimate import Estimate, TooFewEventsError
from sp_eval.study.outcomes import Instrument

__all__ = ["FEWEST_PAIRS", "paired_change", "paired_scores"]

FEWEST_PAIRS = 3
_ONE = ["person_key", "stage", "response_date"]  # one questionnaire of one person


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
    answered both times, of which there must be enough; a sum is that mean times all items. Where a
    questionnaire came as its total or metric score alone (`instrument.whole`), that is its score;
    a total beside answers is never used, nor a metric score that no conversion gives.
    """
    items = responses.filter(pl.col("item").is_in(instrument.items)).drop_nulls("score")
    whole = _whole_scores(responses, instrument, conversion)
    dated = pl.concat([items.select(_ONE), whole.select(_ONE)]).group_by("person_key", "stage").agg(
        first=pl.col("response_date").min(), last=pl.col("response_date").max()
    )  # fmt: skip
    wanted = dated.with_columns(
        response_date=pl.when(pl.col("stage") == "baseline").then("first").otherwise("last")
    ).select(_ONE)
    items = items.join(wanted, on=_ONE, how="semi")
    told = whole.join(wanted, on=_ONE, how="semi").join(items, on=_ONE, how="anti")
    pairs = [_by_items(items, instrument, conversion)]
    if told.height:
        pairs.append(_by_whole(told, items, instrument, conversion))
    return pl.concat(pairs).sort("person_key")


def _by_items(
    kept: pl.DataFrame, instrument: Instrument, conversion: Mapping[int, float]
) -> pl.DataFrame:
    """Score what was answered both times."""
    pairs = kept.filter(pl.col("stage") == "baseline").join(
        kept.filter(pl.col("stage") == "follow_up"), on=["person_key", "item"], suffix="_later"
    )
    pairs = pairs.filter(pl.col("response_date_later") > pl.col("response_date"))
    by_person = pairs.group_by("person_key").agg(
        answered=pl.col("item").n_unique(),
        baseline=pl.col("score").sum(),
        follow_up=pl.col("score_later").sum(),
    )
    return _scored(by_person, instrument, conversion, "baseline", "follow_up")


def _by_whole(
    told: pl.DataFrame,
    items: pl.DataFrame,
    instrument: Instrument,
    conversion: Mapping[int, float],
) -> pl.DataFrame:
    """Score the people of whom at least one questionnaire came as its whole score."""
    answered = items.group_by(_ONE).agg(
        answered=pl.col("item").n_unique(), score=pl.col("score").sum()
    )
    theirs = _scored(answered, instrument, conversion, "score")
    both = pl.concat([told.with_columns(is_told=True), theirs.with_columns(is_told=False)])
    pairs = both.filter(pl.col("stage") == "baseline").join(
        both.filter(pl.col("stage") == "follow_up"), on="person_key", suffix="_later"
    )
    pairs = pairs.filter(
        pl.col("response_date_later") > pl.col("response_date"),
        pl.col("is_told") | pl.col("is_told_later"),
    )
    return pairs.select("person_key", baseline="score", follow_up="score_later")


def _scored(
    sums: pl.DataFrame, instrument: Instrument, conversion: Mapping[int, float], *names: str
) -> pl.DataFrame:
    """Make scores of sums of so many `answered`; those of too few are left out."""
    enough = sums.filter(pl.col("answered") >= instrument.enough)
    if instrument.scoring == "metric_of_sum":
        scored = enough.with_columns(_converted(name, conversion) for name in names).drop_nulls()
    else:
        times = len(instrument.items) if instrument.scoring == "sum" else 1
        scored = enough.with_columns(pl.col(*names) * times / pl.col("answered"))
    return scored.drop("answered")


def _converted(name: str, conversion: Mapping[int, float]) -> pl.Expr:
    table = {float(raw): metric for raw, metric in conversion.items()}
    return pl.col(name).replace_strict(table, default=None, return_dtype=pl.Float64)


def _whole_scores(
    responses: pl.DataFrame, instrument: Instrument, conversion: Mapping[int, float]
) -> pl.DataFrame:
    """`person_key, stage, response_date, score` of questionnaires that came as their whole score.

    A total comes before a metric score of the same day: it is converted here, by one table.
    """
    given = responses.filter(pl.col("item").is_in(instrument.whole)).drop_nulls("score")
    is_metric = pl.col("item") == "metric"
    total = pl.col("score")
    if instrument.scoring == "metric_of_sum":
        total = _converted("score", conversion)
        given = given.filter(~is_metric | pl.col("score").is_in([*conversion.values()]))
    scored = given.with_columns(score=pl.when(is_metric).then("score").otherwise(total))
    return (
        scored.drop_nulls("score").sort([*_ONE, "item", "score"]).group_by(_ONE)
        .agg(pl.col("score").last()).select([*_ONE, "score"])
    )  # fmt: skip


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
    if pairs.height < FEWEST_PAIRS:
        raise TooFewEventsError("fewer than three people answered both at first and later")
    found = before_after.paired_change(
        pairs, before="baseline", after="follow_up", ci_level=ci_level
    )
    return replace(found, method="paired_change")
