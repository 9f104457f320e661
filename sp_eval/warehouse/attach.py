"""Reaching tables of another database file, read only."""

from __future__ import annotations

from pathlib import Path

from sp_eval.warehouse.connection import Connection

__all__ = ["reach_schema"]


def reach_schema(conn: Connection, path: Path, schema: str) -> None:
    """Attach a database file and show each table of one of its schemas as a view here."""
    quoted = str(path).replace("'", "''")
    conn.execute(f"attach '{quoted}' as warehouse (read_only)")
    conn.execute(f"drop schema if exists {schema} cascade")
    conn.execute(f"create schema {schema}")
    tables = conn.execute(
        """select table_name from duckdb_tables()
        where database_name = 'warehouse' and schema_name = $schema""",
        {"schema": schema},
    ).fetchall()
    for (table,) in tables:
        conn.execute(f"create view {schema}.{table} as from warehouse.{schema}.{table}")
