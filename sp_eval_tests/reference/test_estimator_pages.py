"""One page an estimator: it says what it must, and its worked example prints what it shows."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path

import pytest

from sp_eval.settings import project_root
from sp_eval_tests.support.documents import blocks_of

PAGES = sorted((project_root() / "docs" / "estimators").glob("*.md"))
HEADINGS = [
    "The question",
    "What it assumes",
    "When it misleads",
    "Formula",
    "Worked example",
    "Source",
]

pytestmark = pytest.mark.skipif(not PAGES, reason="no page yet")


@pytest.mark.parametrize("page", PAGES, ids=[p.stem for p in PAGES])
def test_a_page_says_what_its_reader_must_know(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert re.findall(r"^## (.+)$", text, flags=re.MULTILINE) == HEADINGS
    for part in re.split(r"^## .+$", text, flags=re.MULTILINE)[1:]:
        assert len(part.split()) >= 12, part


@pytest.mark.parametrize("page", PAGES, ids=[p.stem for p in PAGES])
def test_its_worked_example_prints_what_is_shown(page: Path) -> None:
    blocks = [b for b in blocks_of(page) if b.kind in ("python", "text")]
    assert [b.kind for b in blocks if b.kind == "python"], f"{page.name} has no example"
    names: dict[str, object] = {}
    printed = ""
    for block in blocks:
        if block.kind == "python":
            out = io.StringIO()
            with contextlib.redirect_stdout(out):
                exec(compile(block.text, f"{page.name}:{block.line}", "exec"), names)
            printed = out.getvalue()
        else:
            assert printed.strip() == block.text.strip(), f"{page.name}, line {block.line}"
            printed = ""
    assert printed == "", f"{page.name}: the last example's output is not shown"


def test_every_page_is_listed_under_its_title() -> None:
    listed = (project_root() / "docs" / "README.md").read_text(encoding="utf-8")
    for page in PAGES:
        title = page.read_text(encoding="utf-8").splitlines()[0].removeprefix("# ")
        assert f"[{title}](estimators/{page.name})" in listed
