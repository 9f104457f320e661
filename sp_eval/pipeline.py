"""The operational story on one screen: take in, bring together, evaluate, publish."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sp_eval.operation.common import bring_together
from sp_eval.operation.evaluate import (
    compare_people,
    estimate_differences,
    judge_designs,
    try_others,
)
from sp_eval.operation.intake import take_in_landing
from sp_eval.operation.lock import writer
from sp_eval.operation.outcome import RunOutcome, sum_up
from sp_eval.operation.publish import publish
from sp_eval.operation.run import Run

__all__ = ["STEPS", "Step", "run_all"]


@dataclass(frozen=True, slots=True)
class Step:
    """One step, as both doors see it: the tables it reads and writes, and its function.

    `group` is the heading under which people find what it writes; `writes` maps each table to
    what it holds, in one sentence without code.
    """

    name: str
    group: str
    reads: tuple[str, ...]
    writes: dict[str, str]
    function: Callable[[Run], None]


STEPS: tuple[Step, ...] = (
    Step(
        "take_in",
        "1_received",
        (),
        {
            "files_received": "Every file and sheet that came, with the rows used and refused.",
            "refused_rows": "Each row that could not be used, with where it stands and why.",
        },
        take_in_landing,
    ),
    Step(
        "bring_together",
        "3_common",
        ("files_received",),
        {
            "people": "Everybody on the registers, one row a person.",
            "referrals": "Every referral that was accepted, and the person it links to.",
            "care_used": "GP contacts and hospital care, counted in one way for all schemes.",
            "coverage": "Which days each kind of file covers, by practice where files come so.",
        },
        bring_together,
    ),
    Step(
        "compare_people",
        "4_compared",
        ("people", "referrals", "care_used", "coverage"),
        {
            "who_can_be_followed": "From everyone referred to everyone analysed, step by step.",
            "matched_people": "Each person referred and the similar people not referred.",
        },
        compare_people,
    ),
    Step(
        "judge_designs",
        "5_fair",
        ("matched_people",),
        {
            "balance": "How alike the groups were before referral, column by column.",
            "design_checks": "What must hold before any outcome is read, passed or failed.",
        },
        judge_designs,
    ),
    Step(
        "estimate_differences",
        "6_changed",
        ("design_checks", "matched_people"),
        {
            "difference_made": "The difference made, with the change before and after beside it.",
            "people_analysed": "One row a person, set and outcome, for academics.",
        },
        estimate_differences,
    ),
    Step(
        "try_others",
        "7_sure",
        ("difference_made",),
        {"other_methods": "The same difference estimated in other ways."},
        try_others,
    ),
    Step(
        "publish",
        "8_published",
        (
            "files_received",
            "refused_rows",
            "who_can_be_followed",
            "difference_made",
            "other_methods",
            "people_analysed",
            "balance",
            "coverage",
        ),
        {
            "research_file": "research.duckdb: the published tables and the people analysed.",
            "release_file": "release.duckdb: the published tables, small counts hidden.",
        },
        publish,
    ),
)


def run_all(run: Run, *, on_step: Callable[[Step], None] = lambda _: None) -> RunOutcome:
    """Do every step, one writer at a time, and sum up what came of it.

    Raises
    ------
    RunningElsewhereError : another run holds the lock.
    LandingEmptyError, OtherKeyError, KeyRefusedError : nothing was begun.
    """
    with writer(run.settings.work):
        for step in STEPS:
            on_step(step)
            step.function(run)
        return sum_up(run)
