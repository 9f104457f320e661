"""The people whose outcomes are counted, and their counts."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from sp_eval.cohort.build import build_outcomes, read_eligible, read_history, read_outcomes
from sp_eval.comparison.scheme_design import SchemeDesign
from sp_eval.framework.design_store import SchemeCompared
from sp_eval.models.scheme_estimates import Counts
from sp_eval.study.design import StudyDesign
from sp_eval.warehouse.connection import Connection

__all__ = ["count_everybody", "count_matched", "counts_of", "referred_alone"]

_ID = pl.col("candidate_id").cast(pl.Int64)


def count_everybody(
    conn: Connection, study: StudyDesign, schemes: Iterable[SchemeCompared]
) -> None:
    """Count the outcomes of all whom any estimate of the schemes needs."""
    people = [
        referred_alone(conn, s.scheme_code).select(_ID) if s.design is None else _needed(s.design)
        for s in schemes
    ]
    build_outcomes(conn, study, pl.concat([_nobody(), *people]))


def count_matched(conn: Connection, study: StudyDesign, designs: Iterable[SchemeDesign]) -> None:
    """Count the outcomes of the primary sets alone."""
    people = [design.primary.matched.select(_ID) for design in designs]
    build_outcomes(conn, study, pl.concat([_nobody(), *people]))


def counts_of(conn: Connection, scheme: str) -> Counts:
    """The counts of a scheme's followed people, as they were made last."""
    return Counts(*read_outcomes(conn, scheme), read_history(conn, scheme))


def referred_alone(conn: Connection, scheme: str) -> pl.DataFrame:
    """The referred who could be followed, of a scheme without anybody to compare them with."""
    return read_eligible(conn, scheme).filter("is_exposed", "is_in_study")


def _needed(design: SchemeDesign) -> pl.DataFrame:
    exposed = design.candidates.filter("is_exposed")
    others = [design.primary.matched, design.sample, design.subgroups.matched]
    if design.other is not None:
        others.append(design.other.matched)
    return pl.concat([t.select(_ID) for t in [exposed, *others]])


def _nobody() -> pl.DataFrame:
    return pl.DataFrame(schema={"candidate_id": pl.Int64})
