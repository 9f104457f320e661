"""Documents whose commands are run: their blocks, in order, and what each is said to print."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from filelock import FileLock

from sp_eval.settings import project_root

__all__ = [
    "Block",
    "Ran",
    "after_make_run",
    "blocks_of",
    "commands_of",
    "missing_from",
    "run_block",
    "texts_of",
]

_FENCED = re.compile(r"^```(\w+)\n(.*?)^```", flags=re.MULTILINE | re.DOTALL)
_MAKE_RUN = "python -m sp_eval.cli.example"  # what `make run` does once all is set up
_RULED = set(" ─━┏┳┓┃┡╇┩│└┴┘├┼┤┌┬┐-+|")


@dataclass(frozen=True)
class Block:
    """One fenced block: its kind, its text, and the line of the document it begins on."""

    kind: str
    text: str
    line: int


@dataclass(frozen=True)
class Ran:
    """How a block of commands ended, and all it printed, with paths as its reader has them."""

    status: int
    printed: str


def blocks_of(document: Path) -> list[Block]:
    """Every fenced block of a document, in order."""
    text = document.read_text(encoding="utf-8")
    return [
        Block(found[1], found[2], text[: found.start()].count("\n") + 1)
        for found in _FENCED.finditer(text)
    ]


def texts_of(document: Path, kind: str) -> list[str]:
    """The text of every block of one kind, of which there is at least one."""
    found = [block.text for block in blocks_of(document) if block.kind == kind]
    assert found, f"{document.name} has no block of {kind}"
    return found


def commands_of(document: Path) -> list[str]:
    """Every line of its `bash` blocks that calls `sp-eval`."""
    lines = [line for text in texts_of(document, "bash") for line in text.splitlines()]
    return [line for line in lines if line.startswith("sp-eval ")]


def run_block(text: str, folder: Path, *, code: Path | None = None) -> Ran:
    """Run commands as a reader does, in a shell in `folder`, with the project set up.

    `code`: the project, where it is not this one but a copy that the commands may change.
    """
    commands = re.sub(r"^make run\b.*$", _MAKE_RUN, text, flags=re.MULTILINE)
    kept = {k: v for k, v in os.environ.items() if not k.startswith("SP_EVAL_")}
    done = subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", _functions() + commands],
        cwd=folder,
        env=kept | {"PYTHONPATH": str(code or project_root()), "COLUMNS": "200"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=600,
    )
    return Ran(done.returncode, done.stdout.replace(f"{folder}/", ""))


def _functions() -> str:
    """`sp-eval` and `python` are those that run the tests, wherever they are installed."""
    python = shlex.quote(sys.executable)
    return f'python() {{ {python} "$@"; }}\nsp-eval() {{ {python} -m sp_eval "$@"; }}\n'


def missing_from(printed: str, excerpt: str) -> list[str]:
    """Lines of an excerpt that do not begin a printed line, in the order they are shown.

    White space is evened out; rules of tables and lines of `...` are passed over.
    """
    found = [_words(line) for line in printed.splitlines()]
    missing, at = [], 0
    for line in excerpt.splitlines():
        wanted = _words(line.removesuffix("..."))
        if not set(wanted) - _RULED - {"."}:
            continue
        later = [n for n in range(at, len(found)) if found[n].startswith(wanted)]
        if later:
            at = later[0] + 1
        else:
            missing.append(wanted)
    return missing


def _words(line: str) -> str:
    return " ".join(line.split())


@cache
def _example(base: Path) -> tuple[Path, str]:
    """Made once for all processes of a session, whose folders lie side by side."""
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    folder, printed = shared / "after_make_run", shared / "after_make_run.txt"
    with FileLock(shared / "after_make_run.lock"):
        if not printed.exists():
            folder.mkdir()
            ran = run_block("make run", folder)
            assert ran.status == 0, ran.printed
            printed.write_text(ran.printed, encoding="utf-8")
    return folder, printed.read_text(encoding="utf-8")


def after_make_run(base: Path, *, into: Path | None = None) -> tuple[Path, str]:
    """A folder in which `make run` was done, once a session, and what it printed.

    Parameters
    ----------
    base : the session's folder for temporary files.
    into : where to have a copy that may be changed; else the first is given, for reading.
    """
    folder, printed = _example(base)
    if into is None:
        return folder, printed
    shutil.copytree(folder, into, dirs_exist_ok=True)
    return into, printed
