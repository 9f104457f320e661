"""Suites derived from contracts: what is unusual is found, nothing is named, nothing goes out."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from sp_eval.contracts.expectations import suite_of
from sp_eval.contracts.figures import Figures, known_share
from sp_eval.contracts.odcs import contract_names, load_contract
from sp_eval.operation.changes import look_for_changes
from sp_eval.operation.intake import take_in_landing
from sp_eval.operation.run import Run
from sp_eval.settings import Settings, project_root
from sp_eval.synthetic.deliveries import write_deliveries

FIRST, SECOND = "2019-03", "2019-04"


def checks(home: Path) -> dict[tuple[str, str, str, str], dict[str, Any]]:
    """Rows of the table by month, dataset, column and expectation."""
    with duckdb.connect(str(home / "work" / "warehouse.duckdb"), read_only=True) as conn:
        rows = conn.sql("from meta.delivery_check").pl().to_dicts()
    return {
        (r["month"], r["dataset"], r["column_name"], r["expectation"]): r for r in rows
    }  # fmt: skip


def run_both(landing: Path, home: Path) -> tuple[Run, float]:
    run = Run(Settings.from_environment(home=home, landing=landing), ())
    take_in_landing(run)
    run.has_worked = False
    run.notices.clear()
    look_for_changes(run)
    return run, (home / "work" / "warehouse.duckdb").stat().st_mtime_ns


def rewritten(path: Path, change: Callable[[int, list[str]], list[str] | None]) -> None:
    header, *rows = path.read_text(encoding="utf-8").splitlines()
    made = [change(at, row.split(",")) for at, row in enumerate(rows)]
    path.write_text("\n".join([header, *(",".join(r) for r in made if r)]) + "\n", encoding="utf-8")


def by_practice_only_gps(at: int, row: list[str]) -> list[str] | None:
    """A fifth of the rows lost, none of this year, everybody seen by a GP."""
    if at % 5 == 0 or row[2].endswith("2019"):
        return None
    return [*row[:3], "GP", *row[4:]]


@pytest.fixture(scope="module")
def two_months(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Run]:
    base = tmp_path_factory.mktemp("changes")
    landing, home = base / "landing", base / "home"
    write_deliveries(
        landing, schemes=["rotherham"], people=600, referred=150, seed=4, months=[FIRST, SECOND]
    )
    month = landing / "rotherham" / SECOND
    rewritten(month / "GP_EVENTS.csv", by_practice_only_gps)
    rewritten(
        month / "GP_REGISTER.csv",
        lambda at, row: [
            *row[:8], row[8] if at % 2 else "", row[9], str(int(row[10] or 0) + 20)
        ],
    )  # fmt: skip
    return landing, home, run_both(landing, home)[0]


def test_every_contract_has_a_suite_of_its_own() -> None:
    for name in contract_names("extract"):
        contract = load_contract(name)
        this = Figures(SECOND, 500, dict.fromkeys(contract.names, 0))
        suite = suite_of(contract, this, supply="snapshot")
        required = {c.name for c in contract.columns if c.required}
        assert {e.column for e in suite if e.kind == "completeness"} == required, name
        bounded = {c.name for c in contract.columns if c.minimum is not None}
        assert {e.column for e in suite if e.kind == "range"} == bounded, name
        valued = {c.name for c in contract.columns if c.allowed and not c.separator}
        assert {e.column for e in suite if e.kind == "category"} == valued, name
        assert [e.column for e in suite if e.kind == "volume"] == [""]
        assert all(e.compared_with is None for e in suite)


def test_a_first_delivery_is_held_against_the_contract_alone(
    two_months: tuple[Path, Path, Run],
) -> None:
    rows = {k: r for k, r in checks(two_months[1]).items() if k[0] == FIRST}
    assert len(rows) > 40
    assert {r["status"] for r in rows.values()} == {"met"}
    assert {r["compared_with"] for r in rows.values()} == {None}


def test_what_is_unlike_the_last_delivery_is_told_and_stops_nothing(
    two_months: tuple[Path, Path, Run],
) -> None:
    _, home, run = two_months
    rows = checks(home)
    unusual = {k[1:] for k, r in rows.items() if r["status"] == "unusual"}
    assert unusual == {
        ("gp_contact", "", "volume"),
        ("person", "lsoa_code", "completeness"),
        ("gp_contact", "contact_date", "freshness"),
        ("gp_contact", "staff", "category"),
        # the made-up world is asked nothing more after its last follow-up
        ("outcome_response", "response_date", "freshness"),
        ("person", "ltc_count", "range"),
    }
    assert {r["status"] for r in rows.values()} == {"met", "unusual"}
    assert {rows[SECOND, "gp_contact", c, k]["compared_with"] for c, k in (("", "volume"),)} == {
        FIRST
    }
    told = rows[SECOND, "gp_contact", "", "volume"]
    assert told["observed"] < told["expected_low"]
    assert told["sentence"].endswith("would be usual after the delivery of 2019-03.")
    assert len(run.notices) == len(unusual)
    assert run.problems == []
    with duckdb.connect(str(home / "work" / "warehouse.duckdb"), read_only=True) as conn:
        held = conn.execute(
            "select count(*) from taken.gp_contact where delivery_id like 'rotherham/2019-04/%'"
        )
        assert held.fetchone()[0] == told["observed"]  # type: ignore[index]


def test_nothing_new_is_not_looked_at_and_a_corrected_forerunner_is(
    two_months: tuple[Path, Path, Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    landing, home, _ = two_months
    asked: list[object] = []
    monkeypatch.setattr("subprocess.run", lambda *a, **k: asked.append(a))
    run, _ = run_both(landing, home)
    assert asked == []
    assert not run.has_worked
    monkeypatch.undo()
    before = checks(home)
    first = landing / "rotherham" / FIRST / "GP_EVENTS.csv"
    sound = first.read_text(encoding="utf-8")
    rewritten(first, by_practice_only_gps)
    run_both(landing, home)
    now = checks(home)
    assert now[SECOND, "gp_contact", "staff", "category"]["status"] == "met"
    first.write_text(sound, encoding="utf-8")
    run_both(landing, home)
    assert checks(home) == before


def test_shares_bounds_and_sentences_give_back_no_number_of_people_under_eight() -> None:
    for rows in (8, 40, 300):
        told = {count: known_share(count, rows) for count in range(rows + 1)}
        assert len({told[n] for n in range(1, 8)}) == 1
        assert told[0] == 0
        assert all(told[n] >= min(n / rows, 1) for n in told)
    contract = load_contract("referral")
    bounds = set()
    for blanks in range(1, 8):
        last = Figures(FIRST, 40, dict.fromkeys(contract.names, blanks))
        this = Figures(SECOND, 40, dict.fromkeys(contract.names, 0))
        suite = suite_of(contract, this, supply="snapshot", before=[last])
        bounds.add(tuple((e.column, e.kind, e.low, e.high) for e in suite))
    assert len(bounds) == 1


def test_a_median_of_few_is_never_told() -> None:
    contract = load_contract("referral")
    person = load_contract("person")
    for known, is_told in ((99, False), (100, True)):
        nulls = {"ltc_count": 500 - known}
        figures = Figures(FIRST, 500, nulls, {"ltc_count": (1.0, 3.0)})
        found = suite_of(person, figures, supply="snapshot", before=[figures])
        assert any(e.kind == "range" and e.low == 1.0 for e in found) is is_told
    assert contract.names


def test_no_row_or_sentence_holds_an_identifier_or_a_date(
    two_months: tuple[Path, Path, Run],
) -> None:
    landing, home, _ = two_months
    register = (landing / "rotherham" / FIRST / "GP_REGISTER.csv").read_text(encoding="utf-8")
    cells = {c for line in register.splitlines()[1:] for c in line.split(",")[:5] if len(c) > 3}
    told = json.dumps([{k: str(v) for k, v in r.items()} for r in checks(home).values()])
    assert [cell for cell in cells if cell in told] == []


OBSERVER = """
import socket, sys
def refuse(*a, **k):
    print("OUTWARD", a[1:], file=open({log!r}, "a"))
    raise OSError("no connection leaves")
socket.socket.connect = refuse
socket.socket.connect_ex = refuse
socket.getaddrinfo = refuse
"""


def test_the_engine_connects_nowhere_and_leaves_no_file(tmp_path: Path) -> None:
    """The pinned version is opened through a private name: this fails if it goes."""
    log, watched = tmp_path / "log", tmp_path / "watched"
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(OBSERVER.format(log=str(log)))
    for name in ("tmp", "home", "work"):
        (watched / name).mkdir(parents=True)
    database = tmp_path / "w.duckdb"
    with duckdb.connect(str(database)) as conn:
        conn.execute("create table t as select 1 as n, date '2019-04-01' as d")
    dated = {"column": "d", "min_value": "2019-03-01", "max_value": "2019-04-30"}
    asked = [
        {"name": "ExpectTableRowCountToBeBetween", "arguments": {"min_value": 2}},
        {"name": "ExpectColumnMaxToBeBetween", "arguments": dated},
        {"name": "ExpectColumnMedianToBeBetween", "arguments": {"column": "no", "min_value": 0}},
    ]
    request = {"database": str(database), "suites": [{"query": "select * from t", "checks": asked}]}
    with subprocess.Popen(
        [sys.executable, "-m", "sp_eval.contracts.expectations_engine"],
        env=os.environ
        | {
            "PYTHONPATH": os.pathsep.join([str(tmp_path / "site"), str(project_root())]),
            "TMPDIR": str(watched / "tmp"),
            "HOME": str(watched / "home"),
            "GX_ANALYTICS_ENABLED": "true",  # the engine says no whatever the machine says
        },
        cwd=watched / "work",
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as engine:
        assert engine.stdin is not None
        assert engine.stdout is not None
        engine.stdin.write(json.dumps(request) + "\n")
        engine.stdin.flush()
        answered = engine.stdout.read()  # the input stays open until then
    assert engine.returncode == 0
    assert json.loads(answered) == [
        [
            {"met": False, "observed": 1.0},
            {"met": True, "observed": "2019-04-01"},
            {"met": None, "observed": None},  # no such column: could not be looked at
        ]
    ]
    assert not log.exists(), log.read_text()
    assert [p for p in watched.rglob("*") if p.is_file()] == []


def test_the_library_is_not_loaded_by_definitions_or_commands() -> None:
    script = (
        "import sys, sp_eval.cli.main, sp_eval.pipeline, sp_eval.operation.changes,"
        " sp_eval.orchestration.definitions;"
        " print('sp_eval.pipeline' in sys.modules, 'great_expectations' in sys.modules)"
    )
    told = subprocess.run(
        [sys.executable, "-c", script],
        cwd=project_root(), check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert told.stdout.split() == ["True", "False"]


def test_the_engine_ends_with_its_parent(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    duckdb.connect(str(path)).close()
    engine = subprocess.Popen(
        [sys.executable, "-m", "sp_eval.contracts.expectations_engine"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    # the input is closed before an answer can be there, as happens when the parent is killed
    answered, _ = engine.communicate(json.dumps({"database": str(path), "suites": []}) + "\n")
    assert (engine.returncode, answered) == (1, "")
