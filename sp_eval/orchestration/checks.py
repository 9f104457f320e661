"""What the UI shows red or green: one check a scheme and kind, and one for all of a kind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from sp_eval.operation.run import Run
    from sp_eval.orchestration.findings import Findings

__all__ = ["Check", "Judged", "checks_of", "judge_checks"]

Kind = Literal["contract", "design", "run"]


@dataclass(frozen=True, slots=True)
class Check:
    """A check as declared; `scheme` None for the roll-up over all schemes."""

    name: str
    kind: Kind
    table: str
    scheme: str | None
    description: str


@dataclass(frozen=True, slots=True)
class Judged:
    """A check as judged: `sentences` say what is wrong, or, where it passed, what was found.

    `told` holds the first of them in one piece.
    """

    check: Check
    passed: bool
    told: str
    sentences: tuple[str, ...]


_EVERY = "every_scheme"


def checks_of(step: str, schemes: Sequence[str]) -> tuple[Check, ...]:
    """The checks a step of the pipeline answers for."""
    if step == "take_in":
        own = "Every file expected of {} came and could be used; refused rows do not count here."
        return _one_each("contract", "files_received", schemes, own)
    if step == "judge_designs":
        own = "The people referred by {} and those they are compared with are alike enough."
        return _one_each("design", "design_checks", schemes, own)
    if step == "publish":
        told = "Every file was taken in and every primary estimate is released."
        return (Check("everything_released", "run", "release_file", None, told),)
    return ()


def _one_each(kind: Kind, table: str, schemes: Sequence[str], told: str) -> tuple[Check, ...]:
    each = [Check(f"{kind}_{s}", kind, table, s, told.format(s)) for s in schemes]
    return (*each, Check(f"{kind}_{_EVERY}", kind, table, None, told.format("every scheme")))


def judge_checks(run: Run, step: str, schemes: Sequence[str]) -> tuple[Judged, ...]:
    """Judge a step's checks from what stands in the home after it, not from what was new."""
    from sp_eval.orchestration.findings import (
        design_findings,
        file_findings,
        run_findings,
    )

    checks = checks_of(step, schemes)
    if not checks:
        return ()
    find = {"contract": file_findings, "design": design_findings, "run": run_findings}
    found = find[checks[0].kind](run)
    return tuple(_judge(check, found) for check in checks)


def _judge(check: Check, found: Findings) -> Judged:
    wrong, sound = found.wrong_of(check.scheme), found.sound_of(check.scheme)
    if wrong:
        return Judged(check, False, _joined(wrong), wrong)
    if not sound:
        return Judged(check, True, f"Nothing came of {check.scheme}: nothing to judge.", ())
    return Judged(check, True, _joined(sound), sound)


def _joined(sentences: tuple[str, ...], *, most: int = 5) -> str:
    more = len(sentences) - most
    ended = [told if told.endswith(".") else f"{told}." for told in sentences[:most]]
    return " ".join(ended) + (f" And {more} more: see 'found'." if more > 0 else "")
