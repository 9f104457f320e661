"""Rows taken in as they are held: what comes again and again by number, in views written out.

A person's key is 64 characters and stands in each of their rows, as do the practice, the words of
lists and the names of file and delivery: numbers take a twelfth of the place and a third of the
work of storing. `taken` holds the views, of the contracts' columns and provenance; nobody else
reads the schema `held`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import polars as pl

from sp_eval.contracts.ddl import column_sql, comments_sql, table_columns
from sp_eval.contracts.odcs import Contract, contract_names, load_contract, provenance_of
from sp_eval.warehouse.build import create_schemas
from sp_eval.warehouse.coded import (
    CODED_SQL,
    Words,
    add_words,
    coded_columns,
    decoded_sql,
    numbering,
    words_held,
)
from sp_eval.warehouse.connection import Connection, WarehouseUnreadableError
from sp_eval.warehouse.frames import append_frame, append_frames, read_frame

__all__ = [
    "Pieces",
    "Replaced",
    "counts_sql",
    "ensure_held",
    "forget_rows",
    "hold",
    "rows_sql",
]

# column -> the name of the number that comes in its stead, and what makes it
Replaced = Mapping[str, tuple[str, Callable[[pl.Series], pl.Series]]]
# Given what is held by number: where rows came from (column of provenance -> text) and the rows:
# the contract's columns, but those numbers, and `source_row`.
Pieces = Callable[[Replaced], Iterable[tuple[Mapping[str, str], pl.DataFrame]]]

_KEY, _PERSON_NO = "person_key", "person_no"
# column -> its number, the table of the keys, and the letter that stands for it in a view
_KEYED = {
    _KEY: (_PERSON_NO, "key_of_person", "p"),
    "practice_code": ("practice_no", "key_of_practice", "q"),
}
_ORIGIN = tuple(c for c in provenance_of("extract") if c.name != "source_row")
_NUMBERED = f"""
create table if not exists held.key_of_person ({_PERSON_NO} integer, {_KEY} varchar);
create table if not exists held.key_of_practice (practice_no integer, practice_code varchar);
{CODED_SQL};
create table if not exists held.origin_of_row (
    origin_no integer, {", ".join(f"{c.name} varchar" for c in _ORIGIN)}
);
"""


def ensure_held(conn: Connection) -> None:
    """Create what the rows taken in are held in, and the views, if they are not there.

    Raises `WarehouseUnreadableError` if an earlier version held them otherwise.
    """
    create_schemas(conn, ["held", "taken"])
    known = read_frame(
        conn,
        """select table_schema, table_name, table_type from information_schema.tables
        where table_catalog = current_database() and table_schema in ('held', 'taken')""",
    )
    held = set(known.filter(table_schema="held")["table_name"])
    shown = known.filter(table_schema="taken")
    if "BASE TABLE" in shown["table_type"] or (held and "code_of_word" not in held):
        raise WarehouseUnreadableError(
            "warehouse.duckdb, in the folder work of the home, was made by an earlier version; move"
            " it away and run again: it is made anew from the landing folder."
        )
    for statement in _NUMBERED.strip().split(";\n"):
        conn.execute(statement)
    for name in contract_names("extract"):
        _ensure_table(conn, load_contract(name), is_there=name in set(shown["table_name"]))


def _ensure_table(conn: Connection, contract: Contract, *, is_there: bool) -> None:
    """Make the table and its view; the view again where its lists have got new words."""
    if not is_there:
        conn.execute(_table_sql(contract))
    if add_words(conn, contract) or not is_there:
        conn.execute(_view_sql(contract, words_held(conn, contract)))
        for statement in comments_sql(contract, schema="taken", kind="VIEW"):
            conn.execute(statement)


def _table_sql(contract: Contract) -> str:
    origin, coded = {column.name for column in _ORIGIN}, set(coded_columns(contract))
    columns = []
    for column in table_columns(contract):
        if column.name in _KEYED:
            columns.append(f"{_KEYED[column.name][0]} integer")
        elif column.name in coded:
            # packed as small as a byte is, and DuckDB stores it in two thirds of the time
            columns.append(f"{column.name} integer{' not null' if column.required else ''}")
        elif column.name not in origin:
            columns.append(column_sql(column))
    return f"create table held.{contract.name} ({', '.join(columns)}, origin_no integer)"


def _view_sql(contract: Contract, words: Words) -> str:
    origin = {column.name for column in _ORIGIN}
    names = [column.name for column in table_columns(contract)]
    shown = [
        decoded_sql(name, words[name], "r")
        if name in words
        else f"{'o' if name in origin else _KEYED[name][2] if name in _KEYED else 'r'}.{name}"
        for name in names
    ]
    joins = [
        f"left join held.{table} as {letter} on r.{number} = {letter}.{number}"
        for name, (number, table, letter) in _KEYED.items()
        if name in names
    ]
    return f"""create or replace view taken.{contract.name} as
        select {", ".join(shown)}
        from held.{contract.name} as r
        inner join held.origin_of_row as o on r.origin_no = o.origin_no
        {" ".join(joins)}"""


def counts_sql(name: str) -> str:
    """Text of a query for `delivery_id, rows` of a contract; through the view it takes longer."""
    return f"""select o.delivery_id, sum(n.rows)::bigint as rows
        from (select origin_no, count(*) as rows from held.{name} group by origin_no) as n
        inner join held.origin_of_row as o on n.origin_no = o.origin_no
        group by o.delivery_id"""


def rows_sql(conn: Connection, contract: Contract, deliveries: str) -> str:
    """Text of a query for a contract's rows of the deliveries that another query names.

    The keys of people and practices are numbers in it, which is enough to count by.
    """
    words = words_held(conn, contract)
    shown = [
        decoded_sql(name, words[name], "r")
        if name in words
        else f"r.{_KEYED[name][0]} as {name}"
        if name in _KEYED
        else f"r.{name}"
        for name in (*contract.names, "source_row")
    ]
    return f"""select {", ".join(shown)} from held.{contract.name} as r where r.origin_no in (
        select origin_no from held.origin_of_row where delivery_id in ({deliveries})
    )"""


def hold(conn: Connection, accepted: Mapping[str, Pieces]) -> None:
    """Add rows of contracts, by the contract's name."""
    origins = _Origins(conn)
    keys = {name: _Keys(conn, name, *of[:2]) for name, of in _KEYED.items()}
    by_key: Replaced = {name: (of[0], keys[name].number) for name, of in _KEYED.items()}
    for name, pieces in accepted.items():
        words = words_held(conn, load_contract(name))
        coded: Replaced = {column: (column, numbering(of)) for column, of in words.items()}
        append_frames(
            conn,
            f"held.{name}",
            (
                rows.with_columns(origin_no=pl.lit(origins.number(origin), pl.Int32))
                for origin, rows in pieces({**by_key, **coded})
            ),
        )
    for name, (_, table, _) in _KEYED.items():
        append_frame(conn, f"held.{table}", keys[name].new)
    append_frame(conn, "held.origin_of_row", origins.new)


class _Keys:
    """The numbers of texts held, of people or practices, and of those met for the first time."""

    def __init__(self, conn: Connection, column: str, number: str, table: str) -> None:
        self._column, self._number = column, number
        self._known = read_frame(conn, f"select {column}, {number} from held.{table}")
        self._at_first = self._known.height
        self._next = int(self._known[number].max() or 0) + 1  # type: ignore[arg-type]

    @property
    def new(self) -> pl.DataFrame:
        return self._known.slice(self._at_first)

    def number(self, keys: pl.Series) -> pl.Series:
        """Return the number of each key; null for null."""
        asked = keys.alias(self._column).to_frame()
        new = (
            asked.drop_nulls()
            .unique(maintain_order=True)
            .join(self._known, on=self._column, how="anti", maintain_order="left")
        )
        if new.height:
            numbers = pl.int_range(self._next, self._next + new.height, dtype=pl.Int32, eager=True)
            self._known = pl.concat([self._known, new.with_columns(numbers.alias(self._number))])
            self._next += new.height
        return asked.join(self._known, on=self._column, how="left", maintain_order="left")[
            self._number
        ]


class _Origins:
    """The numbers of files and sheets that rows come from; those of earlier months are closed."""

    def __init__(self, conn: Connection) -> None:
        found = read_frame(conn, "select max(origin_no) as last from held.origin_of_row")
        self._next = (found["last"][0] or 0) + 1
        self._numbers: dict[tuple[str, ...], int] = {}

    @property
    def new(self) -> pl.DataFrame:
        rows = [(number, *origin) for origin, number in self._numbers.items()]
        schema = {"origin_no": pl.Int32, **{c.name: pl.String for c in _ORIGIN}}
        return pl.DataFrame(rows, schema=schema, orient="row")

    def number(self, origin: Mapping[str, str]) -> int:
        key = tuple(origin[column.name] for column in _ORIGIN)
        return self._numbers.setdefault(key, self._next + len(self._numbers))


def forget_rows(conn: Connection, deliveries: str, where: Mapping[str, Any]) -> None:
    """Take out the rows of the deliveries that a query names, and the people of no other row."""
    origins = f"select origin_no from held.origin_of_row where delivery_id in ({deliveries})"
    gone = read_frame(conn, origins, where)
    if gone.is_empty():
        return
    names = contract_names("extract")
    for name in names:
        conn.execute(f"delete from held.{name} where origin_no in ({origins})", where)
    conn.execute(f"delete from held.origin_of_row where delivery_id in ({deliveries})", where)
    of_people = [name for name in names if _KEY in load_contract(name).names]
    left = " union ".join(f"select {_PERSON_NO} from held.{name}" for name in of_people)
    conn.execute(
        f"delete from held.key_of_person where {_PERSON_NO} not in"
        f" (select {_PERSON_NO} from ({left}) where {_PERSON_NO} is not null)"
    )
