"""One world stored, compared and counted: what every estimate, right or wrong, starts from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl
from threadpoolctl import threadpool_limits

from sp_eval.cohort.build import build_core, build_outcomes
from sp_eval.cohort.extract_tables import store_extracts
from sp_eval.comparison.draws import hashed_sample
from sp_eval.comparison.scheme_design import SchemeDesign
from sp_eval.evaluation import compare
from sp_eval.framework.design_store import load_compared
from sp_eval.framework.followed import counts_of
from sp_eval.framework.scheme_compared import gate_of
from sp_eval.models.person_time import Censoring
from sp_eval.models.scheme_estimates import Counts, described_rows
from sp_eval.study.design import StudyDesign
from sp_eval.study.outcomes import Outcome
from sp_eval.synthetic.world import World
from sp_eval.warehouse.connection import Connection, open_memory

__all__ = ["MakeSets", "Prepared", "prepared"]

MakeSets = Callable[[SchemeDesign, StudyDesign], pl.DataFrame]


# Candidate rows not referred from which rates are expected; the product takes 60,000, at a cost.
SAMPLE = 30_000


@dataclass(frozen=True)
class Prepared:
    """A world stored, compared and counted.

    `withheld`: why the design gate stays shut, None where it is open. `sets`: further matched sets
    by name, whose people are counted too.
    """

    conn: Connection
    study: StudyDesign
    scheme: str
    truth: dict[str, Any]
    design: SchemeDesign
    withheld: str | None
    sets: dict[str, pl.DataFrame]
    counts: Counts

    @cached_property
    def described(self) -> pl.DataFrame:
        """See `described_rows`; the censoring weights as in the primary estimate."""
        return described_rows(self.design, self.counts, Censoring(self.design.censoring()))

    def of(self, outcome: Outcome) -> pl.DataFrame:
        return self.described.filter(pl.col("outcome") == outcome.name)

    def true(self, outcome: Outcome) -> dict[str, float]:
        """What is true of those who can be analysed, in the study's own window."""
        told: dict[str, float] = self.truth["analysable"]["days_30_395"]["outcomes"][outcome.name]
        return told


@contextmanager
def prepared(
    world: World, study: StudyDesign, sets: Mapping[str, MakeSets] | None = None
) -> Iterator[Prepared]:
    """Store and compare a world, make further `sets` of it, then count; all on one thread."""
    conn = open_memory()
    scheme = world.settings.scheme_code
    try:
        conn.execute("set threads = 1")
        conn.execute("set enable_progress_bar = false")
        with threadpool_limits(limits=1, user_api="blas"):
            store_extracts(conn, world.tables, observed=study.observed)
            build_core(conn)
            compare(conn, study)
            compared = load_compared(conn, scheme)
            gate = gate_of(compared, study)
            if compared.design is None or gate is None:
                raise AssertionError(f"{scheme}: {compared.reason}")
            design = _with_less_to_expect_from(compared.design)
            made = {name: make(design, study) for name, make in (sets or {}).items()}
            build_outcomes(conn, study, _followed(design, made))
            yield Prepared(
                conn=conn,
                study=study,
                scheme=scheme,
                truth=world.truth,
                design=design,
                withheld=None if gate.is_open else gate.reason,
                sets=made,
                counts=counts_of(conn, scheme),
            )
    finally:
        conn.close()


def _with_less_to_expect_from(design: SchemeDesign) -> SchemeDesign:
    drawn = hashed_sample(SAMPLE, design.sample["candidate_id"].to_numpy().astype(np.uint64))
    return replace(design, sample=design.sample.filter(pl.Series(drawn)))


def _followed(design: SchemeDesign, sets: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    found = [design.candidates.filter("is_exposed"), design.sample, design.primary.matched]
    if design.other is not None:
        found.append(design.other.matched)
    ids = pl.col("candidate_id").cast(pl.Int64)
    return pl.concat([frame.select(ids) for frame in [*found, *sets.values()]])
