"""The report as it is read: by phone, in print, by keyboard. On a desk: `report/`."""

from __future__ import annotations

from typing import Any

import pytest

from sp_eval_tests.support.mouse import Ui
from sp_eval_tests.support.pictures import Pictures


@pytest.fixture
def report(evaluated: Ui, page: Any) -> Any:
    """The report the mouse made, open; `told` gathers what should not be there."""
    told: list[str] = []
    page.on("console", lambda message: told.append(message.text))
    page.on("pageerror", lambda error: told.append(str(error)))
    page.on("request", lambda asked: told.append(asked.url) if asked.url[:5] != "file:" else None)
    page.goto((evaluated.home / "reports/gp_and_hospital_use/index.html").as_uri())
    yield page
    assert told == []


@pytest.mark.parametrize(("width", "medium"), [(375, "screen"), (1280, "print")])
def test_no_barrier_on_a_phone_or_in_print(report: Any, width: int, medium: str) -> None:
    from axe_playwright_python.sync_playwright import Axe

    report.set_viewport_size({"width": width, "height": 800})
    report.emulate_media(media=medium)
    assert report.evaluate("document.documentElement.scrollWidth") <= width
    found = Axe().run(report).response["violations"]
    assert [(one["id"], one["nodes"][0]["html"][:120]) for one in found] == []


def test_by_keyboard_the_sentence_can_be_copied_and_focus_is_seen(report: Any) -> None:
    reached = []
    while not reached or "data-copy" not in reached[-1]:
        assert len(reached) < 40
        report.keyboard.press("Tab")
        reached.append(report.evaluate("document.activeElement.outerHTML.slice(0, 120)"))
        style = report.evaluate(
            """() => { const s = getComputedStyle(document.activeElement);
                return [s.outlineStyle, parseFloat(s.outlineWidth)]; }"""
        )
        assert style[0] != "none", reached[-1]
        assert style[1] >= 2, reached[-1]
    assert 'class="skip"' in reached[0]
    report.keyboard.press("Enter")
    report.wait_for_function("document.activeElement.textContent === 'copied'")


def test_its_name_in_a_tab_is_words(report: Any) -> None:
    assert report.title().startswith("Did people use less")


def test_pictures_of_the_report_and_of_a_receipt(
    evaluated: Ui, page: Any, pictures: Pictures
) -> None:
    page.set_viewport_size({"width": 1120, "height": 760})
    page.goto((evaluated.home / "reports/gp_and_hospital_use/index.html").as_uri())
    pictures.take(page, "report")
    page.set_viewport_size({"width": 760, "height": 900})
    page.goto((evaluated.home / "receipts/rotherham/2019-04/receipt.html").as_uri())
    assert "rows used" in page.inner_text("body")
    pictures.take(page, "receipt")
