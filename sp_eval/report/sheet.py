"""The first screen on one sheet of A4: a tagged PDF from the same facts as the page."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

from sp_eval.report import words
from sp_eval.report.answers import Answer, found_of, way
from sp_eval.report.facts import FirstScreen, Scheme

__all__ = ["first_page"]

_TEMPLATE = Path(__file__).parent / "templates" / "first_page.typ"
_SIZES = (9.0, 8.5, 8.0, 7.5, 7.0, 6.5, 6.0)  # points; the largest at which all fits is taken
_MANY = 3  # from so many schemes on, a box holds its sentence without the picture
_IN_REPORT = "For each scheme in the full report."


class _Detail(NamedTuple):
    """What the sheet still holds of every scheme beside its answer."""

    bars: bool
    lists: bool
    every_outcome: bool


_DETAILS = (
    _Detail(bars=True, lists=True, every_outcome=True),
    _Detail(bars=False, lists=True, every_outcome=True),
    _Detail(bars=False, lists=False, every_outcome=True),
    _Detail(bars=False, lists=False, every_outcome=False),
)


def first_page(screen: FirstScreen) -> bytes:
    """The PDF, of one page: letters shrink, then pictures go, then what else the report holds.

    More schemes than fit on a sheet by their answers alone take a second one.
    """
    import typst

    given: dict[str, str] = {}
    for detail in _DETAILS[len(screen.schemes) >= _MANY :]:
        facts = json.dumps(_facts(screen, detail))
        sizes = ({"facts": facts, "size": str(size)} for size in _SIZES)
        given = next((one for one in sizes if _pages(one) == 1), {})
        if given:
            break
    given = given or {"facts": facts, "size": str(_SIZES[-1])}
    pdf: bytes = typst.compile(
        str(_TEMPLATE), sys_inputs=given, ignore_system_fonts=True,
        format="pdf", pdf_standards=["ua-1"], timestamp=0,
    )  # fmt: skip
    return pdf


def _pages(given: dict[str, str]) -> int:
    import typst

    found: str = typst.query(
        str(_TEMPLATE), "<pages>", field="value", one=True,
        sys_inputs=given, ignore_system_fonts=True,
    )  # fmt: skip
    return int(json.loads(found))


def _facts(screen: FirstScreen, detail: _Detail) -> dict[str, Any]:
    outcomes = [
        {
            "label": answer.label
            + (
                " (the scheme should not change these)" if answer.role == "negative_control" else ""
            ),
            "rows": [
                _line(scheme.short, own)
                for scheme in screen.schemes
                for own in scheme.answers
                if own.outcome == answer.outcome
            ],
        }
        for answer in screen.schemes[0].answers
        if detail.every_outcome or answer.role == "primary"
    ]
    sure, about = ([[name, [str(told) for told in own]] for name, own in each] for each in (
        [(s.short, s.sure) for s in screen.schemes],
        [(s.short, s.about) for s in screen.schemes],
    ))  # fmt: skip
    left_out = [["", [_IN_REPORT]]]
    return {
        "title": str(screen.title),
        "schemes": " · ".join(scheme.short for scheme in screen.schemes),
        "month": str(screen.month),
        "short": [str(told) for told in screen.in_short],
        "means": words.CANNOT_TELL_MEANS,
        "asked": f"{screen.asked} {screen.version} {screen.grade}",
        "boxes": [_box(scheme, with_bars=detail.bars) for scheme in screen.schemes],
        "outcomes": outcomes,
        "beside": [str(told) for told in screen.side_by_side],
        "sure": sure if detail.lists else left_out,
        "about": about if detail.lists else left_out,
        "missing": [str(told) for told in screen.not_shown],
        "data": str(screen.data),
    }


def _box(scheme: Scheme, *, with_bars: bool) -> dict[str, Any]:
    answer = scheme.primary
    found: dict[str, Any] = {
        "scheme": scheme.short,
        "label": answer.label,
        "word": answer.verdict_word,
        "sentence": str(answer.sentence),
        "remark": str(answer.remark or ""),
        "warnings": [str(told) for told in scheme.warnings],
        "bars": [],
        "adds": [],
        "hatched": False,
    }
    if not with_bars:
        return found
    if answer.bars is None:
        return found | _hatched(answer)
    bars = answer.bars
    named = (
        ("before referral", bars.before),
        ("without the scheme", bars.without),
        ("with the scheme", bars.after),
    )
    longest = max(figure.value or 0 for _, figure in named) or 1
    anyway, cause = words.adding(answer.verdict, is_doubted=bool(scheme.warnings))
    return found | {
        "bars": [[name, str(f), (f.value or 0) / longest] for name, f in named],
        "adds": [
            f"{bars.anyway.bare()} {way(bars.anyway)}: {anyway}",
            f"{bars.difference.bare()} {way(bars.difference)}: {cause}",
        ],
    }


def _hatched(answer: Answer) -> dict[str, Any]:
    if answer.plain is None or answer.plain.value is None:
        return {}
    after = min(100 + answer.plain.value, 100) / 100
    told = f"{answer.plain.bare()}% {way(answer.plain)}"
    return {"bars": [["before referral", "", 1], ["after", told, after]], "hatched": True}


def _line(name: str, answer: Answer) -> list[str]:
    change = str(found_of(answer))
    if answer.bars is None:
        return [name, "–", "–", "–", change, answer.verdict_word]
    bars = answer.bars
    figures = [str(figure) for figure in (bars.before, bars.without, bars.after)]
    return [name, *figures, change, answer.verdict_word]
