"""The Dagster page as a person uses it: what is clicked, and what is waited for."""

from __future__ import annotations

import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["RUN_MS", "Ui", "go_to", "open_table", "press_the_button"]

RUN_MS = 300_000
_TIMES = 8
_LAUNCHED = "mutation LaunchPipelineExecution"


@dataclass(frozen=True)
class Ui:
    """An open UI: its home, the folder deliveries are dropped from, its address.

    `tried` is the file that lists where its processes tried to go beyond this machine.
    """

    home: Path
    deliveries: Path
    address: str
    tried: Path

    def drop(self) -> None:
        """Put the deliveries into the landing folder, as a person copies two folders."""
        for scheme in ("rotherham", "gloucestershire"):
            shutil.copytree(self.deliveries / scheme, self.home / "landing" / scheme)


def press_the_button(page: Any, ui: Ui) -> None:
    """Open the address told, press its button, and wait until that run has ended well."""
    page.goto(ui.address)
    with page.expect_response(lambda answer: _LAUNCHED in (answer.request.post_data or "")) as told:
        page.get_by_role("button", name="Materialize all").click()
    run_id = told.value.json()["data"]["launchPipelineExecution"]["run"]["id"]
    page.get_by_role("tab", name="Runs").click()
    page.locator(f"a[href*='/runs/{run_id}']").first.click()
    page.wait_for_url(f"**/runs/{run_id}**")
    ended = page.get_by_text("Success", exact=True).or_(page.get_by_text("Failure", exact=True))
    ended.first.wait_for(timeout=RUN_MS)
    assert page.get_by_text("Success", exact=True).count(), page.inner_text("body")[-2000:]


def go_to(page: Any, ui: Ui, name: str, address: str) -> None:
    """Open the address told and, once that page stands, one of the pages at its left."""
    from playwright.sync_api import TimeoutError as NotYetError

    page.goto(ui.address)
    page.get_by_role("button", name="Materialize all").wait_for()
    link = page.locator(f"a[href='/{address}']").first
    for _ in range(_TIMES):
        link.click()
        with suppress(NotYetError):  # a click while the page still settles is lost, for people too
            page.wait_for_url(f"**/{address}**", timeout=5_000)
            return
    raise AssertionError(f"{name} does not open from {page.url}")


def open_table(page: Any, ui: Ui, table: str) -> None:
    """Find a table in the catalogue as a person does, and open its page."""
    page.set_viewport_size({"width": 1280, "height": 3000})  # the list holds what is in sight only
    go_to(page, ui, "Catalog", "assets")
    page.locator(f"a[href='/assets/{table}']").first.click()
    page.wait_for_url(f"**/assets/{table}**")
    page.set_viewport_size({"width": 1280, "height": 800})
