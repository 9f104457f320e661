"""What came of a run, in figures and sentences, and its exit status."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import polars as pl

from sp_eval.ingest.brake import RIVALS
from sp_eval.operation.results import Results, gather_results
from sp_eval.operation.run import Run
from sp_eval.operation.shortfall import shortfalls

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
    problems = [*run.problems, *_refused(results, run), *_withheld(results, run)]
    return RunOutcome(
        estimates=results.tables["estimate"],
        deliveries=results.tables["delivery"],
        problems=tuple(dict.fromkeys(problems)),
        notices=tuple(dict.fromkeys([*run.notices, *shortfalls(results.tables["coverage"])])),
        has_worked=run.has_worked,
    )


def _refused(results: Results, run: Run) -> list[str]:
    """Whole files refused or missing in each scheme's newest month, with the reason told then."""
    deliveries = results.tables["delivery"]
    newest = deliveries.group_by("scheme_code").agg(pl.col("month").max())
    latest = deliveries.join(newest, on=["scheme_code", "month"], how="semi")
    stopped = latest.filter(pl.col("status").is_in(["refused", "missing"]))
    told = results.tables["rejection"].filter(pl.col("row_number").is_null())
    keys = ["scheme_code", "month", "file", "sheet"]
    joined = stopped.select(*keys, "status", "delivery_id").join(
        told.select(*keys, "rule", "reason"), on=keys, how="left", maintain_order="left"
    )
    of_itself = joined.filter(pl.col("rule").is_not_null()).sort(keys)
    return [
        f"{row['scheme_code']}/{row['month']}/{row['file']}"
        + (f", sheet {row['sheet']}" if row["sheet"] else "")
        + f": {row['status']} ({row['rule']}). {row['reason']}"
        + _how_to_accept(row, run)
        for row in of_itself.iter_rows(named=True)
    ] + _stopped_with_them(joined)


def _how_to_accept(row: dict[str, Any], run: Run) -> str:
    """Where a named person says so; which of several rival files counts nobody can accept."""
    if row["rule"] != "brake" or RIVALS in row["reason"]:
        return ""
    entry = f'- {{delivery_id: "{row["delivery_id"]}", accepted_by: NAME, reason: WHY}}'
    return f" To accept it, write into {run.settings.home / 'accepted.yaml'}: {entry}"


def _stopped_with_them(refused: pl.DataFrame) -> list[str]:
    """Months whose sound files are not used either, because the brake holds for another."""
    others = refused.filter(pl.col("rule").is_null())
    counted = others.group_by("scheme_code", "month").agg(pl.col("file").n_unique())
    return [
        f"{scheme}/{month}: stopped by the brake; none of its {files} other files is used either."
        for scheme, month, files in counted.sort("scheme_code", "month").iter_rows()
    ]


def _withheld(results: Results, run: Run) -> list[str]:
    """Primary estimates withheld, a sentence for each reason."""
    names = [study.study_id for study in run.studies]
    rows = results.tables["estimate"].filter(
        pl.col("role") == "primary",
        pl.col("status") == "withheld",
        pl.col("scale") == "rate_ratio",
        pl.col("study_id").is_in(names),
    )
    grouped = rows.group_by("study_id", "scheme_code", "withheld_reason", maintain_order=True).agg(
        pl.col("outcome").unique(maintain_order=True)
    )
    return [
        f"{row['study_id']}, {row['scheme_code']}: {', '.join(row['outcome'])} withheld:"
        f" {row['withheld_reason']}"
        for row in grouped.iter_rows(named=True)
    ]
