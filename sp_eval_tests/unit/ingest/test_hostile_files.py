"""Files made to do harm: links out of the folder, archives that swell, entities that multiply."""

from __future__ import annotations

import os
import resource
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest

from sp_eval.contracts.scheme_mapping import SchemeMapping
from sp_eval.ingest.refusal import FileRefusedError
from sp_eval.ingest.taken import TakenIn
from sp_eval.ingest.workbook import _unpacked_exceeds, open_workbook

Make = Callable[..., SchemeMapping]
Take = Callable[..., TakenIn]
HEAD = "NHS,Date,Who,How,Came"
ZEROS = b"<row><c><v>0</v></c></row>" * 40_000

linked = pytest.mark.skipif(os.name != "posix", reason="links need rights elsewhere")


@linked
def test_a_link_out_of_the_folder_is_refused_and_not_opened(
    gp_book: Make, take: Take, tmp_path: Path, number: Callable[[int], str]
) -> None:
    secret = tmp_path / "elsewhere.csv"
    secret.write_text(f"{HEAD}\n{number(0)},01/04/2019,GP,Phone,Y\n")
    folder = tmp_path / "month"
    folder.mkdir()
    (folder / "gp.csv").symlink_to(secret)
    taken = take(gp_book(), folder=folder)
    (reason,) = taken.rejection.filter(file="gp.csv", rule="unreadable")["reason"]
    assert "a link to something outside" in reason
    assert "Put the file itself" in reason
    assert taken.accepted.get("gp_contact") is None or taken.accepted["gp_contact"].is_empty()
    (folder / "own.csv").write_bytes(secret.read_bytes())
    (folder / "gp.csv").unlink()
    (folder / "gp.csv").symlink_to(folder / "own.csv")
    again = take(gp_book(), folder=folder)
    assert again.accepted["gp_contact"].height == 1


@linked
def test_a_folder_that_is_a_link_leads_nowhere(
    gp_book: Make, take: Take, tmp_path: Path, number: Callable[[int], str]
) -> None:
    (tmp_path / "far").mkdir()
    (tmp_path / "far" / "gp.csv").write_text(f"{HEAD}\n{number(0)},01/04/2019,GP,Phone,Y\n")
    (tmp_path / "month").mkdir()
    (tmp_path / "month" / "deep").symlink_to(tmp_path / "far", target_is_directory=True)
    taken = take(gp_book(file="deep/gp.csv"), folder=tmp_path / "month")
    assert taken.delivery["rows_accepted"].sum() == 0
    assert "missing" in taken.rejection["rule"].to_list()


def swollen(path: Path, times: int, *, lies: bool = False) -> Path:
    """A workbook whose one sheet unpacks to `times` a megabyte."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as parts:
        parts.writestr("xl/workbook.xml", "<workbook/>")
        with parts.open("xl/worksheets/sheet1.xml", "w") as sheet:
            for _ in range(times):
                sheet.write(ZEROS)
    if lies:  # the directory at the end says that nothing is in it
        raw = bytearray(path.read_bytes())
        at = raw.rfind(b"PK\x01\x02")
        raw[at + 24 : at + 28] = (0).to_bytes(4, "little")
        path.write_bytes(bytes(raw))
    return path


def test_an_archive_that_swells_is_refused_in_little_memory(tmp_path: Path) -> None:
    path = swollen(tmp_path / "bomb.xlsx", 1_100)
    assert path.stat().st_size < 20_000_000
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(FileRefusedError, match="unpacks to more than 1,024 megabytes"):
        open_workbook(path.read_bytes())
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000  # kilobytes


def test_so_is_one_that_says_it_is_small(tmp_path: Path) -> None:
    data = swollen(tmp_path / "bomb.xlsx", 8, lies=True).read_bytes()
    with zipfile.ZipFile(BytesIO(data)) as parts:
        assert sum(part.file_size for part in parts.infolist()) < 100
    assert len(data) < 100_000
    assert _unpacked_exceeds(data, 3_000_000)
    assert not _unpacked_exceeds(data, 9_000_000)


def test_entities_are_not_multiplied(workbook: Callable[..., Path], tmp_path: Path) -> None:
    """`&g;` would become a thousand million letters in the one cell of a sound workbook."""
    sound = workbook("sound.xlsx", Sheet=[["NHS", "hello"]])
    entities = f'<!ENTITY a "{"x" * 1_000}">' + "".join(
        f'<!ENTITY {two} "{f"&{one};" * 10}">' for one, two in zip("abcdef", "bcdefg", strict=True)
    )
    path = tmp_path / "laughs.xlsx"
    with zipfile.ZipFile(sound) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.namelist():
            text = old.read(part)
            if b"hello" in text:
                text = text.replace(b"hello", b"&g;")
                text = text.replace(b"?>", f"?><!DOCTYPE sst [{entities}]>".encode(), 1)
                assert b"&g;" in text
            new.writestr(part, text)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    try:
        cells = open_workbook(path.read_bytes()).cells("Sheet")
    except FileRefusedError as refusal:
        told = refusal.rule
    else:
        told = max(len(cell or "") for cell in cells.row(0))
    assert told in ("unreadable", "cut_short") or int(told) < 1_000
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000
