"""`status` and `doctor`: right about what stands, of use while a run writes, and never writing."""

from __future__ import annotations

import json
import os
import shutil
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from sp_eval.operation.alerts import standing_alerts
from sp_eval.operation.lock import writer
from sp_eval.operation.status import read_status
from sp_eval.settings import Settings
from sp_eval_tests.support.runs import KEY, MONTH, Made, published, run_line

posix = pytest.mark.skipif(os.name != "posix", reason="modes are of POSIX systems")


def told(made: Made) -> dict[str, Any]:
    ended = run_line("status", "--home", str(made.home), "--format", "json")
    found: dict[str, Any] = json.loads(ended.out)
    assert found["exit_status"] == ended.status
    return found


def doctor(made: Made, key: str | None = KEY) -> tuple[int, dict[str, str]]:
    """Exit status, and of each line its mark and what it says."""
    ended = run_line("doctor", "--home", str(made.home), "--landing", str(made.landing), key=key)
    lines = [line.split(maxsplit=1) for line in ended.out.splitlines()]
    marked = [(one[0], one[1]) for one in lines if one and one[0] in ("OK", "attention", "wrong")]
    return ended.status, {text: mark for mark, text in marked}


def wrong(made: Made, **settings: Any) -> str:
    status, lines = doctor(made, **settings)
    assert status == 1
    return " ".join(text for text, mark in lines.items() if mark == "wrong")


def bytes_of(folder: Path) -> dict[Path, tuple[int, bytes]]:
    return {p: (p.stat().st_mode, p.read_bytes()) for p in folder.rglob("*") if p.is_file()}


def test_status_says_what_is_published_and_from_what(narrow: Made) -> None:
    found = told(narrow)
    ((run_id, version),) = published(
        narrow.home, "select run_id, software_version from published.run"
    )
    assert (found["release"]["run_id"], found["release"]["software_version"]) == (run_id, version)
    assert found["release"]["month"] == MONTH
    rows = published(
        narrow.home,
        """select scheme_code, month, sum(rows_in), sum(rows_accepted) from published.delivery
        where status = 'current' group by all order by all""",
    )
    keys = ("scheme", "month", "rows_received", "rows_used")
    assert [tuple(one[key] for key in keys) for one in found["deliveries"]] == rows
    assert found["exit_status"] == narrow.ended.status == 0
    shown = run_line("status", "--home", str(narrow.home))
    assert "All well" in shown.out
    assert run_id in shown.out


def test_where_nothing_is_published_it_says_so(tmp_path: Path) -> None:
    ended = run_line("status", "--home", str(tmp_path / "home"))
    assert ended.status == 2
    assert "Nothing is published" in ended.sentences()
    assert not (tmp_path / "home").exists()


def test_what_is_refused_or_waits_is_said_and_alerts_agree(spoilt: Made) -> None:
    folder = spoilt.landing / "rotherham"
    file = folder / MONTH / "SUS_OP.csv"
    file.unlink()
    assert spoilt.run_again().status == 1
    shutil.copytree(folder / MONTH, folder / "2019-05")
    shutil.copytree(spoilt.landing, spoilt.home / "landing")
    found = told(spoilt)
    assert found["exit_status"] == 1
    assert any("SUS_OP.csv: missing" in problem for problem in found["problems"])
    assert found["waiting"] == ["rotherham 2019-05"]
    latest = (spoilt.home / "alerts" / "latest.txt").read_text(encoding="utf-8")
    assert all(problem in latest for problem in found["problems"])
    assert spoilt.run_again().status == 1  # the same again is no new alert
    events = (spoilt.home / "alerts" / "alerts.jsonl").read_text(encoding="utf-8").splitlines()
    causes = [json.loads(line)["cause"] for line in events if '"raised"' in line]
    assert len(causes) == len(set(causes))


def test_a_month_late_is_an_alert_and_a_problem(narrow: Made) -> None:
    settings = Settings.from_environment(home=narrow.home)
    assert standing_alerts(settings, today=date(2019, 6, 15)) == ()
    late = standing_alerts(settings, today=date(2019, 6, 16))
    assert [one.cause for one in late] == ["late/gloucestershire/2019-05", "late/rotherham/2019-05"]
    status = read_status(settings, now=datetime(2019, 6, 16, tzinfo=UTC))
    assert status.exit_status == 1
    assert [one.is_late for one in status.due] == [True, True]
    assert "Rotherham May: not received, though it was due on 15 June" in status.problems[1]


def test_a_failed_run_is_an_alert_that_the_next_one_settles(spoilt: Made) -> None:
    ended = run_line(
        "run", "--landing", str(spoilt.landing / "nowhere"), "--home", str(spoilt.home)
    )
    assert ended.status == 2
    latest = spoilt.home / "alerts" / "latest.txt"
    assert "does not exist" in latest.read_text(encoding="utf-8")
    assert spoilt.run_again().status == 0
    assert latest.read_text(encoding="utf-8").startswith("Nothing needs anybody.")


def test_both_write_nothing_also_while_a_run_writes(spoilt: Made) -> None:
    before = bytes_of(spoilt.home)
    told(spoilt)
    assert doctor(spoilt)[0] == 0
    assert bytes_of(spoilt.home) == before
    with writer(spoilt.home / "work"):
        assert told(spoilt)["holder"]["process"] == os.getpid()
        status, lines = doctor(spoilt)
        assert status == 0
        assert any("is under way" in line for line in lines)
        assert any("the warehouse is in use" in line for line in lines)
    assert bytes_of(spoilt.home) == before


def test_a_run_broken_off_is_told(spoilt: Made) -> None:
    holder = {"process": 2**22 - 1, "machine": os.uname().nodename, "since": "2026-11-01 06:00 UTC"}
    (spoilt.home / "work" / "run.holder").write_text(json.dumps(holder), encoding="utf-8")
    (spoilt.home / "published" / "release.duckdb.part").touch()
    status, lines = doctor(spoilt)
    attention = " ".join(text for text, mark in lines.items() if mark == "attention")
    assert status == 0
    assert "was broken off" in attention
    assert "1 half-built files" in attention


@posix
def test_what_is_wrong_is_told_with_what_to_do(spoilt: Made) -> None:
    (spoilt.home / "work").chmod(0o755)
    assert "chmod 700" in wrong(spoilt)
    (spoilt.home / "work").chmod(0o700)
    assert "not the key this home was begun with" in wrong(spoilt, key="another key of the tests")
    assert "the key of this home is not there" in wrong(spoilt, key=None)
    shutil.copytree(spoilt.landing / "rotherham", spoilt.landing / "atlantis")
    assert "no mapping for this scheme" in wrong(spoilt)
    shutil.rmtree(spoilt.landing / "atlantis")
    (spoilt.home / "published" / "release.duckdb").write_bytes(b"no database")
    assert "release.duckdb is not there or cannot be read" in wrong(spoilt)


def test_no_key_is_shown(narrow: Made) -> None:
    ended = run_line("doctor", "--home", str(narrow.home), "--landing", str(narrow.landing))
    assert KEY not in ended.out + ended.err
    assert "(a key, not shown)" in ended.out
