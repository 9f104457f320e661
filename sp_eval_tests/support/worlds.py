"""Small simulated worlds, made once a session."""

from __future__ import annotations

from datetime import date
from functools import cache

import polars as pl

from sp_eval.cohort.build import build_candidates, build_core
from sp_eval.cohort.extract_tables import store_extracts
from sp_eval.study.design import StudyDesign
from sp_eval.synthetic.settings import WorldSettings
from sp_eval.synthetic.world import World, simulate
from sp_eval.warehouse.connection import Connection, open_memory

__all__ = ["ONE_DAY", "candidates_of", "one_day_world", "small_world"]

ONE_DAY = date(2017, 6, 14)  # a Wednesday


@cache
def small_world(seed: int = 11) -> World:
    """Two thousand people of whom some two hundred are referred."""
    return simulate(WorldSettings(people=2_000, referred=200, seed=seed, hazard_slope=0.5))


@cache
def one_day_world() -> World:
    """Everybody referred is referred on `ONE_DAY`, so that every index date is that day."""
    return simulate(
        WorldSettings(
            people=2_500, referred=120, seed=5, referrals_from=ONE_DAY, referrals_to=ONE_DAY,
            hazard_slope=0.35,
        )
    )  # fmt: skip


def candidates_of(tables: dict[str, pl.DataFrame], study: StudyDesign) -> Connection:
    """A warehouse in memory with `core.*` and `cohort.*` built; close it after use."""
    conn = open_memory()
    store_extracts(conn, tables, observed=study.observed)
    build_core(conn)
    build_candidates(conn, study)
    return conn
