"""Building models, moving frames, and opening files."""

from __future__ import annotations

import subprocess
import sys
from datetime import date
from pathlib import Path

import duckdb
import polars as pl
import pytest

from sp_eval.warehouse import connection
from sp_eval.warehouse.build import build, create_schemas
from sp_eval.warehouse.catalogue import Model
from sp_eval.warehouse.connection import (
    WarehouseBusyError,
    WarehouseUnreadableError,
    open_file,
    open_memory,
    rehearsal,
    transaction,
)
from sp_eval.warehouse.frames import append_frame, read_frame, store_frame


def a_model(select: str, *params: str, name: str = "core.one") -> Model:
    return Model(name, "one row per thing", (), params, "a test", select, Path("one.sql"))


def test_each_model_gets_just_its_own_parameters() -> None:
    conn = open_memory()
    told: list[str] = []
    models = [
        a_model("select $day::date as day", "day"),
        a_model("select day, $n as n from core.one, range(3)", "n", name="cohort.two"),
    ]
    bound = {"day": date(2017, 5, 1), "n": 7, "other": "not bound by any"}
    built = build(conn, models, bound, lambda b: told.append(b.name))
    assert [(b.name, b.rows) for b in built] == [("core.one", 1), ("cohort.two", 3)]
    assert told == ["core.one", "cohort.two"]
    assert read_frame(conn, "select * from cohort.two")["n"].to_list() == [7, 7, 7]


def test_a_parameter_nobody_gives_is_an_error_of_ours() -> None:
    with pytest.raises(KeyError):
        build(open_memory(), [a_model("select $n as n", "n")], {})


def test_building_again_replaces_the_table() -> None:
    conn = open_memory()
    build(conn, [a_model("select 1 as a union all select 2")], {})
    build(conn, [a_model("select 5 as b")], {})
    assert read_frame(conn, "select * from core.one").to_dicts() == [{"b": 5}]


def test_frames_keep_their_types_through_the_warehouse() -> None:
    conn = open_memory()
    create_schemas(conn, ["core"])
    frame = pl.DataFrame(
        {
            "day": [date(2016, 2, 29), None],
            "n": pl.Series([1, None], dtype=pl.Int32),
            "big": pl.Series([2**64 - 1, 0], dtype=pl.UInt64),
            "text": ["a£", None],
            "yes": [True, None],
            "list": [["gp"], []],
        }
    )
    store_frame(conn, "core.t", frame)
    assert read_frame(conn, "select * from core.t").equals(frame)


def test_rows_are_added_by_the_names_of_their_columns() -> None:
    conn = open_memory()
    create_schemas(conn, ["core"])
    store_frame(conn, "core.t", pl.DataFrame({"a": [1], "b": ["x"]}))
    append_frame(conn, "core.t", pl.DataFrame({"b": ["y"], "a": [2]}))
    append_frame(conn, "core.t", pl.DataFrame({"b": [], "a": []}))
    found = read_frame(conn, "select a, b from core.t where a >= $low", {"low": 2})
    assert found.rows() == [(2, "y")]


def test_a_transaction_is_all_or_nothing() -> None:
    conn = open_memory()
    conn.execute("create table t (n integer)")
    with transaction(conn):
        conn.execute("insert into t values (1)")
    with pytest.raises(duckdb.Error), transaction(conn):
        conn.execute("insert into t values (2); insert into nowhere values (2)")
    with rehearsal(conn):
        conn.execute("insert into t values (3)")
    assert read_frame(conn, "select n from t")["n"].to_list() == [1]


def test_a_file_is_closed_whatever_happens_inside(tmp_path: Path) -> None:
    path = tmp_path / "below" / "w.duckdb"
    with pytest.raises(duckdb.Error), open_file(path) as conn:
        conn.execute("create table t as select 1 as n; select * from nowhere")
    with open_file(path, read_only=True) as conn:
        assert read_frame(conn, "select n from t")["n"].to_list() == [1]
        with pytest.raises(duckdb.Error):
            conn.execute("insert into t values (2)")


def test_a_file_that_is_no_database_is_said_so(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    path.write_bytes(b"not a database" * 1_000)
    with pytest.raises(WarehouseUnreadableError, match="cannot be opened"), open_file(path):
        pass


def test_a_file_in_use_elsewhere_is_said_so(tmp_path: Path, monkeypatch) -> None:
    def busy(*_args: object, **_more: object) -> None:
        raise duckdb.IOException("Could not set lock on file: Conflicting lock is held")

    monkeypatch.setattr(duckdb, "connect", busy)
    monkeypatch.setattr(connection, "PATIENCE_SECONDS", 0.0)
    with pytest.raises(WarehouseBusyError, match="in use"), open_file(tmp_path / "w.duckdb"):
        pass


def test_a_file_in_use_for_a_moment_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    hold = (
        "import duckdb, sys, time; held = duckdb.connect(sys.argv[1]); print('held', flush=True);"
        " time.sleep(1)"
    )
    holder = subprocess.Popen([sys.executable, "-c", hold, str(path)], stdout=subprocess.PIPE)
    assert holder.stdout is not None
    assert holder.stdout.readline().strip() == b"held"
    with open_file(path) as conn:
        assert conn.execute("select 1").fetchall() == [(1,)]
    holder.communicate(timeout=30)


def test_nothing_is_fetched_from_elsewhere() -> None:
    found = read_frame(
        open_memory(),
        """select name, value from duckdb_settings()
        where name in ('autoinstall_known_extensions', 'autoload_known_extensions')""",
    )
    assert set(found["value"]) == {"false"}
