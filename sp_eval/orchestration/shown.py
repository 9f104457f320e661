"""What the UI shows of a table: its rows, where they lie, and a small summary where one helps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import dagster as dg
import polars as pl

from sp_eval.framework.design_store import kept_schemes, load_compared
from sp_eval.operation.run import Run
from sp_eval.operation.tables import Table
from sp_eval.study.outcomes import OUTCOMES
from sp_eval.warehouse.connection import Connection, open_file
from sp_eval.warehouse.contract_tables import has_table
from sp_eval.warehouse.frames import read_frame
from sp_eval.warehouse.ledger import published_deliveries, published_rejections

__all__ = ["metadata_of"]

Metadata = dict[str, Any]
_ROWS = "dagster/row_count"


def metadata_of(run: Run, table: Table) -> Metadata:
    """Return what is shown of a table after the step that writes it; never a person's row."""
    if table.lies == "published":
        return _file(run, table)
    if table.lies == "warehouse":
        with open_file(run.settings.warehouse, read_only=True) as conn:
            shown = _SHOWN_OF_WAREHOUSE.get(table.name, _checked)(conn, table)
        return {**shown, "file": dg.MetadataValue.path(run.settings.warehouse)}
    return _of_studies(run, table)


def _of_studies(run: Run, table: Table) -> Metadata:
    frames, rows = [], 0
    for study in run.studies:
        with open_file(run.study_file(study), read_only=True) as conn:
            if table.name == "matched_people":
                rows += _matched(conn)
                continue
            rows += _count(conn, table.relation)
            if table.name in _SUMMARIES and rows:
                found = read_frame(conn, _SUMMARIES[table.name])
                frames.append(found.with_columns(study=pl.lit(study.study_id)))
    shown: Metadata = {_ROWS: rows}
    if frames:
        shown = {"summary": _markdown(_worded(pl.concat(frames)))} | shown
    files = ", ".join(str(run.study_file(study)) for study in run.studies)
    return shown | {"file": dg.MetadataValue.path(files)}


def _count(conn: Connection, relation: str) -> int:
    schema, _, name = relation.partition(".")
    return _rows(conn, relation) if has_table(conn, schema, name) else 0


def _rows(conn: Connection, relation: str) -> int:
    return int(conn.table(relation).aggregate("count(*)").fetchall()[0][0])


def _checked(conn: Connection, table: Table) -> Metadata:
    """Rows in use now: those of deliveries that none has replaced, where the table keeps all."""
    if not table.relation.startswith("taken."):
        return {_ROWS: _count(conn, table.relation)}
    current = conn.table(table.relation).filter(
        "delivery_id in (select delivery_id from meta.current_holding)"
    )
    per_scheme = current.aggregate("scheme_code, count(*) as rows").order("scheme_code").fetchall()
    return {f"rows of {scheme}": int(rows) for scheme, rows in per_scheme} | {
        _ROWS: sum(int(rows) for _, rows in per_scheme)
    }


def _files(conn: Connection, _table: Table) -> Metadata:
    deliveries = published_deliveries(conn)
    summary = (
        deliveries.filter(pl.col("status").is_in(["current", "refused", "missing"]))
        .group_by("scheme_code", "month", "status")
        .agg(
            pl.len().alias("files and sheets"),
            pl.col("rows_in").sum().alias("rows"),
            pl.col("rows_accepted").sum().alias("used"),
            pl.col("rows_quarantined").sum().alias("refused"),
            pl.col("rows_duplicate").sum().alias("repeated"),
        )
        .sort("scheme_code", "month", "status")
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
    return {"summary": _markdown(summary)} | totals | {_ROWS: deliveries.height}


def _refusals(conn: Connection, _table: Table) -> Metadata:
    rejections = published_rejections(conn)
    summary = (
        rejections.group_by("scheme_code", "reason")
        .agg(pl.len().alias("times"))
        .sort(["scheme_code", "times", "reason"], descending=[False, True, False])
    )
    return {"summary": _markdown(summary), _ROWS: rejections.height}


_SHOWN_OF_WAREHOUSE: Mapping[str, Callable[[Connection, Table], Metadata]] = {
    "files_received": _files,
    "refused_rows": _refusals,
}


def _matched(conn: Connection) -> int:
    compared = [load_compared(conn, scheme) for scheme in kept_schemes(conn)]
    return sum(c.design.primary.matched.height for c in compared if c.design is not None)


_SUMMARIES: Mapping[str, str] = {
    "who_can_be_followed": """select scheme_code, step, people, reason
        from result.attrition order by scheme_code, step_number""",
    "design_checks": """select scheme_code,
        case passed when true then 'passed' when false then 'FAILED' else 'for information' end
            as result,
        sentence
        from result.design_check order by all""",
    "balance": """select scheme_code,
        max(abs(smd_before)).round(3) as "largest gap before matching",
        max(abs(smd_after)).round(3) as "largest gap after"
        from result.balance group by scheme_code order by scheme_code""",
    "difference_made": """select scheme_code, outcome,
        coalesce(replace(verdict, '_', ' '), 'withheld') as verdict,
        coalesce(format('{:.2f} ({:.2f} to {:.2f})', point, ci_low, ci_high), withheld_reason)
            as "rate ratio (95% interval), or why withheld"
        from result.estimate where role = 'primary' and scale = 'rate_ratio'""",
}


def _file(run: Run, table: Table) -> Metadata:
    path = run.settings.published / table.relation
    with open_file(path, read_only=True) as conn:
        names = conn.execute(
            "select database_name, schema_name, table_name from duckdb_tables() order by all"
        ).fetchall()
        # the file's own name stands first: the research file holds a schema of the same name
        rows = [(f"{where[1]}.{where[2]}", _rows(conn, ".".join(where))) for where in names]
    tables = pl.DataFrame(rows, schema={"table": pl.String, "rows": pl.Int64}, orient="row")
    return {
        "tables": _markdown(tables),
        "file": dg.MetadataValue.path(path),
        _ROWS: int(tables["rows"].sum()),
    }


def _worded(frame: pl.DataFrame) -> pl.DataFrame:
    """Outcomes by their labels and in their usual order; the study only if there are several."""
    if "outcome" in frame.columns:
        labels = {name: outcome.label for name, outcome in OUTCOMES.items()}
        usual = {name: at for at, name in enumerate(labels)}
        place = pl.col("outcome").replace_strict(usual, default=len(usual))
        frame = frame.sort("study", "scheme_code", place, maintain_order=True)
        frame = frame.with_columns(pl.col("outcome").replace(labels))
    return frame if frame["study"].n_unique() > 1 else frame.drop("study")


def _markdown(frame: pl.DataFrame) -> dg.MarkdownMetadataValue:
    frame = frame.rename({"scheme_code": "scheme"}, strict=False)
    numbers = {name for name, kind in frame.schema.items() if kind.is_numeric()}
    lines = [
        "| " + " | ".join(frame.columns) + " |",
        "|" + "|".join("---:" if name in numbers else "---" for name in frame.columns) + "|",
    ]
    lines += [f"| {' | '.join(_cell(value) for value in row)} |" for row in frame.iter_rows()]
    return dg.MetadataValue.md("\n".join(lines))


def _cell(value: object) -> str:
    if value is None:
        return ""
    return f"{value:,}" if isinstance(value, int) else str(value).replace("|", "/")
