"""A run killed at any moment is made good by the next; readers notice nothing."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sp_eval_tests.support.runs import MONTH, Made, environment, published, tables_of

# Killed up to so many seconds after the line that says a step began, or once a file is there.
MOMENTS: tuple[tuple[str, float | str], ...] = (
    ("Reading and checking", 1.0),
    ("Looking for changes", 4.0),
    ("Bringing all schemes", 0.2),
    ("Estimating", 1.0),
    ("Publishing", 0.3),
    ("Publishing", "research.duckdb.part"),
    ("Publishing", "release.duckdb.part"),
    ("Publishing", "research.duckdb"),
    ("Writing the report", 2.0),
    ("Writing the receipts", 0.2),
)
READER = """
import json, os, sys, time
import duckdb
path, stop = sys.argv[1:]
seen, reads, wrong = [], 0, []
while not os.path.exists(stop):
    if not os.path.exists(path):
        time.sleep(0.02)
        continue
    try:
        with duckdb.connect(path, read_only=True, config={"threads": 1}) as conn:
            one = "select distinct run_id from published.estimate"
            runs = [run for (run,) in conn.execute(one).fetchall()]
            (last,) = conn.execute("select max(run_id) from published.run").fetchone()
            rows = conn.execute(
                "select count(*), sum(events) from research.month"
            ).fetchone() if "research" in path else (1, 1)
            deliveries = conn.execute(
                "select count(*) from published.delivery where status = 'current'"
            ).fetchone()
    except Exception as error:
        wrong.append(repr(error)[:300])
        continue
    reads += 1
    time.sleep(0.05)
    if runs != [last] or not all(rows) or deliveries != (45,):
        wrong.append(f"torn: {runs} {last} {rows} {deliveries}")
    if last not in seen:
        seen.append(last)
print(json.dumps({"reads": reads, "seen": seen, "wrong": wrong}))
"""


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}


def kill_at(made: Made, line: str, when: float | str) -> None:
    """Start a run and kill it soon after it has printed a line."""
    run = subprocess.Popen(
        [sys.executable, "-m", "sp_eval", "run", "--landing", str(made.landing),
         "--home", str(made.home), "--study", str(made.study)],
        env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert run.stderr is not None
    for told in run.stderr:
        if told.startswith(line):
            break
    if isinstance(when, float):
        time.sleep(random.Random(line).uniform(0, when))
    else:
        while run.poll() is None and not (made.home / "published" / when).exists():
            time.sleep(0.001)
    run.send_signal(signal.SIGKILL)
    run.wait()


@contextmanager
def readers(home: Path, stop: Path) -> Iterator[list[dict[str, object]]]:
    """Processes that open, ask and close the snapshots on and on; what they saw, at the end."""
    started = [
        subprocess.Popen(
            [sys.executable, "-c", READER, str(home / "published" / f"{name}.duckdb"), str(stop)],
            stdout=subprocess.PIPE,
            text=True,
        )
        for name in ("research", "release", "research")
    ]
    told: list[dict[str, object]] = []
    try:
        yield told
    finally:
        stop.touch()
        told += [json.loads(reader.communicate(timeout=60)[0]) for reader in started]


def test_killed_and_run_again_it_is_as_if_never_killed(narrow: Made, tmp_path: Path) -> None:
    made = Made(narrow.landing, tmp_path / "home", narrow.study, narrow.ended)
    for line, when in MOMENTS:
        kill_at(made, line, when)
    assert made.run_again().status == narrow.ended.status
    for snapshot in ("research", "release"):
        assert tables_of(made.home, snapshot) == tables_of(narrow.home, snapshot)
    assert list((made.home / "published").glob("*.part*")) == []
    for folder in ("published", "receipts", "reports"):
        assert files(made.home / folder) == files(narrow.home / folder)


def test_readers_meet_no_error_and_no_torn_state(spoilt: Made, tmp_path: Path) -> None:
    file = spoilt.landing / "rotherham" / MONTH / "SUS_OP.csv"
    with readers(spoilt.home, tmp_path / "stop") as told:
        file.write_bytes(b"".join(file.read_bytes().splitlines(keepends=True)[:-9]))
        kill_at(spoilt, "Publishing", 0.5)
        assert spoilt.run_again().status == 0
    assert published(spoilt.home, "select count(*) from published.run") == [(2,)]
    for reader in told:
        assert reader["wrong"] == []
        assert int(str(reader["reads"])) > 20
        assert len(list(reader["seen"])) >= 2  # type: ignore[call-overload]
