"""The one picture that matters of a table, as a small SVG: frames of figures in, bytes out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    import altair as alt

__all__ = ["flow_of_people", "forest", "gaps", "months_around", "rows_of_files", "three_bars"]

_WIDTH = 440
# What a browser does not show in an image, and decimals nobody sees: Dagster keeps every picture.
_UNREAD = re.compile(r' (?:aria-[a-z]+|role|class|pointer-events|stroke-miterlimit)="[^"]*"')
_LONG_NUMBER = re.compile(r"(\d\.\d)\d+")
_MOST_BARS = 28
_MOST_LABEL = 330
_COLOURS = {
    "used": "#2c7fb8",
    "repeated": "#c7c7c7",
    "refused": "#d7301f",
    "before referral": "#9a9a9a",
    "without the scheme": "#c7c7c7",
    "with the scheme": "#2c7fb8",
    "before matching": "#c7a26b",
    "after matching": "#2c7fb8",
    "people referred": "#2c7fb8",
    "similar people": "#9a9a9a",
}


def rows_of_files(files: pl.DataFrame, title: str) -> bytes | None:
    """Each file's rows used, repeated and refused, as shares of a bar, with the refused counted.

    Parameters
    ----------
    files : `file, sheet, rows_in, rows_accepted, rows_quarantined, rows_duplicate`; rows.
    """
    told = _by_name(files)
    if told.is_empty():
        return None
    import altair as alt

    long = told.unpivot(
        on=["used", "repeated", "refused"], index=["name", "words"], variable_name="what"
    ).with_columns(place=pl.col("what").replace_strict({"used": 0, "repeated": 1, "refused": 2}))
    order = told["name"].to_list()
    base = alt.Chart(title=_title(title))
    bars = base.mark_bar().encode(
        x=alt.X("value:Q", stack="normalize", axis=alt.Axis(format="%"), title="share of rows"),
        y=_names("name", order),
        color=_colour(["used", "repeated", "refused"]),
        order=alt.Order("place:Q"),
    )
    words = (
        base.transform_filter("datum.place == 0")
        .mark_text(align="left", dx=6, fontSize=12)
        .encode(x=alt.value(_WIDTH), y=_names("name", order), text="words:N")
    )
    return _svg(alt.layer(bars, words, data=_rows(long)).properties(width=_WIDTH))


def _by_name(files: pl.DataFrame) -> pl.DataFrame:
    """One line a file or sheet; the files of a folder together where there are many."""
    folder = pl.col("file").str.extract(r"^(.*)/[^/]+$")
    many = files.height > _MOST_BARS
    whole = pl.col("file") + pl.when(pl.col("sheet") != "").then(
        pl.lit(", ") + pl.col("sheet")
    ).otherwise(pl.lit(""))
    of_folder = folder + pl.lit("/ (all files)")
    name = pl.coalesce(of_folder, whole) if many else whole
    told = (
        files.with_columns(name=name)
        .group_by("name", maintain_order=True)
        .agg(
            used=pl.col("rows_accepted").sum(),
            repeated=pl.col("rows_duplicate").sum(),
            refused=pl.col("rows_quarantined").sum(),
            came=pl.col("rows_in").sum(),
        )
        .head(_MOST_BARS)
    )
    used, came = (
        pl.col(name).map_elements(lambda n: f"{n:,}", return_dtype=pl.String)
        for name in ("used", "came")
    )
    words = pl.format("{} of {} rows used", used, came)
    none = pl.lit("no row could be read")
    return told.with_columns(words=pl.when(pl.col("came") > 0).then(words).otherwise(none))


def flow_of_people(attrition: pl.DataFrame, title: str) -> bytes | None:
    """From everyone referred to everyone analysed: `scheme_code, step_number, step, people`."""
    if attrition.is_empty():
        return None
    import altair as alt

    steps = attrition.sort("step_number")["step"].unique(maintain_order=True).to_list()
    told = attrition.with_columns(
        words=pl.col("people").cast(pl.String).fill_null("hidden: too few to show"),
        end=pl.col("people").fill_null(0),
    )
    base = alt.Chart()
    bars = base.mark_bar(color=_COLOURS["used"]).encode(
        x=alt.X("people:Q", title="people"), y=_names("step", steps)
    )
    words = base.mark_text(align="left", dx=4, fontSize=12).encode(
        x="end:Q", y=_names("step", steps), text="words:N"
    )
    chart = alt.layer(bars, words, data=_rows(told)).properties(width=300)
    return _svg(chart.facet(facet=_header(), columns=2, title=_title(title)))


def gaps(balance: pl.DataFrame, title: str, *, limit: float) -> bytes | None:
    """How unlike the groups were, before and after matching: the love plot.

    Parameters
    ----------
    balance : `scheme_code, covariate, smd_before, smd_after`, standard deviations.
    limit : the largest gap that counts as alike in a large scheme.
    """
    told = balance.drop_nulls(["smd_before", "smd_after"])
    if told.is_empty():
        return None
    import altair as alt

    largest = pl.max_horizontal(pl.col("smd_before").abs(), pl.col("smd_after").abs())
    order = (
        told.group_by("covariate")
        .agg(largest.max().alias("gap"))
        .sort(["gap", "covariate"], descending=[True, False])["covariate"]
        .head(_MOST_BARS)
        .to_list()
    )
    long = (
        told.filter(pl.col("covariate").is_in(order))
        .select(
            "scheme_code",
            "covariate",
            pl.col("smd_before").abs().alias("before matching"),
            pl.col("smd_after").abs().alias("after matching"),
        )
        .unpivot(
            on=["before matching", "after matching"],
            index=["scheme_code", "covariate"],
            variable_name="what",
        )
        .with_columns(limit=limit)
    )
    base = alt.Chart()
    points = base.mark_point(filled=True, size=60, opacity=1).encode(
        x=alt.X("value:Q", title="gap between the groups (0: alike)"),
        y=_names("covariate", order),
        color=_colour(["before matching", "after matching"]),
    )
    rule = base.mark_rule(strokeDash=[4, 3]).encode(x="limit:Q")
    chart = alt.layer(rule, points, data=_rows(long)).properties(width=250)
    return _svg(chart.facet(facet=_header(), columns=2, title=_title(title)))


def three_bars(rates: pl.DataFrame, title: str) -> bytes | None:
    """Use of care before, without and with the scheme.

    Parameters
    ----------
    rates : `scheme_code, outcome` (in words)`, what, rate`, per 100 people a year.
    """
    told = rates.drop_nulls("rate")
    if told.is_empty():
        return None
    import altair as alt

    order = ["before referral", "without the scheme", "with the scheme"]
    outcomes = told["outcome"].unique(maintain_order=True).to_list()
    base = alt.Chart()
    bars = base.mark_bar().encode(
        x=alt.X("rate:Q", title=None), y=_names("what", order), color=_colour(order, legend=False)
    )
    words = base.mark_text(align="left", dx=4, fontSize=11).encode(
        x="rate:Q", y=_names("what", order), text=alt.Text("rate:Q", format=",.0f")
    )
    chart = (
        alt.layer(bars, words, data=_rows(told))
        .properties(width=210, height=52)
        .facet(
            row=alt.Row(
                "outcome:N",
                sort=outcomes,
                title=None,
                header=alt.Header(
                    labelAngle=0, labelAlign="left", labelLimit=170, labelFontSize=12
                ),
            ),
            column=alt.Column("scheme_code:N", title=None, header=_bold()),
            title=_title(title),
        )
        .resolve_scale(x="independent")
    )
    return _svg(chart)


def months_around(trend: pl.DataFrame, title: str) -> bytes | None:
    """Month by month around the referral, people referred and similar people.

    Parameters
    ----------
    trend : `scheme_code, arm` (referred, similar)`, month_number, rate` of one outcome.
    """
    arms = {"referred": "people referred", "similar": "similar people"}
    told = trend.drop_nulls("rate").with_columns(what=pl.col("arm").replace(arms))
    if told.is_empty():
        return None
    import altair as alt

    base = alt.Chart()
    lines = base.mark_line(point=True).encode(
        x=alt.X("month_number:Q", title="months from referral"),
        y=alt.Y("rate:Q", title="per 100 people a year", scale=alt.Scale(zero=True)),
        color=_colour(list(arms.values())),
    )
    rule = base.mark_rule(strokeDash=[4, 3]).encode(x=alt.datum(0))
    chart = alt.layer(rule, lines, data=_rows(told)).properties(width=300, height=220)
    return _svg(chart.facet(facet=_header(), columns=2, title=_title(title)))


def forest(ratios: pl.DataFrame, title: str) -> bytes | None:
    """The same difference by several methods.

    Parameters
    ----------
    ratios : `scheme_code, method` (in words)`, point, ci_low, ci_high`, rate ratios.
    """
    told = ratios.drop_nulls(["point", "ci_low", "ci_high"])
    if told.is_empty():
        return None
    import altair as alt

    methods = told["method"].unique(maintain_order=True).to_list()
    place = _names("method", methods)
    ends_at = [min(0.5, *told["ci_low"].to_list()), max(2.0, *told["ci_high"].to_list())]
    scale = alt.Scale(type="log", domain=ends_at, nice=False)
    base = alt.Chart()
    ends = base.mark_rule(strokeWidth=2, color=_COLOURS["used"]).encode(
        x=alt.X("ci_low:Q", scale=scale, title="less than 1: fewer · 1: as many · above: more"),
        x2="ci_high:Q",
        y=place,
    )
    points = base.mark_point(filled=True, size=70, opacity=1, color=_COLOURS["used"]).encode(
        x="point:Q", y=place
    )
    one = base.mark_rule(strokeDash=[4, 3]).encode(x=alt.datum(1))
    chart = alt.layer(one, ends, points, data=_rows(told)).properties(width=260)
    return _svg(chart.facet(facet=_header(), columns=2, title=_title(title)))


def _names(field: str, order: Sequence[str]) -> alt.Y:
    import altair as alt

    label = alt.Axis(labelLimit=_MOST_LABEL)
    return alt.Y(f"{field}:N", sort=list(order), title=None, axis=label)


def _colour(names: Sequence[str], *, legend: bool = True) -> alt.Color:
    import altair as alt

    scale = alt.Scale(domain=list(names), range=[_COLOURS[name] for name in names])
    shown = alt.Legend(title=None, orient="top") if legend else None
    return alt.Color("what:N", scale=scale, legend=shown)


def _header() -> alt.Facet:
    import altair as alt

    return alt.Facet("scheme_code:N", title=None, header=_bold())


def _bold() -> alt.Header:
    import altair as alt

    return alt.Header(labelFontWeight="bold", labelFontSize=13)


def _title(words: str) -> alt.TitleParams:
    import altair as alt

    return alt.TitleParams(words, anchor="start", fontSize=14)


def _rows(frame: pl.DataFrame) -> alt.InlineData:
    import altair as alt

    return alt.InlineData(values=frame.to_dicts())


def _svg(chart: alt.TopLevelMixin) -> bytes:
    from vl_convert import vegalite_to_svg

    styled = chart.configure_view(stroke=None).configure_axis(labelFontSize=12)
    whole = vegalite_to_svg(styled.to_dict())
    return _LONG_NUMBER.sub(r"\1", _UNREAD.sub("", whole)).encode()
