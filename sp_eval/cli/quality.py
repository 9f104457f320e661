"""`sp-eval quality`: how good one delivery is, and whether its refused rows matter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sp_eval.cli.show import console, following, show_places
from sp_eval.framework.delivery_quality import STATES
from sp_eval.operation.quality_asked import quality_asked
from sp_eval.operation.quality_pages import page_of
from sp_eval.operation.run import Run
from sp_eval.settings import Settings
from sp_eval.study.protocol import load_studies, load_study

__all__ = ["quality_and_show", "said_of"]


def quality_and_show(
    *,
    scheme: str,
    month: str,
    home: Path | None,
    landing: Path | None,
    studies: Sequence[Path],
) -> int:
    """Print the state of each table and the effect of refused rows; 1 if a table failed."""
    settings = Settings.from_environment(home=home, landing=landing)
    asked = tuple(load_study(path) for path in studies) or load_studies(settings.studies)
    run = Run(settings, asked)
    with following() as steps:
        run.told = steps.tell
        rows, effects = quality_asked(run, scheme, month)
    for row in rows.to_dicts():
        console.print(f"{STATES[row['state']]}: {row['sentence']}", markup=False)
    for effect in effects:
        console.print(said_of(effect), markup=False)
    show_places({"the whole page": page_of(settings.home, scheme, month)})
    return 1 if "failed" in rows["state"].to_list() else 0


def said_of(effect: Mapping[str, Any]) -> str:
    """What refused rows do to the main estimate of one study, in a sentence."""
    if not effect["refused"]:
        return f"{effect['study_id']}: no refused row of this month bears on its main estimate."
    told = (
        f"{effect['study_id']}: {effect['back']:,} of {effect['refused']:,} refused rows that bear"
        " on it could be put back."
    )
    if effect["with"] is None:
        return told
    return (
        f"{told} Main estimate as published {_figure(effect['without'])}; with them"
        f" {_figure(effect['with'])}."
    )


def _figure(row: Mapping[str, Any] | None) -> str:
    if row is None:
        return "none"
    if row["point"] is None:
        why, _, _ = str(row["withheld_reason"]).partition(". ")  # the ways on stand on the page
        return f"withheld, as {why[:1].lower()}{why[1:].rstrip('.')}"
    return f"{row['point']:.3f} ({row['ci_low']:.3f} to {row['ci_high']:.3f})"
