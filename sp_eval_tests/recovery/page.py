"""Write docs/explanation/operating-characteristics.md from the rows of a run."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import polars as pl

from sp_eval.settings import project_root
from sp_eval_tests.recovery.figures import apart_from_primary, summarise
from sp_eval_tests.recovery.page_tables import (
    MAIN,
    by_name,
    in_per_cent,
    method_table,
    of_main_kinds,
    only_told,
    other_scales,
    percent,
    primary_table,
    where_all_refer,
    world_table,
)
from sp_eval_tests.recovery.page_words import (
    LIMITS,
    OF_ALL_REFER,
    OF_PRIMARY,
    OF_WRONG,
    RIGHT_TOLD,
    THE_WORLDS,
    TITLE,
    WRONG_TOLD,
)
from sp_eval_tests.recovery.prepared import SAMPLE
from sp_eval_tests.recovery.right_methods import PRIMARY

__all__ = ["PAGE", "page_of", "write_page"]

PAGE = project_root() / "docs" / "explanation" / "operating-characteristics.md"


def write_page(rows: pl.DataFrame, path: Path = PAGE) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page_of(rows), encoding="utf-8")


def page_of(rows: pl.DataFrame) -> str:
    """The whole page."""
    return "\n".join(
        [
            TITLE,
            *_wrapped(_opening(rows)),
            "\n## What it comes to\n",
            *_in_short(rows),
            "\n## The worlds\n",
            world_table(),
            THE_WORLDS,
            "\n## The primary estimate\n",
            primary_table(rows),
            OF_PRIMARY,
            other_scales(rows),
            "\n## The same question in other right ways\n",
            of_main_kinds(),
            method_table(rows, RIGHT_TOLD),
            "\n## Where the primary leans, and why\n",
            *_wrapped(_of_the_weights(rows)),
            "\n## Wrong ways, and what they do\n",
            OF_WRONG,
            method_table(rows, only_told(WRONG_TOLD)),
            OF_ALL_REFER,
            where_all_refer(rows),
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


def _opening(rows: pl.DataFrame) -> str:
    worlds = rows.unique("world")
    minutes = float(worlds["cpu_seconds"].sum()) / 60
    return (
        f"{worlds.height} made-up worlds whose truth is known were evaluated as deliveries would"
        f" be: contract-form extracts, SQL, design gate, models. This page tells how far off the"
        f" estimates were and how often their intervals held the truth; and what wrong methods make"
        f" of the same people. `make recovery` makes the worlds and the page anew (this time in"
        f" {minutes:.0f} minutes of processor time) and fails where a limit is passed. To save time"
        f" expected rates are taken from {SAMPLE:,} rows of people not referred rather than 60,000."
    )


def _in_short(rows: pl.DataFrame) -> Iterable[str]:
    over_all = by_name(summarise(rows.filter(method=PRIMARY)), "outcome")
    gp, control = over_all["gp_contact"], over_all["elective_admission"]
    coverage = [figures["coverage"] for figures in over_all.values()]
    main = rows.filter(pl.col("kind").is_in(MAIN), outcome="gp_contact")
    ways = by_name(summarise(main), "method")
    naive, series = ways["before_after"], ways["interrupted_series_referred_alone"]
    lines = (
        f"The primary GP rate ratio was off by {percent(gp)} over all {gp['worlds']} worlds, that"
        f" of planned admissions, which no scheme here touches, by {percent(control)}.",
        f"Its 95% intervals held the truth in {min(coverage):.2f} to {max(coverage):.2f} of worlds,"
        f" by outcome. Where nothing was done, {gp['size']:.2f} of GP intervals said otherwise.",
        _withheld(rows.filter(method=PRIMARY)),
        f"Before/after was off by {percent(naive)} for GP contacts and held the truth in"
        f" {naive['coverage']:.2f} of worlds; segmented regression of the referred alone by"
        f" {percent(series)}; matching on the yearly total by"
        f" {percent(ways['matched_on_yearly_total'])}.",
    )
    return [line for text in lines for line in _wrapped(f"- {text}", "  ")]


def _withheld(primary: pl.DataFrame) -> str:
    worlds = primary.unique("world")
    without = worlds.filter(pl.col("withheld").is_not_null())
    if without.is_empty():
        return f"No primary estimate was withheld in any of {worlds.height} worlds."
    kinds = " and ".join(f"`{kind}`" for kind in without["kind"].unique().sort())
    return (
        f"In {without.height} of {worlds.height} worlds, of kind {kinds}, the primary estimates"
        " were withheld by the design gate: too few of the referred found similar people."
    )


def _of_the_weights(rows: pl.DataFrame) -> str:
    """What the paired contrasts of worlds without effect say of the censoring weights."""
    nothing = rows.filter(pl.col("kind").is_in(("no effect", "small, no effect")))
    apart = by_name(apart_from_primary(nothing.filter(outcome="gp_contact")), "method")
    trend = rows.filter(method=PRIMARY, outcome="gp_contact", kind="trend")

    def above(method: str) -> str:
        found = apart[method]
        return in_per_cent(-found["apart"], found["apart_error"], "%")

    return (
        "Where a scheme does nothing, people referred later may simply be followed on, since"
        " nothing happens to them. Beside that the primary GP ratio is"
        f" {above('matched_follow_on')}, and beside people of practices that do not refer, of whom"
        f" nobody is censored, {above('matched_non_referring')}. That is what censoring weights"
        " leave: whoever of a referring practice turns very busy is nearly sure to be referred,"
        " hardly anybody like them is left to stand for them, and no weight brings them back (the"
        f" cap of 20 makes {above('matched_uncapped')} of it). Comparison people look too healthy,"
        " and the difference too small: an error against the scheme, not in its favour. The more"
        " practices refer by so steep a choice, the larger it is: where two thirds do (`trend`), GP"
        f" ratios were off by {percent(summarise(trend).row(0, named=True))}. Where the scheme does"
        " something, following on is diluted instead; the estimate from practices that do not"
        " refer has neither fault, and is always shown where there are such practices."
    )


def _wrapped(text: str, hang: str = "") -> list[str]:
    lines, line = [], ""
    for word in text.split():
        if line and len(line) + 1 + len(word) > 100:
            lines.append(line)
            line = hang + word
        else:
            line = f"{line} {word}" if line.strip() else line + word
    return [*lines, line]
