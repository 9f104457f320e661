"""Text to value: what is read, what is refused, and by which rule."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from sp_eval.contracts.mapping_verbs import Parse
from sp_eval.ingest.parse import Dating, month_end, month_start, parsed

UK, HUB, ISO = "%d/%m/%Y", "%d-%b-%y", "%Y-%m-%d"


def read(
    text: str | None, parse: object, *, style: str = UK, from_workbook: bool = False
) -> tuple[object, list[str]]:
    dating = Dating(style, last_day=date(2019, 4, 30), from_workbook=from_workbook)
    result = parsed(pl.col("text"), Parse.model_validate(parse), dating)
    frame = pl.DataFrame({"text": [text]}, schema={"text": pl.String})
    out = frame.select(
        result.value.alias("value"),
        *(fault.breaks.alias(f"{n} {fault.rule}") for n, fault in enumerate(result.faults)),
    ).row(0, named=True)
    value = out.pop("value")
    assert None not in out.values(), "a fault must be true or false"
    return value, [name.split()[1] for name, broken in out.items() if broken]


@pytest.mark.parametrize(
    ("text", "style", "expected"),
    [
        ("03/04/2019", UK, date(2019, 4, 3)),
        ("3/4/2019", UK, date(2019, 4, 3)),
        ("29/02/2016", UK, date(2016, 2, 29)),
        ("05-May-17", HUB, date(2017, 5, 5)),
        ("23-Jun-93", HUB, date(1993, 6, 23)),
        ("2019-04-30", ISO, date(2019, 4, 30)),
        (None, UK, None),
    ],
)
def test_dates(text: str | None, style: str, expected: date | None) -> None:
    assert read(text, "date", style=style) == (expected, [])


@pytest.mark.parametrize(
    ("text", "style", "rule"),
    [
        ("31/02/2016", UK, "date_impossible"),
        ("30-Feb-18", HUB, "date_impossible"),
        ("1/2/26", UK, "date_impossible"),
        ("2019-04-03", UK, "date_impossible"),
        ("43558", UK, "date_impossible"),
        ("31/12/1899", UK, "date_impossible"),
        ("yesterday", UK, "date_impossible"),
        ("٠٣/٠٤/٢٠١٩", UK, "date_impossible"),
        ("05-May-2017", HUB, "date_impossible"),
        ("01/05/2019", UK, "date_future"),
        ("26-Mar-26", HUB, "date_future"),
    ],
)
def test_dates_that_are_refused(text: str, style: str, rule: str) -> None:
    assert read(text, "date", style=style) == (None, [rule])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2019-04-03 00:00:00", date(2019, 4, 3)),
        ("43558", date(2019, 4, 3)),
        ("43558.0", date(2019, 4, 3)),
        ("03/04/2019", date(2019, 4, 3)),
    ],
)
def test_excel_dates_from_a_workbook(text: str, expected: date) -> None:
    assert read(text, "excel", from_workbook=True) == (expected, [])


@pytest.mark.parametrize("text", ["43558", "2019-04-03 00:00:00"])
def test_excel_dates_are_not_believed_from_text_files(text: str) -> None:
    assert read(text, "excel", from_workbook=False) == (None, ["date_impossible"])


def test_a_true_excel_date_in_the_future_is_told_as_such() -> None:
    assert read("2020-04-28 00:00:00", "excel", from_workbook=True) == (None, ["date_future"])


def test_the_last_day_inside_becomes_the_first_day_outside() -> None:
    assert read("31/12/2018", "last_day") == (date(2019, 1, 1), [])


def test_the_last_day_of_the_month_of_delivery_is_not_in_the_future() -> None:
    assert read("30/04/2019", "last_day") == (date(2019, 5, 1), [])
    assert read("01/05/2019", "last_day") == (None, ["date_future"])


def test_a_word_for_a_date_nobody_knows_is_no_fault() -> None:
    parse = {"kind": "date", "not_known": ["01/01/1800"]}
    assert read("01/01/1800", parse) == (None, [])
    assert read("02/01/1800", parse) == (None, ["date_impossible"])


@pytest.mark.parametrize(
    ("parse", "text", "expected"),
    [
        ({"month": "%b-%y"}, "Apr-17", date(2017, 4, 1)),
        ({"month": "%b-%y", "edge": "end"}, "Dec-17", date(2018, 1, 1)),
        ({"month": "%m/%Y"}, "04/2017", date(2017, 4, 1)),
        ("quarter", "2017/18 Q1", date(2017, 4, 1)),
        ("quarter", "2017/18 Q4", date(2018, 1, 1)),
        ({"kind": "quarter", "edge": "end"}, "2017/18 Q4", date(2018, 4, 1)),
        ({"kind": "quarter", "edge": "end"}, "2018/19 Q4", date(2019, 4, 1)),
        ("quarter", "1999/00 Q1", date(1999, 4, 1)),
    ],
)
def test_periods(parse: object, text: str, expected: date) -> None:
    assert read(text, parse) == (expected, [])


@pytest.mark.parametrize(
    ("parse", "text", "rule"),
    [
        ({"month": "%b-%y"}, "Apr 2017", "date_impossible"),
        ("quarter", "2017/19 Q1", "date_impossible"),
        ("quarter", "2017/18 Q5", "date_impossible"),
        ({"month": "%b-%y"}, "May-19", "date_future"),
    ],
)
def test_periods_that_are_refused(parse: object, text: str, rule: str) -> None:
    assert read(text, parse) == (None, [rule])


def test_a_period_may_end_after_the_delivery() -> None:
    assert read("Apr-19", {"month": "%b-%y", "edge": "end"}) == (date(2019, 5, 1), [])


def test_a_month_that_excel_has_made_a_date_of() -> None:
    assert read("2017-04-17 00:00:00", {"month": "%b-%y"}, from_workbook=True) == (
        date(2017, 4, 1),
        [],
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("£1,234.50", 1234.5),
        ("1234.5", 1234.5),
        ("£0.00", 0.0),
        ("-£12.00", -12.0),
        ("£ 7", 7.0),
        ("42.50", 42.5),
    ],
)
def test_money(text: str, expected: float) -> None:
    assert read(text, "money") == (expected, [])


@pytest.mark.parametrize("text", ["12,50", "free", "£", "1.2.3", "1e3", "$4", "nan", "١٢"])
def test_money_that_is_refused(text: str) -> None:
    assert read(text, "money") == (None, ["out_of_range"])


@pytest.mark.parametrize(("text", "expected"), [("7", 7), ("7.0", 7), ("-1", -1), ("007", 7)])
def test_whole_numbers(text: str, expected: int) -> None:
    assert read(text, "integer") == (expected, [])


@pytest.mark.parametrize("text", ["2.5", "seven", "1e3", "", "9" * 30, "٧"])
def test_whole_numbers_that_are_refused(text: str) -> None:
    assert read(text, "integer") == (None, ["out_of_range"])


def test_month_edges() -> None:
    assert (month_start("2016-02"), month_end("2016-02")) == (date(2016, 2, 1), date(2016, 2, 29))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("42", ("X00042", [])),
        ("0", ("X00000", [])),
        ("42.0", ("X00042", [])),
        ("99999", ("X99999", [])),
        ("100000", (None, ["out_of_range"])),
        ("4.2", (None, ["out_of_range"])),
        ("A42", (None, ["out_of_range"])),
        (None, (None, [])),
    ],
)
def test_leading_zeros_are_put_back(text: str | None, expected: tuple[object, list[str]]) -> None:
    assert read(text, {"padded": "X00000"}) == expected


def test_a_code_without_room_for_zeros_is_no_code() -> None:
    for style in ("X", "", None):
        with pytest.raises(ValueError, match="zeros at its end"):
            Parse.model_validate({"kind": "padded", "style": style})


def test_the_year_of_a_date() -> None:
    assert read("03/04/1953", "year") == (1953, [])
    assert read("1953-04-03", {"year": ISO}) == (1953, [])
    assert read("31/02/1953", "year") == (None, ["date_impossible"])
    assert read("01/05/2019", "year") == (None, ["date_future"])


@pytest.mark.parametrize(
    ("rank", "fifth", "tenth"),
    [
        ("0", 1, 1), ("1", 1, 1), ("3284", 1, 1), ("3285", 1, 2), ("6568", 1, 2), ("6569", 2, 3),
        ("26275", 4, 8), ("26276", 5, 9), ("32800", 5, 10), ("32844", 5, 10), ("-1", None, None),
        (None, None, None),
    ],
)  # fmt: skip
def test_the_part_a_rank_lies_in(rank: str | None, fifth: int | None, tenth: int | None) -> None:
    for parts, expected in ((5, fifth), (10, tenth)):
        share = {"kind": "share", "of": 32_844, "parts": parts}
        assert read(rank, share) == (expected, [])


def test_a_rank_beyond_the_last_is_none() -> None:
    share = {"kind": "share", "of": 32_844, "parts": 5}
    assert read("32845", share) == (None, ["out_of_range"])
    assert read("first", share) == (None, ["out_of_range"])
    for wrong in ({"kind": "share", "of": 10}, {"kind": "integer", "parts": 5, "of": 10}):
        with pytest.raises(ValueError, match="share needs of and parts"):
            Parse.model_validate(wrong)
