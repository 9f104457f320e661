"""`sp-eval run`: from options to a run, and from its outcome to sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from sp_eval.cli.show import console, following, show_estimates, show_places, show_sentences
from sp_eval.ingest.landing import survey
from sp_eval.operation.outcome import RunOutcome
from sp_eval.operation.run import Run
from sp_eval.pipeline import run_all
from sp_eval.settings import Settings
from sp_eval.study.protocol import load_studies, load_study

__all__ = ["run_and_show", "show_outcome"]


def run_and_show(
    *,
    home: Path | None,
    landing: Path | None,
    studies: Sequence[Path],
    schemes: Sequence[str],
    month: str | None,
    truth: Mapping[str, Mapping[str, float]] | None = None,
) -> int:
    """Run everything, print what came of it, and return the exit status."""
    settings = Settings.from_environment(home=home, landing=landing)
    asked = tuple(load_study(p) for p in studies) or load_studies(settings.studies)
    survey(settings.landing, schemes=schemes, month=month)  # where nothing lies, make no home
    run = Run(settings, asked, tuple(schemes), month)
    with following() as steps:
        run.told = steps.tell
        outcome = run_all(run, on_step=steps.begin)
    show_outcome(settings, outcome, truth)
    return outcome.exit_status


def show_outcome(
    settings: Settings,
    outcome: RunOutcome,
    truth: Mapping[str, Mapping[str, float]] | None = None,
) -> None:
    """Print estimates, what was used and refused, and where everything lies."""
    show_estimates(outcome.estimates, truth=truth)
    current = outcome.deliveries.filter(outcome.deliveries["status"] == "current")
    rows, used = int(current["rows_in"].sum()), int(current["rows_accepted"].sum())
    refused, repeated = (int(current[f"rows_{n}"].sum()) for n in ("quarantined", "duplicate"))
    console.print(
        f"Rows received {rows:,}: used {used:,}, refused {refused:,}, repeated {repeated:,}."
        + ("" if outcome.has_worked else " Nothing was new; nothing was written.")
    )
    show_sentences("Noted", outcome.notices)
    show_sentences("To be looked at", outcome.problems)
    show_places(
        {
            "results for everyone": settings.published / "release.duckdb",
            "results for research": settings.published / "research.duckdb",
            "refused rows (restricted)": settings.quarantine,
            "files received": settings.landing,
        }
    )
