"""Runs from a landing folder to the snapshots, and what to ask of them afterwards."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

import duckdb
import yaml
from typer.testing import CliRunner

from sp_eval.cli.main import app
from sp_eval.settings import project_root
from sp_eval.synthetic.deliveries import write_deliveries
from sp_eval.synthetic.faults import FaultRates

__all__ = [
    "KEY",
    "MONTH",
    "Ended",
    "Made",
    "environment",
    "narrow_run",
    "narrow_study",
    "published",
    "run_apart",
    "run_line",
    "tables_of",
    "whole_run",
]

KEY = "a key for the tests of whole runs"
MONTH = "2019-04"
_OF_THE_RUN = {"run_id", "started_at", "finished_at", "received_at", "first_run_at"}


@dataclass(frozen=True)
class Ended:
    """How a command ended, and what it printed."""

    status: int
    out: str
    err: str

    def sentences(self) -> str:
        """All it printed, white space evened out."""
        return " ".join((self.out + " " + self.err).split())


@dataclass(frozen=True)
class Made:
    """A landing folder, the home of the run that took it in, and how that run ended."""

    landing: Path
    home: Path
    study: Path | None
    ended: Ended

    def copy_to(self, folder: Path) -> Made:
        """Return the same, apart, so that a test may spoil it."""
        landing, home = folder / "landing", folder / "home"
        shutil.copytree(self.landing, landing)
        shutil.copytree(self.home, home)
        return Made(landing, home, self.study, self.ended)

    def run_again(self, *more: str) -> Ended:
        arguments = ["run", "--landing", str(self.landing), "--home", str(self.home), *more]
        return run_line(*arguments, *(["--study", str(self.study)] if self.study else []))


def environment(key: str | None = KEY) -> dict[str, str]:
    """The environment of a child: this one's, the key of the tests, one thread."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("SP_EVAL_")}
    return kept | ({"SP_EVAL_PSEUDONYM_KEY": key} if key else {})


def run_line(*arguments: str, key: str | None = KEY) -> Ended:
    """Run the command line in this process; an error that nobody turned into words is raised."""
    with patch.dict(os.environ, environment(key), clear=True):
        result = CliRunner().invoke(app, list(arguments))
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    ended = Ended(result.exit_code, result.stdout, result.stderr)
    assert "Traceback" not in ended.sentences()
    assert "defect of sp_eval" not in ended.sentences()
    return ended


def run_apart(*arguments: str, key: str | None = KEY, folder: Path | None = None) -> Ended:
    """Run the command line as people do, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "sp_eval", *arguments],
        env=environment(key),
        cwd=folder or project_root(),
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert "Traceback" not in done.stdout + done.stderr
    return Ended(done.returncode, done.stdout, done.stderr)


def narrow_study(path: Path, **changes: Any) -> Path:
    """Write the shipped question about GP contacts and A&E alone, under the name `narrow`."""
    shipped = project_root() / "studies" / "gp_and_hospital_use.yaml"
    content = yaml.safe_load(shipped.read_text(encoding="utf-8"))
    kept = ("gp_contact", "ae_attendance")
    content["study_id"] = "narrow"
    content["outcomes"] = [one for one in content["outcomes"] if one["name"] in kept]
    content["estimators"]["sensitivity"] = []
    path.write_text(yaml.safe_dump(content | changes), encoding="utf-8")
    return path


@cache
def _deliveries(base: Path) -> Path:
    landing = base / "deliveries"
    write_deliveries(landing, **_WORLD)
    return landing


@cache
def whole_run(base: Path) -> Made:
    """The shipped studies on two schemes of 1,500 people, once a session, in its own process."""
    landing, home = _deliveries(base), base / "whole"
    ended = run_apart("run", "--landing", str(landing), "--home", str(home))
    return Made(landing, home, None, ended)


@cache
def narrow_run(base: Path) -> Made:
    """The narrow study on the same deliveries, once a session, for tests that spoil a copy."""
    study = narrow_study(base / "narrow.yaml")
    made = Made(_deliveries(base), base / "narrow", study, Ended(-1, "", ""))
    return replace(made, ended=made.run_again())


_WORLD: dict[str, Any] = {
    "people": 1_500,
    "referred": 200,
    "seed": 3,
    "effects": {"gp_contact": 0.7},
    "faults": FaultRates(),
    "month": MONTH,
}


def published(home: Path, sql: str, snapshot: str = "research") -> list[tuple[Any, ...]]:
    """Ask a snapshot."""
    path = home / "published" / f"{snapshot}.duckdb"
    with duckdb.connect(str(path), read_only=True) as conn:
        return conn.execute(sql).fetchall()


def tables_of(home: Path, snapshot: str = "research") -> dict[str, list[str]]:
    """Every table of a snapshot as sorted rows, without the names and times of runs."""
    path = home / "published" / f"{snapshot}.duckdb"
    with duckdb.connect(str(path), read_only=True) as conn:
        named = conn.execute(
            """select schema_name || '.' || table_name, list(column_name order by column_index)
            from duckdb_columns() where database_name = current_database() and not internal
            group by all"""
        ).fetchall()
        return {
            table: sorted(
                map(repr, conn.execute(f"select {_listed(columns)} from {table}").fetchall())
            )
            for table, columns in named
        }


def _listed(columns: list[str]) -> str:
    return ", ".join(f'"{name}"' for name in columns if name not in _OF_THE_RUN)
