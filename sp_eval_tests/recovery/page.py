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
    all_worlds = by_name(summarise(rows.filter(method=PRIMARY)), "outcome")
    gp, elective = all_worlds["gp_contact"], all_worlds["elective_admission"]
    coverage = [f["coverage"] for f in all_worlds.values()]
    wrong = rows.filter(pl.col("kind").is_in(MAIN))
    by_method = by_name(summarise(wrong.filter(outcome="gp_contact")), "method")
    naive, series = by_method["before_after"], by_method["interrupted_series_referred_alone"]
    total, told = by_method["matched_on_yearly_total"], percent
    held = rows.filter(pl.col("method") == PRIMARY, pl.col("withheld").is_not_null())
    lines = (
        f"The primary GP rate ratio was off by {told(gp)} on average over all {gp['worlds']}"
        f" worlds; the planned admissions, which no scheme here touches, by {told(elective)}.",
        f"Its 95% intervals held the truth in {min(coverage):.2f} to {max(coverage):.2f} of worlds,"
        f" by outcome. Where nothing is done to anything, {gp['size']:.2f} of GP intervals said"
        f" otherwise.",
        f"{held['world'].n_unique()} of {gp['worlds']} worlds had a primary estimate withheld.",
        f"Before/after was off by {told(naive)} for GP contacts and held the truth in"
        f" {naive['coverage']:.2f} of worlds; segmented regression of the referred alone by"
        f" {told(series)}; matching on the yearly total by {told(total)}.",
    )
    return [line for text in lines for line in _wrapped(f"- {text}", "  ")]


def _of_the_weights(rows: pl.DataFrame) -> str:
    """What the paired contrasts of worlds without effect say of the censoring weights."""
    nothing = rows.filter(pl.col("kind").is_in(("no effect", "small, no effect")))
    gp = nothing.filter(outcome="gp_contact")
    apart = by_name(apart_from_primary(gp), "method")

    def above(method: str) -> str:
        found = apart[method]
        return f"{-100 * found['apart']:+.1f}% ({100 * found['apart_error']:.1f})"

    return (
        "Where a scheme does nothing, people referred later may simply be followed on: nothing"
        " happens to them. Against that the primary GP ratio is"
        f" {above('matched_follow_on')}, and against people of practices that do not refer, of"
        f" whom nobody is censored, {above('matched_non_referring')}. This is what censoring"
        " weights leave: whoever of a referring practice turns very busy is nearly sure to be"
        " referred, hardly anybody like them is left to stand for them, and no weight brings them"
        f" back ({above('matched_uncapped')} of it is the cap). It makes comparison people look too"
        " healthy and the difference too small, never in the scheme's favour. Where the scheme does"
        " something, following on is diluted instead. Without ups and downs of need"
        " (`steady people`) who turns busy is seen beforehand."
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
