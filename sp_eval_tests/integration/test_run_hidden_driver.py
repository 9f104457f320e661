"""From deliveries of a world with a hidden cause to the report: warned of, and graded weak."""

from __future__ import annotations

from pathlib import Path

import pytest

from sp_eval.synthetic.deliveries import write_deliveries
from sp_eval_tests.support.report_figures import first_screen_words
from sp_eval_tests.support.runs import narrow_study, published, run_line


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hidden")
    write_deliveries(
        folder / "landing", schemes=["rotherham"], people=4_000, referred=400, seed=1,
        hidden_driver=1.0,
    )  # fmt: skip
    outcomes = [
        {"name": "gp_contact", "role": "primary"},
        {"name": "outpatient_attendance", "role": "negative_control"},
    ]
    study = narrow_study(folder / "narrow.yaml", outcomes=outcomes)
    ended = run_line("run", "--landing", str(folder / "landing"), "--home", str(folder / "home"),
                     "--study", str(study))  # fmt: skip
    assert ended.status == 0, ended.sentences()
    return folder / "home"


def test_the_control_moved_and_every_answer_is_weak(home: Path) -> None:
    for snapshot in ("research", "release"):
        told = published(
            home,
            "select passed, low > 1 from published.diagnostic"
            " where diagnostic = 'negative_control'",
            snapshot,
        )
        assert told == [(False, True)]
        grades = published(
            home,
            "select distinct evidence_grade from published.estimate where status = 'released'",
            snapshot,
        )
        assert grades == [("weak",)]


def test_the_report_warns_before_anything_else(home: Path) -> None:
    page = (home / "reports" / "narrow" / "index.html").read_text(encoding="utf-8")
    assert "<b>Grade: weak</b>" in page
    said = first_screen_words(page)
    warned = said.index("Outpatient visits changed too, and the scheme should not change them")
    assert warned < said.index("Every kind of care")
    assert "Weak, because care that the scheme should not change did change." in said
