"""`make bench`: how long and how much memory the main job takes, with its scale stated.

Prints ratios within one run, since machines differ: the second run against the first, and the
whole against reading the same files once.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import polars as pl

from sp_eval.comparison.matching import match_nearest
from sp_eval.synthetic.deliveries import write_deliveries
from sp_eval.synthetic.faults import FaultRates
from sp_eval_tests import bench_intake

PEOPLE, REFERRED = 20_000, 1_500
GP_ROWS = 20_000_000
POOL, EXPOSED = 1_000_000, 20_000


def _timed(arguments: list[str]) -> tuple[float, float, float]:
    """Wall seconds, CPU seconds and peak memory (GB) of one command of its own."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "sp_eval", *arguments],
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=dict(os.environ),
    )
    wall = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return wall, cpu, after.ru_maxrss / 1e6


def _read_once(landing: Path) -> float:
    started = time.perf_counter()
    for path in landing.rglob("*"):
        if path.is_file():
            path.read_bytes()
    return time.perf_counter() - started


def _match() -> tuple[float, int]:
    """Wall seconds to match a million people to 20,000, five each, and the rows that came."""
    rng = np.random.default_rng(1)
    exposed = np.arange(POOL + EXPOSED) < EXPOSED
    score = rng.normal(np.where(exposed, 1.0, 0.0))
    units = pl.DataFrame({"person_key": np.arange(len(score)), "exposed": exposed, "score": score})
    started = time.perf_counter()
    found = match_nearest(units, exposed="exposed", score="score", ratio=5, caliper=0.2)
    return time.perf_counter() - started, found.height


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        landing, home = Path(folder) / "landing", Path(folder) / "home"
        write_deliveries(landing, people=PEOPLE, referred=REFERRED, seed=1, faults=FaultRates())
        run = ["run", "--landing", str(landing), "--home", str(home)]
        print(f"two schemes, {PEOPLE:,} people and about {REFERRED:,} referred each")
        first, again = _timed(run), _timed(run)
        read = _read_once(landing)
        for name, (wall, cpu, peak) in (("first run", first), ("second run", again)):
            print(f"{name:<11} {wall:7.1f} s  {cpu:7.1f} cpu s  peak so far {peak:.2f} GB")
        print(f"second / first       {again[0] / first[0]:.3f} (goal below 0.25)")
        print(f"first / reading once {first[0] / max(read, 1e-3):,.0f}")
    with tempfile.TemporaryDirectory() as folder:
        bench_intake.show(Path(folder), rows=GP_ROWS)
    wall, rows = _match()
    print(f"match 1:5, {POOL:,} to {EXPOSED:,}  {wall:.1f} s, {rows:,} rows (goal below 60 s)")


if __name__ == "__main__":
    main()
