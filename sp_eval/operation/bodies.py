"""The body of each step, imported when it first runs: to look at the steps costs nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sp_eval.operation.run import Run

__all__ = [
    "bring_together",
    "compare_people",
    "estimate_differences",
    "judge_designs",
    "look_for_changes",
    "publish",
    "report",
    "take_in",
    "try_others",
    "write_quality_pages",
    "write_receipts",
]


def take_in(run: Run) -> None:
    """Read, check and keep what was received."""
    from sp_eval.operation.intake import take_in_landing

    take_in_landing(run)


def look_for_changes(run: Run) -> None:
    """Hold each delivery against all before it, and say how it did."""
    from sp_eval.operation import changes, quality

    changes.look_for_changes(run)
    quality.keep_quality(run)


def bring_together(run: Run) -> None:
    """Bring all schemes into one form."""
    from sp_eval.operation import core_tables

    core_tables.bring_together(run)


def compare_people(run: Run) -> None:
    """Find similar people who were not referred."""
    from sp_eval.operation import evaluate

    evaluate.compare_people(run)


def judge_designs(run: Run) -> None:
    """Judge whether the groups are alike."""
    from sp_eval.operation import evaluate

    evaluate.judge_designs(run)


def estimate_differences(run: Run) -> None:
    """Estimate the difference made."""
    from sp_eval.operation import evaluate

    evaluate.estimate_differences(run)


def try_others(run: Run) -> None:
    """Estimate it in other ways."""
    from sp_eval.operation import evaluate

    evaluate.try_others(run)


def publish(run: Run) -> None:
    """Replace the published files."""
    from sp_eval.operation import publish

    publish.publish(run)


def report(run: Run) -> None:
    """Write the report of each study."""
    from sp_eval.operation import reports

    reports.write_reports(run)


def write_receipts(run: Run) -> None:
    """Tell each sender what came of the delivery."""
    from sp_eval.operation import receipts

    receipts.write_receipts(run)


def write_quality_pages(run: Run) -> None:
    """Show how good each delivery is."""
    from sp_eval.operation import quality_pages

    quality_pages.write_quality_pages(run)
