"""Withdrawing a month: one that never came is said to be so."""

from __future__ import annotations

from pathlib import Path

import pytest

from sp_eval_tests.support.runs import run_line


@pytest.mark.parametrize(("month", "never_came"), [("2019-04", False), ("2031-01", True)])
def test_a_month_that_never_came_is_told(tmp_path: Path, month: str, *, never_came: bool) -> None:
    (tmp_path / "landing" / "rotherham" / "2019-04").mkdir(parents=True)
    words = ("--month", month, "--reason", "the sender asked", "--by", "A. Nalyst")
    told = run_line("withdraw", "--scheme", "rotherham", *words, "--home", str(tmp_path))
    assert told.status == 0
    assert ("was ever taken in here" in told.sentences()) is never_came
    assert month in (tmp_path / "withdrawn.yaml").read_text(encoding="utf-8")
