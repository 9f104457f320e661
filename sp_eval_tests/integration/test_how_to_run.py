"""The page on running every month: its commands run, its recipes have the form they must have."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from sp_eval.operation.installation import locked_packages
from sp_eval.settings import project_root, where_from
from sp_eval_tests.support.documents import texts_of
from sp_eval_tests.support.runs import Made, environment, run_line

PAGE = project_root() / "docs" / "how_to" / "run-every-month.md"


def test_each_command_of_the_page_runs(spoilt: Made) -> None:
    shutil.copytree(spoilt.landing, spoilt.home / "landing")
    commands = [line for block in texts_of(PAGE, "sh") for line in block.splitlines()]
    assert len(commands) == 4
    for command in commands:
        name, *arguments = shlex.split(command)
        assert name == "sp-eval"
        extra = ("--study", str(spoilt.study)) if arguments[0] == "run" else ()
        ended = run_line(*arguments, *extra, "--home", str(spoilt.home))
        assert ended.status == 0, (command, ended.sentences())


@pytest.mark.skipif(os.name != "posix", reason="cron is of POSIX systems")
def test_the_cron_line_runs_as_cron_would(tmp_path: Path) -> None:
    (line,) = "".join(texts_of(PAGE, "cron")).splitlines()
    *when, command = line.split(maxsplit=5)
    assert all(re.fullmatch(r"\*|\d{1,2}", field) for field in when)
    assert "%" not in command  # cron ends a line there
    project, home = tmp_path / "project", tmp_path / "home"
    (project / ".venv" / "bin").mkdir(parents=True)
    home.mkdir()
    program = project / ".venv" / "bin" / "sp-eval"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m sp_eval "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    command = command.replace("<project>", str(project)).replace("<home>", str(home))
    bare = environment() | {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(project_root())}
    done = subprocess.run(["sh", "-c", command], env=bare, cwd=tmp_path, check=False, timeout=120)
    assert done.returncode == 2  # nothing lies in landing yet
    assert "landing folder" in (home / "run.log").read_text(encoding="utf-8")
    assert "landing folder" in (home / "alerts" / "latest.txt").read_text(encoding="utf-8")


def test_the_task_has_the_form_schtasks_wants() -> None:
    (line,) = "".join(texts_of(PAGE, "bat")).splitlines()
    named = dict(re.findall(r'/(TN|SC|ST|TR) ("[^"]*"|\S+)', line))
    assert line.startswith("schtasks /Create ")
    assert set(named) == {"TN", "SC", "ST", "TR"}
    assert named["SC"] == "DAILY"
    assert re.fullmatch(r"\d\d:\d\d", named["ST"])
    task = named["TR"].strip('"')
    assert len(task) <= 261  # what schtasks takes
    assert task.startswith("cmd /c cd /d ")
    assert "sp-eval.exe run --home " in task


def test_the_settings_it_names_are_those_read() -> None:
    told = set(re.findall(r"SP_EVAL_SMTP_\w+", PAGE.read_text(encoding="utf-8")))
    assert told == {name for name, *_ in where_from(None) if "SMTP" in name}


def test_packages_locked_for_this_system_are_read() -> None:
    locked = locked_packages(project_root() / "requirements.txt")
    assert len(locked) > 90
    assert locked["duckdb"] == "2.0.0"
    assert ("colorama" in locked) is (sys.platform == "win32")
