"""Pictures as SVG, readable in grey and without colour: shape, dash and words beside hue."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import polars as pl

from sp_eval.comparison.covariate_names import in_words
from sp_eval.report import group_words, words
from sp_eval.report.release import Release
from sp_eval.report.sections import place_of
from sp_eval.study.outcomes import SOURCES

if TYPE_CHECKING:
    import altair as alt

__all__ = [
    "balance_picture",
    "coverage_picture",
    "forest_picture",
    "subgroup_picture",
    "trend_picture",
]

_BLUE, _ORANGE, _INK = "#0b4f8a", "#b34700", "#222222"  # told apart in every kind of colour sight
_WIDTH = 300


def trend_picture(release: Release, scheme: str, outcome: str) -> str | None:
    """Use of care by month around the referral, in both groups."""
    import altair as alt

    frame = release.frame("trend", scheme_code=scheme, outcome=outcome)
    if frame.height == 0 or frame["rate"].drop_nulls().is_empty():
        return None
    named = {"referred": "people referred", "similar": "similar people"}
    rows = frame.with_columns(
        pl.col("arm").replace(named),
        *(pl.col(name) / 10 for name in ("rate", "ci_low", "ci_high")),
    )  # a hidden month stays as null, so that the line breaks there
    top = _top_of(release.frame("trend", outcome=outcome))  # schemes side by side: one scale
    scale = alt.Scale(domain=list(named.values()), range=[_BLUE, _ORANGE])
    legend = alt.Legend(title=None, orient="top", symbolSize=70, symbolOpacity=1)
    base = alt.Chart(rows).encode(
        x=alt.X("month_number:Q", title="months from referral", axis=alt.Axis(tickMinStep=3)),
        color=alt.Color("arm:N", scale=scale, legend=legend, title=None),
    )
    y = alt.Y("rate:Q", title="per 100 people a year", scale=alt.Scale(domain=[0, top]))
    band = base.mark_area(fillOpacity=0.15, invalid="break-paths-filter-domains").encode(
        y=alt.Y("ci_low:Q", title=""), y2="ci_high:Q"
    )
    dash = alt.StrokeDash(
        "arm:N", scale=alt.Scale(domain=list(named.values()), range=[[1, 0], [5, 3]]), legend=legend
    )
    shape = alt.Shape(
        "arm:N", scale=alt.Scale(domain=list(named.values()), range=["circle", "diamond"]),
        legend=legend,
    )  # fmt: skip
    lines = base.mark_line(strokeWidth=2, invalid="break-paths-filter-domains").encode(
        y=y, strokeDash=dash
    )
    points = base.mark_point(filled=True, size=35).encode(y=y, shape=shape)
    return _svg(alt.layer(*_referral_marked(), band, lines, points), height=190)


def _top_of(rows: pl.DataFrame) -> float:
    tops = [rows[name].max() for name in ("rate", "ci_high")]
    return max(float(str(one)) for one in tops if one is not None) / 10 or 1.0


def _referral_marked() -> tuple[Any, Any]:
    """The time left out, shaded, and what it is."""
    import altair as alt

    marks = pl.DataFrame({"from": [-0.5], "to": [0.5], "said": ["referral and first weeks"]})
    shade = alt.Chart(marks).mark_rect(color="#999999", opacity=0.3).encode(x="from:Q", x2="to:Q")
    told = (
        alt.Chart(marks)
        .mark_text(align="left", baseline="top", dx=4, fontSize=10, color=_INK)
        .encode(x="to:Q", y=alt.value(2), text="said:N")
    )
    return shade, told


def forest_picture(release: Release, scheme: str) -> str | None:
    """Change in per cent, with its interval, by outcome."""
    import altair as alt

    of_all = release.frame(
        "estimate", method="matched_rate_ratio", scale="rate_ratio", status="released"
    )
    found = of_all.filter(pl.col("scheme_code") == scheme)
    if found.height == 0:
        return None
    ordered = sorted(found.to_dicts(), key=lambda row: place_of(release, row["outcome"]))
    rows = pl.DataFrame(ordered, schema=found.schema).select(
        outcome=pl.col("outcome").map_elements(words.label, return_dtype=pl.String),
        point=_in_per_cent("point"),
        low=_in_per_cent("ci_low"),
        high=_in_per_cent("ci_high"),
        verdict=pl.col("verdict").replace({k: v.lower() for k, v in words.VERDICTS.items()}),
    )
    # one scale for all schemes: the same length is the same change
    one = alt.Scale(
        domain=of_all.select(
            low=_in_per_cent("ci_low").min(), high=_in_per_cent("ci_high").max()
        ).row(0)
    )
    verdicts = [v.lower() for v in words.VERDICTS.values()][:4]
    y = alt.Y("outcome:N", title=None, sort=None, axis=alt.Axis(labelLimit=150))
    zero = alt.Chart(pl.DataFrame({"x": [0]})).mark_rule(strokeDash=[4, 3]).encode(x="x:Q")
    title = "per cent fewer (left) or more (right)"
    bars = (
        alt.Chart(rows)
        .mark_rule(strokeWidth=2, color=_INK)
        .encode(x=alt.X("low:Q", title=title, scale=one), x2="high:Q", y=y)
    )
    shapes = ["triangle-left", "triangle-right", "square", "circle"]
    points = alt.Chart(rows).mark_point(filled=True, size=90, opacity=1).encode(
        x="point:Q", y=y,
        shape=alt.Shape("verdict:N", scale=alt.Scale(domain=verdicts, range=shapes),
                        legend=alt.Legend(title=None, orient="top", columns=2)),
        color=alt.Color("verdict:N", scale=alt.Scale(
            domain=verdicts, range=[_BLUE, _ORANGE, "#555555", "#777777"])),
    )  # fmt: skip
    return _svg(alt.layer(zero, bars, points), height=26 * rows.height, width=190)


def _in_per_cent(ratio: str) -> pl.Expr:
    """The change a ratio is, where it is not so far off that the rest would be dwarfed."""
    return (100 * (pl.col(ratio) - 1)).clip(upper_bound=150)


def subgroup_picture(release: Release, scheme: str) -> str | None:
    """Change in per cent, with its interval, by group of people."""
    import altair as alt

    found = release.frame("subgroup", scheme_code=scheme, status="released")
    if found.height == 0:
        return None
    place = {name: at for at, name in enumerate(group_words.DIVIDED)}
    rows = found.sort(pl.col("subgroup").replace_strict(place), "level_number").select(
        group=pl.format("{}: {}", pl.col("subgroup").replace(group_words.DIVIDED), "level"),
        point=_in_per_cent("point"),
        low=_in_per_cent("ci_low"),
        high=_in_per_cent("ci_high"),
    )
    y = alt.Y("group:N", title=None, sort=None, axis=alt.Axis(labelLimit=220))
    zero = alt.Chart(pl.DataFrame({"x": [0]})).mark_rule(strokeDash=[4, 3]).encode(x="x:Q")
    title = "per cent fewer (left) or more (right)"
    bars = (
        alt.Chart(rows)
        .mark_rule(strokeWidth=2, color=_INK)
        .encode(x=alt.X("low:Q", title=title), x2="high:Q", y=y)
    )
    points = (
        alt.Chart(rows)
        .mark_point(filled=True, size=70, opacity=1, color=_BLUE)
        .encode(x=alt.X("point:Q"), y=y)
    )
    return _svg(alt.layer(zero, bars, points), height=18 * rows.height, width=190)


def balance_picture(release: Release, scheme: str) -> str | None:
    """Gaps between the groups before referral: with everybody, and with similar people."""
    import altair as alt

    frame = release.frame("balance", scheme_code=scheme)
    if frame.height == 0 or frame["smd_after"].drop_nulls().is_empty():
        return None
    study = release.row("study") or {}
    rows = (
        frame.select(
            covariate=pl.col("covariate").map_elements(in_words, return_dtype=pl.String),
            everybody=pl.col("smd_before").abs(),
            similar=pl.col("smd_after").abs(),
        )
        .sort("everybody", descending=True)
        .unpivot(index="covariate", variable_name="group", value_name="gap")
        .with_columns(pl.col("group").replace(
            {"everybody": "everybody not referred", "similar": "similar people"}))
    )  # fmt: skip
    groups = ["everybody not referred", "similar people"]
    legend = alt.Legend(title=None, orient="top", columns=1)
    points = alt.Chart(rows).mark_point(filled=True, size=55, opacity=1).encode(
        x=alt.X("gap:Q", title="gap, in standard deviations"),
        y=alt.Y("covariate:N", sort=None, title=None, axis=alt.Axis(labelLimit=320)),
        shape=alt.Shape("group:N", legend=legend,
                        scale=alt.Scale(domain=groups, range=["square", "circle"])),
        color=alt.Color("group:N", legend=legend,
                        scale=alt.Scale(domain=groups, range=[_ORANGE, _BLUE])),
    )  # fmt: skip
    layers: list[Any] = [points]
    if study.get("smd_limit"):
        limit = pl.DataFrame({"x": [study["smd_limit"]]})
        layers.insert(0, alt.Chart(limit).mark_rule(strokeDash=[4, 3]).encode(x="x:Q"))
        layers.append(
            alt.Chart(limit)
            .mark_text(align="left", dx=3, fontSize=10, color=_INK, text="largest gap allowed")
            .encode(x="x:Q", y=alt.value(-6))
        )
    height = 15 * frame.height
    return _svg(alt.layer(*layers), height=height, width=150)


def coverage_picture(release: Release, scheme: str) -> str | None:
    """Which days each source covers; practices with the same days in one bar."""
    import altair as alt

    frame = release.frame("coverage", scheme_code=scheme)
    if frame.height == 0:
        return None
    rows = (
        frame.group_by("source", "covered_from", "covered_to")
        .agg(practices=pl.col("practice_code").count())
        .sort("source", "covered_from")
        .with_columns(
            named=pl.col("source").replace(SOURCES)
            + pl.when(pl.col("practices") > 0)
            .then(pl.format(" ({} practices)", "practices"))
            .otherwise(pl.lit(""))
        )
    )
    bars = alt.Chart(rows).mark_bar(color=_BLUE, height=10).encode(
        x=alt.X("covered_from:T", title=None), x2="covered_to:T",
        y=alt.Y("named:N", sort=None, title=None, axis=alt.Axis(labelLimit=170)),
    )  # fmt: skip
    return _svg(bars, height=22 * rows["named"].n_unique(), width=210)


def _svg(
    chart: alt.Chart | alt.LayerChart | alt.FacetChart, *, height: int, width: int = _WIDTH
) -> str:
    """Draw, with letters that may grow and nothing that two pictures on a page share."""
    import vl_convert

    sized: Any = chart.properties(height=height, width=width, background="white")
    config = {
        "font": "sans-serif",
        "aria": False,
        "view": {"stroke": None},
        "axis": {"labelFontSize": 11, "titleFontSize": 11, "titleFontWeight": "normal",
                 "labelColor": _INK, "titleColor": _INK, "gridColor": "#e3e3e3"},
        "legend": {"labelFontSize": 11, "labelColor": _INK},
    }  # fmt: skip
    drawn = str(vl_convert.vegalite_to_svg(sized.configure(**config).to_dict(validate=False)))
    drawn = re.sub(r'\s(role|aria-[a-z]+)="[^"]*"', "", drawn)
    drawn = drawn.replace('version="1.1"', 'aria-hidden="true" focusable="false"', 1)
    return drawn.replace(' xmlns:xlink="http://www.w3.org/1999/xlink"', "").replace(
        ' xmlns="http://www.w3.org/2000/svg"', ""
    )
