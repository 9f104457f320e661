"""Any files at all: nothing raises, no row is lost, no number is out of place, nothing runs away.

A few of what `make fuzz` does ten thousand times, and the bombs it found, each by itself.
"""

from __future__ import annotations

import csv
import re
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from random import Random

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sp_eval.contracts.frames import conform
from sp_eval.contracts.odcs import load_contract
from sp_eval.ingest import reading
from sp_eval.ingest.identity import holds_nhs_number, without_numbers
from sp_eval.ingest.refusal import FileRefusedError
from sp_eval.ingest.workbook import open_workbook
from sp_eval.operation.release_folder import write_release_folder
from sp_eval_tests.support.hostile_delivery import faults_of, make_delivery, take_in_delivery

Write = Callable[..., Path]


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(chance=st.randoms(use_true_random=False))
def test_whatever_comes_is_accounted_for_and_gives_nobody_away(chance: Random) -> None:
    made = make_delivery(chance)
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        if chance.random() < 0.5:
            patch.setattr(reading, "SMALL_BYTES", 0)
        taken, told = take_in_delivery(made, Path(folder))
        workbooks = chance.random() < 0.2
        assert faults_of(made, taken, told, Path(folder), workbooks=workbooks) == []


def test_what_is_looked_for_would_be_found(tmp_path: Path) -> None:
    """A row lost, a number told, a row counted twice: each is seen."""
    made = make_delivery(Random(1))
    taken, told = take_in_delivery(made, tmp_path)
    assert faults_of(made, taken, told, tmp_path) == []
    (number, *_) = made.planted
    lost = replace(taken, delivery=taken.delivery.with_columns(pl.col("rows_in") + 1))
    assert "rows in and out do not add up" in faults_of(made, lost, told, tmp_path)
    written = f"{number[:3]} {number[3:6]}-{number[6:]}"
    assert faults_of(made, taken, [*told, f"row of {written}"], tmp_path)
    spoken = taken.rejection.head(1).with_columns(reason=pl.lit(written))
    assert faults_of(made, replace(taken, rejection=spoken), told, tmp_path)
    counted = taken.delivery.filter(status="current").row(0, named=True)
    made.rows = {(counted["file"], counted["sheet"]): counted["rows_in"] + 1}
    assert any("rows counted of" in one for one in faults_of(made, taken, told, tmp_path))


def changed(path: Path, part: str, wanted: bytes, put: bytes) -> bytes:
    """The workbook with the first such piece of one part written otherwise."""
    made = BytesIO()
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            text = old.read(name)
            if name.endswith(part):
                text, times = re.subn(wanted, lambda _: put, text, count=1)
                assert times == 1
            new.writestr(name, text)
    return made.getvalue()


@pytest.mark.parametrize(
    ("wanted", "put"),
    [
        (rb'<c r="B2"', b'<c r="XFD1048576"'),  # was: 154 gigabytes asked for, the process ended
        (rb'<c r="B2"', b"<c  r = 'xfd1048576'"),
        (rb'<row r="2"[^>]*><c r="A2"', b'<row r="1000000"><c'),
        (rb'<c r="B2"', b"<c><v>1</v></c>" * 40_000 + b'<c r="A1048570"'),
    ],
)
def test_a_cell_far_from_the_others_is_refused(workbook: Write, wanted: bytes, put: bytes) -> None:
    sound = workbook("b.xlsx", Sheet=[["NHS", "Date"], ["1", "2"], ["3", "4"]])
    if b"1000000" in put:
        wide = workbook("w.xlsx", Sheet=[["x"] * 40, ["1", "2"]])
        data = changed(wide, "sheet1.xml", wanted, put)
    else:
        data = changed(sound, "sheet1.xml", wanted, put)
    with pytest.raises(FileRefusedError, match="far from the others"):
        open_workbook(data).cells("Sheet")


def test_a_long_text_used_in_very_many_cells_is_refused(workbook: Write) -> None:
    sound = workbook("b.xlsx", Sheet=[["a"], ["b"]])
    long = changed(sound, "sharedStrings.xml", b"<t>a</t>", b"<t>" + b"x" * (1 << 20) + b"</t>")
    path = sound.with_name("long.xlsx")
    path.write_bytes(long)
    row = b'<row r="%d"><c r="A%d" t="s"><v>0</v></c></row>'
    rows = b"".join(row % (n, n) for n in range(2, 2_100))
    with pytest.raises(FileRefusedError, match="come to over"):
        open_workbook(changed(path, "sheet1.xml", b'<row r="2".*?</row>', rows))


def test_a_wide_or_long_sheet_that_is_sound_is_read(workbook: Write) -> None:
    wide = [["x"] * 300, *([["1"] * 300] * 50)]
    book = open_workbook(workbook("w.xlsx", Sheet=wide).read_bytes())
    assert book.cells("Sheet").shape == (51, 300)
    path = workbook("m.xlsx", Sheet=[["a"], ["b"]])
    data = changed(path, "sheet1.xml", rb'<c r="A2"', b'<c r="XFD2" s="1"/><c r="A2"')  # no value
    assert open_workbook(data).cells("Sheet").height == 2


@pytest.mark.parametrize(
    "data", [b"\xd0\xcf\x11\xe0" + b"\x00" * 600, b"<html></html>", b"PK\x03\x04"]
)
def test_another_kind_of_workbook_is_not_opened(data: bytes) -> None:
    with pytest.raises(FileRefusedError) as refused:
        open_workbook(data)
    assert refused.value.rule in {"unreadable", "cut_short"}


def test_no_cell_of_a_released_csv_is_a_formula(tmp_path: Path) -> None:
    contract = load_contract("attrition", "published")
    texts = ["=cmd|'/C calc'!A0", "+1", "-1", "@SUM(1)", "\t=1", "people", None]
    frame = conform(
        pl.DataFrame({"study_id": texts[:6], "scheme_code": "x", "step_number": 1, "step": "a",
                      "people": 1, "reason": texts[1:]}),
        contract,
    )  # fmt: skip
    write_release_folder(tmp_path, [(contract, frame)])
    found = (tmp_path / "csv" / "attrition.csv").read_text(encoding="utf-8-sig")
    rows = list(csv.DictReader(found.splitlines()))
    cells = [cell for row in rows for cell in row.values()]
    assert not [cell for cell in cells if cell[:1] in set("=+-@\t")]
    assert (rows[0]["study_id"], rows[5]["study_id"]) == ("'" + texts[0], "people")


@pytest.mark.parametrize(
    "text",
    [
        "9990000018", "999 000 0018", "999-000-0018", "999\u2013000\u20130018", "999.000.0018",
        "999 / 0000018", "NHS:9990000018x", "999\u202f000\u202f0018", "999\n000\n0018",
        "\uff19\uff19\uff19\uff10\uff10\uff10\uff10\uff10\uff11\uff18",
    ],
)  # fmt: skip
def test_a_number_is_known_however_it_is_written(text: str) -> None:
    assert holds_nhs_number(text)
    assert not holds_nhs_number(without_numbers(text))


@pytest.mark.parametrize(
    "text", ["9990000019", "01/04/2019 10:30", "0114 496 0018", "99900000180", "£1,000.00", ""]
)
def test_other_figures_are_no_number(text: str) -> None:
    assert not holds_nhs_number(text)
    assert without_numbers(text) == text
