"""`sp-eval run`: from options to a run, and from its outcome to sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from polars.exceptions import PanicException

from sp_eval.cli.refusals import INTERRUPTED, in_words
from sp_eval.cli.show import console, following, show_estimates, show_places, show_sentences
from sp_eval.ingest.landing import survey
from sp_eval.operation.alerts import tell_people
from sp_eval.operation.asked import studies_asked
from sp_eval.operation.outcome import RunOutcome
from sp_eval.operation.run import Run
from sp_eval.pipeline import run_all
from sp_eval.settings import Settings
from sp_eval.study.protocol import load_study

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
    with _told_if_it_fails(settings):
        asked = tuple(load_study(p) for p in studies) or studies_asked(settings)
        survey(settings.landing, schemes=schemes, month=month)  # where nothing lies, make no home
        run = Run(settings, asked, tuple(schemes), month)
        with following() as steps:
            run.told = steps.tell
            outcome = run_all(run, on_step=steps.begin)
    show_outcome(settings, outcome, truth)
    show_sentences("Not told", tell_people(settings, now=datetime.now(UTC)))
    return outcome.exit_status


@contextmanager
def _told_if_it_fails(settings: Settings) -> Iterator[None]:
    """Raise an alert if a run cannot be done, unless somebody ended it by hand."""
    try:
        yield
    except (Exception, KeyboardInterrupt, PanicException) as error:
        sentence, status = in_words(error)
        if status != INTERRUPTED:
            untold = tell_people(settings, now=datetime.now(UTC), failed=sentence)
            show_sentences("Not told", untold)
        raise


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
            "reports to open and print": settings.home / "reports" / "index.html",
            "results for everyone": settings.published / "release.duckdb",
            "the same for Excel": settings.published / "release.xlsx",
            "results for research": settings.published / "research.duckdb",
            "receipts for senders": settings.receipts,
            "how good each delivery is": settings.home / "quality" / "index.html",
            "refused rows (restricted)": settings.quarantine,
            "files received": settings.landing,
        }
    )
