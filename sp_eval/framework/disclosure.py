"""Small counts of people hidden and the rest rounded, before anything leaves the house."""

from __future__ import annotations

from collections.abc import Collection
from math import floor, isfinite, log10

import polars as pl

from sp_eval.contracts.odcs import Column, Contract
from sp_eval.study.design import Disclosure
from sp_eval.study.outcomes import OUTCOMES

__all__ = [
    "DIGITS",
    "POOLED",
    "hidden_words",
    "is_few",
    "parts_of",
    "protect",
    "protect_count",
    "schemes_hidden",
    "to_digits",
]

DIGITS = 3  # significant digits of a rate for which its contract asks no other precision
POOLED = "all"  # the scheme_code of figures pooled over schemes
_YEARS_TO_RATE = 1000.0  # rates are events per 1,000 person-years


def protect_count(count: pl.Expr, policy: Disclosure) -> pl.Expr:
    """Nought stays; counts from `suppress_from` to `suppress_to` become null; others are rounded.

    Halves round up, so that 12.5 of base 5 is 15. Source: HES disclosure rules from September
    2018 (1 to 7 hidden, others to the nearest 5). Time people were followed counts as they do.
    The same count always becomes the same cell.
    """
    base = policy.round_to
    rounded = ((count * 2 + base) // (2 * base)) * base
    is_small = (count > policy.suppress_from - 1) & (count < policy.suppress_to + 1)
    return pl.when(is_small).then(None).otherwise(rounded)


def is_few(count: pl.Expr, policy: Disclosure) -> pl.Expr:
    """Whether the release hides such a count; an unknown one is not few."""
    small = (count > policy.suppress_from - 1) & (count < policy.suppress_to + 1)
    return small.fill_null(value=False)


def hidden_words(policy: Disclosure, what: str = "people") -> str:
    """The sentence that stands where a figure is hidden."""
    return f"it rests on {policy.suppress_to} {what} or fewer"


def schemes_hidden(
    attrition: pl.DataFrame, estimates: pl.DataFrame, policy: Disclosure
) -> frozenset[str]:
    """The schemes of one study so few of whose people are analysed that nothing may be shown.

    `attrition`, `estimates`: rows of `published.attrition` and `.estimate`, counts as they are.
    Few similar people hide a scheme as few people referred do.
    """
    last = attrition.filter(
        pl.col("step_number") == pl.col("step_number").max().over("scheme_code")
    )
    few = last.filter(is_few(pl.col("people"), policy))
    primary = estimates.filter(pl.col("role") == "primary")
    thin = primary.filter(
        is_few(pl.col("n_analysed"), policy) | is_few(pl.col("n_comparison"), policy)
    )
    return frozenset(few["scheme_code"]) | frozenset(thin["scheme_code"])


def protect(
    frame: pl.DataFrame,
    contract: Contract,
    policy: Disclosure,
    *,
    hidden: Collection[str] = (),
    outcomes: Collection[tuple[str, str]] = (),
) -> pl.DataFrame:
    """Protect every figure of a table of one study as its contract says (docs/adr/0013).

    Parameters
    ----------
    frame : rows of `published.<contract.name>`, figures as they are.
    hidden : schemes of which no rate is shown at all, for so few of their people are analysed
        that balance or a sentence would give back what the estimate withholds.
    outcomes : scheme and outcome of estimates withheld, of which a row would give the figure back.

    Returns
    -------
    The same rows and columns: counts hidden or rounded, rates null or coarse, words replaced.
    """
    if contract.name == "subgroup":
        from sp_eval.framework.subgroup_disclosure import protect_subgroups

        return protect_subgroups(frame, policy, hidden=hidden, outcomes=outcomes)
    if "withheld_reason" in frame.columns:
        from sp_eval.framework.estimate_disclosure import protect_estimates

        return protect_estimates(frame, policy)
    from sp_eval.framework.diagnostic_disclosure import of_outcomes, without_shares

    if "diagnostic" in frame.columns:
        frame = without_shares(frame)
    columns = [column for column in contract.columns if column.name in frame.columns]
    untold = _of_hidden(frame, hidden) | of_outcomes(frame, outcomes)
    whole = frame.with_columns((_rests_on_few(columns, policy) | untold).alias("_hidden"))
    cells = _coarse(whole, columns, policy)
    cells = cells.with_columns(
        pl.when(untold)
        .then(pl.lit(f"hidden: {hidden_words(policy)}"))
        .otherwise(pl.col(c.name))
        .alias(c.name)
        for c in columns
        if c.disclosure == "words"
    ).with_columns(
        pl.lit(None, dtype=frame[c.name].dtype).alias(c.name)
        for c in columns
        if c.disclosure == "research" and not c.required
    )
    rates = _rates(columns)
    cells = hide_totals(cells.drop("_hidden"), _keys(contract, cells), rates)
    return add_up_pooled(cells, _keys(contract, cells), _counts(columns))


def parts_of(outcome: str) -> tuple[str, ...]:
    """The outcomes whose counts add up to this one; none of most."""
    found = OUTCOMES.get(outcome)
    return found.parts if found is not None else ()


def hide_totals(frame: pl.DataFrame, keys: list[str], rates: list[str]) -> pl.DataFrame:
    """Make rates of an outcome null where a part of it has none: the rest would give it back."""
    if "outcome" not in frame.columns or not rates or frame.is_empty():
        return frame
    others = [key for key in keys if key != "outcome"]
    lacking = frame.filter(pl.col(rates[0]).is_null()).select(*others, part="outcome")
    made_of = pl.DataFrame(
        [(name, part) for name in OUTCOMES for part in parts_of(name)],
        schema={"outcome": pl.String, "part": pl.String},
        orient="row",
    )
    totals = lacking.join(made_of, on="part").select(*others, "outcome").unique()
    marked = totals.with_columns(_total=pl.lit(value=True))
    joined = frame.join(
        marked, on=[*others, "outcome"], how="left", maintain_order="left", nulls_equal=True
    )
    return joined.with_columns(
        pl.when(pl.col("_total").is_null()).then(pl.col(name)).alias(name) for name in rates
    ).drop("_total")


def add_up_pooled(frame: pl.DataFrame, keys: list[str], counts: list[str]) -> pl.DataFrame:
    """Make counts pooled over schemes the sum of the schemes' published cells."""
    if "scheme_code" not in frame.columns or POOLED not in set(frame["scheme_code"]):
        return frame
    others = [key for key in keys if key != "scheme_code"]
    sums = (
        frame.filter(pl.col("scheme_code") != POOLED)
        .group_by(others)
        .agg(pl.col(name).sum().alias(f"_sum_{name}") for name in counts)
    )
    joined = frame.join(sums, on=others, how="left", maintain_order="left", nulls_equal=True)
    return joined.with_columns(
        pl.when((pl.col("scheme_code") == POOLED) & pl.col(name).is_not_null())
        .then(pl.col(f"_sum_{name}").fill_null(0))
        .otherwise(pl.col(name))
        .alias(name)
        for name in counts
    ).drop(f"_sum_{name}" for name in counts)


def to_digits(value: float | None, digits: int = DIGITS) -> float | None:
    """Round to so many significant digits; what is not finite stays."""
    if value is None or value == 0 or not isfinite(value):
        return value
    return round(value, digits - 1 - floor(log10(abs(value))))


def _coarse(frame: pl.DataFrame, columns: list[Column], policy: Disclosure) -> pl.DataFrame:
    counts = _counts(columns)
    cells = frame.with_columns(protect_count(pl.col(name), policy).alias(name) for name in counts)
    by_name = {column.name: column for column in columns}
    made = []
    for name in _rates(columns):
        column = by_name[name]
        leading = by_name[column.follows] if column.follows else column
        if leading.person_years:
            factor = _of_cells(frame, cells, leading, policy)
            shown = frame[name] * factor
        elif column.decimals is not None:
            shown = frame[name].cast(pl.Float64).round(column.decimals)
        elif "scale" in frame.columns:
            shown = _on_its_scale(frame, name)
        else:
            shown = frame[name].map_elements(to_digits, return_dtype=pl.Float64)
        made.append(shown.cast(frame[name].dtype, strict=False).alias(name))
    return cells.with_columns(made).with_columns(
        pl.when(~pl.col("_hidden")).then(pl.col(name)).alias(name) for name in _rates(columns)
    )


def _of_cells(
    frame: pl.DataFrame, cells: pl.DataFrame, column: Column, policy: Disclosure
) -> pl.Series:
    """What makes a rate that of the cells shown: rounded events over rounded person-time.

    Null where the events are few, or the people; 1 where there is no event.
    """
    assert column.person_years is not None  # noqa: S101  (the caller has looked)
    time = pl.sql_expr(column.person_years)
    # a literal beside an integer of 32 bits would be of 32 bits
    frame, cells = (
        whole.with_columns(pl.col(pl.Int32, pl.Int64).cast(pl.Float64)) for whole in (frame, cells)
    )
    exact = frame.select(events=(pl.col(column.name) * time / _YEARS_TO_RATE).round(), years=time)
    shown = cells.select(years=time).to_series()
    events = exact.select(protect_count(pl.col("events"), policy)).to_series()
    whole = pl.DataFrame({"rate": frame[column.name], "events": events, "years": shown})
    return whole.select(
        pl.when(pl.col("rate") == 0)
        .then(1.0)
        .when(pl.col("years") > 0)
        .then(_YEARS_TO_RATE * pl.col("events") / pl.col("years") / pl.col("rate"))
    ).to_series()


def _on_its_scale(frame: pl.DataFrame, name: str) -> pl.Series:
    """Ratios stay, being adjusted; a mean to two decimals; a difference beside a ratio hardly.

    Difference and ratio together give the rate after referral.
    """
    few_digits = pl.col(name).map_elements(lambda v: to_digits(v, 2), return_dtype=pl.Float64)
    return frame.select(
        pl.when(pl.col("scale") == "rate_ratio")
        .then(pl.col(name))
        .when(pl.col("scale") == "mean_change")
        .then(pl.col(name).round(2))
        .otherwise(few_digits)
    ).to_series()


def _rests_on_few(columns: list[Column], policy: Disclosure) -> pl.Expr:
    """Rows whose rates rest on few people."""
    few = [is_few(pl.col(name), policy) for name in _counts(columns)]
    return pl.any_horizontal(pl.lit(value=False), *few)


def _of_hidden(frame: pl.DataFrame, hidden: Collection[str]) -> pl.Expr:
    """Rows of a hidden scheme, or that set one beside others (`schemes`, with commas)."""
    found = pl.lit(value=False)
    if "scheme_code" in frame.columns:
        found = pl.col("scheme_code").is_in(list(hidden))
    elif "schemes" in frame.columns and hidden:
        named = pl.col("schemes").str.split(",").list.eval(pl.element().str.strip_chars())
        found = pl.any_horizontal(named.list.contains(scheme) for scheme in sorted(hidden))
    return found


def _counts(columns: list[Column]) -> list[str]:
    return [c.name for c in columns if c.disclosure == "count"]


def _rates(columns: list[Column]) -> list[str]:
    return [c.name for c in columns if c.disclosure == "rate" and not c.required]


def _keys(contract: Contract, frame: pl.DataFrame) -> list[str]:
    """What tells rows apart: the declared key, or else whatever is no figure and no word."""
    named = [c.name for c in contract.columns if c.primary_key]
    plain = [c.name for c in contract.columns if c.disclosure == "none"]
    return [name for name in named or plain if name in frame.columns]
