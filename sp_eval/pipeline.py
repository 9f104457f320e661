"""The operational story on one screen: take in, bring together, evaluate, publish."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sp_eval.operation import bodies
from sp_eval.operation.lock import writer

if TYPE_CHECKING:
    from sp_eval.operation.outcome import RunOutcome
    from sp_eval.operation.run import Run

__all__ = ["STEPS", "Step", "run_all"]


@dataclass(frozen=True, slots=True)
class Step:
    """One step, as both doors see it: the tables it reads and writes, and its function.

    The tables are described in `operation/tables.py`.
    """

    name: str
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    function: Callable[[Run], None]


_CHECKED = ("people_checked", "referrals_checked", "gp_contacts_checked", "hospital_checked")
_COMMON = (
    "people",
    "referrals",
    "care_used",
    "coverage",
    "schemes",
    "shared_words",
    "national_standard",
)
_COMPARED = ("what_was_asked", "who_can_be_followed", "matched_people", "can_this_be_answered")
_FAIR = ("balance", "design_checks", "overlap")
_FILES = ("study_versions", "research_file", "release_file", "excel_and_powerbi")

STEPS: tuple[Step, ...] = (
    Step(
        "take_in",
        (),
        ("files_received", "refused_rows", "corrected_rows", *_CHECKED),
        bodies.take_in,
    ),
    Step(
        "look_for_changes",
        ("files_received", *_CHECKED),
        ("change_since_last_delivery", "quality_of_deliveries"),
        bodies.look_for_changes,
    ),
    Step("bring_together", ("files_received", *_CHECKED), _COMMON, bodies.bring_together),
    Step("compare_people", _COMMON, _COMPARED, bodies.compare_people),
    Step("judge_designs", ("matched_people",), _FAIR, bodies.judge_designs),
    Step(
        "estimate_differences",
        ("design_checks", "overlap", "matched_people"),
        ("difference_made", "people_analysed", "contacts_before_and_after", "diagnostics"),
        bodies.estimate_differences,
    ),
    Step(
        "try_others",
        ("difference_made",),
        ("other_methods", "subgroups", "side_by_side"),
        bodies.try_others,
    ),
    Step(
        "publish",
        (
            "files_received",
            "refused_rows",
            "corrected_rows",
            "change_since_last_delivery",
            "quality_of_deliveries",
            "coverage",
            "schemes",
            "shared_words",
            "national_standard",
            "what_was_asked",
            "who_can_be_followed",
            "can_this_be_answered",
            "balance",
            "design_checks",
            "overlap",
            "difference_made",
            "people_analysed",
            "contacts_before_and_after",
            "diagnostics",
            "side_by_side",
            "subgroups",
            "other_methods",
        ),
        _FILES,
        bodies.publish,
    ),
    Step("report", ("release_file",), ("report",), bodies.report),
    Step(
        "write_receipts",
        ("files_received", "refused_rows", "change_since_last_delivery", "release_file"),
        ("delivery_receipt",),
        bodies.write_receipts,
    ),
    Step(
        "write_quality_pages",
        ("quality_of_deliveries", "change_since_last_delivery", "refused_rows"),
        ("quality_pages",),
        bodies.write_quality_pages,
    ),
)


def run_all(run: Run, *, on_step: Callable[[Step], None] = lambda _: None) -> RunOutcome:
    """Do every step, one writer at a time, and sum up what came of it.

    Raises
    ------
    RunningElsewhereError : another run holds the lock.
    LandingEmptyError, OtherKeyError, KeyRefusedError : nothing was begun.
    """
    from sp_eval.operation.outcome import sum_up

    with writer(run.settings.work):
        for step in STEPS:
            on_step(step)
            step.function(run)
        return sum_up(run)
