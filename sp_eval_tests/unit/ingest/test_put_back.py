"""Refused rows put back for one purpose: only those whose fault lies where nothing is read."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import polars as pl
import pytest

from sp_eval.cohort.extract_tables import UNREAD
from sp_eval.contracts.scheme_mapping import load_mapping
from sp_eval.ingest.put_back import PutBack, put_back
from sp_eval.synthetic.deliveries import write_deliveries

MONTH, SCHEME = "2019-04", "gloucestershire"
KEY = b"a key for the tests"
FILE = "SP_hub_referrals.csv"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sound but for five referrals: odd gender, odd outcome, no date, no number, two faults."""
    landing = tmp_path_factory.mktemp("put_back")
    write_deliveries(landing, schemes=[SCHEME], people=300, referred=60, seed=2, month=MONTH)
    path = landing / SCHEME / MONTH / FILE
    header, *rows = path.read_bytes().decode("cp1252").splitlines()
    heads = header.split(",")
    spoil(rows, 1, heads.index("Gender"), "odd")
    spoil(rows, 2, heads.index("Outcome of referral"), "odd")
    spoil(rows, 3, heads.index("Date of referral"), "")
    spoil(rows, 4, heads.index("NHS Number"), "")
    spoil(rows, 5, heads.index("Gender"), "odd")
    spoil(rows, 5, heads.index("Date of referral"), "31/02/2018")
    path.write_bytes("\r\n".join([header, *rows, ""]).encode("cp1252"))
    return landing / SCHEME / MONTH


def spoil(rows: list[str], at: int, column: int, value: str) -> None:
    cells = rows[at].split(",")
    cells[column] = value
    rows[at] = ",".join(cells)


def found(folder: Path, only: str = FILE) -> PutBack:
    digest = sha256((folder / FILE).read_bytes()).hexdigest()[:12]
    return put_back(
        folder,
        mapping=load_mapping(SCHEME),
        month=MONTH,
        key=KEY,
        unread=UNREAD,
        only=[f"{SCHEME}/{MONTH}/{only}@{digest}"],
    )


@pytest.fixture(scope="module")
def back(folder: Path) -> PutBack:
    return found(folder)


def test_only_faults_in_columns_not_read_are_passed_over(back: PutBack) -> None:
    assert (back.refused, back.back) == (5, 2)
    told = {
        (r["column_name"], r["rule"]): (r["rows_put_back"], r["rows_left_out"])
        for r in back.told.to_dicts()
    }
    assert told == {
        ("Gender", "unknown_code"): (1, 0),
        ("Outcome of referral", "unknown_code"): (1, 0),
        ("Date of referral", "mandatory_missing"): (0, 1),
        ("Date of referral", "date_impossible"): (0, 1),
        ("NHS Number", "nhs_missing"): (0, 1),
    }


def test_what_was_not_read_is_blank_and_the_rest_is_whole(back: PutBack) -> None:
    rows = back.rows["referral"]
    assert rows.height == 2
    assert rows["scheme_code"].to_list() == [SCHEME] * 2
    assert rows.select("person_key", "referral_id", "referral_date").null_count().row(0) == (0,) * 3
    assert rows.select(UNREAD["referral"]).null_count().row(0) == (2,) * len(UNREAD["referral"])


def test_files_not_in_use_are_left_alone(folder: Path) -> None:
    assert found(folder, only="another.csv").refused == 0


def test_a_row_that_a_reply_released_is_not_refused_any_more(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    third = pl.Series("row_number", [3], dtype=pl.Int32)  # the one with an odd gender alone
    monkeypatch.setattr("sp_eval.ingest.book.Book.released", lambda *_: third)
    back = found(folder)
    assert (back.refused, back.back) == (4, 1)
    assert back.rows["referral"].height == 1
