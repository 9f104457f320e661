"""The tables of the page of operating characteristics."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import polars as pl

from sp_eval_tests.recovery.figures import apart_from_primary, summarise
from sp_eval_tests.recovery.page_words import OUTCOMES_TOLD, RIGHT_TOLD, WRONG_TOLD
from sp_eval_tests.recovery.right_methods import DIFFERENCE, FALL, PRIMARY
from sp_eval_tests.recovery.worlds import KINDS, PLAN

__all__ = [
    "MAIN",
    "by_name",
    "method_table",
    "of_main_kinds",
    "only_told",
    "other_scales",
    "percent",
    "primary_table",
    "where_all_refer",
    "world_table",
]

MAIN = ("fewer", "no effect")  # the kinds over which methods are set side by side
_ALL_REFER = "all refer"
Figures = dict[str, Any]


def world_table() -> str:
    rows = []
    for kind in KINDS:
        people, referred = kind.size
        worlds = sum(planned.kind == kind for planned in PLAN)
        seeds = f"{kind.first + 1}-{kind.first + kind.seeds}"
        rows.append((kind.name, kind.told, f"{people:,}", f"{referred}", str(worlds), seeds))
    head = ("kind", "true rate ratios, and what differs", "people", "referred", "worlds", "seeds")
    return _table(head, rows)


def primary_table(rows: pl.DataFrame) -> str:
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


def other_scales(rows: pl.DataFrame) -> str:
    found = []
    for method, name in ((DIFFERENCE, "difference per 1,000 person-years"), (FALL, "fall")):
        by_outcome = by_name(summarise(rows.filter(method=method)), "outcome")
        for outcome, told in OUTCOMES_TOLD.items():
            f = by_outcome[outcome]
            digits = 0 if method == DIFFERENCE else 3
            middle = [_number(f[column], digits) for column in ("true", "estimate")]
            bias = f"{f['bias']:+.0f} ({f['mc_error']:.0f})" if method == DIFFERENCE else percent(f)
            found.append((name, told, *middle, bias, _number(f["coverage"])))
    return _table(("what", "outcome", "truth", "mean estimate", "bias", "coverage"), found)


def of_main_kinds() -> str:
    kinds = [kind for kind in KINDS if kind.name in MAIN]
    worlds = [sum(planned.kind == kind for planned in PLAN) for kind in kinds]
    told = " and ".join(f"{n} worlds `{kind.name}`" for n, kind in zip(worlds, kinds, strict=True))
    return f"Over {told}; bias, coverage and SD / SE over both, size where nothing is the truth.\n"


def method_table(rows: pl.DataFrame, names: dict[str, str]) -> str:
    both = rows.filter(pl.col("kind").is_in(MAIN))
    found = []
    for method, told in names.items():
        for outcome, of in OUTCOMES_TOLD.items():
            part = both.filter(method=method, outcome=outcome)
            by_kind = by_name(summarise(part, "kind"), "kind")
            middles = [_number(by_kind[kind]["estimate"], 3) for kind in MAIN]
            truth = _number(by_kind[MAIN[0]]["true"])
            bias, *others = _judged(summarise(part).row(0, named=True))
            found.append((told, of, truth, *middles, bias, _apart(both, method, outcome), *others))
    judged = (_JUDGED[0], "from primary, %", *_JUDGED[1:])
    return _table(("method", "outcome", "truth", "mean estimate", "where 1", *judged), found)


def where_all_refer(rows: pl.DataFrame) -> str:
    own = rows.filter(kind=_ALL_REFER, outcome="gp_contact")
    found = []
    for method, told in {PRIMARY: RIGHT_TOLD[PRIMARY], **only_told(WRONG_TOLD)}.items():
        figures = summarise(own.filter(method=method)).row(0, named=True)
        middles = [_number(figures[column], 3) for column in ("true", "estimate")]
        bias, coverage, spread, _ = _judged(figures)
        apart = _apart(own, method, "gp_contact")
        found.append((told, *middles, bias, apart, coverage, spread))
    head = ("method", "truth", "mean estimate", "bias, %", "from primary, %", *_JUDGED[1:3])
    return _table(head, found)


def _apart(rows: pl.DataFrame, method: str, outcome: str) -> str:
    if method == PRIMARY:
        return ""
    own = apart_from_primary(rows).row(by_predicate=_is(method, outcome), named=True)
    return f"{100 * own['apart']:+.1f} ({100 * own['apart_error']:.1f})"


def _is(method: str, outcome: str) -> pl.Expr:
    return (pl.col("method") == method) & (pl.col("outcome") == outcome)


def only_told(words: dict[str, tuple[str, str]]) -> dict[str, str]:
    return {name: told for name, (told, _) in words.items()}


_JUDGED = ("bias, %", "coverage", "SD / SE", "size")


def _judged(figures: Figures) -> tuple[str, ...]:
    spread = f"{_number(figures['sd'], 3)} / {_number(figures['se'], 3)}"
    size = _number(figures["size"]) if figures["worlds_of_nothing"] else ""
    bias = f"{100 * figures['bias']:+.1f} ({100 * figures['mc_error']:.1f})"
    return bias, _number(figures["coverage"]), spread, size


def percent(figures: Figures) -> str:
    return f"{100 * figures['bias']:+.1f}% ({100 * figures['mc_error']:.1f})"


def _number(value: float | None, digits: int = 2) -> str:
    return "" if value is None else f"{value:.{digits}f}"


def by_name(summary: pl.DataFrame, column: str) -> dict[str, Figures]:
    return {row[column]: row for row in summary.iter_rows(named=True)}


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
