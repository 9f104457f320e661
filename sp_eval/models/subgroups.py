"""Whether an effect differs between groups of people: a rate ratio a level, and one test of all."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from sp_eval.models.estimate import Estimate, TooFewEventsError
from sp_eval.models.heterogeneity import Heterogeneity, wald_equal
from sp_eval.models.matched_rate_ratio import counts_of, matched_fit, matched_rate_ratio
from sp_eval.models.sandwich import clustered_variance, group_codes, one_way_variance

__all__ = ["LevelEffect", "SubgroupEffects", "subgroup_effects"]

Array = NDArray[np.floating]


@dataclass(frozen=True, slots=True)
class LevelEffect:
    """The rate ratio within one level; None where too few tell, `reason` why.

    The counts are those of an `Estimate`, of the level's people with time in the window.
    """

    level: int
    ratio: Estimate | None
    reason: str | None
    n_analysed: int
    n_comparison: int
    events_exposed: int
    person_years_exposed: float

    def to_dict(self) -> dict[str, Any]:
        return asdict(self) | {"ratio": None if self.ratio is None else self.ratio.to_dict()}


@dataclass(frozen=True, slots=True)
class SubgroupEffects:
    """Levels in ascending order, and the test that all those tested have the same ratio.

    `interaction` is None where fewer than two levels could be tested.
    """

    levels: tuple[LevelEffect, ...]
    interaction: Heterogeneity | None

    def to_dict(self) -> dict[str, Any]:
        tested = None if self.interaction is None else self.interaction.to_dict()
        return {"levels": [level.to_dict() for level in self.levels], "interaction": tested}


@dataclass(frozen=True, slots=True)
class _Fitted:
    """A level's rows with the log ratio and each row's influence on it."""

    rows: pl.DataFrame
    log_ratio: float
    influence: Array


def subgroup_effects(
    rows: pl.DataFrame,
    *,
    level: str,
    adjustment: tuple[str, ...],
    unfitted: Collection[int] = (),
    untested: Collection[int] = (),
    method: str = "matched_rate_ratio",
    ci_level: float = 0.95,
    by_practice: bool = False,
) -> SubgroupEffects:
    """Rate ratio within each level of a subgroup, and whether levels differ.

    One joint model in which every coefficient is a level's own (exposure x level and each
    adjustment x level): its estimates are those of `matched_rate_ratio` on each level's sets. The
    test is Wald's, of all ratios being the same, by the joint sandwich clustered by matched set
    and person. Where no person serves in two levels it is Cochran's Q of the ratios as shown.

    Parameters
    ----------
    rows : as for `matched_rate_ratio`, and the whole number `level`, the same for all of a set.
    unfitted : levels whose people are counted, but of which no ratio is made (not alike before).
    untested : levels that are estimated, but take no part in the test (people not known).
    by_practice : see `matched_rate_ratio`. The weaker of the tests by person and by practice
        stands, held against F with practices - 1 degrees of freedom; of two levels this is the
        larger of the two errors of their difference, with Student's t.

    Raises
    ------
    ValueError : a set of two levels, a level not known, or what `matched_rate_ratio` refuses but
        few events, which are told of the level they are few in.

    Assumes
    -------
    As `matched_rate_ratio`, within each level; levels fixed before outcomes were read. That one
    level's interval leaves 1 out and another's does not, is no sign that they differ.

    Source: Altman & Bland (2003), BMJ 326:219, doi 10.1136/bmj.326.7382.219; Cameron, Gelbach &
    Miller (2011), Journal of Business & Economic Statistics 29:238, doi 10.1198/jbes.2010.07136.
    """
    _check(rows, level)
    effects: list[LevelEffect] = []
    fitted: list[_Fitted] = []
    for part in rows.sort(level, maintain_order=True).partition_by(level, maintain_order=True):
        number, own = int(part[level][0]), part.filter(pl.col("days") > 0)
        if number in unfitted:
            effects.append(LevelEffect(number, None, "no ratio was asked for", **counts_of(own)))
            continue
        try:
            found = matched_rate_ratio(
                own,
                adjustment=adjustment,
                method=method,
                ci_level=ci_level,
                by_practice=by_practice,
            ).ratio
        except TooFewEventsError as error:
            effects.append(LevelEffect(number, None, str(error), **counts_of(own)))
            continue
        effects.append(LevelEffect(number, found, None, **counts_of(own)))
        if number not in untested:
            fitted.append(_fitted(own, adjustment))
    return SubgroupEffects(tuple(effects), _interaction(fitted, by_practice=by_practice))


def _fitted(rows: pl.DataFrame, adjustment: tuple[str, ...]) -> _Fitted:
    rows, fit = matched_fit(rows, adjustment=adjustment)
    influence = fit.influence(group_codes(rows, ["person_number"])[0])[:, 1]
    return _Fitted(rows, float(fit.beta[1]), influence)


def _check(rows: pl.DataFrame, level: str) -> None:
    if level not in rows.columns:
        raise ValueError(f"there is no column '{level}'")
    if rows[level].null_count():
        raise ValueError(f"'{level}' is null in some rows: give people not known a level of theirs")
    mixed = (
        rows.group_by("match_set").agg(pl.col(level).n_unique().alias("n")).filter(pl.col("n") > 1)
    )
    if mixed.height:
        raise ValueError(f"{mixed.height} sets hold people of two levels: a set is of one level")


def _interaction(fitted: list[_Fitted], *, by_practice: bool) -> Heterogeneity | None:
    if len(fitted) < 2:
        return None
    found = _weakest(fitted, "person_number", None)
    if not by_practice:
        return found
    practices = pl.concat([f.rows["practice_number"] for f in fitted]).n_unique()
    tests = [
        _weakest(fitted, c, max(1, practices - 1)) for c in ("person_number", "practice_number")
    ]
    return min((t for t in tests if t is not None), key=lambda t: t.q, default=None)


def _weakest(fitted: list[_Fitted], cluster: str, denominator: int | None) -> Heterogeneity | None:
    """The test by matched set and `cluster`; if its covariance is none, the weaker one-way test.

    For one contrast this is the rule of `clustered_variance`.
    """
    points = [f.log_ratio for f in fitted]
    two_way, *one_way = _covariances(fitted, cluster)
    try:
        return wald_equal(points, two_way, denominator=denominator)
    except ValueError:
        tests = [_tried(points, covariance, denominator) for covariance in one_way]
        return min((t for t in tests if t is not None), key=lambda t: t.q, default=None)


def _tried(points: list[float], covariance: Array, denominator: int | None) -> Heterogeneity | None:
    try:
        return wald_equal(points, covariance, denominator=denominator)
    except ValueError:
        return None


def _covariances(fitted: list[_Fitted], cluster: str) -> tuple[Array, Array, Array]:
    """Of the log ratios, (k, k): by set and `cluster`, by set alone, by `cluster` alone.

    A set is of one level, so that only people (or practices) who serve in several levels make
    levels hang together. Each level keeps its own G/(G-1): the diagonal is the errors shown.
    """
    members = pl.concat([f.rows[cluster] for f in fitted])
    code = group_codes(pl.DataFrame({cluster: members}), [cluster])[0]
    ends = np.cumsum([f.rows.height for f in fitted])[:-1]
    sums, by_set, by_both = [], [], []
    for own, f in zip(np.split(code, ends), fitted, strict=True):
        sets = group_codes(f.rows, ["match_set"])[0]
        groups = len(np.unique(own))
        scale = np.sqrt(groups / (groups - 1)) if groups > 1 else 0.0
        total = np.bincount(own, weights=f.influence, minlength=int(code.max()) + 1)
        sums.append(total * scale)
        by_set.append(one_way_variance(f.influence, sets))
        by_both.append(clustered_variance(f.influence, sets, own))
    shared = np.column_stack(sums)
    by_cluster = shared.T @ shared
    two_way = by_cluster - np.diag(np.diag(by_cluster)) + np.diag(by_both)
    return two_way, np.diag(by_set), by_cluster
