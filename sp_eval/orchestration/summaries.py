"""Of each table of a study: the one picture, the one table, and what is locked, in plain words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import dagster as dg
import polars as pl

from sp_eval.comparison.covariate_names import in_words
from sp_eval.framework.design_store import load_all
from sp_eval.framework.scheme_compared import gate_of
from sp_eval.orchestration import pictures
from sp_eval.orchestration.markdown import picture_or_words, table
from sp_eval.study.design import StudyDesign
from sp_eval.study.outcomes import OUTCOMES
from sp_eval.warehouse.connection import Connection

__all__ = ["SUMMARIES", "locked_schemes"]

Shown = dict[str, Any]
Summary = Callable[[StudyDesign, pl.DataFrame, Connection], Shown]
_BARS = {
    "observed_before": "before referral",
    "expected_without_scheme": "without the scheme",
    "observed_after": "with the scheme",
}
_PER_100 = 10  # published per 1,000 person-years


def locked_schemes(conn: Connection, study: StudyDesign) -> dict[str, str]:
    """Schemes whose outcomes stay locked, and why: a design check failed, or no comparison."""
    found = {}
    for compared in load_all(conn):
        scheme, gate = compared.scheme_code, gate_of(compared, study)
        if compared.design is None or gate is None:
            found[scheme] = compared.reason or "no comparison can be made"
        elif not gate.passed:
            found[scheme] = gate.reason or "a design check failed"
    return found


def _with_locks(summary: Summary) -> Summary:
    """Say before everything else which schemes' outcomes are locked."""

    def shown(study: StudyDesign, frame: pl.DataFrame, conn: Connection) -> Shown:
        locked = locked_schemes(conn, study)
        said: Shown = {}
        if locked:
            lines = [
                f"- **{scheme}: LOCKED.** No outcome is estimated until its design checks are"
                f" green: {why}"
                for scheme, why in locked.items()
            ]
            said["locked"] = dg.MetadataValue.md("\n".join(lines))
        return said | summary(study, frame, conn)

    return shown


def _followed(_study: StudyDesign, frame: pl.DataFrame, _conn: Connection) -> Shown:
    says = "From everyone referred to everyone analysed"
    steps = frame.sort("scheme_code", "step_number")
    return {
        "picture": picture_or_words(pictures.flow_of_people(steps, says), says),
        "summary": table(steps.select("scheme_code", "step", "people", "reason")),
    }


def _answerable(_study: StudyDesign, frame: pl.DataFrame, _conn: Connection) -> Shown:
    said = _in_order(frame).select(
        "scheme_code", "outcome", _plain("answer").alias("can it be answered?"), "sentence"
    )
    return {"summary": table(said)}


def _balance(study: StudyDesign, frame: pl.DataFrame, _conn: Connection) -> Shown:
    says = "How unlike the groups were before referral, and after matching"
    largest = frame.group_by("scheme_code", maintain_order=True).agg(
        pl.col("smd_before").abs().max().round(3).alias("largest gap before matching"),
        pl.col("smd_after").abs().max().round(3).alias("largest gap after"),
    )
    plain = frame.with_columns(pl.col("covariate").map_elements(in_words, return_dtype=pl.String))
    picture = pictures.gaps(plain, says, limit=study.thresholds.smd)
    return {"picture": picture_or_words(picture, says), "summary": table(largest)}


def _design(_study: StudyDesign, frame: pl.DataFrame, _conn: Connection) -> Shown:
    said = frame.sort("scheme_code", "passed", maintain_order=True, nulls_last=True)
    return {"summary": table(said.select("scheme_code", _result().alias("result"), "sentence"))}


def _trust(_study: StudyDesign, frame: pl.DataFrame, _conn: Connection) -> Shown:
    said = frame.sort("scheme_code", "passed", maintain_order=True, nulls_last=True)
    columns = ("scheme_code", _plain("diagnostic"), _result().alias("result"), "sentence")
    return {"summary": table(said.select(*columns))}


def _result() -> pl.Expr:
    return (
        pl.when(pl.col("passed").is_null())
        .then(pl.lit("for information"))
        .when("passed")
        .then(pl.lit("✅ passed"))
        .otherwise(pl.lit("❌ FAILED"))
    )


def _difference(_study: StudyDesign, frame: pl.DataFrame, _conn: Connection) -> Shown:
    says = "Use of care per 100 people a year"
    per_year = frame.filter(
        pl.col("method").is_in(list(_BARS)), pl.col("scale") == "rate_per_1000_person_years"
    )
    rates = _in_order(per_year).select(
        "scheme_code",
        "outcome",
        pl.col("method").replace_strict(_BARS).alias("what"),
        (pl.col("point") / _PER_100).alias("rate"),
    )
    ratio = frame.filter(pl.col("role") == "primary", pl.col("scale") == "rate_ratio")
    interval = pl.format("{} ({} to {})", *(_two(name) for name in ("point", "ci_low", "ci_high")))
    said = _in_order(ratio).select(
        "scheme_code",
        "outcome",
        _plain("verdict").fill_null("withheld").alias("verdict"),
        pl.coalesce(interval, "withheld_reason").alias(
            "times as many (95% interval), or why withheld"
        ),
    )
    return {
        "picture": picture_or_words(pictures.three_bars(rates, says), says),
        "summary": table(said),
    }


def _months(study: StudyDesign, frame: pl.DataFrame, _conn: Connection) -> Shown:
    first = next((o.name for o in study.outcomes if o.role == "primary"), study.outcomes[0].name)
    says = f"{_label(first)}: month by month before and after referral"
    rows = frame.filter(outcome=first).with_columns(pl.col("rate") / _PER_100)
    picture = pictures.months_around(rows.sort("month_number"), says)
    return {"picture": picture_or_words(picture, says)}


def _others(study: StudyDesign, frame: pl.DataFrame, _conn: Connection) -> Shown:
    first = next((o.name for o in study.outcomes if o.role == "primary"), study.outcomes[0].name)
    says = f"{_label(first)}: the same difference by other methods"
    ratios = frame.filter(
        pl.col("scale") == "rate_ratio", pl.col("role") == "sensitivity", outcome=first
    ).with_columns(_plain("method"))
    interval = pl.format("{} ({} to {})", *(_two(name) for name in ("point", "ci_low", "ci_high")))
    said = ratios.select(
        "scheme_code",
        "method",
        pl.coalesce(interval, "withheld_reason").alias("times as many (95% interval)"),
    )
    return {
        "picture": picture_or_words(pictures.forest(ratios, says), says),
        "summary": table(said),
    }


def _for_whom(study: StudyDesign, frame: pl.DataFrame, _conn: Connection) -> Shown:
    says = f"{_label(study.primary.name)}: the difference in each group of people"
    named = pl.format("{}: {}", _plain("subgroup"), "level")
    interval = pl.format("{} ({} to {})", *(_two(name) for name in ("point", "ci_low", "ci_high")))
    levels = frame.select(
        "scheme_code",
        named.alias("group"),
        pl.coalesce(interval, "withheld_reason").alias(
            "times as many (95% interval), or why withheld"
        ),
    )
    tests = frame.group_by("scheme_code", "subgroup", maintain_order=True).agg(
        pl.col("p_interaction").first().round(3).alias("p of a difference between groups"),
        pl.col("p_holm").first().round(3).alias("the same, all looks counted (Holm)"),
    )
    drawn = pictures.forest(frame.with_columns(method=named), says)
    return {
        "picture": picture_or_words(drawn, says),
        "summary": table(tests.with_columns(_plain("subgroup"))),
        "groups": table(levels),
    }


def _side_by_side(_study: StudyDesign, frame: pl.DataFrame, _conn: Connection) -> Shown:
    answer = pl.when("passed").then(pl.lit("✅ yes")).otherwise(pl.lit("❌ no"))
    told = frame.with_columns(
        pl.when(pl.col("passed").is_null()).then(None).otherwise(answer).alias("alike?")
    )
    return {"summary": table(told.select(_plain("criterion"), "alike?", "sentence"))}


def _plain(column: str) -> pl.Expr:
    return pl.col(column).str.replace_all("_", " ")


def _two(column: str) -> pl.Expr:
    """Two decimals, as text."""
    return pl.col(column).map_elements(lambda value: f"{value:.2f}", return_dtype=pl.String)


def _label(outcome: str) -> str:
    known = OUTCOMES.get(outcome)
    return known.label if known is not None else outcome.replace("_", " ")


def _in_order(frame: pl.DataFrame) -> pl.DataFrame:
    """Outcomes by their labels and in their usual order."""
    usual = {name: at for at, name in enumerate(OUTCOMES)}
    place = pl.col("outcome").replace_strict(usual, default=len(usual), return_dtype=pl.Int64)
    in_order = frame.sort("scheme_code", place, maintain_order=True)
    names = {name: _label(name) for name in in_order["outcome"].unique()}
    return in_order.with_columns(pl.col("outcome").replace(names))


SUMMARIES: Mapping[str, Summary] = {
    "who_can_be_followed": _followed,
    "can_this_be_answered": _answerable,
    "balance": _balance,
    "design_checks": _design,
    "overlap": _trust,
    "difference_made": _with_locks(_difference),
    "contacts_before_and_after": _with_locks(_months),
    "diagnostics": _with_locks(_trust),
    "side_by_side": _side_by_side,
    "subgroups": _with_locks(_for_whom),
    "other_methods": _with_locks(_others),
}
"""By table, of those published; the frames they get are protected already."""
