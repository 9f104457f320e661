"""Worlds with a known truth, evaluated again and again, by right methods and wrong ones.

`python -m sp_eval_tests.recovery.experiment --write` runs every planned world in two processes and
writes docs/explanation/operating-characteristics.md; the tests beside it assert the same figures.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import polars as pl

from sp_eval.models.estimate import Estimate
from sp_eval.settings import project_root
from sp_eval.synthetic.world import simulate
from sp_eval_tests.recovery.kept_worlds import keep_world, kept_worlds
from sp_eval_tests.recovery.prepared import Prepared, prepared
from sp_eval_tests.recovery.right_methods import DIFFERENCE, FALL, Estimated, right_estimates
from sp_eval_tests.recovery.worlds import JUDGED, PLAN, STUDY, Planned
from sp_eval_tests.recovery.wrong_methods import SETS, wrong_estimates

__all__ = ["ROWS", "one_world", "run"]

WORKERS = 2
_THREADS = ("POLARS_MAX_THREADS", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
ROWS: Mapping[str, Any] = {
    "world": pl.String,
    "kind": pl.String,
    "outcome": pl.String,
    "method": pl.String,
    "is_right": pl.Boolean,
    "withheld": pl.String,
    "true": pl.Float64,
    "point": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "se": pl.Float64,
    "cpu_seconds": pl.Float64,
}
_TRUE = {
    DIFFERENCE: "true_rate_difference_per_1000_person_years",
    FALL: "before_after_ratio_without_scheme",
}
Row = dict[str, Any]


def one_world(planned: Planned) -> list[Row]:
    """Make one world and estimate it in every way: a row an outcome and method."""
    started = time.process_time()
    sets = SETS if planned.kind.with_wrong else {}
    with prepared(simulate(planned.settings), STUDY, sets) as world:
        rows = list(_rows(world, right_estimates(world, JUDGED), is_right=True))
        if planned.kind.with_wrong:
            rows += _rows(world, wrong_estimates(world, JUDGED), is_right=False)
    told = {
        "world": planned.key,
        "kind": planned.kind.name,
        "cpu_seconds": time.process_time() - started,
    }
    return [told | row for row in rows]


def _rows(world: Prepared, found: Iterable[Estimated], *, is_right: bool) -> Iterator[Row]:
    for method, outcome, estimate in found:
        row: Row = {"outcome": outcome.name, "method": method, "is_right": is_right}
        row["true"] = world.true(outcome)[_TRUE.get(method, "true_rate_ratio")]
        if isinstance(estimate, Estimate):
            row |= {"point": estimate.point, "low": estimate.ci_low, "high": estimate.ci_high}
            yield row | {"se": estimate.standard_error}
        else:
            yield row | {"withheld": estimate}


def run(plan: Sequence[Planned] = PLAN, *, kept: Path | None = None) -> pl.DataFrame:
    """Evaluate the planned worlds in two processes of one thread each.

    `kept`: file to which each world's rows are added when it is done. A run that was stopped goes
    on from there, if code and libraries are the same; one that was finished begins anew.
    """
    found = kept_worlds(kept, plan) if kept else {}
    left = [planned for planned in plan if planned.key not in found]
    with _one_thread_each(), ProcessPoolExecutor(WORKERS, mp_context=get_context("spawn")) as pool:
        futures = {pool.submit(one_world, planned): planned for planned in left}
        try:
            for future in as_completed(futures):
                planned = futures[future]
                found[planned.key] = future.result()
                if kept:
                    keep_world(kept, planned, found[planned.key])
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    rows = [row for planned in plan for row in found[planned.key]]
    return pl.DataFrame(rows, schema=dict(ROWS))


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """Libraries read these when they are loaded, so that processes begun in here are bound."""
    before = {name: os.environ.get(name) for name in _THREADS}
    os.environ.update(dict.fromkeys(_THREADS, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def main() -> None:
    """Run everything that is planned, and write the page if asked to."""
    from sp_eval_tests.recovery.page import write_page

    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--write", action="store_true", help="write the page in docs/explanation/")
    asked.add_argument("--kept", type=Path, default=project_root() / "var" / "recovery.ndjson")
    given = asked.parse_args()
    rows = run(kept=given.kept)
    if given.write:
        write_page(rows)


if __name__ == "__main__":
    main()
