"""SQL models specified as small tables: what is given, what is expected.

A specification is a Markdown file: `# <model>`, then cases, each a `## title` with

    params: name = value, name = value      (only where the model binds any)
    given <table>                           (a table, or nothing for an empty one)
    | column | column |
    expect
    | column | column |

Cells are dates (YYYY-MM-DD), whole numbers, true/false, `[a, b]` lists, or text; an empty cell is
null. `scheme_code` may be left out of a given table: it is then `s`. Extract tables need only the
columns that matter. Only the columns named under `expect` are compared, rows in any order.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from sp_eval.contracts.frames import polars_schema
from sp_eval.contracts.odcs import load_contract
from sp_eval.study.outcomes import OUTCOMES
from sp_eval.warehouse.build import build, create_schemas
from sp_eval.warehouse.catalogue import Model
from sp_eval.warehouse.connection import open_memory
from sp_eval.warehouse.frames import read_frame, store_frame

__all__ = ["Case", "Table", "actual_rows", "expected_rows", "read_cases"]

_DATE = re.compile(r"^\d{4}-\d\d-\d\d$")
_WHOLE = re.compile(r"^-?\d+$")
# The type of a column in which no value is given, by its name; text else.
_NAMED: tuple[tuple[re.Pattern[str], type[pl.DataType]], ...] = (
    (re.compile(r"(_date|_from|_to|_month)$"), pl.Date),
    (re.compile(r"(_number|_id|_count|_quintile|_decile|birth_year|quantity)$"), pl.Int32),
    (re.compile(r"^(is|has)_"), pl.Boolean),
)
_SCHEMELESS = {"core.outcome_source", "cohort.history_band", "cohort.followed", "cohort.analysed"}


@dataclass(frozen=True)
class Table:
    """A table as written: its column names and its rows of values."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]


@dataclass(frozen=True)
class Case:
    """One case of one model."""

    model: str
    title: str
    params: dict[str, Any]
    given: dict[str, Table]
    expect: Table

    def __str__(self) -> str:
        return f"{self.model}: {self.title}"


def read_cases(folder: Path) -> Iterator[Case]:
    """Read every case of every specification of a folder, in the order of their files."""
    for path in sorted(folder.glob("*.md")):
        head, *parts = re.split(r"^## ", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
        model = head.splitlines()[0].removeprefix("# ").strip()
        for part in parts:
            title, _, body = part.partition("\n")
            yield _case(model, title.strip(), body)


def actual_rows(case: Case, model: Model) -> list[tuple[Any, ...]]:
    """Store what is given, build the one model, and return its rows of the columns expected."""
    conn = open_memory()
    try:
        for name, table in case.given.items():
            create_schemas(conn, [name.split(".")[0]])
            store_frame(conn, name, _frame(name, table))
        build(conn, [model], case.params)
        columns = ", ".join(case.expect.columns)
        found = read_frame(conn, f"select {columns} from {model.name}")
    finally:
        conn.close()
    return sorted(found.rows(), key=repr)


def expected_rows(case: Case) -> list[tuple[Any, ...]]:
    """The rows expected, in the same order."""
    return sorted(case.expect.rows, key=repr)


def _case(model: str, title: str, body: str) -> Case:
    params: dict[str, Any] = {}
    lines: dict[str, list[str]] = {}
    current: list[str] = []
    for line in body.splitlines():
        if line.startswith("params:"):
            pairs = (pair.split("=", 1) for pair in _split(line.removeprefix("params:")))
            params = {name.strip(): _value(text.strip()) for name, text in pairs}
        elif line.startswith("given ") or line.strip() == "expect":
            current = lines.setdefault(line.removeprefix("given ").strip(), [])
        elif line.startswith("|"):
            current.append(line)
    tables = {name: _table(rows) for name, rows in lines.items()}
    return Case(model, title, params, tables, tables.pop("expect"))


def _split(text: str) -> list[str]:
    """Split at commas outside brackets."""
    return [part for part in re.split(r",(?![^\[]*\])", text) if part.strip()]


def _table(lines: list[str]) -> Table:
    cells = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in lines]
    rows = [row for row in cells[1:] if not all(set(cell) <= {"-", ":"} and cell for cell in row)]
    if any(len(row) != len(cells[0]) for row in rows):
        raise ValueError(f"a row of {cells[0]} has another number of cells")
    return Table(tuple(cells[0]) if cells else (), tuple(tuple(map(_value, r)) for r in rows))


def _value(text: str) -> Any:
    if text == "":
        return None
    if text in ("true", "false"):
        return text == "true"
    if _DATE.match(text):
        return date.fromisoformat(text)
    if _WHOLE.match(text):
        return int(text)
    if text.startswith("["):
        return [_value(part.strip()) for part in text.strip("[]").split(",") if part.strip()]
    return text


def _frame(name: str, table: Table) -> pl.DataFrame:
    """Give the columns their types: the contract's for extracts, else by value and by name."""
    if name == "core.outcome_source" and not table.columns:
        rows = [(o.name, o.clock, source) for o in OUTCOMES.values() for source in o.sources]
        return pl.DataFrame(rows, schema=["outcome", "clock", "source"], orient="row")
    values = {c: [row[at] for row in table.rows] for at, c in enumerate(table.columns)}
    schema: dict[str, Any] = {c: _type(c, v) for c, v in values.items()}
    known = name.removeprefix("extract.")
    if name.startswith("extract.") and known != "declared_coverage":
        contract = polars_schema(load_contract(known))
        schema = {**contract, "row_order": pl.UInt32}
        height = len(table.rows)
        values.setdefault("row_order", list(range(height)))
        values = {c: values.get(c, [None] * height) for c in schema}
    if name not in _SCHEMELESS and "scheme_code" not in table.columns:
        values["scheme_code"] = ["s"] * len(table.rows)
        schema["scheme_code"] = pl.String
    elif "scheme_code" in table.columns:
        schema["scheme_code"] = pl.String
        values["scheme_code"] = [row[table.columns.index("scheme_code")] for row in table.rows]
    return pl.DataFrame(values, schema=schema, strict=True)


def _type(column: str, values: list[Any]) -> pl.DataType | type[pl.DataType]:
    first = next((v for v in values if v is not None), None)
    if isinstance(first, bool):
        return pl.Boolean
    if isinstance(first, int):
        return pl.Int32
    if isinstance(first, date):
        return pl.Date
    if isinstance(first, list):
        return pl.List(_type(column, first))
    named = (dtype for pattern, dtype in _NAMED if pattern.search(column))
    return next(named, pl.String) if first is None else pl.String
