"""The command line as a user meets it: a process of its own, its words and its exit status."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import duckdb
import polars as pl

KEY = "a key that stands only in the tests"
CHANGING = ("run_id", "received_at", "started_at", "finished_at", "first_run_at", "inputs_hash")


@dataclass(frozen=True)
class Said:
    status: int
    out: str
    err: str

    @property
    def words(self) -> str:
        return self.out + self.err


def environment(**more: str) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith("SP_EVAL")}
    return kept | {"SP_EVAL_PSEUDONYM_KEY": KEY, "COLUMNS": "200"} | more


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "sp_eval", *(str(a) for a in arguments)]


def say(*arguments: object, **env: str) -> Said:
    done = subprocess.run(
        command(*arguments), capture_output=True, text=True, env=environment(**env), check=False
    )
    said = Said(done.returncode, done.stdout, done.stderr)
    assert "Traceback" not in said.words, said.words
    return said


def run(landing: Path, home: Path, *more: object, **env: str) -> Said:
    return say("run", "--landing", landing, "--home", home, *more, **env)


def published(home: Path, snapshot: str = "research") -> dict[str, pl.DataFrame]:
    """Every table of a snapshot, without what differs from run to run, in one order."""
    conn = duckdb.connect(str(home / "published" / f"{snapshot}.duckdb"), read_only=True)
    try:
        names = conn.sql(
            "select schema_name || '.' || table_name from duckdb_tables() order by all"
        ).fetchall()
        tables = {}
        for (name,) in names:
            frame = conn.sql(f"from {name}").pl()
            tables[name] = frame.drop([c for c in CHANGING if c in frame.columns])
            tables[name] = tables[name].sort(tables[name].columns, nulls_last=True)
        return tables
    finally:
        conn.close()


def digests(folder: Path) -> dict[str, str]:
    return {
        str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in sorted(folder.rglob("*"))
        if p.is_file()
    }
