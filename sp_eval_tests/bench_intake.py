"""Part of `make bench`: twenty million rows of a GP extract taken in, beside merely reading them.

The file is in the Rotherham manner, with the duplicates and faults such a file has. Reading it
with polars and taking it in (read, pseudonymised, mapped, judged, duplicates found, quarantine and
reply written, stored in the warehouse) are done in turn, each in a process of its own.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import polars as pl

PEOPLE = 300_000
SPOILT = 2_000  # one date in so many is impossible, one number in so many mistyped
_AT_ONCE = 1_000_000
_STAGES = {
    "digest of the delivery": ("sp_eval.operation.intake", "content_digest"),
    "read, pseudonymise, map, judge": ("sp_eval.ingest.delivery", "read_and_judge"),
    "  rows got ready (a thread of its own)": ("sp_eval.ingest.rows", "_split"),
    "  texts numbered": ("sp_eval.ingest.piecewise", "_Judge.add"),
    "  mapping, contract, pseudonyms": ("sp_eval.ingest.piecewise", "_Judge.learn"),
    "  duplicates, beside them": ("sp_eval.ingest.repeats", "Repeats.found"),
    "store in the warehouse": ("sp_eval.operation.intake", "replace_month"),
    "  quarantine workbook, beside it": ("sp_eval.operation.intake", "write_quarantine"),
    "  reply, beside it": ("sp_eval.operation.intake", "replace_reply"),
}


def _numbers(count: int) -> pl.Series:
    """Valid NHS numbers of the range that is never issued, as text."""
    stems = np.arange(999_000_000, 999_000_000 + count * 5 // 4)
    digits = stems[:, None] // 10 ** np.arange(8, -1, -1) % 10
    check = (11 - digits @ np.arange(10, 1, -1) % 11) % 11
    return pl.Series((stems * 10 + check)[check < 10][:count]).cast(pl.String)


def _chosen(rng: np.random.Generator, rows: int, shares: dict[str, float]) -> pl.Series:
    at = rng.choice(len(shares), rows, p=list(shares.values()))
    return pl.Series(list(shares))[at]


def _extract(rows: int) -> Iterator[pl.DataFrame]:
    rng = np.random.default_rng(7)
    people = _numbers(min(PEOPLE, rows))
    practice = pl.Series([f"C87{n:03d}" for n in range(1, 31)])[rng.integers(0, 30, len(people))]
    often = rng.gamma(0.8, 1.0, len(people))
    first, last = np.datetime64("2016-04-01"), np.datetime64("2019-04-01")
    days = pl.Series(np.arange(first, last)).cast(pl.Date).dt.strftime("%d/%m/%Y")
    for start in range(0, rows, _AT_ONCE):
        n = min(_AT_ONCE, rows - start)
        who = rng.choice(len(people), n, p=often / often.sum())
        no_day, no_number = rng.integers(0, SPOILT, (2, n)) == 0
        day = days[rng.integers(0, len(days), n)]
        yield pl.DataFrame(
            {
                "NHS_NUMBER": pl.select(
                    pl.when(pl.Series(no_number)).then(pl.lit("9990000019")).otherwise(people[who])
                ).to_series(),
                "PRACTICE_CODE": practice[who],
                "EVENT_DATE": pl.select(
                    pl.when(pl.Series(no_day)).then(pl.lit("31/02/2018")).otherwise(day)
                ).to_series(),
                "HCP_ROLE": _chosen(rng, n, {"GP": 0.6, "Nurse": 0.3, "HCA": 0.1}),
                "CONTACT_MODE": _chosen(rng, n, {"Face-to-Face": 0.8, "Telephone": 0.2}),
                "STATUS": _chosen(rng, n, {"Attended": 0.9, "DNA": 0.06, "Cancelled": 0.04}),
            }
        )


def write_extract(path: Path, rows: int) -> None:
    """Write a GP_EVENTS.csv of so many rows, the same each time."""
    path.parent.mkdir(parents=True)
    with path.open("wb") as file:
        for at, frame in enumerate(_extract(rows)):
            frame.write_csv(file, include_header=at == 0)


def _measured(work: Callable[[], object]) -> dict[str, float]:
    before, started = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    work()
    wall, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"wall": wall, "cpu": cpu, "peak": after.ru_maxrss / 1e6}


def _stopped(module: str, name: str, spent: dict[str, float], stage: str) -> None:
    """Have the seconds that a function takes added up."""
    holder: Any = sys.modules[module]
    *inner, last = name.split(".")
    for part in inner:
        holder = getattr(holder, part)
    function = getattr(holder, last)

    def timed(*arguments: Any, **named: Any) -> Any:
        started = time.perf_counter()
        try:
            return function(*arguments, **named)
        finally:
            spent[stage] = spent.get(stage, 0.0) + time.perf_counter() - started

    setattr(holder, last, timed)


def _take_in(landing: Path, home: Path) -> dict[str, Any]:
    from sp_eval.operation.intake import take_in_landing
    from sp_eval.operation.run import Run
    from sp_eval.settings import Settings

    spent: dict[str, float] = {}
    for stage, (module, name) in _STAGES.items():
        _stopped(module, name, spent, stage)
    run = Run(Settings.from_environment(landing=landing, home=home), studies=())
    return _measured(lambda: take_in_landing(run)) | {"stages": spent}


def _in_own_process(*arguments: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "sp_eval_tests.bench_intake", *arguments]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, env=dict(os.environ))
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def show(folder: Path, *, rows: int, times: int = 3) -> None:
    """Measure in turn, so many times, and print the medians, their ratios and the stages."""
    file = folder / "landing" / "rotherham" / "2019-04" / "GP_EVENTS.csv"
    write_extract(file, rows)
    print(f"{rows:,} rows of GP extract, {file.stat().st_size / 1e9:.2f} GB, {PEOPLE:,} people")
    read, taken = [], []
    for n in range(times):
        read.append(_in_own_process("read", str(file)))
        taken.append(_in_own_process("take", str(folder / "landing"), str(folder / f"home{n}")))
    for name, found in (("polars reads it", read), ("taken in", taken)):
        wall, cpu, peak = (median(one[what] for one in found) for what in ("wall", "cpu", "peak"))
        print(f"{name:<42} {wall:7.1f} s  {cpu:7.1f} cpu s  peak {peak:.2f} GB")
    for what in ("wall", "cpu"):
        ratio = median(t[what] / r[what] for t, r in zip(taken, read, strict=True))
        print(f"ratio, {what:<35} {ratio:7.1f} (goal below 6)")
    typical = sorted(taken, key=lambda one: float(one["wall"]))[len(taken) // 2]
    for stage in _STAGES:
        seconds = typical["stages"].get(stage, 0.0)
        print(f"{stage:<42} {seconds:7.1f} s  {seconds / typical['wall']:5.0%}")


if __name__ == "__main__":
    kind, *paths = sys.argv[1:]
    if kind == "read":
        found = _measured(lambda: pl.read_csv(paths[0], infer_schema=False))
    else:
        found = _take_in(Path(paths[0]), Path(paths[1]))
    print(json.dumps(found))
