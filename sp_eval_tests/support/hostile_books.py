"""Workbooks: sound ones with spoilt cells, and archives whose parts are not what they should be."""

from __future__ import annotations

import re
import zipfile
from datetime import datetime
from io import BytesIO
from random import Random

import xlsxwriter

from sp_eval_tests.support.hostile_cells import nhs_number
from sp_eval_tests.support.hostile_text import Table, spoil_bytes, spoil_rows

__all__ = ["book_file", "spoil_book"]

_BOMB = b"<row><c><v>0</v></c></row>" * 40_000
_LAUGHS = (
    b"?><!DOCTYPE x [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;'>"
    b"<!ENTITY c '&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;'><!ENTITY d SYSTEM 'file:///etc/passwd'>]>"
)
_SWAPS = (
    (rb'<row r="\d+"', b'<row r="99999999999"'),
    (rb'<row r="\d+"', b'<row r="1048576"'),
    (rb'<c r="[A-Z]+\d+"', b'<c r="ZZZZZZ9"'),
    (rb'<c r="[A-Z]+\d+"', b'<c r="XFD1048576"'),
    (rb"<v>[^<]*</v>", b"<v>99999999999</v>"),
    (rb"<v>[^<]*</v>", b"<v>-1</v>"),
    (rb't="s"', b't="n"'),
    (rb"<dimension[^>]*>", b'<dimension ref="A1:XFD1048576"/>'),
    (rb"\?>", _LAUGHS),
    (rb"<t>[^<]*</t>", b"<t>&c;&d;</t>"),
    (rb"<sheetData>", b"<sheetData>" + b"<row>" * 3_000),
    (rb"</worksheet>", b""),
)


def book_file(
    sheets: dict[str, Table], chance: Random, planted: set[str]
) -> tuple[bytes, dict[str, int]]:
    """Return a workbook of spoilt rows, and the data rows of each sheet as they were written."""
    memory, counts = BytesIO(), {}
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(memory, options) as book:
        # else its parts differ in length from one second to the next
        book.set_properties({"created": datetime(2000, 1, 1)})
        day = book.add_format({"num_format": "dd/mm/yyyy"})
        for name, table in sheets.items():
            if chance.random() < 0.05:
                continue
            sheet, at = book.add_worksheet(name), chance.choice((0, 0, 2))
            rows = [row[: len(table.header)] for row in spoil_rows(table, chance, planted)]
            counts[name] = 0
            sheet.write_row(at, 0, table.header)
            for row in rows:
                at += chance.choice((1, 1, 1, 1, 3))
                filled = [_write(sheet, at, n, cell, chance, day) for n, cell in enumerate(row)]
                counts[name] += any(filled)
        if chance.random() < 0.2:
            number = nhs_number(chance)
            planted.add(number)
            book.add_worksheet(f"notes {number}").write_string(0, 0, "x")
    return memory.getvalue(), counts


def _write(
    sheet: xlsxwriter.worksheet.Worksheet, at: int, n: int, cell: str, chance: Random, day: object
) -> bool:
    """Write a cell of some kind; whether anything but blanks stands there."""
    kind = chance.randrange(20)
    if kind == 0:
        sheet.write_datetime(at, n, datetime(2018, 1, chance.randrange(1, 29)), day)
        return True
    if kind == 1:
        sheet.write_boolean(at, n, True)
        return True
    if kind == 2:
        sheet.write_formula(at, n, "=1/0", None, "#DIV/0!")
        return True
    if cell.isdigit() and len(cell) < 12 and chance.random() < 0.5:
        sheet.write_number(at, n, int(cell))
    elif cell:
        sheet.write_string(at, n, cell[:32_767])
    return bool(cell[:32_767].strip())


def spoil_book(data: bytes, chance: Random) -> bytes:
    """The archive spoilt as bytes, or its parts left out, doubled, swollen or written otherwise."""
    if chance.random() < 0.3:
        return spoil_bytes(data, chance)
    made = BytesIO()
    kind = chance.randrange(6)
    with (
        zipfile.ZipFile(BytesIO(data)) as old,
        zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        names = old.namelist()
        victim = chance.choice(names)
        for name in names:
            text = old.read(name)
            if kind == 0 and name == victim:
                continue
            if kind == 1 and name == victim:
                text = spoil_bytes(text, chance)
            if kind in {2, 3, 4} and name.endswith(".xml"):
                wanted, put = chance.choice(_SWAPS)
                text = re.sub(wanted, lambda _, put=put: put, text, count=chance.choice((1, 1, 0)))
                text = text[: 1 << 22]
            new.writestr(_part(name), text)
        if kind == 5:
            evil = chance.choice(("../../evil.xml", "/etc/evil", names[0]))
            new.writestr(_part(evil), b"<x/>")
            with new.open(_part("xl/worksheets/sheet99.xml"), "w") as swollen:
                for _ in range(chance.choice((1, 20))):
                    swollen.write(_BOMB)
    return made.getvalue()


def _part(name: str) -> zipfile.ZipInfo:
    """A part whose date is not that of now: the same choices are the same bytes."""
    part = zipfile.ZipInfo(name)
    part.compress_type = zipfile.ZIP_DEFLATED
    return part
