"""The release as workbook and folder: the same rows as release.duckdb, replaced with it."""

from __future__ import annotations

import codecs
import csv
import hashlib
import json
import shutil
import zipfile
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import fastexcel
import polars as pl
import pytest

from sp_eval.contracts.odcs import load_contract
from sp_eval.operation.release_files import build_release_files
from sp_eval.warehouse.snapshot import snapshot_tables
from sp_eval_tests.support.runs import Made, published, run_line


def released(home: Path) -> dict[str, pl.DataFrame]:
    return snapshot_tables(home / "published" / "release.duckdb")


def hashes(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_every_table_as_parquet_and_csv_and_no_other(narrow: Made) -> None:
    folder, tables = narrow.home / "published" / "release", released(narrow.home)
    assert len(tables) >= 10
    for kind in ("parquet", "csv"):
        assert {p.name for p in (folder / kind).iterdir()} == {f"{n}.{kind}" for n in tables}


def test_parquet_holds_the_same_rows_and_types(narrow: Made) -> None:
    folder = narrow.home / "published" / "release" / "parquet"
    for name, frame in released(narrow.home).items():
        assert pl.read_parquet(folder / f"{name}.parquet").equals(frame), name
        assert frame.columns == list(load_contract(name, "published").names)


def test_csv_opens_in_a_spreadsheet_and_leaves_nulls_empty(narrow: Made) -> None:
    folder = narrow.home / "published" / "release" / "csv"
    for name, frame in released(narrow.home).items():
        raw = (folder / f"{name}.csv").read_bytes()
        assert raw.startswith(codecs.BOM_UTF8)
        lines = list(csv.reader(raw.decode("utf-8-sig").splitlines()))
        assert lines[0] == frame.columns
        for row, told in zip(frame.iter_rows(), lines[1:], strict=True):
            assert [cell == "" for cell in told] == [value in (None, "") for value in row]


def book_of(home: Path) -> Path:
    return home / "published" / "release.xlsx"


def test_the_workbook_holds_every_row(narrow: Made) -> None:
    book, tables = fastexcel.read_excel(book_of(narrow.home)), released(narrow.home)
    assert book.sheet_names[0] == "Read me"
    assert book.sheet_names[-1] == "Columns"
    assert set(book.sheet_names[1:-1]) == set(tables)
    for name, frame in tables.items():
        shown = book.load_sheet(name, dtypes="string").to_polars()
        assert shown.columns == frame.columns, name
        assert shown.height == frame.height, name
        for column in frame.columns:
            told = [as_cell(value) for value in frame[column]]
            seen = [
                read(cell, like) for cell, like in zip(shown[column], frame[column], strict=True)
            ]
            assert seen == told, f"{name}.{column}"


def as_cell(value: Any) -> Any:
    """A value as a sheet holds it: no empty text, moments to the second."""
    if isinstance(value, datetime):
        return pytest.approx(value.timestamp(), abs=1)  # the reader rounds to the millisecond
    if isinstance(value, int | float) and not isinstance(value, bool):
        return pytest.approx(value, rel=1e-7, abs=1e-9)  # the reader rounds so
    return value or None if isinstance(value, str) else value


def read(cell: str | None, like: Any) -> Any:
    if not cell or isinstance(like, str):
        return cell or None
    if isinstance(like, bool):
        return cell.lower() == "true"
    if isinstance(like, datetime):
        return datetime.fromisoformat(cell).timestamp()
    return date.fromisoformat(cell[:10]) if isinstance(like, date) else float(cell)


def test_sheets_are_ready_to_filter_and_headings_have_notes(narrow: Made) -> None:
    with zipfile.ZipFile(book_of(narrow.home)) as book:
        parts = {name: book.read(name).decode("utf-8") for name in book.namelist()}
    names = fastexcel.read_excel(book_of(narrow.home)).sheet_names
    for at, name in enumerate(names[1:-1], start=2):
        sheet = parts[f"xl/worksheets/sheet{at}.xml"]
        assert 'ySplit="1"' in sheet
        assert "<autoFilter" in sheet
        columns = load_contract(name, "published").columns
        assert parts[f"xl/comments{at - 1}.xml"].count("<comment ") == len(columns)
    notes = " ".join(text for name, text in parts.items() if "comments" in name)
    assert "Unit: events per 1,000 person-years." in notes
    assert all(f'formatCode="{code}"' in parts["xl/styles.xml"] for code in ("yyyy-mm-dd",))


def test_dates_are_dates(narrow: Made) -> None:
    sheet = fastexcel.read_excel(book_of(narrow.home)).load_sheet("coverage").to_polars()
    assert sheet["covered_from"].dtype in (pl.Date, pl.Datetime("ms"))


def test_the_first_page_says_what_it_is(narrow: Made) -> None:
    page = fastexcel.read_excel(book_of(narrow.home)).load_sheet(
        "Read me", header_row=None, dtypes="string"
    )
    told = " ".join(cell for row in page.to_polars().rows() for cell in row if cell)
    (run_id,) = published(narrow.home, "select run_id from published.run", "release")[0]
    for word in (run_id, "How to cite", "from 1 to 7 are hidden", "multiple of 5", "estimate"):
        assert word in told


def test_every_column_is_described(narrow: Made) -> None:
    sheet = fastexcel.read_excel(narrow.home / "published" / "release.xlsx").load_sheet("Columns")
    rows = sheet.to_polars()
    listed = set(zip(rows["table"], rows["column"], strict=True))
    tables = released(narrow.home)
    assert listed == {(name, column) for name, frame in tables.items() for column in frame.columns}
    assert rows["what it holds"].null_count() == 0


def test_the_names_of_the_run_agree(narrow: Made) -> None:
    folder = narrow.home / "published"
    newest = "select run_id from published.run order by finished_at desc limit 1"
    (told,) = {published(narrow.home, newest, s)[0] for s in ("release", "research")}
    package = json.loads((folder / "release" / "datapackage.json").read_text(encoding="utf-8"))
    run = pl.read_parquet(folder / "release" / "parquet" / "run.parquet").sort("finished_at")
    assert (package["version"],) == told == (run["run_id"][-1],)


def test_the_descriptor_is_true(narrow: Made) -> None:
    folder = narrow.home / "published" / "release"
    package = json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))
    paths = {part["path"] for part in package["resources"]}
    assert paths == set(hashes(folder)) - {"datapackage.json"}
    for part in package["resources"]:
        raw = (folder / part["path"]).read_bytes()
        assert part["bytes"] == len(raw)
        assert part["hash"] == f"sha256:{hashlib.sha256(raw).hexdigest()}"
        if part["format"] == "csv":
            head = raw.decode("utf-8-sig").splitlines()[0]
            assert [field["name"] for field in part["schema"]["fields"]] == head.split(",")


def test_made_twice_they_are_the_same_bytes(narrow: Made, tmp_path: Path) -> None:
    release = narrow.home / "published" / "release.duckdb"
    build_release_files(release, tmp_path / "again")
    there = hashes(narrow.home / "published")
    assert hashes(tmp_path / "again") == {
        name: value for name, value in there.items() if not name.endswith(".duckdb")
    }


def test_nothing_new_writes_nothing(spoilt: Made) -> None:
    folder = spoilt.home / "published"
    before = {p: p.stat().st_mtime_ns for p in folder.rglob("*")}
    ended = spoilt.run_again()
    assert "nothing was written" in ended.sentences()
    assert {p: p.stat().st_mtime_ns for p in folder.rglob("*")} == before


@pytest.mark.parametrize("harm", ["workbook gone", "table cut", "folder gone", "behind", "killed"])
def test_what_is_missing_or_behind_is_made_again_from_the_release(spoilt: Made, harm: str) -> None:
    folder = spoilt.home / "published"
    before = hashes(folder)
    if harm == "workbook gone":
        (folder / "release.xlsx").unlink()
    elif harm == "table cut":
        (folder / "release" / "csv" / "estimate.csv").write_text("study_id\n", encoding="utf-8")
    elif harm == "folder gone":
        shutil.rmtree(folder / "release")
    elif harm == "behind":
        path = folder / "release" / "datapackage.json"
        told = path.read_text(encoding="utf-8")
        run_id = json.loads(told)["version"]
        path.write_text(told.replace(run_id, "20200101T000000000000Z"), encoding="utf-8")
    else:
        (folder / "release.part" / "release").mkdir(parents=True)
        (folder / "release" / "datapackage.json").unlink()
    assert "nothing was written" not in spoilt.run_again().sentences()
    assert hashes(folder) == before
    assert not (folder / "release.part").exists()


def test_a_file_held_open_is_named_and_the_others_replaced(
    spoilt: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on Windows, where an open file cannot be replaced."""
    folder = spoilt.home / "published"
    held = folder / "release" / "csv" / "estimate.csv"
    shutil.rmtree(folder / "release" / "parquet")
    held.write_text("old", encoding="utf-8")
    replace = Path.replace

    def refusing(self: Path, target: Path) -> Path:
        if Path(target) == held:
            raise PermissionError(13, "in use", str(target))
        return replace(self, target)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", refusing)
        ended = spoilt.run_again()
    assert ended.status == 1
    assert f"{held} is open in another program" in ended.sentences()
    assert held.read_text(encoding="utf-8") == "old"
    assert (folder / "release" / "parquet" / "estimate.parquet").exists()
    again = spoilt.run_again()
    assert "is open in another program" not in again.sentences()
    assert held.read_bytes().startswith(codecs.BOM_UTF8)


def test_export_writes_the_same_files_and_true_checksums(narrow: Made, tmp_path: Path) -> None:
    out = tmp_path / "a folder" / "for others"
    for _ in range(2):  # an earlier export is replaced
        ended = run_line("export", "--out", str(out), "--home", str(narrow.home))
        assert ended.status == 0
    (out / "release" / "csv" / "gone.csv").write_text("x", encoding="utf-8")
    run_line("export", "--out", str(out), "--home", str(narrow.home))
    told = hashes(out)
    sums = (out / "SHA256SUMS").read_text(encoding="utf-8").splitlines()
    assert {line[66:]: line[:64] for line in sums} == {
        name: value for name, value in told.items() if name != "SHA256SUMS"
    }
    there = hashes(narrow.home / "published")
    assert {n: v for n, v in told.items() if n != "SHA256SUMS"} == {
        n: v for n, v in there.items() if n != "research.duckdb"
    }
    with duckdb.connect(str(out / "release.duckdb"), read_only=True) as conn:
        assert conn.execute("select count(*) from published.estimate").fetchone() > (10,)


def test_export_refuses_politely(narrow: Made, tmp_path: Path) -> None:
    nothing = run_line("export", "--out", str(tmp_path / "o"), "--home", str(tmp_path / "none"))
    assert nothing.status == 2
    assert "run `sp-eval run` first" in nothing.sentences()
    assert not (tmp_path / "o").exists()
    assert not (tmp_path / "none").exists()
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    told = run_line("export", "--out", str(tmp_path / "file"), "--home", str(narrow.home))
    assert (told.status, (tmp_path / "file").read_text(encoding="utf-8")) == (2, "mine")
    there = run_line("export", "--out", str(narrow.home / "published"), "--home", str(narrow.home))
    assert there.status == 2
    assert "name another folder" in there.sentences()
