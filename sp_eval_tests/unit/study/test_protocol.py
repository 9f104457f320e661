"""Study files: read, or refused in one sentence that names the file and the key."""

from __future__ import annotations

from pathlib import Path

import pytest

from sp_eval.settings import project_root
from sp_eval.study.protocol import InvalidStudyError, load_studies, load_study

SHIPPED = project_root() / "studies" / "gp_and_hospital_use.yaml"


def test_the_shipped_study_is_named_as_its_file() -> None:
    assert load_study(SHIPPED).study_id == SHIPPED.stem
    files = sorted(path.stem for path in SHIPPED.parent.glob("*.yaml"))
    assert [study.study_id for study in load_studies(SHIPPED.parent)] == files
    # whatever else is shipped is of named schemes: it waits until one of them sends something
    of_all = [s.study_id for s in load_studies(SHIPPED.parent) if s.schemes == "all"]
    assert of_all == [SHIPPED.stem]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("study_id: [", "is not YAML"),
        ("- just\n- a list", "holds no keys"),
        ("", "holds no keys"),
        ("study_id: a", "title: Field required"),
    ],
)
def test_a_file_that_is_no_study_is_refused(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    with pytest.raises(InvalidStudyError, match=told) as caught:
        load_study(path)
    assert "mine.yaml" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_unknown_outcome_is_named_with_those_there_are(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(SHIPPED.read_text().replace("name: ae_attendance", "name: a_and_e"))
    with pytest.raises(InvalidStudyError, match=r"outcomes\.1.*unknown outcome 'a_and_e'"):
        load_study(path)


def test_a_file_that_is_not_there_or_not_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidStudyError, match="does not exist"):
        load_study(tmp_path / "none.yaml")
    path = tmp_path / "latin.yaml"
    path.write_bytes("title: caf\xe9".encode("latin-1"))
    with pytest.raises(InvalidStudyError, match="UTF-8"):
        load_study(path)


def test_two_files_of_one_study_and_a_folder_of_none_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidStudyError, match="no study file"):
        load_studies(tmp_path)
    for name in ("a.yaml", "b.yaml"):
        (tmp_path / name).write_text(SHIPPED.read_text())
    with pytest.raises(InvalidStudyError, match="carry the study_id gp_and_hospital_use"):
        load_studies(tmp_path)
