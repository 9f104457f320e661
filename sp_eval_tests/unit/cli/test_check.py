"""`sp-eval check`: the sender's view, before anything is loaded."""

from __future__ import annotations

from pathlib import Path

import fastexcel
import pytest

from sp_eval.ingest.identity import holds_nhs_number
from sp_eval.synthetic.deliveries import write_deliveries
from sp_eval.synthetic.faults import FaultRates
from sp_eval_tests.support.runs import Ended, run_line

MONTH = "2019-04"


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("sound")
    write_deliveries(out, schemes=["rotherham"], people=300, referred=40, seed=2)
    return out / "rotherham" / MONTH


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("faulty")
    write_deliveries(
        out, schemes=["rotherham"], people=300, referred=40, seed=2, faults=FaultRates()
    )
    return out / "rotherham" / MONTH


def check(path: Path, *more: str) -> Ended:
    return run_line("check", str(path), "--scheme", "rotherham", *more)


def told_in(book: Path) -> list[list[str]]:
    read = fastexcel.read_excel(book)
    rows = []
    for sheet in read.sheet_names:
        frame = read.load_sheet(sheet, header_row=None, dtypes="string").to_polars()
        rows += [[cell for cell in row if cell] for row in frame.rows()]
    return rows


def test_a_good_month(sound: Path) -> None:
    told = check(sound)
    assert told.status == 0
    assert "Rotherham Social Prescribing Service: your delivery of April 2019" in told.out
    assert "Received: 6 files with" in told.out
    assert "What to do: Nothing; all is in order." in told.out
    assert "Not used" not in told.out + told.err


def test_one_good_file_of_it(sound: Path) -> None:
    told = check(sound / "SUS_AE.csv")
    assert told.status == 0
    assert "Received: 1 file with" in told.out
    assert "GP_EVENTS" not in told.out


def test_nothing_is_kept(sound: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    before = {path: path.stat().st_mtime_ns for path in sound.iterdir()}
    assert check(sound).status == 0
    assert list(tmp_path.iterdir()) == []
    assert {path: path.stat().st_mtime_ns for path in sound.iterdir()} == before


def test_faulty_rows_are_told_with_where_and_what_to_do(faulty: Path) -> None:
    told = check(faulty / "GP_EVENTS.csv")
    assert told.status == 0  # single rows may be refused
    lines = told.out.splitlines()
    refused = [line for line in lines if line.startswith("Not used: ")]
    counts = [int(line.split()[2]) for line in refused]
    assert counts == sorted(counts, reverse=True)
    assert all("GP_EVENTS.csv: " in line for line in refused)
    assert len(lines) <= 2 + 10  # title, headline, and ten lines
    assert lines[-1].startswith("What to do: Correct these rows")
    assert "add --reply FILE.xlsx" in lines[-1]


def test_one_file_and_a_folder_are_told_in_the_same_words(sound: Path, faulty: Path) -> None:
    for month in (sound, faulty):
        heads = [
            [line.split(":")[0] for line in check(path).out.splitlines()]
            for path in (month, month / "SUS_AE.csv")
        ]
        assert set(heads[0]) - {"And also"} == set(heads[1]) - {"And also"}


def test_a_bad_file(sound: Path, tmp_path: Path) -> None:
    path = tmp_path / MONTH / "SUS_AE.csv"
    path.parent.mkdir()
    rows = (sound / "SUS_AE.csv").read_text(encoding="utf-8").replace("ARRIVALDATE", "WHEN")
    path.write_text(rows, encoding="utf-8")
    told = check(path)
    assert told.status == 1
    assert "0 of " in told.out
    assert "Not used: SUS_AE.csv: The column 'ARRIVALDATE' is missing." in told.out
    assert "What to do: Put right what is named above" in told.out


def test_a_stopped_month_is_told(sound: Path, tmp_path: Path) -> None:
    path = tmp_path / MONTH / "SUS_AE.csv"
    path.parent.mkdir()
    rows = (sound / "SUS_AE.csv").read_text(encoding="utf-8").replace("/2017", "/2917")
    path.write_text(rows, encoding="utf-8")
    told = check(path)
    assert told.status == 1
    assert "more than 20% of the file, so the month was stopped" in told.out


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("absent", "--scheme", "rotherham"), "There is no file or folder absent"),
        ((".", "--scheme", "kent"), "there is no mapping for 'kent'; there are: city_and"),
    ],
)
def test_what_cannot_be_checked(
    arguments: tuple[str, ...], word: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    told = run_line("check", *arguments)
    assert told.status == 2
    assert word in told.err


def test_the_reply_says_what_to_mend_and_holds_no_values(faulty: Path, tmp_path: Path) -> None:
    book = tmp_path / "reply.xlsx"
    told = check(faulty, "--reply", str(book))
    assert str(book) in told.out
    rows = told_in(book)
    wrong = [row for row in rows if any("VAR0" in cell or cell == "Referrals" for cell in row)]
    assert wrong
    assert any("Look the number up" in cell for row in rows for cell in row)
    assert not any(holds_nhs_number(cell) for row in rows for cell in row)
    raw = (faulty / "GP_EVENTS.csv").read_text(encoding="utf-8").splitlines()
    for row in rows:
        if row[:1] == ["GP_EVENTS.csv"] and len(row) > 2 and row[1].isdigit():
            number = raw[int(row[1]) - 1].split(",")[0]
            assert not number or not any(number in cell for cell in row)


def test_a_reply_that_cannot_be_written(faulty: Path, tmp_path: Path) -> None:
    told = check(faulty, "--reply", str(tmp_path / "no" / "such.xlsx"))
    assert told.status == 2
    assert "cannot be used: no such file or directory" in told.err
