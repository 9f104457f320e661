"""Exit status 2: one clear sentence, and nothing begun."""

from __future__ import annotations

from pathlib import Path

import pytest

from sp_eval.operation.lock import writer
from sp_eval_tests.support.runs import Made, narrow_study, run_line

PRIMARY = {"name": "gp_contact", "role": "primary"}
UNUSABLE_DESIGNS = {
    "unknown outcome": (
        {"outcomes": [{"name": "happiness", "role": "primary"}]},
        "unknown outcome 'happiness'; the outcomes are: gp_contact",
    ),
    "two primaries": (
        {"outcomes": [PRIMARY, {"name": "ae_attendance", "role": "primary"}]},
        "exactly one",
    ),
    "dates the wrong way round": (
        {"index": {"from": "2018-01-01", "to": "2017-01-01"}},
        "index: 'to' lies before 'from'",
    ),
    "a key nobody knows": ({"colour": "red"}, "colour"),
    "a path for a name": ({"study_id": "../../tmp/x"}, "study_id"),
}
NO_STUDIES = {
    b"[1, 2": "is not YAML: line 1",
    b"- 1": "holds no keys",
    b"": "holds no keys",
    b"\x00\x01": "is not YAML",
    b"\xff\xfe\x00": "is not text in UTF-8",
}


def refused(*arguments: str, key: str | None = "a key of the tests") -> str:
    """Run a command that must end with 2, and return its one sentence."""
    ended = run_line(*arguments, key=key)
    assert ended.status == 2, ended.sentences()
    lines = [line for line in ended.err.splitlines() if line.strip() and not line.endswith("...")]
    assert len(lines) == 1, ended.err
    assert ended.out.strip() == ""
    return lines[0]


def test_an_empty_and_an_absent_landing_folder(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for name, word in (("empty", "holds no delivery"), ("absent", "does not exist")):
        told = refused("run", "--landing", str(tmp_path / name), "--home", str(tmp_path / "home"))
        assert word in told
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize("kind", UNUSABLE_DESIGNS)
def test_a_design_that_cannot_be_used(kind: str, narrow: Made, tmp_path: Path) -> None:
    changes, word = UNUSABLE_DESIGNS[kind]
    study = narrow_study(tmp_path / "asked.yaml", **changes)
    told = refused("run", "--landing", str(narrow.landing), "--home", str(tmp_path / "home"),
                   "--study", str(study))  # fmt: skip
    assert told.startswith("Study file asked.yaml: ")
    assert word in told
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize("content", NO_STUDIES)
def test_a_file_that_is_no_study(content: bytes, narrow: Made, tmp_path: Path) -> None:
    (tmp_path / "asked.yaml").write_bytes(content)
    told = refused("run", "--landing", str(narrow.landing), "--home", str(tmp_path / "home"),
                   "--study", str(tmp_path / "asked.yaml"))  # fmt: skip
    assert told.startswith("Study file asked.yaml ")
    assert NO_STUDIES[content] in told
    assert not (tmp_path / "home").exists()


def test_a_study_that_is_not_there(narrow: Made, tmp_path: Path) -> None:
    told = refused("run", "--landing", str(narrow.landing), "--home", str(tmp_path / "home"),
                   "--study", str(tmp_path / "none.yaml"))  # fmt: skip
    assert "does not exist" in told


@pytest.mark.parametrize(
    ("asked", "word"),
    [(("--scheme", "kent"), "no delivery of kent"), (("--month", "2011-11"), "for 2011-11")],
)
def test_nothing_of_what_was_asked_for(
    asked: tuple[str, str], word: str, narrow: Made, tmp_path: Path
) -> None:
    told = refused("run", "--landing", str(narrow.landing), "--home", str(tmp_path / "home"),
                   "--study", str(narrow.study), *asked)  # fmt: skip
    assert word in told


def contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_another_key(narrow: Made) -> None:
    before = contents(narrow.home / "published")
    asked = ("run", "--landing", str(narrow.landing), "--home", str(narrow.home),
             "--study", str(narrow.study))  # fmt: skip
    assert "key differs from the one this home was begun with" in refused(*asked)
    assert "shorter than 16" in refused(*asked, key="short")
    assert contents(narrow.home / "published") == before


def test_a_second_writer(narrow: Made) -> None:
    with writer(narrow.home / "work"):
        told = refused("run", "--landing", str(narrow.landing), "--home", str(narrow.home),
                       "--study", str(narrow.study))  # fmt: skip
    assert "Another run is writing to this home" in told


def test_a_home_that_cannot_be(narrow: Made, tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file", encoding="utf-8")
    told = refused("run", "--landing", str(narrow.landing), "--home", str(tmp_path / "home"),
                   "--study", str(narrow.study))  # fmt: skip
    assert told.endswith("cannot be used: not a directory.")


def test_a_warehouse_that_is_none(narrow: Made, tmp_path: Path) -> None:
    work = tmp_path / "home" / "work"
    work.mkdir(parents=True)
    (work / "warehouse.duckdb").write_bytes(b"no database" * 1000)
    told = refused("run", "--landing", str(narrow.landing), "--home", str(tmp_path / "home"),
                   "--study", str(narrow.study))  # fmt: skip
    assert "warehouse.duckdb cannot be opened as a database" in told
    assert not (tmp_path / "home" / "published").exists()
