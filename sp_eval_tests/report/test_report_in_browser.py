"""The report as people see it: no barrier found by axe, no sideways scrolling, print in order."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sp_eval_tests.support.runs import Made


@pytest.fixture(scope="module")
def report(narrow: Made) -> Path:
    return narrow.home / "reports" / "narrow" / "index.html"


@pytest.mark.parametrize("width", [1280, 320])
def test_no_barriers_no_errors_nothing_fetched(browser: Any, report: Path, width: int) -> None:
    from axe_playwright_python.sync_playwright import Axe

    page = browser.new_page(viewport={"width": width, "height": 900})
    told: list[str] = []
    page.on("console", lambda message: told.append(message.text))
    page.on("pageerror", lambda error: told.append(str(error)))
    page.on("request", lambda asked: told.append(asked.url) if asked.url[:5] != "file:" else None)
    page.goto(report.as_uri())
    page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true; })")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    found = Axe().run(page).response["violations"]
    assert [(one["id"], one["nodes"][0]["html"][:120]) for one in found] == []
    assert told == []


def test_list_of_reports_leads_to_the_report(browser: Any, report: Path) -> None:
    from axe_playwright_python.sync_playwright import Axe

    page = browser.new_page()
    page.goto((report.parent.parent / "index.html").as_uri())
    assert Axe().run(page).response["violations"] == []
    page.click("a >> nth=0")
    assert page.inner_text("h1").startswith("Did people use less")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"


def test_copying_gives_the_sentence(browser: Any, report: Path) -> None:
    page = browser.new_page()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(report.as_uri())
    page.click("button[data-copy] >> nth=0")
    page.wait_for_function("document.querySelector('button[data-copy]').textContent === 'copied'")
    sentence = " ".join(page.text_content(".quote >> nth=0").split())
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith(f"{sentence} (")
    assert "grade" in copied


def test_the_first_screen_prints_on_the_first_page(
    browser: Any, report: Path, tmp_path: Path
) -> None:
    from pypdf import PdfReader

    page = browser.new_page()
    page.goto(report.as_uri())
    page.pdf(path=str(tmp_path / "print.pdf"), prefer_css_page_size=True)
    pages = PdfReader(tmp_path / "print.pdf").pages
    texts = [" ".join(one.extract_text().split()) for one in pages]
    assert "What this does not show" in texts[0]
    assert "rows used" in texts[0]  # the line of the data, last of the first screen
    assert "What was asked" not in texts[0]
    assert "What was asked" in texts[1]
