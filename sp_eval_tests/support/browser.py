"""The browser the tests look with: Chromium or Chrome as it is on this machine; none is fetched."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

__all__ = ["opened_browser"]

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@contextmanager
def opened_browser() -> Iterator[Any]:
    """Open it without a window; `SP_EVAL_TEST_BROWSER` names another. Skips where there is none."""
    named = os.environ.get("SP_EVAL_TEST_BROWSER")
    path = named or next(filter(None, map(shutil.which, _NAMES)), None)
    if path is None:
        pytest.skip("no Chromium or Chrome on this machine; name one in SP_EVAL_TEST_BROWSER")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        arguments = ["--no-sandbox", "--disable-gpu"]
        found = play.chromium.launch(executable_path=path, args=arguments)
        yield found
        found.close()
