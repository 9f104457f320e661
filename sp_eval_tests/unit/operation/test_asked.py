"""A study of named schemes waits until one of them sends something."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from sp_eval.operation.asked import studies_asked
from sp_eval.settings import Settings
from sp_eval_tests.support.studies import a_study


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "studies").mkdir()
    (tmp_path / "landing").mkdir()
    return Settings.from_environment(
        home=tmp_path / "home", landing=tmp_path / "landing", studies=tmp_path / "studies"
    )


def write_study(path: Path, **changes: object) -> None:
    told = a_study(**changes).model_dump(mode="json", by_alias=True, exclude_defaults=True)
    path.write_text(yaml.safe_dump(told), encoding="utf-8")


def asked(settings: Settings) -> list[str]:
    return [study.study_id for study in studies_asked(settings)]


def test_it_waits_for_its_schemes_and_stays_once_run(settings: Settings) -> None:
    write_study(settings.studies / "a.yaml", study_id="of_all")
    write_study(settings.studies / "b.yaml", study_id="of_two", schemes=["leeds", "halton"])
    assert asked(settings) == ["of_all"]
    (settings.landing / "halton").mkdir()
    assert asked(settings) == ["of_all", "of_two"]
    (settings.landing / "halton").rmdir()
    settings.work.mkdir(parents=True)
    (settings.work / "of_two.duckdb").touch()
    assert asked(settings) == ["of_all", "of_two"]


def test_where_nothing_else_is_asked_it_is_run_all_the_same(settings: Settings) -> None:
    write_study(settings.studies / "b.yaml", study_id="of_one", schemes=["leeds"])
    assert asked(settings) == ["of_one"]
