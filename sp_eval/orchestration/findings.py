"""What stands in a home, in sentences: files that could not be used, designs that failed."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from sp_eval.framework.design_store import load_all
from sp_eval.ingest.landing import LandingEmptyError, survey
from sp_eval.operation.outcome import sum_up
from sp_eval.operation.run import Run
from sp_eval.operation.tables import TABLES
from sp_eval.orchestration.figures import rows_to_show
from sp_eval.warehouse.connection import Connection, open_file
from sp_eval.warehouse.ledger import published_deliveries, published_rejections

__all__ = ["Findings", "design_findings", "file_findings", "run_findings"]

_Sentences = list[tuple[str | None, str]]
_STANDING = ("current", "refused", "missing")  # not replaced by another delivery


@dataclass(frozen=True, slots=True)
class Findings:
    """Sentences, each with the scheme it is about, or None where it is about no mapped scheme."""

    wrong: _Sentences
    sound: _Sentences

    def wrong_of(self, scheme: str | None) -> tuple[str, ...]:
        """What is wrong with a scheme; of all of them for None."""
        return tuple(told for about, told in self.wrong if scheme in (None, about))

    def sound_of(self, scheme: str | None) -> tuple[str, ...]:
        """What was found as it should be."""
        return tuple(told for about, told in self.sound if scheme in (None, about))


def file_findings(run: Run) -> Findings:
    """Each scheme's newest month: its whole files refused or missing, else its rows used."""
    with open_file(run.settings.warehouse, read_only=True) as conn:
        deliveries, rejections = published_deliveries(conn), published_rejections(conn)
    wrong: _Sentences = [(None, problem) for problem in run.problems]
    sound: _Sentences = []
    for (code,), rows in deliveries.group_by("scheme_code", maintain_order=True):
        scheme, month = str(code), str(rows["month"].max())
        newest = rows.filter(pl.col("status").is_in(_STANDING), month=month)
        told = rejections.filter(pl.col("row_number").is_null(), scheme_code=scheme, month=month)
        stopped = newest.filter(pl.col("status") != "current")
        if stopped.height:
            wrong.append((scheme, f"{scheme} {month}: {_stopped(newest.height, stopped, told)}"))
        else:
            sound.append((scheme, f"{scheme} {month}: {_used(newest)}"))
    return Findings(wrong, sound)


def _stopped(came: int, stopped: pl.DataFrame, told: pl.DataFrame) -> str:
    reasons = {(row["file"], row["sheet"]): row["reason"] for row in told.to_dicts()}
    sentences = [f"{stopped.height} of {came} files and sheets cannot be used."]
    silent = 0
    for row in stopped.to_dicts():
        reason = reasons.get((row["file"], row["sheet"]))
        sheet = f", sheet {row['sheet']}" if row["sheet"] else ""
        if reason is None:
            silent += 1
        else:
            sentences.append(f"{row['file']}{sheet} is {row['status']}. {reason}")
    if silent:
        sentences.append(f"The other {silent} are sound, and wait until that is settled.")
    return " ".join(sentences)


def _used(rows: pl.DataFrame) -> str:
    came, used, refused = (
        int(rows[name].sum()) for name in ("rows_in", "rows_accepted", "rows_quarantined")
    )
    share = refused / came if came else 0
    return (
        f"{rows.height} files and sheets, {used:,} of {came:,} rows used,"
        f" {refused:,} refused ({share:.1%})."
    )


def design_findings(run: Run) -> Findings:
    """Each scheme's design checks, in every study; facts bear no pass mark and are never wrong."""
    wrong: _Sentences = []
    sound: _Sentences = []
    for study in run.studies:
        with open_file(run.study_file(study), read_only=True) as conn:
            checks = rows_to_show(conn, study, TABLES["design_checks"])
            reasons = _not_compared(conn)
        for row in checks.to_dicts():
            told = f"{row['scheme_code']} ({study.study_id}): {row['sentence']}."
            (wrong if row["passed"] is False else sound).append((row["scheme_code"], told))
        wrong += [(scheme, f"{scheme} ({study.study_id}): {why}") for scheme, why in reasons]
    return Findings(wrong, sound)


def _not_compared(conn: Connection) -> list[tuple[str, str]]:
    return [
        (each.scheme_code, each.reason or "no comparison can be made")
        for each in load_all(conn)
        if each.design is None
    ]


def run_findings(run: Run) -> Findings:
    """What a run tells on its last lines: all that was refused, missing or withheld."""
    outcome = sum_up(run)
    run.notices += outcome.notices
    problems = [*_refused_folders(run), *outcome.problems]
    return Findings(
        [(None, problem) for problem in problems],
        [(None, "Every file was taken in and every primary estimate is released.")],
    )


def _refused_folders(run: Run) -> tuple[str, ...]:
    """Folders nobody can take in as they are: a run that only publishes has not met them."""
    try:
        return survey(run.settings.landing).refused
    except LandingEmptyError:
        return ()
