"""Names of files and folders as they are told, and folders that are not read: links, locks."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sp_eval.contracts.scheme_mapping import SchemeMapping
from sp_eval.ingest.landing import content_digest, survey
from sp_eval.ingest.taken import TakenIn
from sp_eval.ingest.told_name import told_name

Make = Callable[..., SchemeMapping]
Take = Callable[..., TakenIn]

posix = pytest.mark.skipif(os.name != "posix", reason="names and links are otherwise elsewhere")


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("Données – 1.csv", "Données – 1.csv"),
        ("a\nb.csv", "a\\nb.csv"),
        ("a\x1b[31m.csv", "a\\x1b[31m.csv"),
        ("a\u202egol.csv", "a\\u202egol.csv"),
        ("a\u2028b.csv", "a\\u2028b.csv"),
        ("caf\udce9.csv", "caf\\xe9.csv"),
        ("a 999 000 0018.csv", "a ############.csv"),
        ("a\u200b9990000018.csv", "a\\u200b##########.csv"),
    ],
)
def test_what_cannot_be_seen_is_written_out(name: str, told: str) -> None:
    assert told_name(name) == told


@posix
def test_a_name_that_is_no_text_stops_nobody(
    gp_book: Make, take: Take, tmp_path: Path, number: Callable[[int], str]
) -> None:
    folder = tmp_path / "landing" / "rotherham" / "2019-04"
    folder.mkdir(parents=True)
    (folder / "gp.csv").write_text(f"NHS,Date,Who,How,Came\n{number(0)},01/04/2019,GP,Phone,Y\n")
    try:
        (folder / os.fsdecode(b"caf\xe9.csv")).write_text("a\n1\n")
    except OSError:
        pytest.skip("this file system holds names of text only")
    assert [m.folder for m in survey(tmp_path / "landing").months] == [folder]
    before = content_digest(folder)
    taken = take(gp_book(), folder=folder)
    assert taken.delivery["rows_accepted"].sum() == 1
    assert taken.rejection["file"].to_list() == ["caf\\xe9.csv"]
    (folder / os.fsdecode(b"caf\xe9.csv")).write_text("a\n2\n")
    assert content_digest(folder) != before


@posix
def test_links_out_of_the_landing_folder_are_refused(tmp_path: Path) -> None:
    for place in ("landing/rotherham/2019-04", "far/leeds/2019-04", "far/2019-05"):
        (tmp_path / place).mkdir(parents=True)
    landing = tmp_path / "landing"
    (landing / "leeds").symlink_to(tmp_path / "far" / "leeds", target_is_directory=True)
    month = landing / "rotherham" / "2019-05"
    month.symlink_to(tmp_path / "far" / "2019-05", target_is_directory=True)
    found = survey(landing)
    assert [(m.scheme_code, m.month) for m in found.months] == [("rotherham", "2019-04")]
    assert [one.split(":")[0] for one in found.refused] == ["leeds", "rotherham/2019-05"]
    assert all("leads out of the landing folder" in one for one in found.refused)
    (tmp_path / "door").symlink_to(landing, target_is_directory=True)
    assert survey(tmp_path / "door").months[0].month == "2019-04"


def test_a_month_that_cannot_all_be_read_is_left_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sealed = tmp_path / "leeds" / "2019-04" / "crm"
    sealed.mkdir(parents=True)
    (tmp_path / "halton" / "2019-04").mkdir(parents=True)
    scandir = os.scandir

    def locked(path: str) -> Iterator[os.DirEntry[str]]:
        if Path(path) == sealed:
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", locked)
    found = survey(tmp_path)
    assert [m.scheme_code for m in found.months] == ["halton"]
    (told,) = found.refused
    assert told.startswith("leeds/2019-04: refused")
    assert "Permission denied" in told


@posix
def test_what_is_no_file_is_told(
    gp_book: Make, take: Take, tmp_path: Path, number: Callable[[int], str]
) -> None:
    folder = tmp_path / "month"
    (folder / "in").mkdir(parents=True)
    (folder / "gp.csv").write_text(f"NHS,Date,Who,How,Came\n{number(0)},01/04/2019,GP,Phone,Y\n")
    (folder / "loop").symlink_to(folder / "in", target_is_directory=True)
    (folder / "away").symlink_to(tmp_path.parent, target_is_directory=True)
    os.mkfifo(folder / "pipe.csv")
    taken = take(gp_book(), folder=folder)
    assert taken.delivery["rows_accepted"].sum() == 1
    assert taken.rejection["file"].to_list() == ["away"]
    passed = [note for note in taken.notices if "passed over" in note]
    assert [note.split()[0] for note in passed] == ["loop", "pipe.csv"]


def test_headings_are_told_as_names_are(
    gp_book: Make, take: Take, tmp_path: Path, number: Callable[[int], str]
) -> None:
    row = f"{number(0)},01/04/2019,GP,Phone,Y"
    (tmp_path / "gp.csv").write_text(f"NHS,Date,Who,How,Came,No\x1b[2Jte\n{row},x\n")
    (note,) = take(gp_book()).notices
    assert "'No\\x1b[2Jte' is not in the mapping" in note
    (tmp_path / "gp.csv").write_text(f"NHS,Date,Who,How,Came\x1b[31m\n{row}\n")
    taken = take(gp_book())
    told = " ".join([*taken.rejection["reason"], *taken.notices])
    assert "Came\\x1b[31m" in told
    assert "\x1b" not in told
