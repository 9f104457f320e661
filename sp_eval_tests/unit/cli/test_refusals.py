"""Errors end as one sentence and a status, whatever they are."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
import typer

from sp_eval.cli.refusals import plainly
from sp_eval.contracts.odcs import ContractError
from sp_eval.ingest.key import KeyRefusedError
from sp_eval.ingest.landing import LandingEmptyError
from sp_eval.operation.intake import OtherKeyError
from sp_eval.operation.lock import RunningElsewhereError
from sp_eval.study.protocol import InvalidStudyError
from sp_eval.warehouse.connection import WarehouseBusyError, WarehouseUnreadableError
from sp_eval.warehouse.query import QueryRefusedError

FORESEEN = [
    ContractError, InvalidStudyError, KeyRefusedError, LandingEmptyError, OtherKeyError,
    QueryRefusedError, RunningElsewhereError, WarehouseBusyError, WarehouseUnreadableError,
]  # fmt: skip


def ended(raised: Callable[[], object], capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    with pytest.raises(typer.Exit) as stop, plainly():
        raised()
    told = capsys.readouterr()
    assert told.out == ""
    assert len(told.err.splitlines()) == 1
    return stop.value.exit_code, told.err.strip()


def raising(error: BaseException) -> Callable[[], object]:
    def raise_it() -> None:
        raise error

    return raise_it


@pytest.mark.parametrize("kind", FORESEEN, ids=lambda kind: kind.__name__)
def test_what_was_foreseen_says_its_sentence(
    kind: type[Exception], capsys: pytest.CaptureFixture[str]
) -> None:
    sentence = "Put the [blue] file back."
    assert ended(raising(kind(sentence)), capsys) == (2, sentence)


def test_the_system_says_no(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    absent = tmp_path / "no" / "such.csv"
    status, told = ended(absent.read_bytes, capsys)
    assert (status, told) == (2, f"{absent} cannot be used: no such file or directory.")


def test_a_defect_says_where_and_never_what(capsys: pytest.CaptureFixture[str]) -> None:
    """Such errors quote what they were reading."""
    status, told = ended(lambda: pl.Series(["9990000018"]).str.to_date("%Y"), capsys)
    assert status == 2
    assert "defect of sp_eval, not of your data" in told
    assert "999" not in told


def test_a_defect_names_the_line_of_the_project(capsys: pytest.CaptureFixture[str]) -> None:
    from sp_eval.warehouse.catalogue import models_of

    _, told = ended(lambda: models_of(None), capsys)  # type: ignore[arg-type]
    assert "TypeError in sp_eval/warehouse/catalogue.py, line " in told


@pytest.mark.parametrize(
    "error", [KeyboardInterrupt(), RuntimeError("Query interrupted")], ids=["Python", "DuckDB"]
)
def test_stopped_by_hand(error: BaseException, capsys: pytest.CaptureFixture[str]) -> None:
    assert ended(raising(error), capsys) == (130, "Interrupted; run it again to go on.")


def test_stopped_by_hand_inside_a_transaction(capsys: pytest.CaptureFixture[str]) -> None:
    def broken_off() -> None:
        try:
            raise KeyboardInterrupt
        finally:
            raise ValueError("the transaction is over")

    assert ended(broken_off, capsys)[0] == 130


def test_an_exit_passes() -> None:
    with pytest.raises(typer.Exit) as stop, plainly():
        raise typer.Exit(7)
    assert stop.value.exit_code == 7
