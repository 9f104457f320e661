"""What follows the first screen: for every section its figures, tables and sentences."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import polars as pl

from sp_eval.comparison.covariate_names import in_words
from sp_eval.framework.instrument_rows import NOT_ASKED
from sp_eval.report import words
from sp_eval.report.answers import interval_words, percent_change, way
from sp_eval.report.figure import Figure, Sentence, say
from sp_eval.report.release import Release
from sp_eval.study.outcomes import INSTRUMENTS, OUTCOMES, SOURCES

__all__ = [
    "Cell",
    "Table",
    "attrition",
    "balance",
    "card",
    "coverage",
    "deliveries",
    "described",
    "detectable",
    "methods_paragraph",
    "other_methods",
    "place_of",
    "side_by_side",
    "trend",
    "trust",
    "unusual",
]

Cell = Figure | Sentence | str
_RATIO = "rate_ratio"


@dataclass(frozen=True, slots=True)
class Table:
    """A table as printed: its caption, its heads, its rows; numbers right, words left."""

    caption: str
    heads: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


def methods_paragraph(release: Release) -> Sentence | None:
    """How it was done, made from the study's own row."""
    row = release.row("study")
    if row is None:
        return None
    named = [words.ALIKE_IN.get(n.strip(), n.strip()) for n in row["covariates"].split(",")]
    exact = [words.MATCHED_ON.get(n.strip(), n.strip()) for n in row["matched_on"].split(",")]

    def n(column: str, decimals: int = 0, scale: float = 1.0) -> Figure:
        return release.number("study", column, decimals=decimals, scale=scale)

    return say(
        "People first referred from {first} to {last} were followed from {wash} days after referral"
        " for {post} days. Everybody counts who was referred, whatever came of it. Each was set"
        " beside up to {ratio} people drawn from {pool}, not referred in that month, with the same"
        f" {' and '.join(exact)} and alike in {', '.join(named)}, as far as their files tell"
        " ({back} days looked back on, scores within {caliper} standard deviations). Before any"
        " outcome was read, the groups had to be alike to within {smd} standard deviations, and"
        " {share}% of the people had to find similar people. Contacts per time followed were then"
        " compared, similar people referred later counting until then. Counts of people up to"
        " {few} are hidden, others rounded to {base}. Draws hang on the seed {seed}.",
        first=release.text("study", "index_from"), last=release.text("study", "index_to"),
        wash=n("washout_days"), post=n("window_post_days"), ratio=n("ratio"),
        pool=words.POOLS.get(row["pool"], row["pool"]), back=n("lookback_days"),
        caliper=n("caliper_sd", 2), smd=n("smd_limit", 2), share=n("matched_share_limit", 0, 100),
        few=n("suppress_to"), base=n("round_to"),
        seed=release.text("study", "seed"),
    )  # fmt: skip


def deliveries(release: Release, scheme: str) -> tuple[Table, Table]:
    """What came in: summed by status, and file by file."""
    columns = ("rows_in", "rows_accepted", "rows_quarantined", "rows_duplicate")
    heads = ("files", "rows received", "used", "refused", "repeated")
    frame = release.frame("delivery", scheme_code=scheme)
    sums: list[tuple[Cell, ...]] = []
    for status in words.STATUS:
        key: dict[str, Any] = {"scheme_code": scheme, "status": status}
        if release.row("delivery", **key):
            counted = [release.number("delivery", f"sum({c})", **key) for c in columns]
            files = release.number("delivery", "count(*)", **key)
            sums.append((words.STATUS[status], files, *counted))
    each: list[tuple[Cell, ...]] = []
    for row in frame.sort("status", "month", "file", "sheet").iter_rows(named=True):
        key = {"delivery_id": row["delivery_id"]}
        named = release.text("delivery", "file", **key)
        sheet = release.text("delivery", "sheet", **key)
        where = Sentence((named, ", ", sheet) if row["sheet"] else (named,))
        month = release.text("delivery", "month", **key)
        counted = [release.number("delivery", c, **key) for c in columns]
        each.append((where, month, words.STATUS[row["status"]], *counted))
    place = words.short(scheme)
    return (
        Table(f"What came from {place}", ("", *heads), tuple(sums)),
        Table(f"Every file of {place}", ("file", "month", "status", *heads[1:]), tuple(each)),
    )


def card(release: Release, scheme: str) -> Table:
    """What a scheme sends, and what it does not, in the words of its mapping."""
    key = {"scheme_code": scheme}
    row = release.row("scheme", **key) or {}
    named = (
        ("sends", "held"),
        ("does not send", "not_held"),
        ("why not", "why_not_held"),
        ("does not record in what it sends", "not_recorded"),
        ("is taken to be the same in every row", "presumed"),
    )
    rows = [
        (told, Sentence((release.text("scheme", column, **key),)))
        for told, column in named
        if row.get(column)
    ]
    return Table(f"What {words.short(scheme)} holds", ("", "tables and columns"), tuple(rows))


def coverage(release: Release, scheme: str) -> Table:
    """Which days each source covers; practices with the same days told together."""
    frame = release.frame("coverage", scheme_code=scheme)
    rows: list[tuple[Cell, ...]] = []
    spans = frame.group_by("source", "covered_from", "covered_to").len().sort(pl.all())
    for span in spans.iter_rows(named=True):
        span_key = {k: span[k] for k in ("source", "covered_from", "covered_to")}
        key: dict[str, Any] = {"scheme_code": scheme, **span_key}
        practices = release.number("coverage", "count(practice_code)", **key)
        rows.append((
            SOURCES[span["source"]],
            practices if practices.value else "all",
            release.text("coverage", "covered_from", **key),
            release.text("coverage", "covered_to", **key),
        ))  # fmt: skip
    heads = ("source", "practices", "from", "up to, not with")
    return Table(f"Days covered in {words.short(scheme)}", heads, tuple(rows))


def detectable(release: Release, scheme: str) -> Table:
    """The smallest change that would show, by outcome."""
    rows: list[tuple[Cell, ...]] = []
    found = release.rows("detectable_change", scheme_code=scheme)
    for row in sorted(found, key=lambda one: place_of(release, one["outcome"])):
        key: dict[str, Any] = {"scheme_code": scheme, "outcome": row["outcome"]}
        rows.append((
            words.label(row["outcome"]),
            release.number("detectable_change", "people_followed", **key),
            release.number("detectable_change", "smallest_fall", scale=100, decimals=1, **key),
            release.number("detectable_change", "people_needed", **key),
            Sentence((release.text("detectable_change", "sentence", **key),)),
        ))  # fmt: skip
    heads = ("", "people", "smallest fall seen (%)", "people needed", "in words")
    return Table(f"Can it be answered in {words.short(scheme)}?", heads, tuple(rows))


def attrition(release: Release, scheme: str) -> Table:
    """From everyone referred to everyone analysed."""
    rows: list[tuple[Cell, ...]] = []
    for row in release.rows("attrition", scheme_code=scheme):
        key: dict[str, Any] = {"scheme_code": scheme, "step_number": row["step_number"]}
        rows.append((
            words.STEPS.get(row["step"], row["step"]),
            release.number("attrition", "people", **key),
            Sentence((release.text("attrition", "reason", **key),)),
        ))  # fmt: skip
    return Table(f"The way of people in {words.short(scheme)}",
                 ("who is left", "people", "why others left here"), tuple(rows))  # fmt: skip


def balance(release: Release, scheme: str) -> Table:
    """The gap between the groups before referral, before and after similar people were found."""
    rows: list[tuple[Cell, ...]] = []
    for row in release.rows("balance", scheme_code=scheme):
        key: dict[str, Any] = {"scheme_code": scheme, "covariate": row["covariate"]}
        found = [
            release.number("balance", c, decimals=2, **key) for c in ("smd_before", "smd_after")
        ]
        rows.append((in_words(row["covariate"]), *found))
    heads = ("", "everybody not referred", "similar people")
    return Table(f"Gaps before referral in {words.short(scheme)}, in standard deviations",
                 heads, tuple(rows))  # fmt: skip


def trend(release: Release, scheme: str, outcome: str) -> Table:
    """Use of care by month around the referral, both groups."""
    frame = release.frame("trend", scheme_code=scheme, outcome=outcome)
    rows: list[tuple[Cell, ...]] = []
    for month in sorted(set(frame["month_number"])):
        key: dict[str, Any] = {"scheme_code": scheme, "outcome": outcome, "month_number": month}
        arms = [
            release.number("trend", "rate", scale=0.1, decimals=1, arm=arm, **key)
            for arm in ("referred", "similar")
        ]
        rows.append((release.number("trend", "month_number", arm="referred", **key), *arms))
    heads = ("month", "people referred", "similar people")
    caption = f"{words.label(outcome)} per 100 people a year, {words.short(scheme)}"
    return Table(caption, heads, tuple(rows))


def other_methods(release: Release, scheme: str, outcome: str) -> Table:
    """The same difference found in other ways."""
    rows: list[tuple[Cell, ...]] = []
    for method, said in words.METHODS.items():
        key: dict[str, Any] = {"scheme_code": scheme, "outcome": outcome}
        row = release.row("estimate", **key, method=method, scale=_RATIO)
        if row is None:
            continue
        if row["status"] == "withheld":
            why = release.text("estimate", "withheld_reason", **key, method=method)
            rows.append((said, "withheld", Sentence((why,))))
            continue
        point, low, high = (
            percent_change(release, method, end, **key) for end in ("point", "ci_low", "ci_high")
        )
        rows.append((said, _signed(point), interval_words(low, high, "%")))
    heads = ("way of comparing", "change", "interval")
    return Table(f"{words.label(outcome)} in {words.short(scheme)}", heads, tuple(rows))


def described(release: Release, scheme: str) -> Table | None:
    """The questionnaires: change in the same people, nobody to compare with."""
    rows: list[tuple[Cell, ...]] = []
    not_asked: Sentence | None = None
    for row in release.rows("estimate", scheme_code=scheme, method="paired_change"):
        key: dict[str, Any] = {
            "scheme_code": scheme,
            "outcome": row["outcome"],
            "method": "paired_change",
        }
        label = INSTRUMENTS[row["outcome"]].label
        if row["withheld_reason"] == NOT_ASKED:
            not_asked = Sentence((release.text("estimate", "withheld_reason", **key),))
            continue
        if row["status"] == "withheld":
            why = release.text("estimate", "withheld_reason", **key)
            rows.append((label, "withheld", Sentence((why,)), ""))
            continue
        n = [
            release.number("estimate", c, decimals=2, **key) for c in ("point", "ci_low", "ci_high")
        ]
        people = release.number("estimate", "n_analysed", **key)
        rows.append((label, n[0], say("{a} to {b}", a=n[1], b=n[2]), people))
    if not_asked:
        which = "each other one" if rows else "each questionnaire of the study"
        rows.append((which, "withheld", not_asked, ""))
    heads = ("questionnaire", "change, last less first", "interval", "people with both")
    place = words.short(scheme)
    return Table(f"How people felt, {place}", heads, tuple(rows)) if rows else None


def trust(release: Release, scheme: str) -> tuple[Table, Table]:
    """What was looked at to see how far the answers can be trusted; the grades come last.

    First what concerns all answers or the main one, then the rest.
    """
    rows: list[tuple[Cell, ...]] = []
    others: list[tuple[Cell, ...]] = []
    for row in release.rows("design_check", scheme_code=scheme):
        if row["check_name"] in words.CHECKS:
            key: dict[str, Any] = {"scheme_code": scheme, "check_name": row["check_name"]}
            found = Sentence((release.text("design_check", "sentence", **key),))
            name = words.CHECKS[row["check_name"]]
            rows.append((name, found, "said beside", words.PASSED[row["passed"]]))
    looked_at = release.rows("diagnostic", scheme_code=scheme)
    looked_at.sort(key=lambda r: (*words.place_looked_at(r), place_of(release, r["outcome"])))
    for row in looked_at:
        named = ("outcome", "diagnostic", "item")
        key = {"scheme_code": scheme} | {name: row[name] for name in named}
        found = Sentence((release.text("diagnostic", "sentence", **key),))
        mark = release.number("diagnostic", "pass_mark", decimals=2, **key)
        limit = mark if row["pass_mark"] is not None else "none"
        is_main = row["outcome"] == "all" or not place_of(release, row["outcome"])[0]
        line = (words.looked_at(row), found, limit, words.PASSED[row["passed"]])
        (rows if is_main else others).append(line)
    heads = ("looked at", "found", "mark", "passed")
    place = words.short(scheme)
    return (
        Table(f"How far can it be trusted in {place}?", heads, tuple(rows)),
        Table(f"The same of the other kinds of care, {place}", heads, tuple(others)),
    )


def side_by_side(release: Release) -> Table:
    """May the schemes be set side by side, criterion by criterion."""
    rows: list[tuple[Cell, ...]] = []
    marks = {True: "yes", False: "no", None: "to know"}
    for row in release.rows("comparability"):
        key: dict[str, Any] = {"criterion": row["criterion"], "outcome": row["outcome"]}
        sentence = release.text("comparability", "sentence", **key)
        named = words.CRITERIA.get(row["criterion"], row["criterion"])
        rows.append((named, marks[row["passed"]], Sentence((sentence,))))
    return Table("What has to be the same", ("asked", "answer", "in words"), tuple(rows))


def unusual(release: Release) -> tuple[Sentence, ...]:
    """Sentences of what is unlike the last delivery, or unlike what was agreed."""
    told = []
    for row in release.rows("delivery_check", status="unusual"):
        names = ("scheme_code", "month", "dataset", "column_name", "expectation")
        key: dict[str, Any] = {name: row[name] for name in names}
        place = words.short(row["scheme_code"])
        month = release.text("delivery_check", "month", **key)
        sentence = release.text("delivery_check", "sentence", **key)
        told.append(Sentence((f"{place} ", month, ": ", sentence)))
    return tuple(told)


def place_of(release: Release, outcome: str) -> tuple[bool, int, str]:
    """Where an outcome stands in every table and picture: the main one first."""
    row = release.row("estimate", outcome=outcome, method="matched_rate_ratio") or {}
    known = list(OUTCOMES)
    place = known.index(outcome) if outcome in OUTCOMES else len(known)
    return row.get("outcome_role") != "primary", place, outcome


def _signed(point: Figure) -> Sentence:
    return say(f"{{n}}% {way(point)}", n=point.bare())
