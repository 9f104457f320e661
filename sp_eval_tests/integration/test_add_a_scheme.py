"""The page on adding a scheme, followed from top to bottom in a copy of the project."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
import yaml

from sp_eval.contracts.odcs import contract_names
from sp_eval.contracts.scheme_mapping import Dataset
from sp_eval.settings import project_root
from sp_eval_tests.support.documents import blocks_of, missing_from, run_block

PAGE = project_root() / "docs" / "how_to" / "add-a-scheme.md"
AS_SHOWN, SMALLER = "--people 4000 --referred 300", "--people 600 --referred 60"  # for time's sake
DRAFT = Path("data_contracts/schemes/millbrook/mapping.draft.yaml")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of what the commands of the page read and change."""
    for name in ("sp_eval", "data_contracts", "sql", "studies", "docs"):
        shutil.copytree(
            project_root() / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__")
        )
    shutil.copy(project_root() / "pyproject.toml", tmp_path)
    return tmp_path


def changed(text: str, diff: str) -> str:
    """The text with the lines of a page's `diff` changed, one after the other."""
    lines, at = text.splitlines(), 0
    for line in diff.splitlines():
        mark, body = line[:1], line[1:]
        if mark == "-":
            at = lines.index(body, at)
            del lines[at]
        else:
            assert mark == "+", line
            lines.insert(at, body)
            at += 1
    return "\n".join(lines) + "\n"


def test_the_page_is_followed_from_a_strange_delivery_to_estimates(project: Path) -> None:
    printed = ""
    for block in blocks_of(PAGE):
        where = f"line {block.line}"
        if block.kind == "bash":
            ran = run_block(block.text.replace(AS_SHOWN, SMALLER), project, code=project)
            printed = ran.printed
            assert ran.status == 0, f"{where}:\n{printed}"
        elif block.kind == "diff":
            draft = project / DRAFT
            draft.write_text(changed(draft.read_text(encoding="utf-8"), block.text), "utf-8")
        elif block.kind == "text":
            assert missing_from(printed, block.text) == [], f"{where}, printed:\n{printed}"
    home = project / "var" / "millbrook" / "home"
    assert (home / "reports" / "gp_and_hospital_use" / "index.html").exists()


def test_the_tables_written_by_hand_are_whole() -> None:
    tables = [yaml.safe_load(block.text) for block in blocks_of(PAGE) if block.kind == "yaml"]
    kinds = {Dataset.model_validate(one).contract for table in tables for one in table.values()}
    assert kinds == {"hospital_activity", "outcome_response"}


def test_every_table_there_is_has_its_line() -> None:
    listed = re.findall(r"^\| \[`(\w+)`\]", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(listed) == sorted(contract_names("extract"))


def test_links_of_the_page_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", PAGE.read_text(encoding="utf-8")):
        assert (PAGE.parent / target).resolve().exists(), target
