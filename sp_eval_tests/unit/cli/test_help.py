"""Every command explains itself."""

from __future__ import annotations

import re
from typing import Any

import click
import pytest
import typer

from sp_eval import __version__
from sp_eval.cli.main import app
from sp_eval.synthetic.styles import STYLES
from sp_eval_tests.support.runs import run_line

COMMANDS = [
    "run", "check", "pseudonymise", "synth", "template", "standard", "query", "export", "withdraw",
    "status",
    "quality", "doctor", "ui", "contract", "scheme", "reference",
]  # fmt: skip


def test_the_commands_there_are() -> None:
    told = run_line("--help")
    assert told.status == 0
    assert re.findall(r"^│ ([a-z]+) {2,}", told.out, flags=re.MULTILINE) == COMMANDS
    for status in ("0:", "1:", "2:"):
        assert status in told.out


def test_alone_it_shows_its_help() -> None:
    assert run_line().out.split() == run_line("--help").out.split()


def test_version() -> None:
    assert run_line("--version").out == f"sp-eval {__version__}\n"


GROUPED = [
    "contract diff", "scheme check", "reference load", "reference list", "reference network",
    "reference deprivation",
]  # fmt: skip


@pytest.mark.parametrize("command", [*COMMANDS[:-3], *GROUPED])
def test_each_option_says_what_it_is_for(command: str) -> None:
    told = run_line(*command.split(), "--help")
    assert told.status == 0
    found: Any = typer.main.get_command(app)
    for word in command.split():
        found = found.commands[word]
    assert found.params
    for one in found.params:
        assert one.name is not None
        words = getattr(one, "help", None)
        assert words, f"{command} {one.name}"
        assert words.split()[0] in told.out
    assert found.help


@pytest.mark.parametrize(
    "wrong", [("walk",), ("run", "--colour"), ("check",), ("synth", "--out", "x", "--people", "7")]
)
def test_wrong_usage_begins_nothing(wrong: tuple[str, ...]) -> None:
    told = run_line(*wrong)
    assert told.status == 2
    assert "Error" in told.err or "Usage" in told.err


def test_click_knows_the_same_commands() -> None:
    group = typer.main.get_command(app)
    assert sorted(group.list_commands(click.Context(group))) == sorted(COMMANDS)  # type: ignore[attr-defined]


def test_synth_names_every_style() -> None:
    words = run_line("synth", "--help").out.replace("│", " ")
    told = "".join(words.split())  # a long name may be broken at the end of a line
    assert [name for name in STYLES if name not in told] == []
