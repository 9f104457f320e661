"""Write docs/explanation/operating-characteristics.md from the rows of a run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from sp_eval.settings import project_root
from sp_eval_tests.recovery.figures import summarise
from sp_eval_tests.recovery.page_words import LIMITS, OUTCOMES_TOLD, RIGHT_TOLD, WRONG_TOLD
from sp_eval_tests.recovery.prepared import SAMPLE
from sp_eval_tests.recovery.right_methods import DIFFERENCE, FALL, PRIMARY
from sp_eval_tests.recovery.worlds import KINDS, PLAN

__all__ = ["PAGE", "WITH_WRONG", "page_of", "world_table", "write_page"]

PAGE = project_root() / "docs" / "explanation" / "operating-characteristics.md"
WITH_WRONG = tuple(kind.name for kind in KINDS if kind.with_wrong)
Figures = dict[str, Any]


def write_page(rows: pl.DataFrame, path: Path = PAGE) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page_of(rows), encoding="utf-8")


def page_of(rows: pl.DataFrame) -> str:
    """The whole page."""
    return "\n".join(
        [
            _TITLE,
            *_wrapped(_opening(rows)),
            "\n## What it comes to\n",
            *_in_short(rows),
            "\n## The worlds\n",
            world_table(),
            _THE_WORLDS,
            "\n## The primary estimate\n",
            _primary_table(rows),
            _OF_PRIMARY,
            _other_scales(rows),
            "\n## The same question in other right ways\n",
            _of_both_kinds(),
            _method_table(rows, {name: told for name, told in RIGHT_TOLD.items()}),
            "\n## Wrong ways, and what they do\n",
            _OF_WRONG,
            _method_table(rows, {name: told for name, (told, _) in WRONG_TOLD.items()}),
            "",
            *(
                line
                for told, shows in WRONG_TOLD.values()
                for line in _wrapped(f"- *{told[0].upper()}{told[1:]}.* {shows}", "  ")
            ),
            "\n## What these worlds do not hold\n",
            *(line for limit in LIMITS for line in _wrapped(f"- {limit}", "  ")),
            "",
        ]
    )


_TITLE = """# Operating characteristics

<!-- Written by `make recovery`: change sp_eval_tests/recovery/page.py, not this file. -->
"""
_THE_WORLDS = """
In the default world people differ lastingly, and everybody's need goes up and down by quarters; half
of 30 practices refer, over eleven months; the hazard of being referred is 2.1 times higher with every
GP or nurse contact of the last 91 days, up to twelve of them, and hangs on conditions and deprivation
besides. The scheme changes rates by what the table says from the day after referral, for everybody
referred. `sp_eval/synthetic/settings.py` holds the rest.
"""
_OF_PRIMARY = """
*Bias* is the mean log of estimate over truth, in per cent, with its Monte Carlo error in brackets: a
bias within twice its error cannot be told from none. *Coverage* is the share of 95% intervals that
held the truth. *SD / SE*: how much estimates scatter, and how much they say they do. *Size*: of
worlds in which nothing is the truth, the share of intervals that exclude it; 0.05 is promised. Kinds
of few worlds tell little of coverage and size by themselves.

On the other scale, and the fall that selection alone explains, over all worlds:
"""
_OF_WRONG = """A study file that asks for most of these is refused, with the reason. They were run on the same
worlds and people as the table above.
"""


def _opening(rows: pl.DataFrame) -> str:
    worlds = rows.unique("world")
    minutes = float(worlds["cpu_seconds"].sum()) / 60
    return (
        f"{worlds.height} made-up worlds whose truth is known were evaluated as deliveries would be:"
        f" contract-form extracts, SQL, design gate, models. This page tells how far off the"
        f" estimates were and how often their intervals held the truth; and what wrong methods make"
        f" of the same people. `make recovery` makes the worlds and the page anew (this time in"
        f" {minutes:.0f} minutes of processor time) and fails where a limit is passed. To save time"
        f" expected rates are taken from {SAMPLE:,} rows of people not referred rather than 60,000."
    )


def _in_short(rows: pl.DataFrame) -> Iterable[str]:
    all_worlds = _by(summarise(rows.filter(method=PRIMARY)), "outcome")
    gp, elective = all_worlds["gp_contact"], all_worlds["elective_admission"]
    coverage = [f["coverage"] for f in all_worlds.values()]
    wrong = rows.filter(pl.col("kind").is_in(WITH_WRONG))
    by_method = _by(summarise(wrong.filter(outcome="gp_contact")), "method")
    naive, series = by_method["before_after"], by_method["interrupted_series_referred_alone"]
    total, told = by_method["matched_on_yearly_total"], _percent
    held = rows.filter(pl.col("method") == PRIMARY, pl.col("withheld").is_not_null())
    lines = (
        f"The primary GP rate ratio was off by {told(gp)} on average over all {gp['worlds']} worlds;"
        f" the planned admissions, which no scheme here touches, by {told(elective)}.",
        f"Its 95% intervals held the truth in {min(coverage):.2f} to {max(coverage):.2f} of worlds,"
        f" by outcome. Where nothing is done to anything, {gp['size']:.2f} of GP intervals said"
        f" otherwise.",
        f"{held['world'].n_unique()} of {gp['worlds']} worlds had a primary estimate withheld.",
        f"Before/after was off by {told(naive)} for GP contacts and held the truth in"
        f" {naive['coverage']:.2f} of worlds; segmented regression of the referred alone by"
        f" {told(series)}; matching on the yearly total by {told(total)}.",
    )
    return [line for text in lines for line in _wrapped(f"- {text}", "  ")]


def world_table() -> str:
    rows = []
    for kind in KINDS:
        people, referred = kind.size
        worlds = sum(planned.kind == kind for planned in PLAN)
        seeds = f"{kind.first + 1}-{kind.first + kind.seeds}"
        rows.append((kind.name, kind.told, f"{people:,}", f"{referred}", str(worlds), seeds))
    head = ("kind", "true rate ratios, and what differs", "people", "referred", "worlds", "seeds")
    return _table(head, rows)


def _primary_table(rows: pl.DataFrame) -> str:
    primary = rows.filter(method=PRIMARY)
    parts = [(kind.name, primary.filter(kind=kind.name)) for kind in KINDS]
    found = []
    for name, part in [*parts, ("**all**", primary)]:
        for outcome, told in OUTCOMES_TOLD.items():
            figures = summarise(part.filter(outcome=outcome)).row(0, named=True)
            truth = "" if name == "**all**" else _number(figures["true"])
            estimate = "" if name == "**all**" else _number(figures["estimate"], 3)
            found.append((name, told, truth, estimate, *_judged(figures)))
    return _table(("kind", "outcome", "truth", "mean estimate", *_JUDGED), found)


def _other_scales(rows: pl.DataFrame) -> str:
    found = []
    for method, name in ((DIFFERENCE, "difference per 1,000 person-years"), (FALL, "fall")):
        by_outcome = _by(summarise(rows.filter(method=method)), "outcome")
        for outcome, told in OUTCOMES_TOLD.items():
            f = by_outcome[outcome]
            digits = 0 if method == DIFFERENCE else 3
            middle = [_number(f[column], digits) for column in ("true", "estimate")]
            bias = (
                f"{f['bias']:+.0f} ({f['mc_error']:.0f})" if method == DIFFERENCE else _percent(f)
            )
            found.append((name, told, *middle, bias, _number(f["coverage"])))
    return _table(("what", "outcome", "truth", "mean estimate", "bias", "coverage"), found)


def _of_both_kinds() -> str:
    kinds = [kind for kind in KINDS if kind.with_wrong]
    worlds = [sum(planned.kind == kind for planned in PLAN) for kind in kinds]
    told = " and ".join(f"{n} worlds `{kind.name}`" for n, kind in zip(worlds, kinds, strict=True))
    return f"Over {told}; bias, coverage and SD / SE over both, size where nothing is the truth.\n"


def _method_table(rows: pl.DataFrame, names: dict[str, str]) -> str:
    both = rows.filter(pl.col("kind").is_in(WITH_WRONG))
    found = []
    for method, told in names.items():
        for outcome, of in OUTCOMES_TOLD.items():
            part = both.filter(method=method, outcome=outcome)
            by_kind = _by(summarise(part, "kind"), "kind")
            figures = summarise(part).row(0, named=True)
            middles = [_number(by_kind[kind]["estimate"], 3) for kind in WITH_WRONG]
            truth = _number(by_kind[WITH_WRONG[0]]["true"])
            found.append((told, of, truth, *middles, *_judged(figures)))
    return _table(("method", "outcome", "truth", "mean estimate", "where 1", *_JUDGED), found)


_JUDGED = ("bias, %", "coverage", "SD / SE", "size")


def _judged(figures: Figures) -> tuple[str, ...]:
    spread = f"{figures['sd']:.3f} / {figures['se']:.3f}"
    size = _number(figures["size"]) if figures["worlds_of_nothing"] else ""
    bias = f"{100 * figures['bias']:+.1f} ({100 * figures['mc_error']:.1f})"
    return bias, _number(figures["coverage"]), spread, size


def _percent(figures: Figures) -> str:
    return f"{100 * figures['bias']:+.1f}% ({100 * figures['mc_error']:.1f})"


def _number(value: float | None, digits: int = 2) -> str:
    return "" if value is None else f"{value:.{digits}f}"


def _by(summary: pl.DataFrame, column: str) -> dict[str, Figures]:
    return {row[column]: row for row in summary.iter_rows(named=True)}


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _wrapped(text: str, hang: str = "") -> list[str]:
    lines, line = [], ""
    for word in text.split():
        if line and len(line) + 1 + len(word) > 104:
            lines.append(line)
            line = hang + word
        else:
            line = f"{line} {word}" if line.strip() else line + word
    return [*lines, line]
