"""The quality of one scheme's month as one HTML page that needs nothing else, and their list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from sp_eval.framework.delivery_quality import STATES
from sp_eval.report.quality_facts import QualityFacts, in_months_words
from sp_eval.report.quality_people import linkage, refused_rows
from sp_eval.report.quality_sections import (
    completeness,
    over_time,
    plausibility,
    states,
    timeliness,
)

__all__ = ["Listed", "quality_index", "quality_page", "worst_of"]

_TEMPLATES = Path(__file__).parent / "templates"
_WORST = ("failed", "passed_with_failures", "clean")


@dataclass(frozen=True, slots=True)
class Listed:
    """A page in the list: its scheme, month, place below the list, and its worst state."""

    title: str
    month: str
    href: str
    state: str


def quality_page(facts: QualityFacts, *, before: str | None, after: str | None) -> str:
    """The page of one month; `before` and `after` are the scheme's other months, if any."""
    command = f"sp-eval quality --scheme {facts.scheme} --month {facts.month}"
    sections = [
        states(facts),
        over_time(facts),
        completeness(facts),
        plausibility(facts),
        timeliness(facts),
        linkage(facts),
        refused_rows(facts, command=command),
    ]
    return (
        _environment()
        .get_template("quality.html.j2")
        .render(
            title=f"{facts.title}: how good is the delivery of {in_months_words(facts.month)}?",
            worst=STATES[worst_of(facts.own["state"].to_list())],
            sections=sections,
            is_number=lambda cell: cell.replace(",", "").replace(".", "", 1).isdigit(),
            before=before,
            after=after,
            style=_style(),
        )
    )


def quality_index(listed: Sequence[Listed]) -> str:
    """The list of all pages, newest month first within a scheme."""
    schemes: dict[str, list[Listed]] = {}
    for one in sorted(listed, key=lambda one: one.month, reverse=True):
        schemes.setdefault(one.title, []).append(one)
    return (
        _environment()
        .get_template("quality_index.html.j2")
        .render(
            schemes=dict(sorted(schemes.items())),
            words=STATES,
            spoken=in_months_words,
            style=_style(),
        )
    )


def worst_of(found: Sequence[str]) -> str:
    """The worst of some states."""
    return next(state for state in _WORST if state in found)


def _style() -> Markup:
    parts = [
        (_TEMPLATES / name).read_text(encoding="utf-8") for name in ("style.css", "quality.css")
    ]
    return Markup("\n".join(parts))  # noqa: S704  (our own files)


def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
