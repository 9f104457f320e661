"""For whom: the rows of `published.subgroup`, of the primary outcome alone."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

import polars as pl

from sp_eval.comparison.scheme_design import SchemeDesign
from sp_eval.comparison.subgroup_levels import level_numbers
from sp_eval.contracts.scheme_mapping import load_mapping, mapped_schemes
from sp_eval.framework.gate import Gate
from sp_eval.framework.subgroup_gate import judge_levels, note_of, why_withheld
from sp_eval.models.heterogeneity import Heterogeneity
from sp_eval.models.multiplicity import benjamini_hochberg, holm
from sp_eval.models.person_time import Censoring
from sp_eval.models.scheme_estimates import Counts, matched_counts
from sp_eval.models.subgroups import LevelEffect, subgroup_effects
from sp_eval.study.design import StudyDesign
from sp_eval.study.outcomes import OUTCOMES
from sp_eval.study.subgroups import Division, division_of

__all__ = ["subgroup_rows", "undivided_rows"]

_NOBODY = "nobody referred who can be followed is in this group"
Row = dict[str, Any]


def undivided_rows(study: StudyDesign, primary: Row) -> list[Row]:
    """The rows of a scheme whose primary estimate is withheld: every level, for that reason.

    `primary`: its row of `published.estimate`, of the primary outcome's rate ratio.
    """
    reason = str(primary["withheld_reason"])
    return [row for division in _divisions(study) for row in _all(primary, division, reason)]


def subgroup_rows(
    study: StudyDesign, design: SchemeDesign, counts: Counts, carers: pl.DataFrame, primary: Row
) -> list[Row]:
    """One row a level of every subgroup the study names.

    Parameters
    ----------
    carers : `person_number, is_carer` (null where not recorded) of people referred.
    primary : see `undivided_rows`; released.
    """
    rows: list[list[Row]] = []
    tests: list[Heterogeneity | None] = []
    for division in _divisions(study):
        levels = _levels(design, division, carers)
        unknown = [n for n, level in enumerate(division.levels, start=1) if not level.is_known]
        if levels["level_number"].is_in(unknown).all():
            rows.append(_all(primary, division, _not_told(primary, division)))
            tests.append(None)
            continue
        made, test = _divided(study, design, counts, primary, division, levels)
        rows.append(made)
        tests.append(test)
    asked = [test.p_value for test in tests if test is not None]
    adjusted = iter(zip(holm(asked), benjamini_hochberg(asked), strict=True))
    for made, test in zip(rows, tests, strict=True):
        if test is not None:
            by_holm, by_bh = next(adjusted)
            told = {"p_interaction": test.p_value, "p_holm": by_holm, "p_bh": by_bh}
            for row in made:
                row.update(told)
    return [row for made in rows for row in made]


def _divisions(study: StudyDesign) -> list[Division]:
    return [division_of(name, study.primary.name) for name in study.subgroups]


def _levels(design: SchemeDesign, division: Division, carers: pl.DataFrame) -> pl.DataFrame:
    """`candidate_id, level_number` of every eligible person referred."""
    if division.of_everybody:
        return design.subgroups.levels.filter(subgroup=division.name).drop("subgroup")
    people = design.candidates.filter("is_exposed").select("candidate_id", "person_number")
    told = people.join(carers, on="person_number", how="left", maintain_order="left")
    number = level_numbers(pl.col("is_carer"), division)
    return told.select("candidate_id", number.alias("level_number"))


def _divided(
    study: StudyDesign,
    design: SchemeDesign,
    counts: Counts,
    primary: Row,
    division: Division,
    levels: pl.DataFrame,
) -> tuple[list[Row], Heterogeneity | None]:
    """A level whose groups are not alike is counted, but no rate ratio is made of it."""
    matched = _matched(design, division).join(
        levels.select("level_number", match_set="candidate_id"), on="match_set"
    )
    eligible = dict(levels.group_by("level_number").len().iter_rows())
    gates = judge_levels(design, matched, eligible, study.thresholds)
    weighted = matched_counts(
        design, replace(design.primary, matched=matched), counts, Censoring(design.censoring())
    )
    outcome = OUTCOMES[study.primary.name]
    unlike = {number for number, gate in gates.items() if not gate.passed}
    found = subgroup_effects(
        weighted.rows(outcome, counts.history),
        level="level_number",
        adjustment=weighted.adjustment,
        unfitted=unlike,
        untested={n for n, one in enumerate(division.levels, start=1) if not one.is_known},
        by_practice=weighted.by_practice,
    )
    effects = {effect.level: effect for effect in found.levels}
    rows = []
    for row in _all(primary, division, _NOBODY, found=eligible):
        number = row["level_number"]
        row["n_eligible"] = eligible.get(number, 0)
        if number in effects:
            notes = (primary["notes"], note_of(gates[number], study.thresholds))
            row.update(_told(effects[number], gates[number], notes))
        elif number in gates:
            row["withheld_reason"] = why_withheld(gates[number])
        rows.append(row)
    return rows, found.interaction


def _matched(design: SchemeDesign, division: Division) -> pl.DataFrame:
    """Sets of one level; those of the primary where nobody else's level is known."""
    if division.of_everybody:
        return design.subgroups.matched.filter(subgroup=division.name).drop("subgroup")
    return design.primary.matched


def _told(effect: LevelEffect, gate: Gate, notes: Sequence[str | None]) -> Row:
    counted = ("n_analysed", "n_comparison", "events_exposed", "person_years_exposed")
    balance = next(check for check in gate.checks if check.name == "balance")
    told = {name: getattr(effect, name) for name in counted}
    told |= {"largest_gap": balance.value, "gap_allowed": balance.limit}
    if not gate.passed:
        return told | {"withheld_reason": why_withheld(gate)}
    if effect.ratio is None:
        return told | {"withheld_reason": effect.reason}
    figures = {name: getattr(effect.ratio, name) for name in ("point", "ci_low", "ci_high")}
    said = " ".join(note for note in notes if note) or None
    kept = {"status": "released", "withheld_reason": None, "notes": said}
    return told | figures | kept


def _all(
    primary: Row, division: Division, reason: str, *, found: Collection[int] = ()
) -> list[Row]:
    """Every level of a division, withheld; that of people not known only if it is `found`."""
    named = {name: primary[name] for name in ("study_id", "scheme_code", "outcome", "design_hash")}
    return [
        named
        | {
            "subgroup": division.name,
            "level_number": number,
            "level": level.label,
            "ci_level": 0.95,
            "status": "withheld",
            "withheld_reason": reason,
            "run_id": primary["run_id"],
        }
        for number, level in enumerate(division.levels, start=1)
        if level.is_known or number in found
    ]


def _not_told(primary: Row, division: Division) -> str:
    """Why nobody's level is known: as the scheme's mapping says, where it says so."""
    scheme = str(primary["scheme_code"])
    mapping = load_mapping(scheme) if scheme in mapped_schemes() else None
    datasets = [] if mapping is None else mapping.datasets.values()
    rules = [
        d.columns.get(str(division.column)) for d in datasets if d.contract == division.contract
    ]
    reasons = [rule.absent for rule in rules if rule is not None and rule.absent]
    if reasons:
        return f"the files do not tell who is in this group: {reasons[0]}"
    return "the files tell of nobody whether they are in this group"
