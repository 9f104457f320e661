"""`sp-eval query`: every form, and every question that cannot be answered."""

from __future__ import annotations

import io
import json
from pathlib import Path

import duckdb
import polars as pl
import pytest
from typer.testing import CliRunner

from sp_eval.cli.main import app
from sp_eval_tests.support.runs import Ended, run_line


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "published").mkdir()
    for name in ("release", "research"):
        with duckdb.connect(str(tmp_path / "published" / f"{name}.duckdb")) as conn:
            conn.execute("create schema published")
            conn.execute(
                """create table published.estimate as select * from (values
                ('gp_contact', 0.75, date '2019-04-01'), ('ae', null, null)) as t (a, b, c)"""
            )
            conn.execute("create table main.analysis as select 1 as n")
    return tmp_path


def ask(home: Path, sql: str, *more: str) -> Ended:
    return run_line("query", sql, "--home", str(home), *more)


def test_a_table_to_read(home: Path) -> None:
    told = ask(home, "from published.estimate")
    assert told.status == 0
    for word in ("gp_contact", "0.75", "2019-04-01", "ae"):
        assert word in told.out


def test_csv(home: Path) -> None:
    told = ask(home, "from published.estimate", "--format", "csv")
    assert told.out == "a,b,c\ngp_contact,0.75,2019-04-01\nae,,\n"


def test_json(home: Path) -> None:
    told = ask(home, "from published.estimate", "--format", "json")
    assert json.loads(told.out) == [
        {"a": "gp_contact", "b": 0.75, "c": "2019-04-01"}, {"a": "ae", "b": None, "c": None},
    ]  # fmt: skip


def test_parquet_goes_out_as_bytes(home: Path) -> None:
    asked = ["query", "from published.estimate", "--home", str(home), "--format", "parquet"]
    found = pl.read_parquet(io.BytesIO(CliRunner().invoke(app, asked).stdout_bytes))
    assert found["a"].to_list() == ["gp_contact", "ae"]


def test_the_research_file_by_its_published_name(home: Path) -> None:
    told = ask(home, "from research.analysis", "--snapshot", "research", "--format", "csv")
    assert told.out == "n\n1\n"


@pytest.mark.parametrize(
    ("sql", "word"),
    [
        ("selec 1", "syntax error"),
        ("from published.nothing", "does not exist"),
        ("", "ask with SELECT or FROM"),
        ("drop table published.estimate", "read-only"),
        ("create table published.mine (a int)", "read-only"),
        ("update published.estimate set b = 1", "read-only"),
        ("select interval 1 day as i", "::varchar"),
    ],
)
def test_questions_that_cannot_be_answered(home: Path, sql: str, word: str) -> None:
    path = home / "published" / "release.duckdb"
    before = path.read_bytes()
    told = ask(home, sql)
    assert told.status == 2
    assert told.out == ""
    assert len(told.err.splitlines()) == 1
    assert word in told.err
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("sql", "form"),
    [("select 'x'::blob as b", "json"), ("select 'x'::blob as b", "csv"), ("select [1]", "csv")],
)
def test_columns_that_a_form_cannot_hold(home: Path, sql: str, form: str) -> None:
    told = ask(home, sql, "--format", form)
    assert told.status == 2
    assert told.err == (
        f"A column cannot be written as {form}; turn it into text in the query, as name::varchar.\n"
    )


def test_before_the_first_run(tmp_path: Path) -> None:
    told = ask(tmp_path, "from published.estimate")
    assert told.status == 2
    assert "run `sp-eval run` first" in told.err


def test_a_damaged_snapshot(home: Path) -> None:
    (home / "published" / "release.duckdb").write_bytes(b"no database" * 99)
    told = ask(home, "from published.estimate")
    assert told.status == 2
    assert "cannot be opened; run `sp-eval run` again" in told.err
