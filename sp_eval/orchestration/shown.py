"""What the UI shows of a table: picture, summary, rows, and where it lies; never a person's row."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl

from sp_eval.framework.design_store import load_all
from sp_eval.operation.run import Run
from sp_eval.operation.tables import Table
from sp_eval.orchestration.figures import rows_to_show
from sp_eval.orchestration.markdown import picture_or_words, table
from sp_eval.orchestration.pictures import rows_of_files
from sp_eval.orchestration.places import place_of
from sp_eval.orchestration.summaries import SUMMARIES
from sp_eval.report.facts import first_screen
from sp_eval.report.release import read_release, studies_of
from sp_eval.warehouse.connection import Connection, open_file
from sp_eval.warehouse.contract_tables import has_table
from sp_eval.warehouse.ledger import published_deliveries, published_rejections

__all__ = ["metadata_of"]

Metadata = dict[str, Any]
_ROWS = "dagster/row_count"
_STANDING = ["current", "refused", "missing"]


def metadata_of(run: Run, shown: Table) -> Metadata:
    """Return what is shown of a table after the step that writes it, the picture first."""
    if shown.lies == "warehouse":
        with open_file(run.settings.warehouse, read_only=True) as conn:
            found = _SHOWN_OF_WAREHOUSE.get(shown.name, _checked)(conn, shown)
        return {**found, "file": dg.MetadataValue.path(run.settings.warehouse)}
    if shown.lies == "study":
        return _of_studies(run, shown)
    return _of_files(run, shown)


def _of_studies(run: Run, shown: Table) -> Metadata:
    found: Metadata = {}
    rows = 0
    summary = SUMMARIES.get(shown.name)
    for study in run.studies:
        named = f" ({study.title})" if len(run.studies) > 1 else ""
        with open_file(run.study_file(study), read_only=True) as conn:
            if shown.name == "matched_people":
                rows += _matched(conn)
                continue
            rows += _count(conn, shown.relation)
            if summary is not None:
                frame = rows_to_show(conn, study, shown)
                said = summary(study, frame, conn)
                found |= {f"{name}{named}": value for name, value in said.items()}
    files = ", ".join(str(run.study_file(study)) for study in run.studies)
    return found | {_ROWS: rows, "file": dg.MetadataValue.path(files)}


def _count(conn: Connection, relation: str) -> int:
    schema, _, name = relation.partition(".")
    return _rows(conn, relation) if has_table(conn, schema, name) else 0


def _rows(conn: Connection, relation: str) -> int:
    return int(conn.table(relation).aggregate("count(*)").fetchall()[0][0])


def _matched(conn: Connection) -> int:
    designs = (compared.design for compared in load_all(conn))
    return sum(d.primary.matched.height for d in designs if d is not None)


def _checked(conn: Connection, shown: Table) -> Metadata:
    """Rows in use now: those of deliveries that none has replaced, where the table keeps all."""
    if not shown.relation.startswith("taken."):
        return {_ROWS: _count(conn, shown.relation)}
    current = conn.table(shown.relation).filter(
        "delivery_id in (select delivery_id from meta.current_holding)"
    )
    per_scheme = current.aggregate("scheme_code, count(*) as rows").order("scheme_code").fetchall()
    return {f"rows of {scheme}": int(rows) for scheme, rows in per_scheme} | {
        _ROWS: sum(int(rows) for _, rows in per_scheme)
    }


def _files(conn: Connection, _shown: Table) -> Metadata:
    deliveries = published_deliveries(conn)
    standing = deliveries.filter(pl.col("status").is_in(_STANDING))
    newest = standing.filter(pl.col("month") == pl.col("month").max().over("scheme_code"))
    found: Metadata = {}
    for (scheme, month), rows in newest.group_by("scheme_code", "month", maintain_order=True):
        title = f"{scheme} {month}: rows used and refused, by file"
        found[f"picture of {scheme}"] = picture_or_words(rows_of_files(rows, title), title)
    summary = (
        standing.group_by("scheme_code", "month", "status")
        .agg(
            pl.len().alias("files and sheets"),
            pl.col("rows_in").sum().alias("rows"),
            pl.col("rows_accepted").sum().alias("used"),
            pl.col("rows_quarantined").sum().alias("refused"),
            pl.col("rows_duplicate").sum().alias("repeated"),
        )
        .sort(["scheme_code", "month", "status"], descending=[False, True, False])
    )
    current = deliveries.filter(status="current")
    totals = {
        f"rows {word}": int(current[name].sum())
        for word, name in (
            ("used", "rows_accepted"),
            ("refused", "rows_quarantined"),
            ("repeated", "rows_duplicate"),
        )
    }
    return found | {"summary": table(summary)} | totals | {_ROWS: deliveries.height}


def _refusals(conn: Connection, _shown: Table) -> Metadata:
    rejections = published_rejections(conn)
    summary = (
        rejections.group_by("scheme_code", "reason")
        .agg(pl.len().alias("times"))
        .sort(["scheme_code", "times", "reason"], descending=[False, True, False])
    )
    return {"summary": table(summary), _ROWS: rejections.height}


def _changes(conn: Connection, shown: Table) -> Metadata:
    """What is unlike the deliveries before, in sentences."""
    if not _count(conn, shown.relation):
        return {"summary": dg.MetadataValue.md("Nothing was held against anything."), _ROWS: 0}
    unusual = conn.table(shown.relation).filter("status <> 'met'")
    said = unusual.project("scheme_code, month, sentence").distinct().order("all").pl()
    summary = table(said) if said.height else dg.MetadataValue.md("Nothing unusual was found.")
    return {"summary": summary, _ROWS: _count(conn, shown.relation)}


def _quality(conn: Connection, shown: Table) -> Metadata:
    """The states of the newest delivery of each scheme, and how often each state came."""
    if not _count(conn, shown.relation):
        return {"summary": dg.MetadataValue.md("Nothing came."), _ROWS: 0}
    rows = conn.table(shown.relation).pl()
    newest = rows.filter(pl.col("month") == pl.col("month").max().over("scheme_code"))
    said = newest.select("scheme_code", "month", "state", "sentence")
    counts = rows.group_by("state").len().sort("state").iter_rows()
    told = {f"tables {str(state).replace('_', ' ')}": int(n) for state, n in counts}
    return {"summary": table(said)} | told | {_ROWS: _count(conn, shown.relation)}


_SHOWN_OF_WAREHOUSE: Mapping[str, Callable[[Connection, Table], Metadata]] = {
    "files_received": _files,
    "refused_rows": _refusals,
    "change_since_last_delivery": _changes,
    "quality_of_deliveries": _quality,
}


def _of_files(run: Run, shown: Table) -> Metadata:
    """What lies in a published file or folder; of a database its tables and their rows."""
    path = place_of(run.settings, shown)
    if path.suffix == ".duckdb":
        return _tables_of(path)
    told = {"verdicts": _verdicts(run)} if shown.name == "report" else {}
    return {**told, **_listed(path)}


def _verdicts(run: Run) -> dg.MarkdownMetadataValue:
    """The main answer of each study and scheme, in the report's own words."""
    release = run.settings.published / "release.duckdb"
    lines = []
    for study in studies_of(release):
        for scheme in first_screen(read_release(release, study)).schemes:
            main = scheme.primary
            lines.append(
                f"- {scheme.short}, {main.label} ({study}): **{main.verdict_word}**."
                f" {main.sentence}"
            )
    return dg.MetadataValue.md("\n".join(lines))


def _tables_of(path: Path) -> Metadata:
    with open_file(path, read_only=True) as conn:
        names = conn.execute(
            "select database_name, schema_name, table_name from duckdb_tables() order by all"
        ).fetchall()
        # the file's own name stands first: the research file holds a schema of the same name
        rows = [(f"{where[1]}.{where[2]}", _rows(conn, ".".join(where))) for where in names]
    tables = pl.DataFrame(rows, schema={"table": pl.String, "rows": pl.Int64}, orient="row")
    return {
        "tables": table(tables),
        _ROWS: int(tables["rows"].sum()),
        "file": dg.MetadataValue.path(path),
    }


def _listed(path: Path) -> Metadata:
    """Files by name and size, each with its path; `*` in the name of one stands for any."""
    if "*" in path.as_posix():
        root = next(p for p in path.parents if "*" not in p.as_posix())
        files = sorted(root.glob(path.relative_to(root).as_posix()))
    else:
        files = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
    there = [file for file in files if file.exists()]
    listed = pl.DataFrame(
        [(str(file), f"{file.stat().st_size / 1024:,.0f} KB") for file in there],
        schema={"open this file": pl.String, "size": pl.String},
        orient="row",
    )
    return {"summary": table(listed), _ROWS: len(there), "file": dg.MetadataValue.path(path)}
