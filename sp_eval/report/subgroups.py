"""For whom: the main outcome in each group named beforehand, and whether groups differ."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sp_eval.report import group_words, words
from sp_eval.report.figure import Sentence, say
from sp_eval.report.release import Release
from sp_eval.report.sections import Cell, Table
from sp_eval.study.subgroups import division_of

__all__ = ["ForWhom", "for_whom"]

_TESTED = "count(distinct case when p_interaction is not null then subgroup end)"
_CHANCE = 0.05


@dataclass(frozen=True, slots=True)
class ForWhom:
    """One scheme's groups: how many looks there were, what each found, and the levels."""

    scheme: str
    looks: Sentence
    tests: Table
    levels: Table


def for_whom(release: Release, scheme: str) -> ForWhom | None:
    """None where the study names no groups, or the release holds none."""
    rows = release.rows("subgroup", scheme_code=scheme)
    if not rows:
        return None
    first = {row["subgroup"]: row for row in reversed(rows)}
    named = [name for name in group_words.DIVIDED if name in first]
    tests = tuple(_test(release, scheme, first[name]) for name in named)
    levels = tuple(
        _level(release, scheme, row)
        for name in named
        for row in sorted(rows, key=lambda row: int(row["level_number"]))
        if row["subgroup"] == name
    )
    place, care = words.short(scheme), words.label(rows[0]["outcome"])
    return ForWhom(
        scheme,
        _looks(release, scheme, rows),
        Table(f"Do the groups differ in {place}?", group_words.TESTS, tests),
        Table(f"{care} by group, {place}", group_words.LEVELS, levels),
    )


def _divided_by(subgroup: str, outcome: str) -> str:
    """How people are divided, in plain words."""
    return division_of(subgroup, outcome).label  # type: ignore[arg-type]


def _looks(release: Release, scheme: str, rows: list[dict[str, Any]]) -> Sentence:
    if all(row["p_interaction"] is None for row in rows):
        return say(group_words.NO_LOOK)
    n = release.number("subgroup", _TESTED, scheme_code=scheme)
    share = release.number(
        "subgroup", f"100 * (1 - pow({1 - _CHANCE}, {_TESTED}))", scheme_code=scheme
    )
    return say(group_words.LOOKS, n=n, share=share)


def _test(release: Release, scheme: str, row: dict[str, Any]) -> tuple[Cell, ...]:
    key: dict[str, Any] = {name: row[name] for name in ("subgroup", "level_number")}
    key["scheme_code"] = scheme
    label = _divided_by(row["subgroup"], row["outcome"])
    if row["p_interaction"] is None:
        return label, "", "", group_words.SAID["untested"]
    alone, counted = (
        release.number("subgroup", name, scale=100, decimals=1, **key)
        for name in ("p_interaction", "p_holm")
    )
    said = "chance"
    if row["p_interaction"] < _CHANCE:
        said = "differ" if row["p_holm"] < _CHANCE else "one_look"
    return label, alone, counted, group_words.SAID[said]


def _level(release: Release, scheme: str, row: dict[str, Any]) -> tuple[Cell, ...]:
    key: dict[str, Any] = {name: row[name] for name in ("subgroup", "level_number")}
    key["scheme_code"] = scheme
    label = f"{group_words.DIVIDED[row['subgroup']].capitalize()}: {row['level']}"
    if row["status"] == "withheld":
        why = release.text("subgroup", "withheld_reason", **key)
        return label, "", "", "", Sentence((why,))
    point, low, high = (
        release.number("subgroup", name, scale=100, offset=-100, **key)
        for name in ("point", "ci_low", "ci_high")
    )
    people = release.number("subgroup", "n_eligible", **key)
    note = release.text("subgroup", "notes", **key) if row["notes"] else ""
    return label, people, point, say("{a} to {b}", a=low, b=high), Sentence((note,))
