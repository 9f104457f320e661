"""Rows taken in as they are held: people and files by number, in views with both written out.

A person's key is 64 characters and comes again in each of their rows, as do the names of the file
and the delivery: numbers take a twelfth of the place and a half of the work of storing. `taken`
holds the views, of the contracts' columns and provenance; nobody else reads the schema `held`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import polars as pl

from sp_eval.contracts.ddl import column_sql, comments_sql, table_columns
from sp_eval.contracts.odcs import Contract, contract_names, load_contract, provenance_of
from sp_eval.warehouse.build import create_schemas
from sp_eval.warehouse.connection import Connection, WarehouseUnreadableError
from sp_eval.warehouse.frames import append_frame, append_frames, read_frame

__all__ = [
    "PERSON_NO",
    "Numbering",
    "Pieces",
    "counts_sql",
    "ensure_held",
    "forget_rows",
    "hold",
    "rows_sql",
]

PERSON_NO = "person_no"
Numbering = Callable[[pl.Series], pl.Series]
# Given what numbers people: where rows came from (column of provenance -> text) and the rows: the
# contract's columns, but the number for the person's key, and `source_row`.
Pieces = Callable[[Numbering], Iterable[tuple[Mapping[str, str], pl.DataFrame]]]

_KEY = "person_key"
_ORIGIN = tuple(c for c in provenance_of("extract") if c.name != "source_row")
_NUMBERED = f"""
create table if not exists held.key_of_person ({PERSON_NO} integer, {_KEY} varchar);
create table if not exists held.origin_of_row (
    origin_no integer, {", ".join(f"{c.name} varchar" for c in _ORIGIN)}
);
"""


def ensure_held(conn: Connection) -> None:
    """Create what the rows taken in are held in, and the views, if they are not there.

    Raises `WarehouseUnreadableError` if an earlier version held them otherwise.
    """
    create_schemas(conn, ["held", "taken"])
    for statement in _NUMBERED.strip().split(";\n"):
        conn.execute(statement)
    kinds = read_frame(
        conn,
        """select table_name, table_type from information_schema.tables
        where table_catalog = current_database() and table_schema = 'taken'""",
    )
    if "BASE TABLE" in kinds["table_type"]:
        raise WarehouseUnreadableError(
            "warehouse.duckdb, in the folder work of the home, was made by an earlier version; move"
            " it away and run again: it is made anew from the landing folder."
        )
    for name in set(contract_names("extract")) - set(kinds["table_name"]):
        contract = load_contract(name)
        conn.execute(_table_sql(contract))
        conn.execute(_view_sql(contract))
        for statement in comments_sql(contract, schema="taken", kind="VIEW"):
            conn.execute(statement)


def _table_sql(contract: Contract) -> str:
    origin = {column.name for column in _ORIGIN}
    columns = [
        f"{PERSON_NO} integer" if column.name == _KEY else column_sql(column)
        for column in table_columns(contract)
        if column.name not in origin
    ]
    return f"create table held.{contract.name} ({', '.join(columns)}, origin_no integer)"


def _view_sql(contract: Contract) -> str:
    origin = {column.name for column in _ORIGIN}
    names = [column.name for column in table_columns(contract)]
    shown = [f"{'o' if n in origin else 'p' if n == _KEY else 'r'}.{n}" for n in names]
    people = f"left join held.key_of_person as p on r.{PERSON_NO} = p.{PERSON_NO}"
    return f"""create view taken.{contract.name} as
        select {", ".join(shown)}
        from held.{contract.name} as r
        inner join held.origin_of_row as o on r.origin_no = o.origin_no
        {people if _KEY in names else ""}"""


def counts_sql(name: str) -> str:
    """Text of a query for `delivery_id, rows` of a contract; through the view it takes longer."""
    return f"""select o.delivery_id, sum(n.rows)::bigint as rows
        from (select origin_no, count(*) as rows from held.{name} group by origin_no) as n
        inner join held.origin_of_row as o on n.origin_no = o.origin_no
        group by o.delivery_id"""


def rows_sql(contract: Contract, deliveries: str) -> str:
    """Text of a query for a contract's rows of the deliveries that another query names.

    The person's key is a number in it, which is enough to count by.
    """
    renamed = f" rename ({PERSON_NO} as {_KEY})" if _KEY in contract.names else ""
    return f"""select *{renamed} from held.{contract.name} where origin_no in (
        select origin_no from held.origin_of_row where delivery_id in ({deliveries})
    )"""


def hold(conn: Connection, accepted: Mapping[str, Pieces]) -> None:
    """Add rows of contracts, by the contract's name."""
    people, origins = _People(conn), _Origins(conn)
    for name, pieces in accepted.items():
        append_frames(
            conn,
            f"held.{name}",
            (
                rows.with_columns(origin_no=pl.lit(origins.number(origin), pl.Int32))
                for origin, rows in pieces(people.number)
            ),
        )
    append_frame(conn, "held.key_of_person", people.new)
    append_frame(conn, "held.origin_of_row", origins.new)


class _People:
    """The numbers of people held, and of those that are met for the first time."""

    def __init__(self, conn: Connection) -> None:
        self._known = read_frame(conn, f"select {_KEY}, {PERSON_NO} from held.key_of_person")
        self._at_first = self._known.height
        self._next = int(self._known[PERSON_NO].max() or 0) + 1  # type: ignore[arg-type]

    @property
    def new(self) -> pl.DataFrame:
        return self._known.slice(self._at_first)

    def number(self, keys: pl.Series) -> pl.Series:
        """Return the number of each key; null for null."""
        asked = keys.alias(_KEY).to_frame()
        new = (
            asked.drop_nulls()
            .unique(maintain_order=True)
            .join(self._known, on=_KEY, how="anti", maintain_order="left")
        )
        if new.height:
            numbers = pl.int_range(self._next, self._next + new.height, dtype=pl.Int32, eager=True)
            self._known = pl.concat([self._known, new.with_columns(numbers.alias(PERSON_NO))])
            self._next += new.height
        return asked.join(self._known, on=_KEY, how="left", maintain_order="left")[PERSON_NO]


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
    left = " union ".join(f"select {PERSON_NO} from held.{name}" for name in of_people)
    conn.execute(
        f"delete from held.key_of_person where {PERSON_NO} not in"
        f" (select {PERSON_NO} from ({left}) where {PERSON_NO} is not null)"
    )
