"""One server for all; the pictures of the documents, where they are asked for.

`SP_EVAL_TEST_PICTURES` names a folder to write pictures to
(`make pictures`): then everything is done on the bundled example in place of a smaller world.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sp_eval.synthetic.deliveries import write_deliveries
from sp_eval.synthetic.faults import FaultRates
from sp_eval_tests.support.mouse import Ui, press_the_button
from sp_eval_tests.support.no_way_out import closed_in
from sp_eval_tests.support.pictures import Pictures
from sp_eval_tests.support.runs import environment

_SMALL = {"people": 2_500, "referred": 150, "seed": 1, "effects": {"gp_contact": 0.5}}
_EXAMPLE = {"people": 4_000, "referred": 600, "seed": 1, "effects": {"gp_contact": 0.75}}


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    opened = browser.new_page(viewport={"width": 1280, "height": 800})
    opened.set_default_timeout(60_000)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def pictures() -> Pictures:
    folder = os.environ.get("SP_EVAL_TEST_PICTURES")
    return Pictures(Path(folder) if folder else None)


@pytest.fixture(scope="session")
def ui(browser: Any, pictures: Pictures, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ui]:
    """`sp-eval ui` on an empty home; it needs a browser, so that none is opened for nothing."""
    del browser
    folder = tmp_path_factory.mktemp("mouse")
    world: dict[str, Any] = _EXAMPLE if pictures.folder else _SMALL
    write_deliveries(folder / "received", faults=FaultRates(), **world)
    home, port = folder / "home", _free_port()
    guard, tried = closed_in(folder)
    process = subprocess.Popen(
        [sys.executable, "-m", "sp_eval", "ui", "--home", str(home), "--port", str(port)],
        env=environment() | guard | {"PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        assert process.stdout is not None
        told = iter(process.stdout.readline, "")
        line = next(line for line in told if line.startswith("Open "))
        yield Ui(home, folder / "received", line.split()[1], tried)
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)


@pytest.fixture(scope="session")
def evaluated(ui: Ui, browser: Any) -> Ui:
    """Two folders dropped, the one button pressed, and the run waited for."""
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.set_default_timeout(60_000)
    ui.drop()
    press_the_button(page, ui)
    page.close()
    return ui


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
