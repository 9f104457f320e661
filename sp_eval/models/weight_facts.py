"""How far a comparison rests on few people: known before any outcome is read."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from sp_eval.comparison.balance import effective_size
from sp_eval.comparison.scheme_design import SchemeDesign
from sp_eval.models.person_time import CAP, Censoring, month_weights
from sp_eval.study.windows import Window

__all__ = ["WeightFacts", "effective_persons", "weight_facts"]


@dataclass(frozen=True, slots=True)
class WeightFacts:
    """Of the matched comparison people, over the months of the window after.

    `share_at_cap` of their monthly weights, and `share_referred_later` of the people, 0 to 1;
    `largest_weight` before the cap; `largest_uses` sets in which one person serves.
    """

    share_at_cap: float
    share_referred_later: float
    largest_weight: float
    largest_uses: int


def weight_facts(design: SchemeDesign, post: Window) -> WeightFacts:
    """Measure the weights; months before a person's own referral count."""
    matched = design.primary.matched.filter(~pl.col("exposed"))
    if matched.is_empty():
        return WeightFacts(0.0, 0.0, 1.0, 0)
    people = design.candidates.join(matched, on="candidate_id", how="semi")
    months = _months(people, post)
    weights = month_weights(people, months, Censoring(design.censoring(), cap=None))
    counted = weights.filter(pl.col("uncapped") > 0)["uncapped"].to_numpy()
    ended = pl.col("first_referral_date") < pl.col("index_date") + pl.duration(days=post.end)
    later = people.group_by("person_number").agg(ended.fill_null(value=False).any().alias("later"))
    uses = matched.join(people.select("candidate_id", "person_number"), on="candidate_id")
    return WeightFacts(
        share_at_cap=float((counted >= CAP).mean()) if len(counted) else 0.0,
        share_referred_later=float(later["later"].to_numpy().mean()),
        largest_weight=float(counted.max()) if len(counted) else 1.0,
        largest_uses=int(uses["person_number"].value_counts()["count"].to_numpy().max()),
    )


def effective_persons(design: SchemeDesign, post: Window) -> float:
    """How many comparison people the matched ones count for, as persons.

    Kish's size of the weights of persons, each the sum over the sets a person serves in of the
    set's weight times the mean of its monthly weights: one person counts once however often they
    serve, and those who stand for people referred later count for less than their number.
    """
    matched = design.primary.matched.filter(~pl.col("exposed"))
    if matched.is_empty():
        return 0.0
    people = design.candidates.join(matched, on="candidate_id", how="semi", maintain_order="left")
    weights = month_weights(people, _months(people, post), Censoring(design.censoring()))
    stayed = weights.group_by("candidate_id", maintain_order=True).agg(stayed="weight")
    persons = (
        matched.select("candidate_id", "weight")
        .join(stayed, on="candidate_id", how="left", maintain_order="left")
        .join(
            people.select("candidate_id", "person_number"),
            on="candidate_id",
            how="left",
            maintain_order="left",
        )
        .with_columns(share=pl.col("weight") * pl.col("stayed").list.mean())
        .group_by("person_number", maintain_order=True)
        .agg("share")
        .select(pl.col("share").list.sum())
    )
    return effective_size(persons["share"].to_numpy())


def _months(people: pl.DataFrame, post: Window) -> pl.DataFrame:
    """Every calendar month after the index month that the window can touch, for each."""
    after = pl.DataFrame({"months_after": range(post.start // 31, post.end // 28 + 1)})
    return people.select("candidate_id").join(after, how="cross", maintain_order="left")
