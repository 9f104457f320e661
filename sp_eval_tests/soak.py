"""Readers and a writer at once: `python -m sp_eval_tests.soak --readers 20 --minutes 10`.

The writer changes a delivery and runs, again and again. Each reader opens a published file, reads
every estimate, and closes it. A run's file must read the same for everybody at any time.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from sp_eval.synthetic.deliveries import write_deliveries
from sp_eval.synthetic.faults import FaultRates
from sp_eval.warehouse.query import query_snapshot

__all__ = ["Soaked", "soak"]

PEOPLE, REFERRED = 2_500, 150
_PAUSE = 0.5  # seconds between two looks of one reader
_CHANGED = Path("rotherham/2019-04/SUS_OP.csv")
_SEEN = """
    select any_value(run_id) || ' ' || count(distinct run_id) || ' ' || md5(string_agg(
        concat_ws('|', scheme_code, outcome, method, scale, point, ci_low, ci_high), '/'
        order by scheme_code, outcome, method, scale))
    from published.estimate
"""


@dataclass(frozen=True)
class Soaked:
    """`runs` of the writer that published; `sessions` read; `errors`; `torn` runs read two ways."""

    runs: int
    sessions: int
    errors: tuple[str, ...]
    torn: int


def soak(folder: Path, *, readers: int, seconds: float) -> Soaked:
    """Let so many readers read while one writer writes, for so long."""
    landing, home = folder / "landing", folder / "home"
    write_deliveries(landing, people=PEOPLE, referred=REFERRED, seed=1, faults=FaultRates())
    _run(landing, home)
    context = multiprocessing.get_context("spawn")
    ended, told = context.Event(), context.Queue()
    files = [home / "published" / f"{name}.duckdb" for name in ("release", "research")]
    processes = [
        context.Process(target=_read, args=(files[i % 2], ended, told)) for i in range(readers)
    ]
    for process in processes:
        process.start()
    deadline, runs = time.monotonic() + seconds, 0
    while time.monotonic() < deadline:
        _change(landing / _CHANGED)
        _run(landing, home)
        runs += 1
    ended.set()
    found = [told.get(timeout=120) for _ in processes]
    for process in processes:
        process.join()
    seen = {one for _, _, each in found for one in each}
    of_run = Counter(one.rsplit(" ", 1)[0] for one in seen)
    errors = tuple(error for _, each, _ in found for error in each)
    torn = sum(n > 1 for n in of_run.values()) + sum(one.split()[2] != "1" for one in seen)
    return Soaked(runs, sum(n for n, _, _ in found), errors, torn)


def _read(file: Path, ended: object, told: object) -> None:
    sessions, errors, seen = 0, [], set()
    while not ended.is_set():  # type: ignore[attr-defined]
        try:
            one = query_snapshot(file, _SEEN).item()
        except Exception as error:  # noqa: BLE001 - whatever a reader meets is what is asked
            errors.append(f"{type(error).__name__}: {error}")
        else:
            seen.add(f"{file.stem} {one}")
        sessions += 1
        time.sleep(_PAUSE)
    told.put((sessions, errors, seen))  # type: ignore[attr-defined]


def _change(file: Path) -> None:
    """Take the last row away: a corrected delivery."""
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join(lines[:-1]))


def _run(landing: Path, home: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "sp_eval", "run", "--landing", str(landing), "--home", str(home)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=dict(os.environ), check=False,
    )  # fmt: skip


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--readers", type=int, default=20)
    asked.add_argument("--minutes", type=float, default=10)
    given = asked.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = soak(Path(folder), readers=given.readers, seconds=60 * given.minutes)
    sys.stdout.write(f"{found}\n")
    return 1 if found.errors or found.torn else 0


if __name__ == "__main__":
    sys.exit(main())
