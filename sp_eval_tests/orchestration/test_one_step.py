"""One table asked for alone, and what goes wrong told in one sentence."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path

import dagster as dg
import duckdb
import pytest

from sp_eval.operation.lock import writer
from sp_eval.operation.run import Run
from sp_eval.orchestration import work
from sp_eval.pipeline import STEPS
from sp_eval.settings import Settings
from sp_eval_tests.orchestration.conftest import KEY, Doors, materialise


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SP_EVAL_PSEUDONYM_KEY", KEY)


@pytest.fixture
def begun(doors: Doors, tmp_path: Path) -> Settings:
    """A home of its own in which everything was done on one scheme's deliveries."""
    home, landing = tmp_path / "home", tmp_path / "landing"
    shutil.copytree(doors.by_line.home, home)
    shutil.copytree(doors.landing, landing)
    return Settings.from_environment(home=home, landing=landing)


def _told(result: dg.ExecuteInProcessResult) -> str:
    (event,) = [e for e in result.all_events if e.is_step_failure]
    error = event.step_failure_data.error
    assert error is not None
    assert error.cause is None
    return error.message


def _logged(settings: Settings, *names: str) -> tuple[dg.ExecuteInProcessResult, list[str]]:
    with dg.DagsterInstance.ephemeral() as instance:
        result = materialise(settings, *names, instance=instance)
        return result, [entry.user_message for entry in instance.all_logs(result.run_id)]


def test_what_a_table_builds_on_is_brought_up_to_date_first(begun: Settings) -> None:
    (begun.landing / "rotherham" / "2019-04" / "SUS_AE.csv").unlink()
    assert materialise(begun, "files_received").success
    assert materialise(begun, "balance").success
    study = begun.work / "gp_and_hospital_use.duckdb"
    with duckdb.connect(str(study), read_only=True) as conn:
        done = dict(conn.execute("select step, finished_at from meta.step").fetchall())
    # the estimate is of the delivery before: it was not asked for now
    assert done["estimate"] < done["compare"] < done["judge"]


def test_files_are_taken_in_only_when_asked_for(begun: Settings) -> None:
    shutil.rmtree(begun.landing)
    assert materialise(begun, "difference_made").success


def test_steps_before_are_those_built_on_in_order() -> None:
    by_name = {step.name: step for step in STEPS}
    names = [step.name for step in work.steps_before(by_name["estimate_differences"])]
    assert names == ["bring_together", "compare_people", "judge_designs"]
    assert work.steps_before(by_name["take_in"]) == ()


def test_nothing_taken_in_yet_says_what_to_do_and_makes_no_warehouse(tmp_path: Path) -> None:
    settings = Settings.from_environment(home=tmp_path / "home")
    result = materialise(settings, "balance")
    assert not result.success
    assert "materialise files_received first" in _told(result)
    assert not settings.warehouse.exists()


def test_an_empty_landing_is_one_sentence_with_the_folder(tmp_path: Path) -> None:
    settings = Settings.from_environment(home=tmp_path / "home")
    settings.landing.mkdir(parents=True)
    assert str(settings.landing) in _told(materialise(settings, "files_received"))


def test_an_unexpected_error_never_brings_its_text_into_the_log(
    begun: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_settings: Settings, _context: object) -> Run:
        raise KeyError("Jane Doe 999 000 0018")

    monkeypatch.setattr(work, "_begin", broken)
    result, logged = _logged(begun, "files_received")
    assert "take_in broke off with a KeyError at" in _told(result)
    assert not [line for line in logged if "Jane" in line or "999 000" in line]
    assert not [
        e
        for e in result.all_events
        if e.event_specific_data and "Jane" in str(e.event_specific_data)
    ]


def test_a_step_waits_for_the_other_doors_run(begun: Settings) -> None:
    ended: list[float] = []
    began = threading.Event()

    def other_run() -> None:
        with writer(begun.work):
            began.set()
            time.sleep(6)  # longer than the step takes to begin, also on a busy machine
            ended.append(time.monotonic())

    thread = threading.Thread(target=other_run)
    thread.start()
    began.wait()
    result, logged = _logged(begun, "files_received")
    after = time.monotonic()
    thread.join()
    assert result.success
    assert any("waiting until it has ended" in line for line in logged)
    assert after > ended[0]


def test_the_lock_is_held_while_a_step_works(
    begun: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused: list[str] = []
    count: Callable[..., dict[str, object]] = work.metadata_of

    def looking(run: Run, table: object) -> dict[str, object]:
        try:
            with writer(begun.work):
                pass
        except work.RunningElsewhereError as told:
            refused.append(str(told))
        return count(run, table)

    monkeypatch.setattr(work, "metadata_of", looking)
    assert materialise(begun, "files_received").success
    assert refused
    with writer(begun.work):  # and free again
        pass


def test_the_folder_read_is_told(begun: Settings) -> None:
    _, logged = _logged(begun, "files_received")
    assert any(str(begun.landing) in line for line in logged)
