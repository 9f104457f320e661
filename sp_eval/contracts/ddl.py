"""Contracts as DuckDB tables: types, NOT NULL, and a comment on the table and every column."""

from __future__ import annotations

from typing import Literal

from sp_eval.contracts.odcs import Column, Contract, provenance_of

__all__ = [
    "column_comment",
    "column_sql",
    "comments_sql",
    "create_table_sql",
    "table_columns",
    "table_comment",
]


def table_columns(contract: Contract) -> tuple[Column, ...]:
    """Return the columns as stored: rows from a file also carry where they came from."""
    return contract.columns + provenance_of(contract.kind)


def create_table_sql(contract: Contract, *, schema: str) -> tuple[str, ...]:
    """Return the statements that make the table in `schema` and comment on all of it.

    Keys are not declared: deliveries overlap until one supersedes the other, and an index
    would refuse what the ledger must first record.
    """
    table = f"{_quoted(schema)}.{_quoted(contract.name)}"
    columns = table_columns(contract)
    body = ",\n".join(f"    {column_sql(column)}" for column in columns)
    return (
        f"CREATE TABLE {table} (\n{body}\n)",
        *comments_sql(contract, schema=schema, kind="TABLE"),
    )


def comments_sql(
    contract: Contract, *, schema: str, kind: Literal["TABLE", "VIEW"]
) -> tuple[str, ...]:
    """Return the statements that comment on a table or view of the contract and its columns."""
    table = f"{_quoted(schema)}.{_quoted(contract.name)}"
    return (
        f"COMMENT ON {kind} {table} IS {_text(table_comment(contract))}",
        *(
            f"COMMENT ON COLUMN {table}.{_quoted(c.name)} IS {_text(column_comment(c))}"
            for c in table_columns(contract)
        ),
    )


def table_comment(contract: Contract) -> str:
    """Return what the table is and what a row of it is."""
    return f"{contract.grain} {contract.description}"


def column_comment(column: Column) -> str:
    """Return what the column means, its unit, and its values where they are listed."""
    parts = [column.description]
    if column.unit is not None:
        parts.append(f"Unit: {column.unit}.")
    if column.allowed is not None:
        parts.append(f"One of: {', '.join(column.allowed)}.")
    return " ".join(parts)


def column_sql(column: Column) -> str:
    """Return the column's name, type and NOT NULL, as in CREATE TABLE."""
    null = " NOT NULL" if column.required else ""
    return f"{_quoted(column.name)} {column.physical_type}{null}"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
