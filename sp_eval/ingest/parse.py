"""Text to value, as polars expressions; a text that cannot be read is a fault, never a guess."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date
from typing import Final

import polars as pl

from sp_eval.contracts.mapping_verbs import Parse

__all__ = [
    "Dating",
    "Fault",
    "Parsed",
    "month_end",
    "month_start",
    "parsed",
    "written_in",
]

_EARLIEST: Final = date(1900, 1, 1)
_EXCEL_EPOCH: Final = date(1899, 12, 30)
_MAC_EPOCH: Final = date(1904, 1, 1)  # of workbooks begun on older Macs
_ISO: Final = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[ T][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?)?$"
_SERIAL: Final = r"^[0-9]{5}(?:\.[0-9]+)?$"
_INTEGER: Final = r"^[+-]?[0-9]{1,18}(?:\.0+)?$"
_MONEY: Final = r"^-?£?\s?-?(?:[0-9]+|[0-9]{1,3}(?:,[0-9]{3})+)(?:\.[0-9]+)?$"
_QUARTER: Final = r"^([0-9]{4})/([0-9]{2})\s+[Qq]([1-4])$"
_DIRECTIVES: Final = {
    "%d": r"[0-9]{1,2}",
    "%m": r"[0-9]{1,2}",
    "%Y": r"[0-9]{4}",  # without it, strptime reads 1/2/26 as the year 26
    "%y": r"[0-9]{2}",
    "%b": r"[A-Za-z]{3}",
    "%B": r"[A-Za-z]+",
    # a time of day may stand behind a date; only the day is taken, as it is written
    "%H": r"[0-9]{2}",
    "%M": r"[0-9]{2}",
    "%S": r"[0-9]{2}(?:\.[0-9]+)?",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """A rule and the expression (Boolean, never null) that is true where a row breaks it."""

    rule: str
    breaks: pl.Expr


@dataclass(frozen=True, slots=True)
class Parsed:
    """The typed value (null where blank or faulty) and the faults it may have."""

    value: pl.Expr
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True, slots=True)
class Dating:
    """What reading a date needs to know of its delivery and file."""

    style: str
    last_day: date
    from_workbook: bool
    from_1904: bool = False


def month_start(month: str) -> date:
    """Return the first day of a month written YYYY-MM."""
    return date.fromisoformat(f"{month}-01")


def month_end(month: str) -> date:
    """Return the last day of a month written YYYY-MM."""
    first = month_start(month)
    return first.replace(day=calendar.monthrange(first.year, first.month)[1])


def parsed(text: pl.Expr, parse: Parse, dating: Dating) -> Parsed:
    """Read trimmed text (blank = null) as `parse` says."""
    if parse.not_known:
        text = pl.when(text.is_in(list(parse.not_known))).then(None).otherwise(text)
    if parse.kind == "integer":
        return _number(text, _INTEGER, text.str.replace(r"\.0+$", ""), pl.Int64())
    if parse.kind == "money":
        return _number(text, _MONEY, text.str.replace_all(r"[£,\s]", ""), pl.Float64())
    by_kind = {
        "quarter": _quarter,
        "month": _month,
        "year": _year,
        "padded": _padded,
        "share": _share,
    }
    return by_kind.get(parse.kind, _day)(text, parse, dating)


def _year(text: pl.Expr, parse: Parse, dating: Dating) -> Parsed:
    day = _day(text, parse, dating)
    return Parsed(day.value.dt.year(), day.faults)


def _padded(text: pl.Expr, parse: Parse, _: Dating) -> Parsed:
    """Write a whole number into the zeros at the end of `style`; a longer one is a fault."""
    style = parse.style or ""
    letters = style.rstrip("0")
    zeros = len(style) - len(letters)
    fits = pl.when(text.str.contains(rf"^[0-9]{{1,{zeros}}}(?:\.0+)?$")).then(text)
    value = pl.lit(letters) + fits.str.replace(r"\.0+$", "").str.zfill(zeros)
    return Parsed(value, (Fault("out_of_range", text.is_not_null() & value.is_null()),))


def _share(text: pl.Expr, parse: Parse, _: Dating) -> Parsed:
    """Which of `parts` equal parts of the ranks 1 to `of` a rank lies in.

    A rank rounded down to 0 lies in the first part.
    """
    of, parts = parse.of or 1, parse.parts or 1
    rank = _number(text, _INTEGER, text.str.replace(r"\.0+$", ""), pl.Int64())
    part = (pl.max_horizontal(rank.value, pl.lit(1)) * parts - 1) // of + 1
    beyond = (rank.value > of).fill_null(value=False)
    return Parsed(
        pl.when(rank.value.is_between(0, of)).then(part),
        (*rank.faults, Fault("out_of_range", beyond)),
    )


def _number(text: pl.Expr, pattern: str, plain: pl.Expr, dtype: pl.DataType) -> Parsed:
    value = pl.when(text.str.contains(pattern)).then(plain).cast(dtype, strict=False)
    return Parsed(value, (Fault("out_of_range", text.is_not_null() & value.is_null()),))


def _pattern(style: str) -> str:
    """Return the regular expression that a date in this style fits."""
    parts = re.split(r"(%[A-Za-z])", style)
    return "^" + "".join(_DIRECTIVES.get(part) or re.escape(part) for part in parts) + "$"


def _styled(text: pl.Expr, style: str) -> pl.Expr:
    in_style = pl.when(text.str.contains(_pattern(style))).then(text)
    return in_style.str.to_date(style.replace("%S", "%S%.f"), strict=False)


def written_in(column: str, style: str, before: str = "") -> pl.Expr:
    """The date of each text of a column in one style, null where it is written otherwise."""
    return _styled(pl.concat_str(pl.lit(before), pl.col(column)), style)


def _true_date(text: pl.Expr, dating: Dating) -> pl.Expr:
    """Read a date as a workbook holds it: the reader writes true dates as ISO timestamps."""
    iso = pl.when(text.str.contains(_ISO)).then(text.str.slice(0, 10))
    serial = pl.when(text.str.contains(_SERIAL)).then(text.str.slice(0, 5)).cast(pl.Int32)
    return pl.coalesce(
        iso.str.to_date("%Y-%m-%d", strict=False),
        pl.lit(_MAC_EPOCH if dating.from_1904 else _EXCEL_EPOCH) + pl.duration(days=serial),
    )


def _day(text: pl.Expr, parse: Parse, dating: Dating) -> Parsed:
    value = _styled(text, parse.style or dating.style)
    if parse.kind in {"excel", "last_day"} and dating.from_workbook:
        value = pl.coalesce(value, _true_date(text, dating))
    dated = _dated(text, value, dating)
    if parse.kind == "last_day":
        return Parsed(dated.value.dt.offset_by("1d"), dated.faults)
    return dated


def _month(text: pl.Expr, parse: Parse, dating: Dating) -> Parsed:
    style = parse.style or "%b-%y"
    in_style = pl.when(text.str.contains(_pattern(style))).then(text)
    value = pl.concat_str(pl.lit("01 "), in_style).str.to_date(f"%d {style}", strict=False)
    if dating.from_workbook:
        # Excel turns a typed Apr-17 into a true date
        value = pl.coalesce(value, _true_date(text, dating).dt.month_start())
    return _edge(_dated(text, value, dating), parse, "1mo")


def _quarter(text: pl.Expr, parse: Parse, dating: Dating) -> Parsed:
    year = text.str.extract(_QUARTER, 1).cast(pl.Int32)
    follows = text.str.extract(_QUARTER, 2).cast(pl.Int32) == (year + 1) % 100
    months = (text.str.extract(_QUARTER, 3).cast(pl.Int32) - 1) * 3
    april = pl.date(year, 4, 1)
    value = april.dt.offset_by(pl.format("{}mo", months))
    return _edge(_dated(text, pl.when(follows).then(value), dating), parse, "3mo")


def _edge(dated: Parsed, parse: Parse, length: str) -> Parsed:
    if parse.edge == "start":
        return dated
    # a period may end after the delivery: only that it has begun is asked for, at its start
    return Parsed(dated.value.dt.offset_by(length), dated.faults)


def _dated(text: pl.Expr, value: pl.Expr, dating: Dating) -> Parsed:
    possible = value.is_not_null() & (value >= _EARLIEST)
    future = possible & (value > dating.last_day)
    return Parsed(
        pl.when(possible & ~future).then(value),
        (
            Fault("date_impossible", text.is_not_null() & ~possible),
            Fault("date_future", future),
        ),
    )
