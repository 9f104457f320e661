"""Questions put to a published snapshot, read only."""

from __future__ import annotations

from pathlib import Path

import duckdb
import polars as pl

__all__ = ["QueryRefusedError", "query_snapshot"]


class QueryRefusedError(Exception):
    """The snapshot is not there, or the query cannot be answered; one sentence."""


def query_snapshot(path: Path, sql: str) -> pl.DataFrame:
    """Run one query on a snapshot, which is never changed by it.

    Raises
    ------
    QueryRefusedError : no snapshot yet, or DuckDB cannot answer; the text says which.
    """
    if not path.exists():
        raise QueryRefusedError(
            f"There is no {path.name} in {path.parent} yet; run `sp-eval run` first."
        )
    try:
        conn = duckdb.connect(str(path), read_only=True)
    except duckdb.Error:
        raise QueryRefusedError(f"{path} cannot be opened; run `sp-eval run` again.") from None
    try:
        relation = conn.sql(sql)
        if relation is None:
            raise QueryRefusedError("The query returns no rows; ask with SELECT or FROM.")
        found: pl.DataFrame = relation.pl()
    except duckdb.Error as error:
        first = str(error).strip().splitlines()[0]
        raise QueryRefusedError(f"The query cannot be answered: {first}") from None
    except pl.exceptions.PolarsError:
        raise QueryRefusedError(
            "A column of the answer cannot be shown; turn it into text, as name::varchar."
        ) from None
    finally:
        conn.close()
    return found
