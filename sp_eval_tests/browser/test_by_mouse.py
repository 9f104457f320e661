"""From dropped folders to the report by mouse alone; a broken file red, mended green."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from sp_eval.operation.tables import TABLES
from sp_eval_tests.support.mouse import RUN_MS, Ui, go_to, open_table, press_the_button
from sp_eval_tests.support.pictures import Pictures
from sp_eval_tests.support.runs import published

_JUDGED = re.compile("(Succeeded|Failed)$")
_FILE = Path("landing/rotherham/2019-04/SUS_OP.csv")


def checks_shown(page: Any, ui: Ui) -> dict[str, str]:
    """Each check of the files received, and the word under it."""
    open_table(page, ui, "files_received")
    page.get_by_role("tab", name="Checks").click()
    shown = {}
    for name in ("contract_every_scheme", "contract_gloucestershire", "contract_rotherham"):
        entry = page.locator(f"[title='{name}']").first.locator("xpath=../..")
        # the watcher may have begun a run of its own: until it has ended this says `In progress`
        entry.filter(has_text=_JUDGED).wait_for(timeout=RUN_MS)
        shown[name] = entry.inner_text().split()[-1]
    return shown


def test_the_page_of_all_tables_opens_in_order(
    evaluated: Ui, page: Any, pictures: Pictures
) -> None:
    page.set_viewport_size({"width": 1280, "height": 560})  # first: the graph is fitted to it
    go_to(page, evaluated, "Lineage", "asset-groups")
    page.get_by_text("8_published", exact=True).first.wait_for()
    shown = page.get_by_text(re.compile("^[1-8]_[a-z]+$")).all_inner_texts()
    assert list(dict.fromkeys(shown))[:8] == sorted({table.group for table in TABLES.values()})
    if pictures.folder:
        page.locator("foreignObject").first.wait_for()
    pictures.take(page, "lineage")


def test_from_dropped_folders_to_the_report(evaluated: Ui, page: Any) -> None:
    open_table(page, evaluated, "report")
    path = page.get_by_text("/gp_and_hospital_use/index.html").first.inner_text().strip()
    page.goto(Path(path).as_uri())
    assert page.inner_text("h1").startswith("Did people use less")
    verdicts = page.locator("#first .word").all_inner_texts()
    assert verdicts == ["FEWER", "FEWER"]
    assert "rotherham" in page.inner_text("#first").lower()


def test_a_broken_file_is_red_for_its_scheme_alone_and_green_when_mended(
    evaluated: Ui, page: Any, pictures: Pictures
) -> None:
    file = evaluated.home / _FILE
    sound = file.read_bytes()
    file.write_bytes(sound.replace(b"APPTDATE", b"DATE_OF_APPT", 1))
    press_the_button(page, evaluated)
    assert checks_shown(page, evaluated) == {
        "contract_every_scheme": "Failed",
        "contract_gloucestershire": "Succeeded",
        "contract_rotherham": "Failed",
    }
    page.get_by_text("contract_rotherham", exact=True).first.click()
    page.get_by_text("The column 'APPTDATE' is missing").first.wait_for()
    page.set_viewport_size({"width": 1280, "height": 660})
    pictures.take(page, "checks")
    assert answered(evaluated, "gloucestershire")
    assert "outpatient_attendance" not in answered(evaluated, "rotherham")

    file.write_bytes(sound)
    press_the_button(page, evaluated)
    assert set(checks_shown(page, evaluated).values()) == {"Succeeded"}
    assert "outpatient_attendance" in answered(evaluated, "rotherham")


def test_none_of_it_left_this_machine(evaluated: Ui) -> None:
    """Pages, watchers, and runs: see `no_way_out`, whose own test shows that it sees."""
    assert (evaluated.home / "published" / "release.duckdb").exists()
    assert not evaluated.tried.exists(), evaluated.tried.read_text(encoding="utf-8")


def answered(ui: Ui, scheme: str) -> set[str]:
    """Outcomes of a scheme whose primary estimate is released."""
    sql = f"""select distinct outcome from published.estimate where role = 'primary'
        and status = 'released' and scheme_code = '{scheme}'"""
    return {str(outcome) for (outcome,) in published(ui.home, sql)}
