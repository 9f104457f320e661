"""Workbooks that go back to a sender: which cells stand out, and how high the rows are."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

from sp_eval.ingest.spreadsheet import write_sheets


def sheet(path: Path, number: int = 1) -> str:
    with zipfile.ZipFile(path) as parts:
        return parts.read(f"xl/worksheets/sheet{number}.xml").decode()


def styles(xml: str) -> dict[str, str]:
    """Cell -> the number of its style, of all cells that are there."""
    found = re.findall(r'<c r="([A-Z]+[0-9]+)"(?: s="([0-9]+)")?', xml)
    return {cell: style or "" for cell, style in found}


def test_cells_to_correct_stand_out_also_where_they_are_blank(tmp_path: Path) -> None:
    path = tmp_path / "reply.xlsx"
    rows = [["Row", "Wrong", "A", "B"], [2, "mend", "x", ""], [3, "mend", "", "y"]]
    write_sheets(path, {"1 file": rows}, to_fill={"1 file": {(1, 3), (2, 3)}})
    found = styles(sheet(path))
    assert found["D2"] == found["D3"] != found["C2"]
    assert "C3" not in found


def test_a_row_is_as_high_as_its_longest_text_in_lines(tmp_path: Path) -> None:
    path = tmp_path / "told.xlsx"
    rows = [["short"], ["x" * 25], ["a\nb\nc"], ["y" * 5_000], ["short"]]
    write_sheets(path, {"Told": rows}, widths={"Told": (10,)})
    heights = dict(re.findall(r'<row r="([0-9]+)"[^>]*? ht="([0-9.]+)"', sheet(path)))
    assert heights == {"2": "45", "3": "45", "4": "300"}
