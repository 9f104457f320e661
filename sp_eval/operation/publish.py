"""Publish: the snapshots for academics and for everyone, replaced at once or not at all."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from sp_eval import __version__
from sp_eval.contracts.frames import conform
from sp_eval.contracts.odcs import Contract, load_contract
from sp_eval.framework.diagnostic_disclosure import outcomes_hidden
from sp_eval.framework.disclosure import protect, schemes_hidden
from sp_eval.operation.release_files import (
    FOLDER,
    are_current,
    build_release_files,
    place_release_files,
)
from sp_eval.operation.results import Results, gather_results
from sp_eval.operation.run import Run, definitions_hash, digest
from sp_eval.operation.versions import known_policies, record_versions
from sp_eval.study.design import Disclosure
from sp_eval.warehouse.connection import Connection, open_file, rehearsal, transaction
from sp_eval.warehouse.contract_tables import ensure_table
from sp_eval.warehouse.frames import append_frame, read_frame
from sp_eval.warehouse.snapshot import (
    build_aside,
    put_in_place,
    remove_stale_parts,
    run_id_of,
)
from sp_eval.warehouse.steps import is_done, record_done

__all__ = ["publish"]

_FOR_RESEARCH_ONLY = ("rejection", "resubmission")
# Opened by its name, research.duckdb is the catalogue `research`: a schema of that name in it
# would make `research.analysis` ambiguous, so the two tables lie in its default schema.
_OF_THE_FILE = "main"


def publish(run: Run) -> None:
    """Replace what is published if anything it holds has changed, or a part is missing or behind.

    Both snapshots and the release's other files are built aside first, then renamed. A file that
    another program holds open is left, with a problem told.
    """
    settings = run.settings
    research = settings.published / "research.duckdb"
    release = settings.published / "release.duckdb"
    aside = settings.published / f"{FOLDER}.part"
    remove_stale_parts(settings.published)
    results = gather_results(run)
    inputs = _inputs(run, results)
    with open_file(settings.warehouse) as conn:
        held = is_done(conn, "publish", "", inputs)
    published = {run_id_of(research), run_id_of(release)}
    if held and len(published) == 1 and None not in published:
        if not are_current(release):
            run.told("writing the release for spreadsheets")
            run.has_worked = True
            files = build_release_files(release, aside)
            _tell_open(run, place_release_files(aside, files, settings.published))
        return
    run.told("publishing")
    run.has_worked = True
    row = _summary(run, results, inputs)
    _name_the_run(run, results)
    # What was not published must not stay in the register: it is written once to be read, taken
    # back, and written for good when the files are in place.
    with open_file(settings.warehouse) as conn, rehearsal(conn):
        _register(conn, run, row, results)
    asides = {
        research: _build_research(run, research, results),
        release: _build_release(run, release, results),
    }
    files = build_release_files(asides[release], aside)
    left = put_in_place(asides)
    left += place_release_files(aside, files, settings.published)
    _tell_open(run, left)
    with open_file(settings.warehouse) as conn, transaction(conn):
        _register(conn, run, row, results)
        record_done(conn, "publish", "", inputs)


def _tell_open(run: Run, left: list[Path]) -> None:
    for path in left:
        run.problems.append(
            f"{path} is open in another program and was not replaced; close it there and run"
            " again: all other files are new."
        )


def _inputs(run: Run, results: Results) -> str:
    """Digest all that is published but names and times of runs, so that it can be reproduced."""
    parts = [definitions_hash(), run.settings.research_profile]
    for name, frame in sorted(results.tables.items()):
        stable = frame.drop("run_id", "received_at", strict=False)
        parts += [name, hashlib.sha256(stable.write_csv().encode()).hexdigest()]
    return digest(*parts)


def _summary(run: Run, results: Results, inputs: str) -> pl.DataFrame:
    estimates, deliveries = results.tables["estimate"], results.tables["delivery"]
    current = deliveries.filter(pl.col("status") == "current")
    row = {
        "run_id": run.run_id,
        "started_at": run.started_at,
        "finished_at": datetime.now(UTC).replace(tzinfo=None),
        "software_version": __version__,
        "inputs_hash": inputs,
        "schemes": ", ".join(sorted(set(current["scheme_code"]))),
        "studies": ", ".join(study.study_id for study in run.studies),
        "deliveries_used": current.height,
        "rows_accepted": int(current["rows_accepted"].sum()),
        "estimates_released": estimates.filter(pl.col("status") == "released").height,
        "estimates_withheld": estimates.filter(pl.col("status") == "withheld").height,
    }
    return conform(pl.DataFrame([row]), load_contract("run", "published"))


def _name_the_run(run: Run, results: Results) -> None:
    """Give every estimate the run that publishes it: one that was broken off is nowhere listed."""
    for name in ("estimate", "subgroup"):
        results.tables[name] = results.tables[name].with_columns(run_id=pl.lit(run.run_id))


def _register(conn: Connection, run: Run, row: pl.DataFrame, results: Results) -> None:
    """Add the run and the study versions it saw first, and read both registers whole."""
    ensure_table(conn, load_contract("run", "published"), schema="meta")
    append_frame(conn, "meta.run", row)
    results.tables["run"] = read_frame(conn, "from meta.run order by finished_at, run_id")
    estimates = results.tables["estimate"]
    results.tables["study_version"] = record_versions(conn, run, estimates)


def _published(name: str) -> Contract:
    return load_contract(name, "published")


def _build_research(run: Run, path: Path, results: Results) -> Path:
    tables = [(_published(n), "published", [frame]) for n, frame in results.tables.items()]
    tables += [
        (_published("analysis"), _OF_THE_FILE, results.analysis),
        (_published("month"), _OF_THE_FILE, results.months),
    ]
    copied: dict[str, tuple[Path, str]] = {}
    if run.settings.research_profile == "full":
        with open_file(run.settings.warehouse) as conn:
            names = read_frame(
                conn, "select table_name from duckdb_tables() where schema_name = 'core'"
            )["table_name"]
        copied = {f"core.{n}": (run.settings.warehouse, f"core.{n}") for n in sorted(names)}
    return build_aside(path, tables, copied=copied)


def _build_release(run: Run, path: Path, results: Results) -> Path:
    policies = _policies(run)
    tables = []
    for name, frame in results.tables.items():
        if name in _FOR_RESEARCH_ONLY:
            continue
        protected = _protected(frame, _published(name), results, policies)
        tables.append((_published(name), "published", [protected]))
    return build_aside(path, tables)


def _policies(run: Run) -> dict[str, Disclosure]:
    """Each study's own policy; of those that this run leaves alone, as they were last run."""
    with open_file(run.settings.warehouse) as conn:
        policies = known_policies(conn)
    return policies | {study.study_id: study.disclosure for study in run.studies}


def _protected(
    frame: pl.DataFrame, contract: Contract, results: Results, policies: dict[str, Disclosure]
) -> pl.DataFrame:
    """Each study's rows by its own policy; what belongs to no study by the usual one."""
    if frame.is_empty():
        return frame
    if "study_id" not in frame.columns:
        return protect(frame, contract, Disclosure())
    parts = []
    for (study,), part in frame.partition_by("study_id", as_dict=True, maintain_order=True).items():
        policy = policies.get(str(study), Disclosure())
        attrition, estimates = (
            results.tables[name].filter(pl.col("study_id") == study)
            for name in ("attrition", "estimate")
        )
        hidden = schemes_hidden(attrition, estimates, policy)
        of_outcome = contract.name in ("diagnostic", "subgroup")
        untold = outcomes_hidden(estimates, policy) if of_outcome else ()
        parts.append(protect(part, contract, policy, hidden=hidden, outcomes=untold))
    return pl.concat(parts)
