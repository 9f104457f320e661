"""How often the question was asked, what was changed each time, and how the answer moved."""

from __future__ import annotations

from typing import Any

from sp_eval.report import words
from sp_eval.report.answers import interval_words
from sp_eval.report.figure import Figure, Sentence, say
from sp_eval.report.release import Release
from sp_eval.report.sections import Cell, Table

__all__ = ["versions", "versions_told"]


def versions_told(release: Release) -> Sentence:
    """How many versions there were, in a sentence."""
    last = release.number("study_version", "max(version_number)")
    if last.value == 1:
        return say("Once: the study has {n} version, fixed before any outcome was read.", n=last)
    return say(
        "The study has {n} versions that were run after outcomes could be seen. The answer that"
        " counts is that of the first, unless what was changed has nothing to do with it.",
        n=last,
    )


def versions(release: Release) -> Table | None:
    """Every version with the change in its primary outcome; None where none is known."""
    found = release.frame("study_version", scale="rate_ratio")
    if not found.height:
        return None
    rows: list[tuple[Cell, ...]] = []
    for row in found.sort("version_number", "scheme_code").iter_rows(named=True):
        key: dict[str, Any] = {
            name: row[name] for name in ("version_number", "scheme_code", "outcome")
        }
        number = release.number("study_version", "version_number", **key)
        when = release.text("study_version", "first_run_at", **key)
        what = release.text("study_version", "what_changed", **key)
        label = words.label(row["outcome"])
        rows.append(
            (number, when, what, words.short(row["scheme_code"]), label, *_moved(release, key))
        )
    heads = ("version", "first run", "what changed", "scheme", "outcome", "change (%)", "interval")
    return Table("Every version run, and its primary answer", heads, tuple(rows))


def _moved(release: Release, key: dict[str, Any]) -> tuple[Cell, Cell]:
    point, low, high = (_percent(release, end, key) for end in ("point", "ci_low", "ci_high"))
    if point.value is None:
        return "withheld", ""
    return point, interval_words(low, high, "%")


def _percent(release: Release, end: str, key: dict[str, Any]) -> Figure:
    return release.number(
        "study_version", end, scale=100, offset=-100, scale_of="rate_ratio", **key
    )
