"""What goes wrong in the field: one clear sentence, the right exit status, all else done."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from sp_eval_tests.support.runs import Ended, Made, narrow_study, published, run_line

SCHEME = Path("gloucestershire/2019-04")
OTHER = Path("rotherham/2019-04")


@pytest.fixture
def landing(narrow: Made, tmp_path: Path) -> Path:
    copied = tmp_path / "landing"
    shutil.copytree(narrow.landing, copied, ignore=shutil.ignore_patterns("truth"))
    return copied


def _run(landing: Path, home: Path, study: Path | None, key: str | None = None) -> Ended:
    where = ["--landing", str(landing), "--home", str(home), "--study", str(study)]
    return run_line("run", *where, **({"key": key} if key else {}))


def _cut(path: Path) -> None:
    whole = path.read_bytes()
    path.write_bytes(whole[: whole.rfind(b",", 0, len(whole) // 2) - 2])


def _without_column(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join(line.rsplit(",", 1)[0] for line in lines) + "\n", encoding="utf-8")


WRONG: dict[str, tuple[Callable[[Path], object], str, str]] = {
    "cut in mid-row": (lambda at: _cut(at / OTHER / "SUS_OP.csv"), "SUS_OP.csv", "cut_short"),
    "nothing in it": (
        lambda at: (at / OTHER / "SUS_AE.csv").write_bytes(b""),
        "SUS_AE.csv",
        "empty_file",
    ),
    "one column missing": (
        lambda at: _without_column(at / OTHER / "GP_EVENTS.csv"),
        "GP_EVENTS.csv",
        "column_missing",
    ),
    "another scheme's file": (
        lambda at: shutil.copy(at / SCHEME / "registered_list.csv", at / OTHER / "SUS_APC.csv"),
        "SUS_APC.csv",
        "wrong_scheme",
    ),
    "no hospital file": (
        lambda at: (at / SCHEME / "hospital_activity.csv").unlink(),
        "hospital_activity.csv",
        "missing",
    ),
}


@pytest.mark.parametrize("kind", WRONG)
def test_one_bad_file_is_told_and_all_else_is_done(
    kind: str, narrow: Made, landing: Path, tmp_path: Path
) -> None:
    spoil, file, rule = WRONG[kind]
    spoil(landing)
    home = tmp_path / "home"
    said = _run(landing, home, narrow.study)
    assert said.status == 1
    told = [line for line in said.err.splitlines() if file in line and f"({rule})" in line]
    assert len(told) == 1, said.err
    whole = published(home, "select file, rule from published.rejection where row_number is null")
    assert (file, rule) in whole
    spoilt = "gloucestershire" if kind == "no hospital file" else "rotherham"
    primary = published(
        home,
        """select scheme_code, outcome, status from published.estimate
        where role = 'primary' and scale = 'rate_ratio'""",
    )
    assert {status for scheme, _, status in primary if scheme != spoilt} == {"released"}
    if kind == "no hospital file":
        own = {outcome: status for scheme, outcome, status in primary if scheme == spoilt}
        assert own == {"gp_contact": "released", "ae_attendance": "withheld"}


def test_a_scheme_without_a_mapping_is_refused_alone(
    narrow: Made, landing: Path, tmp_path: Path
) -> None:
    (landing / "leeds" / "2019-04").mkdir(parents=True)
    (landing / "notes").mkdir()
    said = _run(landing, tmp_path / "home", narrow.study)
    assert said.status == 1
    assert "leeds: refused, there is no mapping" in said.sentences()
    assert "notes: passed over" in said.sentences()


def test_nothing_to_take_in(narrow: Made, tmp_path: Path) -> None:
    said = _run(tmp_path / "absent", tmp_path / "home", narrow.study)
    assert said.status == 2
    assert "does not exist" in said.sentences()
    (tmp_path / "empty").mkdir()
    said = _run(tmp_path / "empty", tmp_path / "home", narrow.study)
    assert said.status == 2
    assert "holds no delivery" in said.sentences()


def test_another_key_is_refused(narrow: Made) -> None:
    said = _run(narrow.landing, narrow.home, narrow.study, key="quite another key, and long")
    assert said.status == 2
    assert "key differs" in said.sentences()


def test_a_study_with_an_unknown_outcome(narrow: Made, tmp_path: Path) -> None:
    study = narrow_study(tmp_path / "study.yaml")
    text = study.read_text(encoding="utf-8")
    study.write_text(text.replace("ae_attendance", "broken_hearts"), encoding="utf-8")
    said = _run(narrow.landing, tmp_path / "home", study)
    assert said.status == 2
    assert "unknown outcome 'broken_hearts'" in said.sentences()
    assert not (tmp_path / "home" / "published").exists()


def test_questions_that_cannot_be_answered(narrow: Made, tmp_path: Path) -> None:
    assert run_line("query", "from nowhere", "--home", str(narrow.home)).status == 2
    assert run_line("query", "from published.estimate", "--home", str(tmp_path)).status == 2
    assert run_line("template", "nonsense", "--out", str(tmp_path / "x.xlsx")).status == 2
    assert run_line("synth", "--out", str(tmp_path / "s"), "--effect", "luck=0.5").status == 2
