"""The UI's servers: refused plainly, opened on this machine alone, ended with all they started."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml
from dagster._grpc import server_watcher
from dagster._grpc.client import DagsterGrpcClient
from filelock import FileLock

from sp_eval.operation.tables import TABLES
from sp_eval.orchestration import children as children_module
from sp_eval.orchestration import ui
from sp_eval.orchestration.children import Children
from sp_eval.orchestration.deliveries import DELIVERY
from sp_eval.settings import Settings, project_root
from sp_eval_tests.support.no_way_out import closed_in

_POSIX = pytest.mark.skipif(os.name != "posix", reason="process groups are a POSIX thing")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.from_environment(home=tmp_path / "home")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_busy_port_is_refused_in_one_sentence(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = busy.getsockname()[1]
        assert ui.serve(settings, port) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.count("\n") == 1
    assert f"Port {port} is in use" in told.err


def test_a_second_ui_of_one_home_is_refused(
    settings: Settings, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ui, "_serve", lambda *_: 0)
    monkeypatch.setattr(ui, "_ENDING_SECONDS", 0.2)
    settings.dagster.mkdir(parents=True)
    with FileLock(settings.dagster / "ui.lock"):
        assert ui.serve(settings, _free_port()) == 2
    assert ui.serve(settings, _free_port()) == 0  # the other has ended
    assert "is open already" in capsys.readouterr().err


def test_what_a_backfill_asked_for_is_done_again_and_what_waited_goes_on(
    settings: Settings,
) -> None:
    settings.dagster.mkdir(parents=True)
    settings.dagster.joinpath("dagster.yaml").write_bytes(
        (project_root() / "dagster.yaml").read_bytes()
    )
    by_backfill = {"dagster/backfill": "abcdefgh"}
    with dg.DagsterInstance.from_config(str(settings.dagster)) as instance:
        assert instance.run_retries_enabled
        assert instance.run_retries_max_retries > 0
        assert not instance.run_retries_retry_on_asset_or_op_failure
        run = dg.DagsterRun(job_name="any", status=dg.DagsterRunStatus.STARTED, tags=by_backfill)
        run_id = instance.add_run(run).run_id
    ui.close_interrupted_runs(settings.dagster)
    with dg.DagsterInstance.from_config(str(settings.dagster)) as instance:
        run = instance.get_run_by_id(run_id)
        assert run is not None
        assert run.status == dg.DagsterRunStatus.FAILURE
        assert run.tags["dagster/will_retry"] == "true"


def test_runs_cut_short_are_closed_so_that_later_ones_need_not_wait(settings: Settings) -> None:
    settings.dagster.mkdir(parents=True)
    settings.dagster.joinpath("dagster.yaml").write_bytes(
        (project_root() / "dagster.yaml").read_bytes()
    )
    with dg.DagsterInstance.from_config(str(settings.dagster)) as instance:
        ids = {}
        for status in (dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.SUCCESS):
            run = dg.DagsterRun(job_name="any", status=status)
            ids[status] = instance.add_run(run).run_id
    ui.close_interrupted_runs(settings.dagster)
    with dg.DagsterInstance.from_config(str(settings.dagster)) as instance:
        now = {status: instance.get_run_by_id(run_id) for status, run_id in ids.items()}
    assert now[dg.DagsterRunStatus.STARTED].status == dg.DagsterRunStatus.CANCELED
    assert now[dg.DagsterRunStatus.SUCCESS].status == dg.DagsterRunStatus.SUCCESS


def test_the_instance_file_sends_nothing_out_and_runs_one_at_a_time() -> None:
    told = yaml.safe_load((project_root() / "dagster.yaml").read_text(encoding="utf-8"))
    assert told["telemetry"] == {"enabled": False}
    assert told["nux"] == {"enabled": False}
    assert told["concurrency"]["runs"]["max_concurrent_runs"] == 1


@_POSIX
def test_children_end_with_what_they_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(children_module, "_GRACE_SECONDS", 1.0)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "grandparent.py").write_text(
        "import pathlib, signal, subprocess, sys, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        "pathlib.Path('pid').write_text(str(child.pid))\n"
        "time.sleep(600)\n"
    )
    log = tmp_path / "log"
    environment = os.environ | {"PYTHONPATH": str(tmp_path)}
    with Children(log, environment=environment) as children:
        children.start("grandparent")
        deadline = time.monotonic() + 30
        while not (tmp_path / "pid").exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        assert children.all_alive()
        time.sleep(0.2)
    grandchild = int((tmp_path / "pid").read_text())
    _wait_until(lambda: not _is_running(grandchild), seconds=10)


def _is_running(pid: int) -> bool:
    """Whether a process works still; a dead one that nobody has counted yet does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    return not (stat.exists() and stat.read_text().rpartition(")")[2].split()[0] == "Z")


@_POSIX
def test_it_opens_shows_every_table_stays_on_this_machine_and_ends(
    settings: Settings, tmp_path: Path
) -> None:
    port = _free_port()
    guard, tried = closed_in(tmp_path)
    command = [sys.executable, "-m", "sp_eval.orchestration.ui"]
    process = subprocess.Popen(
        [*command, "--home", str(settings.home), "--port", str(port)],
        env=os.environ | guard,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        assert process.stdout is not None
        told = [process.stdout.readline() for _ in range(4)]
        assert any(f"http://127.0.0.1:{port}" in line for line in told), told
        assert any(str(settings.landing) in line for line in told)
        assert not [line for line in told if "Warning" in line]
        assert _assets_shown(port) == sorted([*TABLES, DELIVERY])
        pids = _processes(settings)
    finally:
        process.send_signal(signal.SIGTERM)
        rest = process.communicate(timeout=60)[0]
    assert process.returncode == 0, rest
    assert not tried.exists(), tried.read_text()
    assert len(set(pids)) >= 2
    assert not [pid for pid in pids if _is_running(pid)]
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", port))


@_POSIX
def test_servers_end_though_the_launcher_was_killed_at_once(settings: Settings) -> None:
    port = _free_port()
    command = [sys.executable, "-m", "sp_eval", "ui", "--home", str(settings.home)]
    launcher = subprocess.Popen(
        [*command, "--port", str(port)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        assert launcher.stdout is not None
        told = [launcher.stdout.readline() for _ in range(3)]
        assert any(f"http://127.0.0.1:{port}" in line for line in told), told
        pids = _processes(settings)
    finally:
        launcher.kill()
        launcher.wait()
    assert len(set(pids)) >= 2
    _wait_until(lambda: not any(map(_is_running, pids)))
    with FileLock(settings.dagster / "ui.lock", timeout=30):  # so the UI may be opened again
        pass


@_POSIX
def test_a_child_ends_with_all_it_started_when_its_parent_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "middle.py").write_text(
        "import pathlib, subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        "pathlib.Path('pid').write_text(str(child.pid))\n"
        "time.sleep(600)\n"
    )
    (tmp_path / "parent.py").write_text(
        "import os, pathlib, time\n"
        "from sp_eval.orchestration.children import Children\n"
        "with Children(pathlib.Path('log'), environment=os.environ) as children:\n"
        "    children.start('middle')\n"
        "    children.wait()\n"
    )
    environment = os.environ | {"PYTHONPATH": f"{tmp_path}{os.pathsep}{project_root()}"}
    parent = subprocess.Popen(
        [sys.executable, "-m", "parent"], cwd=tmp_path, env=environment, stdin=subprocess.DEVNULL
    )
    try:
        _wait_until(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text() != "")
    finally:
        parent.kill()
        parent.wait()
    grandchild = int((tmp_path / "pid").read_text())
    _wait_until(lambda: not _is_running(grandchild))
    assert not _is_running(grandchild)


def test_servers_ask_their_code_server_seldom(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "server.py").write_text(
        "from dagster._grpc import server_watcher\nprint(server_watcher.WATCH_INTERVAL)\n"
    )
    line = [sys.executable, "-m", "sp_eval.orchestration.guarded", "server"]
    environment = os.environ | {"PYTHONPATH": f"{tmp_path}{os.pathsep}{project_root()}"}
    with subprocess.Popen(
        line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment,
        start_new_session=True,
    ) as server:  # fmt: skip
        assert server.stdout is not None
        seconds = float(server.stdout.readline())
    monkeypatch.setattr(server_watcher, "WATCH_INTERVAL", 0.01)
    assert _questions_asked() > 5
    monkeypatch.setattr(server_watcher, "WATCH_INTERVAL", seconds)
    assert seconds >= 5
    assert _questions_asked() == 1


def _questions_asked(seconds: float = 0.5) -> int:
    asked: list[float] = []

    class Client(DagsterGrpcClient):
        def __init__(self) -> None:
            """No connection: who asks is what is looked at."""

        def get_server_id(self, timeout: float | None = 60) -> str:
            asked.append(timeout or 0)
            return "the same"

    nothing: Any = lambda *_: None  # noqa: E731
    shutdown = threading.Event()
    watch = threading.Thread(
        target=server_watcher.watch_grpc_server_thread,
        args=("sp_eval", Client(), shutdown),
        kwargs=dict.fromkeys(
            ("get_location_entry", "refresh_code_location", "on_disconnect", "on_reconnected",
             "on_updated", "on_error"), nothing,
        ),
    )  # fmt: skip
    watch.start()
    time.sleep(seconds)
    shutdown.set()
    watch.join()
    return len(asked)


def _wait_until(is_so: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def _assets_shown(port: int) -> list[str]:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        nodes = _ask(port, "{ assetNodes { assetKey { path } } }")["assetNodes"]
        if nodes:
            return sorted(node["assetKey"]["path"][0] for node in nodes)
        time.sleep(0.5)
    return []


def _ask(port: int, query: str) -> dict:
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        headers = {"Content-Type": "application/json"}
        connection.request("POST", "/graphql", json.dumps({"query": query}), headers)
        return json.loads(connection.getresponse().read())["data"]
    finally:
        connection.close()


def _processes(settings: Settings) -> list[int]:
    """Those that named themselves in the log: the page, and the server of the definitions."""
    log = (settings.dagster / "server.log").read_text()
    return [int(pid) for pid in re.findall(r"in process (\d+)", log)]
