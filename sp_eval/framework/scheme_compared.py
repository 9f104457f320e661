"""One scheme up to the gate: who can be compared, matched, or why nobody can."""

from __future__ import annotations

from datetime import date

import polars as pl

from sp_eval.cohort.attrition import attrition_rows
from sp_eval.cohort.build import (
    read_eligible,
    read_history,
    referral_span,
    referrals_received,
)
from sp_eval.comparison.propensity import NotConvergedError
from sp_eval.comparison.scheme_design import design_scheme
from sp_eval.framework.design_store import SchemeCompared
from sp_eval.framework.gate import Check, Gate, facts_in_words, judge_design
from sp_eval.framework.not_held import blind_spot, reason_not_held
from sp_eval.models.weight_facts import weight_facts
from sp_eval.study.design import StudyDesign
from sp_eval.study.outcomes import OUTCOMES
from sp_eval.warehouse.connection import Connection

__all__ = ["compare_scheme", "gate_of"]


def compare_scheme(conn: Connection, study: StudyDesign, scheme: str) -> SchemeCompared:
    """Match a scheme's referred people, once its candidates are built; no outcome is read."""
    candidates, history = read_eligible(conn, scheme), read_history(conn, scheme)
    design, reason = None, _hindrance(conn, study, candidates, scheme)
    if reason is None:
        try:
            design = design_scheme(candidates, history, study)
        except NotConvergedError as error:
            reason = f"no comparison can be made: {error}"
    matched = None if design is None else design.primary.n_matched
    attrition = attrition_rows(conn, study, scheme, matched=matched)
    return SchemeCompared(scheme, design, attrition, reason)


def gate_of(compared: SchemeCompared, study: StudyDesign) -> Gate | None:
    """Judge a scheme's design; None where there is none to judge."""
    if compared.design is None:
        return None
    facts = weight_facts(compared.design, study.post)
    gate = judge_design(compared.design.primary, study.thresholds, share_at_cap=facts.share_at_cap)
    checks = (*gate.checks, *_unseen(compared.scheme_code))
    return Gate(checks, facts_in_words(facts), study.override)


def _unseen(scheme_code: str) -> tuple[Check, ...]:
    """The check that fails where what leads to a referral is in no file: nobody can match on it."""
    told = blind_spot(scheme_code)
    return (
        () if told is None else (Check("busy_weeks_known", 0.0, 1.0, passed=False, sentence=told),)
    )


def _hindrance(
    conn: Connection, study: StudyDesign, candidates: pl.DataFrame, scheme: str
) -> str | None:
    """Why no comparison can be made of this scheme, or None."""
    exposed = candidates.filter("is_exposed", "is_in_study").height
    if exposed and candidates.filter(~pl.col("is_exposed")).height:
        return None
    if not referrals_received(conn, scheme):
        return "no referral of this scheme was received, or none could be used"
    if told := reason_not_held(scheme, OUTCOMES[study.primary.name]):
        return told
    within, first, last = referral_span(conn, study, scheme)
    if not within:
        return (
            f"nobody of this scheme was referred between {_day(study.index.from_)} and"
            f" {_day(study.index.to)}; its referrals run from {first:%B %Y} to {last:%B %Y}. For a"
            " study of its own dates copy the study file, change its study_id and the dates under"
            " index, and name the file with --study"
        )
    if not exposed:
        return "nobody referred in the index period can be followed back for the whole look-back"
    return "nobody who was not referred can be compared with"


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"
