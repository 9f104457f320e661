"""The tours tell the truth: read from top to bottom, each command runs and prints what is shown."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sp_eval.settings import project_root
from sp_eval_tests.support.documents import (
    after_make_run,
    blocks_of,
    commands_of,
    missing_from,
    run_block,
)
from sp_eval_tests.support.pictures import MOST_BYTES

TOURS = sorted((project_root() / "docs" / "tour").glob("*.md"))
_NAMES = [tour.stem for tour in TOURS]
_RUN = {"bash": "{}", "python": "python - <<'END'\n{}END"}


@pytest.fixture
def begun(
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Path, str]:
    return after_make_run(
        tmp_path_factory.getbasetemp(), into=tmp_path_factory.mktemp("tour") / "project"
    )


def test_there_is_a_tour_for_each_of_three_people() -> None:
    assert _NAMES == ["academic", "analyst", "evaluator"]


@pytest.mark.parametrize("tour", TOURS, ids=_NAMES)
def test_each_command_runs_and_prints_what_is_shown(tour: Path, begun: tuple[Path, str]) -> None:
    folder, of_make_run = begun
    printed = ""
    for block in blocks_of(tour):
        if block.kind in _RUN:
            rest = re.sub(r"^make run\n", "", block.text)
            printed = of_make_run if rest != block.text else ""
            ran = run_block(_RUN[block.kind].format(rest), folder)
            assert ran.status == 0, f"{tour.name}, line {block.line}:\n{ran.printed}"
            printed += ran.printed
            assert printed.strip() or not commands_of_block(block.text), block
        elif block.kind == "text":
            missing = missing_from(printed, block.text)
            assert missing == [], f"{tour.name}, line {block.line}, printed:\n{printed}"


def commands_of_block(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("sp-eval ")]


@pytest.mark.parametrize("tour", TOURS, ids=_NAMES)
def test_each_takes_ten_minutes(tour: Path) -> None:
    text = tour.read_text(encoding="utf-8")
    assert len(text.split()) < 1100
    assert commands_of(tour)


@pytest.mark.parametrize(
    "document", [project_root() / "README.md", project_root() / "docs" / "README.md", *TOURS]
)
def test_links_lead_somewhere_and_pictures_are_described_and_small(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text):
        assert (document.parent / target).resolve().exists(), target
    for described, target in re.findall(r"!\[([^\]]*)\]\(([^)]+)\)", text):
        assert len(described.split()) >= 8, target
        assert (document.parent / target).stat().st_size < MOST_BYTES, target


def test_a_line_that_is_not_printed_is_found() -> None:
    printed = "first   line\n ─────\n second line, longer\n"
    assert missing_from(printed, "first line\n ----\n second line...\n") == []
    assert missing_from(printed, "second line\nfirst line\n") == ["first line"]
    assert missing_from(printed, "third\n") == ["third"]
