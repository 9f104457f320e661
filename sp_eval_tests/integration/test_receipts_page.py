"""The page on receipts and replies tells the truth: its commands run in the order they stand."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from sp_eval.settings import project_root
from sp_eval_tests.support.documents import texts_of
from sp_eval_tests.support.runs import narrow_study, run_line

DOCUMENT = project_root() / "docs" / "how_to" / "receipts-and-replies.md"
PAGE = DOCUMENT.read_text(encoding="utf-8")
COMMANDS = [line for text in texts_of(DOCUMENT, "bash") for line in text.splitlines()]


def test_its_commands_run_and_leave_the_files_it_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    study = narrow_study(tmp_path / "narrow.yaml")
    assert len(COMMANDS) == 7
    for command in COMMANDS:
        name, *arguments = shlex.split(command)
        assert name == "sp-eval"
        if arguments[0] == "run":  # the shipped study takes longer, and leaves the same files
            arguments += ["--study", str(study)]
        ended = run_line(*arguments)
        # of so few people a comparison may be withheld, which is status 1
        assert ended.status == 0 or arguments[0] == "run", (command, ended.sentences())
    assert (tmp_path / "reply.xlsx").exists()
    folder = tmp_path / "home" / "receipts" / "rotherham" / "2019-04"
    named = set(re.findall(r"^\| `([\w.]+)` \|", PAGE, flags=re.MULTILINE))
    assert {path.name for path in folder.iterdir()} == named
