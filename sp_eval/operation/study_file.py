"""A study's own database file beside the warehouse, with the common tables in reach."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sp_eval.operation.run import Run, definitions_hash, digest
from sp_eval.study.design import StudyDesign
from sp_eval.warehouse.attach import reach_schema
from sp_eval.warehouse.connection import Connection, open_file
from sp_eval.warehouse.ledger import current_hash, schemes_delivering
from sp_eval.warehouse.steps import ensure_steps

__all__ = ["open_study", "study_inputs"]


@contextmanager
def open_study(run: Run, study: StudyDesign) -> Iterator[Connection]:
    """Open `<study_id>.duckdb` in the work folder; `core.*` there is the warehouse's, read only."""
    with open_file(run.study_file(study)) as conn:
        ensure_steps(conn)
        reach_schema(conn, run.settings.warehouse, "core")
        yield conn


def study_inputs(run: Run, study: StudyDesign) -> str:
    """A digest of all that decides a study's numbers: data, definitions and the whole design."""
    with open_file(run.settings.warehouse) as conn:
        return digest(
            current_hash(conn),
            *schemes_delivering(conn),
            definitions_hash(),
            study.design_hash(),
        )
