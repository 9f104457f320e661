"""The only module with calls that differ between operating systems, and what Windows gets instead.

Rights of files: Windows has no modes; a file takes those of its folder, so `home` is to lie where
only those who may see the data can open it. Signals: Windows has one way to end a process, and it
is not asked first. Everything else here does the same on both.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import stat
import subprocess
import threading
from _thread import interrupt_main
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

__all__ = [
    "HAS_LOCAL_SOCKETS",
    "HAS_MODES",
    "ask_itself_to_end",
    "ask_to_end",
    "end_at_once",
    "end_own_group",
    "ended_by_signal",
    "flush_to_disk",
    "free_bytes",
    "group_is_there",
    "hand_on_signals",
    "is_alive",
    "is_writable",
    "make_private_file",
    "make_private_folder",
    "make_readable",
    "name_of_this_machine",
    "of_a_group",
    "others_may_read",
    "reuse_port",
    "when_parent_is_gone",
    "write_private",
]

_IS_POSIX = os.name == "posix"
HAS_MODES = _IS_POSIX
"""Whether a file can be closed to everybody but its owner by a mode; not on Windows."""
HAS_LOCAL_SOCKETS = _IS_POSIX
"""Whether servers can talk through a file only this user reaches; on Windows, a local port."""

_OPEN_TO_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def make_private_folder(folder: Path) -> None:
    """Make a folder only its owner opens (mode 700); on Windows with the rights of its parent."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if HAS_MODES:
        folder.chmod(0o700)


def make_private_file(path: Path) -> None:
    """Make an empty file only its owner reads (mode 600); it must not be there yet."""
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


def write_private(path: Path, content: bytes) -> None:
    """Write a file in one piece (mode 600): a reader sees the old one or the new one."""
    part = path.with_name(f".{path.name}.part")
    part.unlink(missing_ok=True)
    make_private_file(part)
    part.write_bytes(content)
    part.replace(path)


def make_readable(path: Path) -> None:
    """Let everybody on this machine read a file (mode 644); on Windows its folder decides."""
    if HAS_MODES:
        path.chmod(0o644)


def others_may_read(path: Path) -> bool | None:
    """Whether somebody besides the owner may read it; None where modes do not tell (Windows)."""
    return bool(path.stat().st_mode & _OPEN_TO_OTHERS) if HAS_MODES else None


def is_writable(path: Path) -> bool:
    """Whether this user may write to a file or folder; Windows knows only the read-only mark."""
    return os.access(path, os.W_OK)


def free_bytes(folder: Path) -> int:
    """Bytes free on the disk of a folder, or of the nearest folder above that is there."""
    there = next(place for place in (folder, *folder.parents) if place.exists())
    return shutil.disk_usage(there).free


def flush_to_disk(path: Path) -> None:
    """Have the system write a finished file to the disk before it is renamed."""
    # Windows flushes only what is open for writing.
    handle = os.open(path, os.O_RDONLY if _IS_POSIX else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def name_of_this_machine() -> str:
    """Its name, to tell processes of several machines that share a folder apart."""
    return socket.gethostname()


def is_alive(process: int) -> bool | None:
    """Whether a process of that number runs here; None where it cannot be asked (Windows)."""
    if not _IS_POSIX:
        return None  # there, the same call would end it
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def of_a_group() -> dict[str, Any]:
    """Arguments of `Popen` that make a child the head of a group of its own."""
    if _IS_POSIX:
        return {"start_new_session": True}
    return {"creationflags": getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)}


def ask_to_end(child: subprocess.Popen[bytes]) -> None:
    """Ask a group to end (SIGTERM); on Windows its head is ended."""
    _send(child, signal.SIGTERM)


def end_at_once(child: subprocess.Popen[bytes]) -> None:
    """End a group without asking (SIGKILL); on Windows its head."""
    _send(child, signal.SIGKILL if _IS_POSIX else signal.SIGTERM)


def _send(child: subprocess.Popen[bytes], number: signal.Signals) -> None:
    try:
        if _IS_POSIX:
            os.killpg(child.pid, number)
        else:
            child.terminate()
    except ProcessLookupError:
        return


def ask_itself_to_end() -> None:
    """Heed the end of this process as if SIGTERM had come; nothing where nobody handles it."""
    interrupt_main(signal.SIGTERM)


def end_own_group() -> NoReturn:
    """End this process, the head of a group, with all that is in it; on Windows itself alone."""
    if _IS_POSIX:
        os.killpg(os.getpid(), signal.SIGKILL)
    os._exit(1)


def when_parent_is_gone(do: Callable[[], object]) -> None:
    """From now on do that once the process is gone that holds the other end of standard input."""

    def wait() -> None:
        # the file's number, not sys.stdin: its lock would hold up the end of this process
        while os.read(0, 1):
            continue
        do()

    threading.Thread(target=wait, daemon=True).start()


def group_is_there(child: subprocess.Popen[bytes]) -> bool:
    """Whether any process of the child's group is left; on Windows, whether its head is."""
    ended = child.poll() is not None
    if not _IS_POSIX:
        return not ended
    try:
        os.killpg(child.pid, 0)
    except ProcessLookupError:
        return False
    return True


def hand_on_signals(child: subprocess.Popen[bytes]) -> None:
    """From now on give SIGTERM and Ctrl-C to the child, which ends in its own way.

    On Windows Ctrl-C at a terminal reaches the child by itself, and anything else ends it.
    """

    def hand_on(number: int, _frame: FrameType | None) -> None:
        if _IS_POSIX:
            child.send_signal(number)
        elif number != signal.SIGINT:
            child.terminate()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, hand_on)


@contextmanager
def ended_by_signal() -> Iterator[None]:
    """Treat SIGTERM as Ctrl-C, and heed each only once: the ending itself is not cut short."""

    def end(_number: int, _frame: FrameType | None) -> None:
        for number in before:
            signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt

    before: dict[signal.Signals, Callable[[int, FrameType | None], Any] | int | None]
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    for number in before:
        signal.signal(number, end)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def reuse_port(probe: socket.socket) -> None:
    """Let a port count as free whose last owner has just gone.

    Not on Windows, where the same option would let two programs listen on one port.
    """
    if _IS_POSIX:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
