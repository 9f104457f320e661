"""A sender replaces the NHS numbers in a file: one person one pseudonym, and no number left."""

from __future__ import annotations

import re
import stat
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import xlsxwriter

from sp_eval.contracts.scheme_mapping import SchemeMapping
from sp_eval.ingest.delivery import take_in
from sp_eval.ingest.identity import holds_nhs_number
from sp_eval_tests.support.runs import Ended, run_line
from sp_eval_tests.unit.ingest.conftest import GP_COLUMNS, nth_number

ONE, TWO = nth_number(0), nth_number(1)
SPACED = f"{ONE[:3]} {ONE[3:6]} {ONE[6:]}"
HEX = re.compile(r"^[0-9a-f]{64}$")


@pytest.fixture
def replaced(tmp_path: Path) -> Callable[..., Ended]:
    def run(path: Path, out: str, *more: str) -> Ended:
        return run_line(
            "pseudonymise", str(path), "--column", "nhs no", "--key", str(tmp_path / "own.key"),
            "--out", str(tmp_path / out), *more,
        )  # fmt: skip

    return run


def text_file(folder: Path, rows: list[list[str]], delimiter: str = ",") -> Path:
    path = folder / "sent.csv"
    head = ["NHS No", "Name", "Note"]
    path.write_text("\n".join(delimiter.join(row) for row in [head, *rows]) + "\n", "utf-8")
    return path


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_one_person_is_one_pseudonym_however_the_number_is_written(
    tmp_path: Path, replaced: Callable[..., Ended], delimiter: str
) -> None:
    rows = [[ONE, "Ann", "x"], [SPACED, "Ann", "y"], [TWO, "Bob", f"asked for {ONE}"]]
    told = replaced(text_file(tmp_path, rows, delimiter), "out.csv", "--empty", "name")
    assert told.status == 0
    for sentence in ("3 NHS numbers replaced", "3 cells emptied", "In 1 other cells"):
        assert sentence in told.sentences()
    out = pl.read_csv(tmp_path / "out.csv", separator=delimiter)
    first, second, third = out["NHS No"]
    assert first == second != third
    assert all(HEX.match(one) for one in (first, third))
    assert out["Name"].null_count() == 3
    # ten digits of a pseudonym may pass for a number by chance
    left = re.sub("[0-9a-f]{64}", "", (tmp_path / "out.csv").read_text("utf-8-sig"))
    assert not holds_nhs_number(left.replace("\n", " "))
    assert stat.S_IMODE((tmp_path / "out.csv").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "own.key").stat().st_mode) == 0o600


def test_numbers_that_cannot_be_linked_are_left_empty_and_told_by_row(
    tmp_path: Path, replaced: Callable[..., Ended]
) -> None:
    wrong = ONE[:-1] + str((int(ONE[-1]) + 1) % 10)
    rows = [[ONE, "Ann", ""], [wrong, "Ann", ""], ["", "", ""], ["", "Bob", ""]]
    told = replaced(text_file(tmp_path, rows), "out.csv")
    assert told.status == 1
    assert "Left empty, row 3: The NHS number is mistyped" in told.sentences()
    assert "Left empty, row 5: The NHS number is missing." in told.sentences()
    assert "row 4" not in told.sentences()
    text = (tmp_path / "out.csv").read_text("utf-8-sig")
    assert ONE not in text
    assert wrong not in text
    assert not [number for number in (ONE, wrong) if number in told.sentences()]


def test_a_workbook_keeps_its_sheets_dates_and_titles_and_links_over_them(
    tmp_path: Path, replaced: Callable[..., Ended]
) -> None:
    path = tmp_path / "sent.xlsx"
    with xlsxwriter.Workbook(path) as book:
        day = book.add_format({"num_format": "dd/mm/yyyy"})
        for name in ("Referrals", "Wellbeing"):
            sheet = book.add_worksheet(name)
            sheet.write_string(0, 0, "Quarter 1")
            sheet.write_row(2, 0, ["NHS No", "Date"])
            sheet.write_string(3, 0, SPACED)
            sheet.write_datetime(3, 1, datetime(2019, 4, 1), day)
    told = replaced(path, "out.xlsx")
    assert (told.status, "2 NHS numbers replaced" in told.sentences()) == (0, True)
    seen = set()
    for name in ("Referrals", "Wellbeing"):
        cells = pl.read_excel(
            tmp_path / "out.xlsx", sheet_name=name, has_header=False,
            read_options={"dtypes": "string", "skip_rows": 0},
        )  # fmt: skip
        assert cells.row(0)[0] == "Quarter 1"
        key, day_written = cells.row(3)
        assert day_written == "2019-04-01 00:00:00"
        seen.add(key)
    assert len(seen) == 1
    assert HEX.match(seen.pop())


def test_the_file_can_be_taken_in_by_a_mapping_of_pseudonyms(
    tmp_path: Path, replaced: Callable[..., Ended]
) -> None:
    path = tmp_path / "sent.csv"
    rows = [[ONE, "01/04/2019"], [TWO, "02/04/2019"], [SPACED, "03/04/2019"]]
    head = "NHS No,Date,Who,How,Came"
    path.write_text("\n".join([head, *(",".join([*r, "GP,Phone,Y"]) for r in rows)]) + "\n")
    (tmp_path / "landing").mkdir()
    assert replaced(path, "landing/gp.csv").status == 0
    columns: dict[str, Any] = {**GP_COLUMNS, "person_key": {"from": "NHS No"}}
    dataset = {
        "contract": "gp_contact", "file": "gp.csv", "identifier": "NHS No", "columns": columns,
    }  # fmt: skip
    mapping = SchemeMapping.model_validate(
        {"scheme_code": "s", "title": "S", "identifier": "pseudonym", "datasets": {"gp": dataset}}
    )
    taken = take_in(
        tmp_path / "landing", mapping=mapping, month="2019-04", key=b"the receiver's own key",
        received_at=datetime(2019, 5, 1, tzinfo=UTC),
    )  # fmt: skip
    people = taken.accepted["gp_contact"]["person_key"]
    assert (people.len(), people.n_unique()) == (3, 2)


def test_another_secret_makes_other_pseudonyms_and_the_same_one_the_same(
    tmp_path: Path, replaced: Callable[..., Ended]
) -> None:
    path = text_file(tmp_path, [[ONE, "Ann", ""]])
    first = replaced(path, "a.csv")
    assert "A secret was made in" in first.sentences()
    assert "A secret was made in" not in replaced(path, "b.csv").sentences()
    (tmp_path / "own.key").write_text("quite another secret")
    replaced(path, "c.csv")
    a, b, c = ((tmp_path / f"{name}.csv").read_bytes() for name in "abc")
    assert a == b != c


@pytest.mark.parametrize(
    ("column", "key", "out", "told"),
    [
        ("number", "k", "out.csv", "No heading 'number'"),
        ("nhs no", "k", "sent.csv", "exists already"),
        ("nhs no", "k", "out.xlsx", "name it out.csv"),
        ("nhs no", "sent.csv", "out.csv", "is the file itself"),
    ],
)
def test_what_cannot_be_done_is_said_and_nothing_is_written(
    tmp_path: Path, column: str, key: str, out: str, told: str
) -> None:
    path = text_file(tmp_path, [[ONE, "Ann", ""]])
    before = path.read_bytes()
    ended = run_line(
        "pseudonymise", str(path), "--column", column, "--key", str(tmp_path / key),
        "--out", str(tmp_path / out),
    )  # fmt: skip
    assert ended.status == 2
    assert told in ended.sentences()
    assert path.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir()] == ["sent.csv"]
    assert not (tmp_path / "k").exists()
    assert ONE not in ended.sentences()
