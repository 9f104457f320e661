"""The report of one study as one HTML file that needs nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from sp_eval.report import group_words, pictures, sections, words
from sp_eval.report.answers import found_of, way
from sp_eval.report.bars import Bars
from sp_eval.report.facts import FirstScreen, Scheme
from sp_eval.report.figure import Figure, Sentence, say
from sp_eval.report.release import Release
from sp_eval.report.shared_words import shared_words
from sp_eval.report.subgroups import ForWhom, for_whom
from sp_eval.report.versions import versions, versions_told

__all__ = ["TEMPLATES", "index_page", "report_page"]

TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture, what one sees in it, and the table behind it."""

    title: str
    svg: Markup | None
    table: sections.Table
    is_open: bool = True


def report_page(release: Release, screen: FirstScreen) -> str:
    """The whole report."""
    codes = [scheme.code for scheme in screen.schemes]
    return _environment().get_template("report.html.j2").render(
        screen=screen,
        release=release,
        words=words,
        methods=sections.methods_paragraph(release),
        cards=_tables(release, "scheme", sections.card, codes),
        shared=_tables(release, "vocabulary", shared_words, codes),
        deliveries=[sections.deliveries(release, code) for code in codes],
        coverage=[_coverage(release, code) for code in codes],
        detectable=_tables(release, "detectable_change", sections.detectable, codes),
        flow=_tables(release, "attrition", sections.attrition, codes),
        balance=[_balance(release, code) for code in codes],
        trends=[p for s in screen.schemes for p in _trends(release, s)],
        forests=[_forest(release, s) for s in screen.schemes],
        whom=_whom(release, codes),
        group_words=group_words,
        others=[
            (sections.other_methods(release, s.code, a.outcome), a is s.primary)
            for s in screen.schemes
            for a in (*s.answers, *(total for total, _ in s.totals))
        ],
        felt=[t for code in codes if (t := sections.described(release, code))],
        trust=[sections.trust(release, c) for c in codes] if release.has("diagnostic") else [],
        beside=sections.side_by_side(release) if release.has("comparability") else None,
        unusual=sections.unusual(release) if release.has("delivery_check") else None,
        run=_cited(release),
        is_figure=lambda cell: isinstance(cell, Figure) and cell.kind == "number",
        width=_width,
        way=way,
        found=found_of,
        versions=versions(release),
        versions_told=versions_told(release),
        script=Markup((TEMPLATES / "copy.js").read_text(encoding="utf-8")),  # noqa: S704
        style=Markup((TEMPLATES / "style.css").read_text(encoding="utf-8")),  # noqa: S704
    )  # fmt: skip


def index_page(screens: list[FirstScreen]) -> str:
    """The list of reports of one home."""
    style = Markup((TEMPLATES / "style.css").read_text(encoding="utf-8"))  # noqa: S704
    return _environment().get_template("index.html.j2").render(screens=screens, style=style)


def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _width(bars: Bars, figure: Figure) -> str:
    """The length of a bar as a part of the longest."""
    longest = max(f.value or 0 for f in (bars.before, bars.without, bars.after)) or 1
    return f"{(figure.value or 0) / longest:.3f}"


def _tables(
    release: Release, name: str, make: Callable[[Release, str], sections.Table], codes: list[str]
) -> list[sections.Table]:
    return [make(release, code) for code in codes] if release.has(name) else []


def _picture(
    title: str, svg: str | None, table: sections.Table, *, is_open: bool = True
) -> Picture:
    drawn = None if svg is None else Markup(svg)  # noqa: S704  (made by the picture maker)
    return Picture(title, drawn, table, is_open)


def _coverage(release: Release, code: str) -> Picture:
    title = f"The time each kind of file covers in {words.short(code)}"
    drawn = pictures.coverage_picture(release, code)
    return _picture(title, drawn, sections.coverage(release, code))


def _balance(release: Release, code: str) -> Picture:
    drawn = pictures.balance_picture(release, code)
    frame = release.frame("balance", scheme_code=code)
    nearer = frame.filter(frame["smd_after"].abs() < frame["smd_before"].abs())
    title = "People referred and similar people, before referral"
    if 2 * nearer.height > frame.height:
        title = "Similar people were much nearer to those referred than everybody else was"
    return _picture(f"{title}: {words.short(code)}", drawn, sections.balance(release, code))


def _trends(release: Release, scheme: Scheme) -> list[Picture]:
    found = []
    for answer in (*scheme.answers, *(total for total, _ in scheme.totals)):
        frame = release.frame("trend", scheme_code=scheme.code, outcome=answer.outcome)
        if frame.height == 0:
            continue
        drawn = pictures.trend_picture(release, scheme.code, answer.outcome)
        table = sections.trend(release, scheme.code, answer.outcome)
        own = frame.filter(arm="referred").drop_nulls("rate").sort("rate", descending=True)
        peak = own["month_number"][0] if own.height else None
        seen = "month by month"
        if peak is not None and -2 <= peak <= 0:
            seen = "busiest around the referral"
        title = f"{answer.label}, {seen}: {scheme.short}"
        is_first = answer is scheme.primary
        found.append(_picture(title, drawn, table, is_open=is_first))
    return found


def _forest(release: Release, scheme: Scheme) -> Picture:
    rows: list[tuple[sections.Cell, ...]] = []
    for a in (*scheme.answers, *(total for total, _ in scheme.totals)):
        if a.change is None or a.change_low is None or a.change_high is None:
            rows.append((a.label, a.verdict_word, "", ""))
            continue
        rows.append((a.label, a.verdict_word, a.change, _joined(a.change_low, a.change_high)))
    heads = ("", "verdict", "change (%)", "interval (%)")
    table = sections.Table(f"Change by kind of care, {scheme.short}", heads, tuple(rows))
    title = f"How much fewer or more, and how sure: {scheme.short}"
    return _picture(title, pictures.forest_picture(release, scheme.code), table)


def _whom(release: Release, codes: list[str]) -> list[tuple[ForWhom, Picture]] | None:
    """None where the release is of a version that had no groups."""
    if "subgroup" not in release.tables:
        return None
    told = []
    for found in (for_whom(release, code) for code in codes):
        if found is not None:
            drawn = pictures.subgroup_picture(release, found.scheme)
            title = f"The change in each group, and how sure: {words.short(found.scheme)}"
            told.append((found, _picture(title, drawn, found.levels)))
    return told


def _joined(low: Figure, high: Figure) -> Sentence:
    return say("{a} to {b}", a=low, b=high)


def _cited(release: Release) -> dict[str, Figure]:
    rows = release.frame("run").sort("finished_at")
    run = rows["run_id"][-1] if rows.height else ""
    return {
        name: release.text("run", name, run_id=run)
        for name in ("run_id", "software_version", "finished_at")
    } | {"design_hash": release.text("estimate", "design_hash")}
