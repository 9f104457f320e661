"""Matched sets within each level of the subgroups a study names, before an outcome is read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import polars as pl

from sp_eval.comparison.subgroup_levels import levels_of
from sp_eval.study.design import StudyDesign
from sp_eval.study.subgroups import division_of

__all__ = ["Subgroups", "match_within_levels"]

_LEVELS = {"candidate_id": pl.Int32, "subgroup": pl.String, "level_number": pl.Int32}
_SETS = {
    "subgroup": pl.String,
    "match_set": pl.Int32,
    "candidate_id": pl.Int32,
    "exposed": pl.Boolean,
    "distance": pl.Float64,
    "weight": pl.Float64,
    "ps_logit": pl.Float64,
}


@dataclass(frozen=True, slots=True)
class Subgroups:
    """Whom people of one level are compared with: people of the same level, matched anew.

    `levels`: `candidate_id, subgroup, level_number` of the eligible exposed. `matched`: `subgroup`
    and the columns of `PoolDesign.matched`. Only divisions that are known of everybody.
    """

    levels: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=_LEVELS))
    matched: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=_SETS))


def match_within_levels(
    scored: pl.DataFrame,
    candidates: pl.DataFrame,
    history: pl.DataFrame,
    study: StudyDesign,
    match: Callable[[pl.DataFrame, StudyDesign, str], pl.DataFrame],
) -> Subgroups:
    """Match each level's people again, with people of the same level.

    In the primary sets other levels are mixed in: a score that balances everybody does not balance
    those of one level against all others. Given the score, it does against people of that level.

    Parameters
    ----------
    scored : the exposed and the pool, with what `match` asks for.
    candidates, history : as `levels_of` reads them, of everybody scored.
    match : matches such rows as the primary, and exactly on one column more.

    Source: Green & Stuart (2014), Journal of Consulting and Clinical Psychology 82:773, doi
    10.1037/a0036515; what was measured here is in ADR 0017.
    """
    primary = study.primary.name
    divisions = [division_of(name, primary) for name in study.subgroups]
    named = [d.name for d in divisions if d.of_everybody]
    if not named:
        return Subgroups()
    levels = levels_of(candidates, history, divisions, primary=primary)
    of_level = levels.select("candidate_id", pl.col(named).name.prefix("level_of_"))
    marked = scored.join(of_level, on="candidate_id", maintain_order="left")
    sets = [
        match(marked, study, f"level_of_{name}").select(
            pl.lit(name).alias("subgroup"), *list(_SETS)[1:]
        )
        for name in named
    ]
    exposed = levels.filter(candidates["is_exposed"]).unpivot(
        index="candidate_id", variable_name="subgroup", value_name="level_number"
    )
    return Subgroups(exposed, pl.concat(sets))
