"""Small deliveries made in the test, and small mappings said as YAML would say them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import xlsxwriter

from sp_eval.contracts.scheme_mapping import SchemeMapping
from sp_eval.ingest.delivery import take_in
from sp_eval.ingest.reply import write_reply
from sp_eval.ingest.taken import TakenIn

GP_HEADER = ["NHS", "Date", "Who", "How", "Came"]
GP_COLUMNS: dict[str, Any] = {
    "person_key": {"from": "NHS"},
    "practice_code": {"absent": "not supplied"},
    "contact_date": {"from": "Date", "parse": "date"},
    "staff": {"from": "Who", "recode": {"GP": "gp", "Nurse": "nurse"}},
    "mode": {"from": "How", "recode": {"Surgery": "face_to_face", "Phone": "telephone"}},
    "status": {"from": "Came", "recode": {"Y": "attended", "N": "cancelled"}},
}


def nth_number(n: int) -> str:
    """Return the n-th valid number from the range that is never issued (999 000 0000 on)."""
    return [number for number in map(_with_check_digit, range(n * 2 + 4)) if number][n]


def _with_check_digit(n: int) -> str | None:
    stem = f"999{n:06d}"
    check = (11 - sum(int(d) * w for d, w in zip(stem, range(10, 1, -1), strict=True)) % 11) % 11
    return f"{stem}{check}" if check < 10 else None


@pytest.fixture(scope="session")
def number() -> Callable[[int], str]:
    return nth_number


@pytest.fixture(scope="session")
def mapping() -> Callable[..., SchemeMapping]:
    """Make a mapping of one scheme from its datasets."""

    def make(*, identifier: str = "nhs_number", **datasets: dict[str, Any]) -> SchemeMapping:
        return SchemeMapping.model_validate(
            {
                "scheme_code": "testshire",
                "title": "Testshire",
                "identifier": identifier,
                "brake": {"refused_share": 1.0},
                "datasets": datasets,
            }
        )

    return make


@pytest.fixture(scope="session")
def gp_book(mapping: Callable[..., SchemeMapping]) -> Callable[..., SchemeMapping]:
    """Make a mapping of one appointment book, `gp.csv`; keywords change its dataset."""

    def make(*, identifier: str = "nhs_number", **changes: Any) -> SchemeMapping:
        dataset = {
            "contract": "gp_contact",
            "file": "gp.csv",
            "identifier": "NHS",
            "columns": {**GP_COLUMNS, **changes.pop("columns", {})},
            **changes,
        }
        return mapping(identifier=identifier, gp=dataset)

    return make


@pytest.fixture
def take(tmp_path: Path) -> Callable[..., TakenIn]:
    """Take in what lies in the test's own folder."""

    def run(mapping: SchemeMapping, **changes: Any) -> TakenIn:
        settings: dict[str, Any] = {
            "month": "2019-04",
            "key": b"a key for tests only",
            "received_at": datetime(2019, 5, 1, tzinfo=UTC),
            **changes,
        }
        return take_in(settings.pop("folder", tmp_path), mapping=mapping, **settings)

    return run


@pytest.fixture
def csv_file(tmp_path: Path) -> Callable[..., Path]:
    """Write rows as a delimited file."""

    def write(
        name: str,
        rows: Iterable[Sequence[str]],
        *,
        delimiter: str = ",",
        encoding: str = "utf-8",
        end: str = "\n",
    ) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        text = "".join(delimiter.join(row) + end for row in rows)
        path.write_bytes(text.encode(encoding))
        return path

    return write


@pytest.fixture
def workbook(tmp_path: Path) -> Callable[..., Path]:
    """Write a workbook: sheet name -> rows of cells; a datetime becomes a true Excel date."""

    def write(name: str, **sheets: Iterable[Sequence[object]]) -> Path:
        path = tmp_path / name
        with xlsxwriter.Workbook(path) as book:
            day = book.add_format({"num_format": "dd/mm/yyyy"})
            for title, rows in sheets.items():
                sheet = book.add_worksheet(title)
                for at, row in enumerate(rows):
                    for column, cell in enumerate(row):
                        if isinstance(cell, datetime):
                            sheet.write_datetime(at, column, cell, day)
                        elif isinstance(cell, str) and cell.startswith("="):
                            sheet.write_formula(at, column, cell, None, cell[1:])
                        elif isinstance(cell, str):
                            sheet.write_string(at, column, cell)
                        elif cell is not None:
                            sheet.write_number(at, column, cell)
        return path

    return write


@pytest.fixture(scope="session")
def told() -> Callable[[TakenIn], set[tuple[int | None, str, str | None]]]:
    """Return what was refused as (row, rule, column)."""

    def read(taken: TakenIn) -> set[tuple[int | None, str, str | None]]:
        return set(taken.rejection.select("row_number", "rule", "column_name").iter_rows())

    return read


@pytest.fixture(scope="session")
def counts() -> Callable[[TakenIn], dict[str, tuple[int, int, int, int]]]:
    """Return place -> rows in, accepted, quarantined, duplicate."""

    def read(taken: TakenIn) -> dict[str, tuple[int, int, int, int]]:
        names = ["rows_in", "rows_accepted", "rows_quarantined", "rows_duplicate"]
        rows: pl.DataFrame = taken.delivery
        return {
            "#".join(filter(None, (row["file"], row["sheet"]))): tuple(row[n] for n in names)
            for row in rows.to_dicts()
        }

    return read


@pytest.fixture
def sent(
    gp_book: Callable[..., SchemeMapping], take: Callable[..., TakenIn],
    csv_file: Callable[..., Path], number: Callable[[int], str], tmp_path: Path,
) -> tuple[SchemeMapping, Path]:  # fmt: skip
    """A month with rows 3, 4, 5 and 7 refused and 6 repeated, and the reply to it."""
    rows = [
        GP_HEADER,
        [number(0), "01/04/2019", "GP", "Phone", "Y"],
        [number(1), "31/02/2019", "GP", "Phone", "Y"],
        [number(2), "02/04/2019", "Vicar", "Phone", "Y"],
        [number(3), "02/13/2019", "Vicar", "Phone", "Y"],
        [number(0), "01/04/2019", "GP", "Phone", "Y"],
        [number(4), "03/04/2019", "GP"],
    ]
    folder = tmp_path / "month"
    csv_file("month/gp.csv", rows)
    made = gp_book()
    write_reply(take(made, folder=folder), tmp_path / "reply.xlsx", with_values=True)
    return made, folder
