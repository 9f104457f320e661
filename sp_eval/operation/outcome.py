"""What came of a run, in figures and sentences, and its exit status."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from sp_eval.operation.results import Results, gather_results
from sp_eval.operation.run import Run
from sp_eval.operation.shortfall import shortfalls
from sp_eval.operation.standing import Alert, late, refused_files, withheld

__all__ = ["RunOutcome", "sum_up"]


@dataclass(frozen=True, slots=True)
class RunOutcome:
    """What stands after a run.

    `problems`: a sentence for each thing refused, missing or withheld. `estimates`,
    `deliveries`: the published rows. `has_worked`: anything was new.
    """

    estimates: pl.DataFrame
    deliveries: pl.DataFrame
    problems: tuple[str, ...]
    notices: tuple[str, ...]
    has_worked: bool

    @property
    def exit_status(self) -> int:
        return 1 if self.problems else 0


def sum_up(run: Run) -> RunOutcome:
    """Say what stands after the run: also what an earlier run met and nobody has mended."""
    results = gather_results(run)
    problems = [*run.problems, *(alert.sentence for alert in _standing(results, run))]
    return RunOutcome(
        estimates=results.tables["estimate"],
        deliveries=results.tables["delivery"],
        problems=tuple(dict.fromkeys(problems)),
        notices=tuple(dict.fromkeys([*run.notices, *shortfalls(results.tables["coverage"])])),
        has_worked=run.has_worked,
    )


def _standing(results: Results, run: Run) -> list[Alert]:
    """All that needs somebody, of the studies that this run was asked for."""
    tables = results.tables
    asked = pl.col("study_id").is_in([study.study_id for study in run.studies])
    return [
        *refused_files(tables, run.settings.home),
        *late(tables["delivery"], today=run.started_at.date()),
        *withheld(tables["estimate"].filter(asked)),
    ]
