"""`make fuzz`: ten thousand files made to do harm, each held to what must hold of any file.

Files are taken in by a process of its own, so that a crash or a hang is counted and gone past.
`python -m sp_eval_tests.fuzz [files] [first seed]`; a seed makes its files again.
"""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from pathlib import Path
from random import Random
from typing import Any

from sp_eval.ingest import reading, text_file
from sp_eval_tests.support.hostile_delivery import faults_of, make_delivery, take_in_delivery

_LONGEST = 10.0
_GIVEN_UP = 60.0
_MOST_MEMORY = 3 << 30
_BLOCKS = (text_file.BLOCK_BYTES, 1 << 16, 1 << 12)  # small ones: rows go on from block to block
_SMALL = (0, reading.SMALL_BYTES)  # in pieces, and whole
_FILES_EACH = 1.6  # a seed makes one to three


def main(files: int, first: int) -> int:
    """Take in so many files, print what came of it, and return 1 if anything is amiss."""
    seeds, seed, done = int(files / _FILES_EACH), first, []
    started = time.monotonic()
    amiss: list[str] = []
    while seed < first + seeds:
        told, ended = _work_through(seed, first + seeds - seed)
        done += told
        seed = told[-1]["seed"] + 1 if told else seed
        if seed < first + seeds and ended is not None:
            amiss.append(f"seed {seed}: {ended}")
            seed += 1
    amiss += [f"seed {one['seed']}: {what}" for one in done for what in one["amiss"]]
    slow = [one for one in done if one["seconds"] > _LONGEST]
    amiss += [f"seed {one['seed']}: {one['seconds']:.1f} s" for one in slow]
    print("\n".join(amiss))
    taken = sum(one["files"] for one in done)
    print(
        f"{taken:,} files in {time.monotonic() - started:,.0f} s: {len(amiss):,} amiss,"
        f" {len(slow):,} over {_LONGEST:.0f} s; slowest {max(o['seconds'] for o in done):.1f} s,"
        f" most memory {max(o['memory'] for o in done) >> 10:,} MB;"
        f" {sum(one['rows'] for one in done):,} rows, {sum(one['planted'] for one in done):,}"
        " numbers planted."
    )
    return 1 if amiss or taken < files * 0.9 else 0


def _work_through(first: int, seeds: int) -> tuple[list[dict[str, Any]], str | None]:
    """Return what a worker said of each seed, and how it ended if it did not end well."""
    line = [sys.executable, "-m", "sp_eval_tests.fuzz", "--work", str(first), str(seeds)]
    with subprocess.Popen(
        line, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as child:
        said: queue.Queue[str] = queue.Queue()
        assert child.stdout is not None
        threading.Thread(target=lambda: [*map(said.put, child.stdout), said.put("")]).start()
        told = []
        while True:
            try:
                text = said.get(timeout=_GIVEN_UP)
            except queue.Empty:
                child.kill()
                return told, f"hangs, ended after {_GIVEN_UP:.0f} s"
            if not text:
                break
            told.append(json.loads(text))
    return told, None if child.returncode == 0 else f"the process ended with {child.returncode}"


def _work(first: int, seeds: int) -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (_MOST_MEMORY, _MOST_MEMORY))
    for seed in range(first, first + seeds):
        made = make_delivery(Random(seed))
        text_file.BLOCK_BYTES = _BLOCKS[seed % len(_BLOCKS)]
        reading.SMALL_BYTES = _SMALL[seed % len(_SMALL)]
        amiss, rows = [], 0
        with tempfile.TemporaryDirectory() as folder:
            started = time.process_time()  # what else the machine does is no hang
            try:
                taken, told = take_in_delivery(made, Path(folder))
                seconds = time.process_time() - started
                rows = int(taken.delivery["rows_in"].sum())
                amiss = sorted(
                    set(faults_of(made, taken, told, Path(folder), workbooks=seed % 4 == 0))
                )
            except BaseException as error:  # noqa: BLE001  (a crash of any kind is what is sought)
                seconds = time.process_time() - started
                at = traceback.extract_tb(error.__traceback__)[-1]
                amiss = [f"{type(error).__name__} in {Path(at.filename).name} {at.lineno}"]
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        said = {"seed": seed, "files": len(made.files), "seconds": seconds, "memory": memory}
        print(
            json.dumps(said | {"rows": rows, "planted": len(made.planted), "amiss": amiss}),
            flush=True,
        )


if __name__ == "__main__":
    if sys.argv[1:2] == ["--work"]:
        _work(int(sys.argv[2]), int(sys.argv[3]))
    else:
        asked = [int(word) for word in sys.argv[1:]]
        sys.exit(main(*(asked + [10_000, 0][len(asked) :])))
