"""A sender's file or sheet as text cells, and writing it exactly in the sender's manner."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final, Literal

import polars as pl
import xlsxwriter

__all__ = [
    "NOTED",
    "REPDIGITS",
    "REPDIGITS_AS_TEXT",
    "CsvForm",
    "RawTable",
    "SheetForm",
    "Spot",
    "usual_spots",
    "write_csv",
    "write_workbook",
]

REPDIGITS: Final = tuple(str(digit) * 10 for digit in range(1, 10))
REPDIGITS_AS_TEXT: Final = ("0000000000", *REPDIGITS)  # as a number, noughts would vanish
# What is known of a referral's row besides its cells, under hidden names.
NOTED: Final = (
    pl.col("person").alias("_person"),
    pl.col("is_known").alias("_is_known"),
    pl.col("has_consent").alias("_has_consent"),
    pl.col("days_since_first").alias("_days_since_first"),
    pl.col("dead_since").alias("_dead_since"),
)
HIDDEN: Final = "_"  # columns beginning so are ours, never the sender's
DateStyle = Literal["%d/%m/%Y", "%d-%b-%y", "%Y-%m-%d", "%d-%b-%Y", "%d/%m/%y"]


@dataclass(frozen=True, slots=True)
class Spot:
    """A place where one kind of fault may be planted.

    `rule` is a field of `FaultRates`; `choices` are the values to put there, `style` the way
    of its dates, `against` the column a wrong order is measured from.
    """

    rule: str
    column: str
    choices: tuple[str, ...] = ()
    style: DateStyle = "%d/%m/%Y"
    against: str = ""


def usual_spots(
    nhs: str, day: str, code: str, wrong: tuple[str, ...], *, style: DateStyle = "%d/%m/%Y"
) -> tuple[Spot, ...]:
    """Return where faults stand in a file of dated rows: its number, its day and one code."""
    return (
        Spot("nhs_bad_check_digit", nhs),
        Spot("nhs_repdigit", nhs, REPDIGITS_AS_TEXT),
        Spot("date_impossible", day, style=style),
        Spot("date_future", day, style=style),
        Spot("mandatory_missing", day),
        Spot("unknown_code", code, wrong),
        Spot("exact_duplicate", ""),
    )


@dataclass(frozen=True, slots=True)
class CsvForm:
    """How a text file is written."""

    delimiter: str = ","
    encoding: Literal["utf-8", "utf-8-sig", "cp1252"] = "utf-8"
    line_end: Literal["\n", "\r\n"] = "\n"


@dataclass(frozen=True, slots=True)
class SheetForm:
    """How a sheet is written: a title above the header, a count below, and typed cells."""

    title: str | None = None
    has_total: bool = False
    dates: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    nhs: str | None = None


@dataclass(frozen=True, slots=True)
class RawTable:
    """One file, or one sheet of a workbook.

    frame
        Text columns in the sender's order under the sender's headers, null for blank; and
        `_row` (number of the row in the whole world's file, the same at every cut),
        optionally those of `NOTED`, `_no_number` (a sound row that bears none), `_text_dates`,
        `_number` (how a sheet's cells are typed).
    """

    path: str
    frame: pl.DataFrame
    form: CsvForm | SheetForm = field(default_factory=CsvForm)
    sheet: str = ""
    spots: Sequence[Spot] = ()
    by_hand: bool = False

    @property
    def first_row(self) -> int:
        """Number of the first data row as a person sees it in the file."""
        has_title = isinstance(self.form, SheetForm) and self.form.title is not None
        return 3 if has_title else 2

    @property
    def key(self) -> str:
        """The sheet's or file's name, the same in every month's delivery."""
        return self.sheet or self.path

    @property
    def columns(self) -> list[str]:
        """The sender's headers."""
        return [name for name in self.frame.columns if not name.startswith(HIDDEN)]

    def visible(self) -> pl.DataFrame:
        return self.frame.select(self.columns)


def write_csv(table: RawTable, folder: Path) -> None:
    """Write a text file under `folder`, in its delimiter, encoding and line ends."""
    if not isinstance(table.form, CsvForm):
        raise TypeError(f"{table.path} is a sheet of a workbook")
    target = folder / table.path
    target.parent.mkdir(parents=True, exist_ok=True)
    form = table.form
    frame = table.visible()
    if form.encoding == "cp1252":
        text = frame.write_csv(separator=form.delimiter, line_terminator=form.line_end)
        target.write_bytes(text.encode("cp1252"))
        return
    frame.write_csv(
        target,
        include_bom=form.encoding == "utf-8-sig",
        separator=form.delimiter,
        line_terminator=form.line_end,
    )


def write_workbook(tables: Sequence[RawTable], folder: Path, *, when: datetime) -> None:
    """Write the sheets of one workbook; `when` is its date of making, so bytes repeat."""
    target = folder / tables[0].path
    target.parent.mkdir(parents=True, exist_ok=True)
    with xlsxwriter.Workbook(str(target)) as book:
        book.set_properties({"title": "", "created": when})
        date_cell = book.add_format({"num_format": "dd/mm/yyyy"})
        for table in tables:
            _write_sheet(book.add_worksheet(table.sheet), table, date_cell)


def _write_sheet(
    sheet: xlsxwriter.worksheet.Worksheet,
    table: RawTable,
    date_cell: xlsxwriter.format.Format,
) -> None:
    form = table.form
    if not isinstance(form, SheetForm):
        raise TypeError(f"{table.path} is not a workbook")
    if form.title is not None:
        sheet.write_string(0, 0, form.title)
    top = table.first_row - 1
    for column, name in enumerate(table.columns):
        sheet.write_string(top - 1, column, name)
        for row, value in enumerate(_cells(table, form, name), start=top):
            if value is None:
                continue
            if isinstance(value, datetime):
                sheet.write_datetime(row, column, value, date_cell)
            elif isinstance(value, float):
                sheet.write_number(row, column, value)
            else:
                sheet.write_string(row, column, value)
    if form.has_total:
        sheet.write_string(top + table.frame.height + 2, 0, "Total")
        sheet.write_number(top + table.frame.height + 2, 1, table.frame.height)


def _cells(table: RawTable, form: SheetForm, name: str) -> list[str | float | datetime | None]:
    """Type a column's cells: a true date or number where it is one and was keyed as one."""
    text = pl.col(name)
    texts: list[str | float | datetime | None] = table.frame[name].to_list()
    number = text.cast(pl.Float64, strict=False)
    typed: pl.Expr
    if name in form.dates:
        true = text.str.to_datetime("%d/%m/%Y", strict=False)
        typed = pl.when(~pl.col("_text_dates")).then(true)
    elif name in form.numbers:
        typed = number
    elif name == form.nhs:
        typed = pl.when("_number").then(number)
    else:
        return texts
    found = table.frame.select(typed.alias("typed"))["typed"].to_list()
    return [plain if true is None else true for plain, true in zip(texts, found, strict=True)]
