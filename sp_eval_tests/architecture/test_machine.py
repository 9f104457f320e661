"""Calls that differ between operating systems stand in one module."""

from __future__ import annotations

import ast
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from sp_eval import machine
from sp_eval.settings import project_root

ROOT = project_root()
HERE = ROOT / "sp_eval" / "machine.py"
MODULES = {"signal", "fcntl", "msvcrt", "pwd", "grp", "resource", "termios", "winreg"}
OF_OS = {
    "access", "chmod", "chown", "fchmod", "fork", "fsync", "fdatasync", "getgid", "getpgid",
    "getpgrp", "getuid", "geteuid", "kill", "killpg", "link", "mkfifo", "name", "open", "setsid",
    "statvfs", "symlink", "sync", "umask", "uname", "wait", "waitpid",
}  # fmt: skip
METHODS = {
    "chmod", "lchmod", "symlink_to", "hardlink_to", "setsockopt", "send_signal",
    "disk_usage", "st_mode", "st_uid", "platform",
}  # fmt: skip
ARGUMENTS = {"mode", "start_new_session", "creationflags", "preexec_fn", "process_group"}
WITH_MODE = {"mkdir", "touch", "makedirs"}


def differing(path: Path) -> list[str]:
    """Everything in a module that another system does in another way, or not at all."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [a.name for a in node.names if a.name in MODULES]
        elif isinstance(node, ast.ImportFrom):
            names = {a.name for a in node.names}
            found += [node.module or ""] if node.module in MODULES else []
            found += sorted(names & OF_OS) if node.module == "os" else []
        elif isinstance(node, ast.Attribute):
            of_os = isinstance(node.value, ast.Name) and node.value.id == "os"
            named = node.attr in OF_OS or node.attr.startswith("O_")
            found += [f"os.{node.attr}"] if of_os and named else []
            found += [node.attr] if node.attr in METHODS else []
        elif isinstance(node, ast.Call):
            named_call = getattr(node.func, "attr", "")
            words = {keyword.arg for keyword in node.keywords} & ARGUMENTS
            words -= set() if named_call in WITH_MODE else {"mode"}
            found += sorted(str(word) for word in words)
    return found


def test_no_other_module_makes_calls_that_differ_between_systems() -> None:
    others = [path for path in sorted((ROOT / "sp_eval").rglob("*.py")) if path != HERE]
    found = {str(path.relative_to(ROOT)): differing(path) for path in others}
    assert {name: calls for name, calls in found.items() if calls} == {}


def test_the_search_sees_them_all() -> None:
    seen = set(differing(HERE))
    assert {"signal", "os.kill", "os.killpg", "os.fsync", "os.open", "os.O_EXCL", "chmod"} <= seen
    assert {"setsockopt", "send_signal", "st_mode", "mode", "disk_usage", "os.name"} <= seen


posix = pytest.mark.skipif(os.name != "posix", reason="modes and groups are of POSIX systems")


@posix
def test_what_is_private_is_closed_to_others(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "private"
    machine.make_private_folder(folder)
    machine.write_private(folder / "file", b"one")
    machine.write_private(folder / "file", b"two")
    assert (folder / "file").read_bytes() == b"two"
    assert [p.name for p in folder.iterdir()] == ["file"]
    assert machine.others_may_read(folder) is False
    assert machine.others_may_read(folder / "file") is False
    machine.make_readable(folder / "file")
    assert machine.others_may_read(folder / "file") is True
    with pytest.raises(FileExistsError):
        machine.make_private_file(folder / "file")


@posix
def test_a_group_is_ended_with_all_that_its_head_started() -> None:
    script = "import subprocess, sys; subprocess.Popen([sys.executable, '-c', 'input()']); input()"
    child = subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, **machine.of_a_group()
    )
    assert machine.is_alive(child.pid) is True
    assert machine.group_is_there(child)
    machine.end_at_once(child)
    child.wait(timeout=10)
    assert machine.is_alive(child.pid) is False
    machine.ask_to_end(child)  # what has ended is no error


def test_where_there_are_no_modes_nothing_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What Windows gets: the same files, the rights of their folder, no question of a process."""
    monkeypatch.setattr(machine, "HAS_MODES", False)
    monkeypatch.setattr(machine, "_IS_POSIX", False)
    machine.make_private_folder(tmp_path / "private")
    machine.write_private(tmp_path / "private" / "file", b"one")
    machine.make_readable(tmp_path / "private" / "file")
    machine.flush_to_disk(tmp_path / "private" / "file")
    assert machine.others_may_read(tmp_path / "private") is None
    assert machine.is_alive(os.getpid()) is None
    assert machine.of_a_group() == {"creationflags": 0}
    with socket.socket() as probe:
        machine.reuse_port(probe)
        assert probe.getsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR) == 0


def test_free_room_is_that_of_the_nearest_folder_there(tmp_path: Path) -> None:
    assert machine.free_bytes(tmp_path / "not" / "yet") > 0
