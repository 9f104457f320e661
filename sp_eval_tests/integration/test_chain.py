"""What must hold whatever happens to a run: killed, cumulative, and without a name left over."""

from __future__ import annotations

import csv
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import duckdb

from sp_eval.synthetic.deliveries import write_deliveries
from sp_eval_tests.support.runs import Made, environment, narrow_study, run_line, tables_of


def _run(landing: Path, home: Path, study: Path) -> int:
    where = ["--landing", str(landing), "--home", str(home), "--study", str(study)]
    return run_line("run", *where).status


def test_a_killed_run_is_made_good(narrow: Made, tmp_path: Path) -> None:
    whole = tables_of(narrow.home)
    home = tmp_path / "home"
    where = ["--landing", str(narrow.landing), "--home", str(home), "--study", str(narrow.study)]
    for seconds in (2.5, 4.0, 5.5, 7.0):
        started = subprocess.Popen(
            [sys.executable, "-m", "sp_eval", "run", *where],
            env=environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(seconds)
        started.send_signal(signal.SIGKILL)
        started.wait()
    assert narrow.study is not None
    assert _run(narrow.landing, home, narrow.study) == narrow.ended.status
    found = tables_of(home)
    assert found.keys() == whole.keys()
    for name in whole.keys() - {"published.run"}:
        assert found[name] == whole[name], name


def test_cumulative_deliveries_equal_the_last_alone(tmp_path: Path) -> None:
    every = tmp_path / "every"
    months = ["2018-09", "2019-01", "2019-04"]
    write_deliveries(every, people=900, referred=120, seed=5, months=months)
    last = tmp_path / "last"
    for scheme in ("rotherham", "gloucestershire"):
        shutil.copytree(every / scheme / months[-1], last / scheme / months[-1])
    study = narrow_study(tmp_path / "narrow.yaml")
    assert _run(every, tmp_path / "h1", study) == _run(last, tmp_path / "h2", study)
    one, two = tables_of(tmp_path / "h1"), tables_of(tmp_path / "h2")
    for name in ("estimate", "balance", "attrition", "coverage", "rejection"):
        assert one[f"published.{name}"] == two[f"published.{name}"], name
    with duckdb.connect(str(tmp_path / "h1" / "published" / "research.duckdb")) as conn:
        old = conn.execute(
            """select distinct status, superseded_by is null from published.delivery
            where month <> $last""",
            {"last": months[-1]},
        ).fetchall()
    assert old == [("superseded", False)]


def test_no_number_and_no_name_outside_quarantine(narrow: Made) -> None:
    people = (narrow.landing / "gloucestershire" / "2019-04" / "SP_hub_referrals.csv").read_text(
        encoding="cp1252"
    )
    rows = list(csv.DictReader(people.splitlines()))
    names = {row["Client name"] for row in rows if row["Client name"]}
    with (narrow.landing / "rotherham" / "2019-04" / "GP_REGISTER.csv").open() as lines:
        numbers = {row["NHS_NUMBER"] for row in csv.DictReader(lines) if row["NHS_NUMBER"]}
    assert len(names) > 50
    assert len(numbers) > 1000
    for path in narrow.home.rglob("*"):
        if not path.is_file() or "quarantine" in path.parts:
            continue
        text = _texts(path) if path.suffix == ".duckdb" else path.read_bytes().decode("latin-1")
        assert not {name for name in names if name in text}, path
        words = set(text.replace("\n", " ").split(" "))
        assert not numbers & words, path


def _texts(path: Path) -> str:
    conn = duckdb.connect(str(path), read_only=True)
    try:
        columns = conn.sql(
            """select schema_name, table_name, column_name from duckdb_columns()
            where data_type = 'VARCHAR' and not internal"""
        ).fetchall()
        tables = {
            t[:2]
            for t in conn.sql("select schema_name, table_name from duckdb_tables()").fetchall()
        }
        found = []
        for schema, table, column in columns:
            if (schema, table) in tables:
                query = f'select distinct "{column}" from "{schema}"."{table}"'
                found += [str(value) for (value,) in conn.sql(query).fetchall()]
        return "\n".join(found)
    finally:
        conn.close()
