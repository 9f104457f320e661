"""The page on using the release: every command in it does what it says."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from sp_eval.contracts.odcs import contract_names, load_contract
from sp_eval.settings import project_root
from sp_eval_tests.support.documents import texts_of
from sp_eval_tests.support.runs import Made, run_line

PAGE = project_root() / "docs" / "how_to" / "use-the-release.md"


@pytest.fixture
def where(narrow: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which `var` is the home of a run."""
    (tmp_path / "var").symlink_to(narrow.home, target_is_directory=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_commands(where: Path) -> None:
    lines = [line for block in texts_of(PAGE, "bash") for line in block.splitlines() if line]
    assert len(lines) == 2
    for line in lines:
        program, *arguments = shlex.split(line)
        assert program == "sp-eval"
        ended = run_line(*arguments)
        assert ended.status == 0, ended.sentences()
    assert (where / "to_share" / "SHA256SUMS").exists()


def test_python(where: Path) -> None:
    for block in texts_of(PAGE, "python"):
        done = subprocess.run(
            [sys.executable, "-c", block],
            cwd=where,
            capture_output=True,
            text=True,
            check=True,
            env=os.environ | {"PYTHONUTF8": "1"},
        )
        assert "gp_contact" in done.stdout


def test_r(where: Path) -> None:
    if shutil.which("Rscript") is None:
        pytest.skip("R is not on this machine; files and columns it names are checked below")
    for block in texts_of(PAGE, "r"):
        done = subprocess.run(["Rscript", "-e", block], cwd=where, capture_output=True, text=True,
                              check=True)  # fmt: skip
        assert "gp_contact" in done.stdout


@pytest.mark.parametrize("language", ["r", "stata", "python"])
def test_files_and_columns_named_are_there(where: Path, language: str) -> None:
    for block in texts_of(PAGE, language):
        (file,) = re.findall(r'"(var/[^"]+)"', block)
        assert (where / file).exists()
        names = pl.read_csv(where / "var/published/release/csv/estimate.csv", n_rows=1).columns
        for column in ("scheme_code", "outcome", "point", "ci_low", "ci_high", "verdict"):
            assert column in block
            assert column in names


def test_the_tables_are_related_as_drawn() -> None:
    (drawing,) = texts_of(PAGE, "text")
    found = re.findall(r"(\w+) \((\w+)\) ──1:n── ([\w,\s]+?)(?=\n\w|\Z)", drawing)
    assert [(one, key) for one, key, _ in found] == [
        ("study", "study_id"), ("scheme", "scheme_code"), ("run", "run_id"),
    ]  # fmt: skip
    for one, key, many in found:
        assert key in load_contract(one, "published").names
        for name in re.split(r",\s*", many.strip()):
            assert name in contract_names("published")
            assert key in load_contract(name, "published").names, name
