"""Nothing connects outward during a run, or while looking at what it left."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from sp_eval.settings import project_root
from sp_eval_tests.support.no_way_out import closed_in
from sp_eval_tests.support.runs import Made, environment


def closed(folder: Path, *arguments: str) -> tuple[subprocess.CompletedProcess[str], str]:
    """Run Python where all that leaves this machine is refused; where it tried to go."""
    guard, tried = closed_in(folder)
    done = subprocess.run(
        [sys.executable, *arguments],
        env=environment() | guard, cwd=project_root(), capture_output=True, text=True, timeout=600,
        check=False,
    )  # fmt: skip
    return done, tried.read_text(encoding="utf-8") if tried.exists() else ""


def test_a_whole_run_and_a_look_at_it_stay_on_this_machine(narrow: Made, tmp_path: Path) -> None:
    home = ("--home", str(tmp_path / "home"))
    run = ("run", "--landing", str(narrow.landing), "--study", str(narrow.study), *home)
    for command in (
        run,
        ("status", *home),
        ("doctor", *home),
        ("query", "from published.run", *home),
    ):
        done, tried = closed(tmp_path, "-m", "sp_eval", *command)
        assert tried == "", f"{command[0]} tried to reach: {tried}"
        assert done.returncode in (0, 1), done.stderr[-1_000:]
        assert "defect" not in done.stderr
    assert (tmp_path / "home" / "published" / "release.duckdb").exists()


def test_the_guard_sees_every_way_out(tmp_path: Path) -> None:
    ways = {
        "socket.socket().connect(('192.0.2.1', 9))": "socket.connect",
        "socket.getaddrinfo('example.org', 80)": "socket.getaddrinfo",
        "urllib.request.urlopen('http://example.org')": "socket.getaddrinfo",
        "socket.socket(type=socket.SOCK_DGRAM).sendto(b'', ('192.0.2.1', 9))": "socket.sendto",
    }
    for way, event in ways.items():
        folder = tmp_path / event / str(len(way))
        folder.mkdir(parents=True)
        done, tried = closed(folder, "-c", f"import socket, urllib.request; {way}")
        assert done.returncode == 1
        assert event in tried, way
    done, tried = closed(
        tmp_path, "-c", "import socket; s = socket.create_server(('127.0.0.1', 0));"
        "socket.create_connection(s.getsockname())"
    )  # fmt: skip
    assert (done.returncode, tried) == (0, "")
