"""Whether people link to the register alike, whoever they are: shares by group, and a warning.

What is not known is not guessed: somebody on no register has no sex, ethnicity or address here,
unless an earlier or a later register names them, or the row names a practice.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from sp_eval.comparison.subgroup_levels import level_numbers
from sp_eval.contracts.figures import known_share
from sp_eval.framework.disclosure import is_few, protect_count
from sp_eval.study.design import Disclosure, Subgroup
from sp_eval.study.subgroups import division_of

__all__ = [
    "DIVISIONS",
    "MEASURES",
    "Division",
    "Level",
    "chance_of_difference",
    "divisions_of",
    "people_in_all",
]

MEASURES: Final = ("is_linked", "is_registered")
_OF_PEOPLE: Final[dict[Subgroup, str]] = {
    "sex": "sex", "ethnicity": "ethnic_category", "deprivation": "imd_quintile"
}  # fmt: skip
_OF_PRACTICES: Final = {
    "third_of_deprivation": ("most deprived third", "middle third", "least deprived third"),
    "third_of_ethnicity": ("largest share", "middle third", "smallest share"),
}
DIVISIONS: Final = (*_OF_PEOPLE, *_OF_PRACTICES)
_DATASETS: Final = ("referral", "gp_contact", "hospital_activity")
_UNUSUAL = 0.01
_DRAWS = 9_999


@dataclass(frozen=True, slots=True)
class Level:
    """One group: people, rounded, and the largest share of them that may not link.

    Null where the group is hidden: too few people, or they would tell a hidden one.
    """

    name: str
    people: int | None
    most_not: float | None


@dataclass(frozen=True, slots=True)
class Division:
    """People of one dataset divided in one way.

    `levels` is empty where everybody links, or where nothing can be told: then `reason` says why.
    `least` and `most` name the groups that link least and most often, where they differ by more
    than chance. `unknown`: at most that share of those who do not link belongs to no group.
    """

    dataset: str
    measure: str
    by: str
    levels: tuple[Level, ...]
    reason: str = ""
    least: Level | None = None
    most: Level | None = None
    unknown: float | None = None


def divisions_of(counts: pl.DataFrame, policy: Disclosure, *, seed: int = 1) -> list[Division]:
    """Return every way of dividing people that can be told of a delivery.

    `counts`: as `people_linked` returns them. The pass mark of chance is shared between all.
    """
    named = counts.with_columns(
        *(_level(column, name) for name, column in _OF_PEOPLE.items()),
        *(_worded(pl.col(column), words, column) for column, words in _OF_PRACTICES.items()),
    )
    asked = [
        (dataset, measure, by)
        for dataset in _DATASETS
        for measure in MEASURES
        for by in DIVISIONS
        if _makes_sense(dataset, measure, by) and named.filter(dataset=dataset).height
    ]
    mark = _UNUSUAL / max(len(asked), 1)
    return [_division(named, policy, *one, mark=mark, seed=seed) for one in asked]


def people_in_all(counts: pl.DataFrame, policy: Disclosure) -> list[tuple[str, int | None, float]]:
    """Return dataset, people as they may be shown, and the largest share that may not link."""
    whole = (
        counts.group_by("dataset")
        .agg(
            pl.col("people").sum().cast(pl.Int64),
            pl.col("people").filter(~pl.col("is_linked")).sum().cast(pl.Int64).alias("not_in"),
        )
        .with_columns(shown=protect_count(pl.col("people"), policy))
    )
    found = {
        dataset: (dataset, shown, known_share(not_in, people))
        for dataset, people, not_in, shown in whole.iter_rows()
    }
    return [found[dataset] for dataset in _DATASETS if dataset in found]


def _makes_sense(dataset: str, measure: str, by: str) -> bool:
    of_practice = by.startswith("third_of")
    if measure == "is_registered":
        return dataset == "referral" and not of_practice
    return not (dataset == "hospital_activity" and of_practice)


def _level(column: str, name: Subgroup) -> pl.Expr:
    """The level in which studies put such a person; null where it is not known."""
    division = division_of(name, "")
    known = tuple(level.label for level in division.levels if level.is_known)
    return _worded(level_numbers(pl.col(column), division), known, name)


def _worded(numbers: pl.Expr, words: tuple[str, ...], name: str) -> pl.Expr:
    places = list(range(1, len(words) + 1))
    return numbers.replace_strict(places, list(words), default=None).alias(name)


def _division(
    named: pl.DataFrame,
    policy: Disclosure,
    dataset: str,
    measure: str,
    by: str,
    *,
    mark: float,
    seed: int,
) -> Division:
    own = named.filter(pl.col("dataset") == dataset)
    if measure == "is_registered":
        own = own.filter("is_linked")  # of the others nothing is known to begin with
    tall = (
        own.group_by(by)
        .agg(people=pl.col("people").sum(), not_in=pl.col("people").filter(~pl.col(measure)).sum())
        .with_columns(pl.col("people", "not_in").cast(pl.Int64))
    )
    groups = tall.drop_nulls(by).sort(by)
    of_none = int(tall.filter(pl.col(by).is_null())["not_in"].sum())
    lost = int(tall["not_in"].sum())
    if not lost:
        return Division(dataset, measure, by, ())
    if groups.height < 2:
        return Division(dataset, measure, by, (), "no group is known of the people in it")
    if of_none == lost:
        reason = "nothing is known of those who do not link: they are on no register ever held"
        return Division(dataset, measure, by, (), reason)
    shown = _hide(groups, policy)
    unknown = known_share(of_none, lost) if of_none else None
    levels = {
        name: Level(name, people, known_share(not_in, whole) if people is not None else None)
        for name, whole, not_in, people in shown.select(by, "people", "not_in", "shown").iter_rows()
    }
    if not any(level.people for level in levels.values()):
        return Division(dataset, measure, by, (), "the groups are too small to be shown")
    least = most = None
    table = groups.select(pl.col("people") - pl.col("not_in"), "not_in").to_numpy()
    if chance_of_difference(table, seed=seed) < mark:
        told = [level for level in levels.values() if level.most_not is not None]
        told.sort(key=lambda level: level.most_not or 0.0)
        if len(told) > 1 and told[0].most_not != told[-1].most_not:
            most, least = told[0], told[-1]
    ordered = tuple(sorted(levels.values(), key=lambda level: _place(by, level.name)))
    return Division(dataset, measure, by, ordered, "", least, most, unknown)


def _hide(groups: pl.DataFrame, policy: Disclosure) -> pl.DataFrame:
    """Add `shown`: people, protected; a group hidden alone takes the next smallest with it."""
    few = groups.with_columns(hidden=is_few(pl.col("people"), policy))
    if few["hidden"].sum() == 1:
        next_smallest = few.filter(~pl.col("hidden"))["people"].min()
        few = few.with_columns(hidden=pl.col("hidden") | (pl.col("people") == next_smallest))
    protected = protect_count(pl.col("people"), policy)
    return few.with_columns(shown=pl.when(~pl.col("hidden")).then(protected))


def _place(by: str, name: str) -> int:
    if by in _OF_PRACTICES:
        return _OF_PRACTICES[by].index(name)
    return next(
        at for at, level in enumerate(division_of(_subgroup(by), "").levels) if level.label == name
    )


def _subgroup(by: str) -> Subgroup:
    return next(name for name in _OF_PEOPLE if name == by)


def chance_of_difference(table: np.ndarray, *, seed: int = 1, draws: int = _DRAWS) -> float:
    """Return how often groups would differ at least so much if all linked alike.

    Parameters
    ----------
    table : a row a group, columns linked and not linked; counts.
    draws : times the people who do not link are dealt out anew, the sizes kept.

    Returns
    -------
    float
        The p-value of Pearson's statistic under its permutation distribution, right for small
        groups too; 1 where nobody, or everybody, links.
    """
    sizes, lost = table.sum(axis=1), int(table[:, 1].sum())
    total = int(sizes.sum())
    if lost in (0, total):
        return 1.0
    expected = sizes * (lost / total)
    kept = sizes > 0

    def statistic(dealt: np.ndarray) -> np.ndarray:
        scaled = (dealt[..., kept] - expected[kept]) ** 2 / expected[kept]
        found: np.ndarray = scaled.sum(axis=-1)
        return found

    drawn = np.random.default_rng(seed).multivariate_hypergeometric(
        sizes.astype(np.int64), lost, size=draws, method="marginals"
    )
    as_far = int((statistic(drawn) >= statistic(table[:, 1]) - 1e-9).sum())
    return (as_far + 1) / (draws + 1)
